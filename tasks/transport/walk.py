"""What a listing has shown so far, so that no page comes twice and none goes on for ever."""

import hashlib
from collections.abc import Mapping
from typing import Never

import httpx

from tasks.transport.calls import Response
from tasks.transport.client import Client
from tasks.transport.endpoints import path_template
from tasks.transport.errors import PagingError, ShiftedPagesError


class Walk:
    """What one listing has shown so far.

    Args:
        client: That asks; its caps bound the pages.
        path: Of the listing, for messages.
        max_pages: Instead of the client's cap.
    """

    def __init__(self, client: Client, path: str, max_pages: int | None) -> None:
        self._source = client.source
        self._template = path_template(httpx.URL(path).path)
        self._cap = max_pages or client.caps.pages
        self._cursors: set[str] = set()
        self._digests: set[bytes] = set()
        self._pages = 0

    def refuse(self, what: str) -> Never:
        """Say what is wrong with the listing.

        Raises:
            PagingError: Always.
        """
        detail = f"listing {self._template}, page {self._pages + 1}: {what}"
        raise PagingError(self._source, detail)

    def refuse_shift(self, what: str) -> Never:
        """Say that the listing is another one than it was a page before.

        Raises:
            ShiftedPagesError: Always.
        """
        detail = f"listing {self._template}, page {self._pages + 1}: {what}; pull again later"
        raise ShiftedPagesError(self._source, detail)

    def read(self, page: Response, items: str) -> Mapping[str, list[object]]:
        """Return the page's object, which must hold a list of items."""
        body = page.json
        if not isinstance(body, Mapping) or not isinstance(body.get(items), list):
            self.refuse(f"the page holds no list of `{items}`")
        return body

    def note_cursor(self, cursor: object) -> str:
        """Take the way to a further page; the same one twice would be a circle."""
        if not isinstance(cursor, str) or not cursor:
            self.refuse("there is more, but no cursor to it")
        if cursor in self._cursors:
            self.refuse("a cursor comes twice")
        self._cursors.add(cursor)
        return cursor

    def note_page(self, content: object) -> None:
        """Count a page that is not the last; only empty ones may look alike."""
        self._pages += 1
        if self._pages >= self._cap:
            self.refuse(f"there are more than {self._cap} pages")
        if not content:
            return
        digest = hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).digest()
        if digest in self._digests:
            self.refuse("a page comes twice")
        self._digests.add(digest)
