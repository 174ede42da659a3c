"""Walks listings page by page, in the four styles of our sources.

Each iterator is lazy: who stops iterating sends no further request. A listing
that breaks off, repeats a cursor or a page, or outgrows its cap raises; it never
ends as if it were whole.
"""

import re
from collections.abc import Iterator, Mapping

from tasks.transport.calls import Params, Response
from tasks.transport.client import Client
from tasks.transport.walk import Walk

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def link_pages(
    client: Client,
    path: str,
    *,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    max_pages: int | None = None,
) -> Iterator[Response]:
    """Follow `Link: <...>; rel="next"` (RFC 8288), as GitHub pages.

    The link is followed as it came, never built: GitHub answers
    `/repos/{owner}/{name}` with links under `/repositories/{id}`.

    Raises:
        PagingError: A link or page repeats, or there are too many.
        OriginError: A link leads to an undeclared origin.
    """
    walk = Walk(client, path, max_pages)
    page = client.get(path, params=params, headers=headers)
    walk.note_cursor(page.url)
    while True:
        yield page
        link = next_link(page.headers.get("link", ""))
        if link is None:
            return
        walk.note_page(page.json)
        url = client.follow(page.url, link)
        walk.note_cursor(url)
        page = client.get(url, headers=headers)


def cursor_pages(
    client: Client,
    path: str,
    *,
    params: Params | None = None,
    items: str = "data",
    max_pages: int | None = None,
) -> Iterator[Response]:
    """Follow `has_more` and `next_page`, as Anthropic and OpenAI report.

    The cursor is bound to its query: every other parameter is sent unchanged.

    Raises:
        PagingError: `has_more` without a cursor or no boolean, no list of items, or a
            cursor or page repeats, or there are too many.
    """
    walk = Walk(client, path, max_pages)
    query = dict(params or {})
    while True:
        page = client.get(path, params=query)
        body = walk.read(page, items)
        yield page
        has_more, cursor = body.get("has_more"), body.get("next_page")
        if not isinstance(has_more, bool):
            walk.refuse("`has_more` is no boolean")
        if not has_more:
            return
        walk.note_page(body[items])
        query["page"] = walk.note_cursor(cursor)


def token_pages(
    client: Client,
    path: str,
    *,
    json: Mapping[str, object],
    items: str = "issues",
    max_pages: int | None = None,
) -> Iterator[Response]:
    """Follow `nextPageToken` by POST until `isLast`, as Jira Cloud searches.

    Some endpoints leave `isLast` out; there a page without a token is the last.

    Raises:
        PagingError: `isLast` and token contradict each other, no list of items, or a
            token or page repeats, or there are too many.
    """
    walk = Walk(client, path, max_pages)
    query = dict(json)
    while True:
        page = client.post_read(path, json=query)
        body = walk.read(page, items)
        yield page
        token = body.get("nextPageToken")
        is_last = body.get("isLast", token is None)
        if is_last is not (token is None):
            walk.refuse("`isLast` and `nextPageToken` contradict each other")
        if is_last:
            return
        walk.note_page(body[items])
        query["nextPageToken"] = walk.note_cursor(token)


def offset_pages(
    client: Client,
    path: str,
    *,
    params: Params | None = None,
    json: Mapping[str, object] | None = None,
    items: str = "issues",
    max_pages: int | None = None,
) -> Iterator[Response]:
    """Follow `startAt` and `total`, as Jira Data Center searches; by POST if `json` is given.

    Steps by the items that came, since a server may cut `maxResults`. Items that
    move between pages while the data changes come twice or not at all: order by a
    stable key, overlap, and drop repeated keys.

    Raises:
        PagingError: An empty page before `total`, another offset than asked for, no
            list of items or no total, or a page repeats, or there are too many.
    """
    walk = Walk(client, path, max_pages)
    start = 0
    while True:
        if json is None:
            page = client.get(path, params={**(params or {}), "startAt": start})
        else:
            page = client.post_read(path, params=params, json={**json, "startAt": start})
        body = walk.read(page, items)
        came, total = body[items], body.get("total")
        if not isinstance(total, int) or isinstance(total, bool):
            walk.refuse("`total` is no integer")
        if body.get("startAt", start) != start:
            walk.refuse("the page starts elsewhere than asked for")
        yield page
        start += len(came)
        if start >= total:
            return
        if not came:
            walk.refuse("a page is empty before `total` is reached")
        walk.note_page(came)


def next_link(header: str) -> str | None:
    """Read the target of `rel="next"` from a `Link` header; None if there is none."""
    for target, attributes in _LINK.findall(header):
        rel = _REL.search(attributes)
        if rel and "next" in (rel[1] or rel[2]).lower().split():
            return str(target)
    return None
