"""Walks listings by number of page, as Cursor pages, and by the last item, as Devin does.

Numbered pages shift when the listing grows while it is read: then an item comes twice or not
at all. How many pages there are is therefore asked of every page, and must stay the same.
"""

from collections.abc import Callable, Iterator, Mapping

from tasks.transport.calls import Param, Response
from tasks.transport.client import Client
from tasks.transport.walk import Walk

#: Reads from a page's object how many pages the listing has; None where it does not say.
PageCount = Callable[[Mapping[str, object]], object]


def numbered_pages(
    client: Client,
    path: str,
    query: Mapping[str, Param],
    *,
    items: str,
    page_count: PageCount,
    is_post: bool = False,
    max_pages: int | None = None,
) -> Iterator[Response]:
    """Follow `page` from 1 to the last page.

    Args:
        client: Of the source.
        path: Below its base URL.
        query: Sent with every page, as parameters or as the body of a reading POST.
        items: Member that lists a page's items.
        page_count: See there.
        is_post: The listing is asked for by POST.
        max_pages: Instead of the client's cap.

    Raises:
        ShiftedPagesError: The number of pages changed on the way.
        PagingError: No list of items or no number of pages, a page before the last is empty or
            comes twice, or there are too many.
    """
    walk = Walk(client, path, max_pages)
    number, told = 0, -1
    while True:
        number += 1
        asked = {**query, "page": number}
        page = client.post_read(path, json=asked) if is_post else client.get(path, params=asked)
        body = walk.read(page, items)
        count = page_count(body)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            walk.refuse("it does not say how many pages there are")
        if told not in {-1, count}:
            walk.refuse_shift(f"there were {told} pages and now are {count}")
        told = count
        yield page
        if number >= count:
            return
        if not body[items]:
            walk.refuse("a page before the last is empty")
        walk.note_page(body[items])


def after_pages(
    client: Client, path: str, query: Mapping[str, Param], *, max_pages: int | None = None
) -> Iterator[Response]:
    """Follow `after`, `end_cursor` and `has_next_page` over `items`.

    The cursor is bound to its query: every other parameter is sent unchanged.

    Raises:
        PagingError: More is promised without a cursor, `has_next_page` is no boolean, there is
            no list of items, a cursor or page comes twice, or there are too many.
    """
    walk = Walk(client, path, max_pages)
    asked = dict(query)
    while True:
        page = client.get(path, params=asked)
        body = walk.read(page, "items")
        yield page
        has_more = body.get("has_next_page")
        if not isinstance(has_more, bool):
            walk.refuse("`has_next_page` is no boolean")
        if not has_more:
            return
        walk.note_page(body["items"])
        asked["after"] = walk.note_cursor(body.get("end_cursor"))
