"""Four pagination styles: whole listings come whole, broken ones raise, lazy ones stop asking."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.transport.calls import Response
from tasks.transport.client import Client
from tasks.transport.errors import PagingError
from tasks.transport.pages import (
    cursor_pages,
    link_pages,
    next_link,
    offset_pages,
    token_pages,
)
from tests.transport.loopback import Reply, Request, Server, scripted

Serve = Callable[..., Server]
Connect = Callable[..., Client]
ITEMS = [{"id": number} for number in range(7)]
SIZE = 3


def asked(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


def field(response: Response, name: str) -> Any:
    assert isinstance(response.json, dict)
    return response.json[name]


def collected(pages: Iterator[Response], name: str) -> list[object]:
    return [item for page in pages for item in field(page, name)]


class TestLinks:
    @staticmethod
    def github(request: Request) -> Reply:
        number = int(asked(request).get("page", "1"))
        start = (number - 1) * SIZE
        headers = {}
        if start + SIZE < len(ITEMS):
            # As GitHub does: the link leads to the id, not to the name that was asked for.
            url = f"http://{request.headers['host']}/repositories/1/pulls?page={number + 1}"
            headers["link"] = f'<{url}>; rel="next", <{url}&x>; rel="last"'
        return Reply(200, headers, ITEMS[start : start + SIZE])

    def test_a_listing_comes_whole_with_the_same_headers_on_every_page(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(self.github)
        client = connect(server, headers={"X-GitHub-Api-Version": "2022-11-28"})

        own = {"Accept": "application/vnd.github+json"}
        pages = list(link_pages(client, "/repos/a/b/pulls", params={"state": "all"}, headers=own))

        assert [item for page in pages for item in page.json] == ITEMS  # type: ignore[attr-defined]
        assert [request.path for request in server.requests] == [
            "/repos/a/b/pulls?state=all",
            "/repositories/1/pulls?page=2",
            "/repositories/1/pulls?page=3",
        ]
        for request in server.requests:
            assert request.headers["x-github-api-version"] == "2022-11-28"
            assert request.headers["accept"] == own["Accept"]

    def test_who_stops_early_asks_no_further(self, serve: Serve, connect: Connect) -> None:
        server = serve(self.github)

        next(link_pages(connect(server), "/repos/a/b/pulls"))

        assert len(server.requests) == 1

    def test_a_link_to_itself_is_an_error(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(200, {"link": '</x?page=1>; rel="next"'}, [1])))

        with pytest.raises(PagingError, match="twice"):
            list(link_pages(connect(server), "/x"))

        assert len(server.requests) == 2

    def test_the_same_page_under_new_links_is_an_error(
        self, serve: Serve, connect: Connect
    ) -> None:
        numbers = count(2)
        server = serve(
            lambda _: Reply(200, {"link": f'</x?page={next(numbers)}>; rel="next"'}, [{"id": 1}])
        )

        with pytest.raises(PagingError, match="a page comes twice"):
            list(link_pages(connect(server), "/x"))

        assert len(server.requests) == 2

    def test_endless_pages_are_an_error(self, serve: Serve, connect: Connect) -> None:
        numbers = count(2)

        def endless(_: Request) -> Reply:
            number = next(numbers)
            return Reply(200, {"link": f'</x?page={number}>; rel="next"'}, [number])

        server = serve(endless)

        with pytest.raises(PagingError, match=r"/\*, page 21: there are more than 20 pages"):
            list(link_pages(connect(server), "/x", max_pages=20))

        assert len(server.requests) == 20

    @pytest.mark.parametrize(
        ("header", "target"),
        [
            ('<https://a/b?page=2>; rel="next"', "https://a/b?page=2"),
            ('<a>; rel="prev", <b,c>; rel="next"', "b,c"),
            ('<a>; title="x"; rel=next; type="y"', "a"),
            ('<a>; rel="last next"', "a"),
            ("<a>; REL=NEXT", "a"),
            ('<a>; rel="nextish"', None),
            ('<a>; rel="prev"', None),
            ("", None),
            ("garbage", None),
        ],
    )
    def test_link_headers(self, header: str, target: str | None) -> None:
        assert next_link(header) == target


class TestCursors:
    PARAMS = {"starting_at": "2026-11-01", "group_by[]": ["model", "workspace_id"]}  # noqa: RUF012  # a constant of the test class

    @staticmethod
    def vendor(request: Request) -> Reply:
        start = int(asked(request).get("page", "c0")[1:])
        more = start + SIZE < len(ITEMS)
        cursor = f"c{start + SIZE}" if more else None
        page = {"data": ITEMS[start : start + SIZE], "has_more": more, "next_page": cursor}
        return Reply(body=page)

    def test_a_report_comes_whole_with_its_query_unchanged(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(self.vendor)

        pages = cursor_pages(connect(server), "/report", params=self.PARAMS)

        assert collected(pages, "data") == ITEMS
        queries = [parse_qs(urlsplit(request.path).query) for request in server.requests]
        assert [query.pop("page", None) for query in queries] == [None, ["c3"], ["c6"]]
        assert (
            queries
            == [{"starting_at": ["2026-11-01"], "group_by[]": ["model", "workspace_id"]}] * 3
        )

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ({"data": [1], "has_more": True, "next_page": None}, "no cursor"),
            ({"data": [1], "has_more": True, "next_page": ""}, "no cursor"),
            ({"data": [1], "has_more": True}, "no cursor"),
            ({"data": [1], "next_page": "c"}, "no boolean"),
            ({"data": [1], "has_more": "false"}, "no boolean"),
            ({"has_more": False}, "no list of `data`"),
            ({"data": None, "has_more": False}, "no list of `data`"),
            ([1], "no list of `data`"),
            ({"data": [], "has_more": True, "next_page": "same"}, "a cursor comes twice"),
        ],
    )
    def test_a_broken_report_is_an_error_and_no_end(
        self, body: object, why: str, serve: Serve, connect: Connect
    ) -> None:
        server = serve(scripted(Reply(body=body)))

        with pytest.raises(PagingError, match=why):
            list(cursor_pages(connect(server), "/report"))

    def test_a_circle_of_pages_under_fresh_cursors_is_an_error(
        self, serve: Serve, connect: Connect
    ) -> None:
        numbers = count()

        def circle(_: Request) -> Reply:
            number = next(numbers)
            page = {"data": [number % 3], "has_more": True, "next_page": f"c{number}"}
            return Reply(body=page)

        server = serve(circle)

        with pytest.raises(PagingError, match="a page comes twice"):
            list(cursor_pages(connect(server), "/report"))

        assert len(server.requests) == 4

    def test_empty_pages_without_end_are_an_error(self, serve: Serve, connect: Connect) -> None:
        numbers = count()
        server = serve(
            lambda _: Reply(body={"data": [], "has_more": True, "next_page": f"c{next(numbers)}"})
        )

        with pytest.raises(PagingError, match="more than 30 pages"):
            list(cursor_pages(connect(server), "/report", max_pages=30))


class TestTokens:
    @staticmethod
    def jira(request: Request) -> Reply:
        start = int(request.json.get("nextPageToken", "t0")[1:])
        page: dict[str, object] = {"issues": ITEMS[start : start + SIZE]}
        page["isLast"] = start + SIZE >= len(ITEMS)
        if not page["isLast"]:
            page["nextPageToken"] = f"t{start + SIZE}"
        return Reply(body=page)

    def test_a_search_comes_whole_with_its_query_unchanged(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = serve(self.jira)
        query = {"jql": "project = A", "fields": ["status"]}

        pages = token_pages(connect(server), "/rest/api/3/search/jql", json=query)

        assert collected(pages, "issues") == ITEMS
        assert [request.json for request in server.requests] == [
            query,
            {**query, "nextPageToken": "t3"},
            {**query, "nextPageToken": "t6"},
        ]

    def test_an_endpoint_without_is_last_ends_by_its_token(
        self, serve: Serve, connect: Connect
    ) -> None:
        pages = [
            Reply(body={"issueChangeLogs": [1], "nextPageToken": "t"}),
            Reply(body={"issueChangeLogs": [2]}),
        ]
        client = connect(serve(scripted(*pages)))

        found = token_pages(client, "/bulkfetch", json={}, items="issueChangeLogs")

        assert collected(found, "issueChangeLogs") == [1, 2]

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ({"issues": [1], "isLast": False}, "contradict"),
            ({"issues": [1], "isLast": True, "nextPageToken": "t"}, "contradict"),
            ({"issues": [1], "isLast": None, "nextPageToken": "t"}, "contradict"),
            ({"isLast": True}, "no list of `issues`"),
            ({"issues": [1], "isLast": False, "nextPageToken": 7}, "no cursor"),
            ({"issues": [], "isLast": False, "nextPageToken": "t"}, "a cursor comes twice"),
        ],
    )
    def test_a_broken_search_is_an_error_and_no_end(
        self, body: object, why: str, serve: Serve, connect: Connect
    ) -> None:
        server = serve(scripted(Reply(body=body)))

        with pytest.raises(PagingError, match=why):
            list(token_pages(connect(server), "/search", json={}))


class TestOffsets:
    @staticmethod
    def data_center(request: Request) -> Reply:
        start = int(request.json["startAt"] if request.body else asked(request)["startAt"])
        page = {"startAt": start, "total": len(ITEMS), "issues": ITEMS[start : start + SIZE]}
        return Reply(body=page)

    @pytest.mark.parametrize("query", [{"params": {"jql": "x"}}, {"json": {"jql": "x"}}])
    def test_a_search_comes_whole_though_the_server_cuts_pages(
        self, query: dict[str, Any], serve: Serve, connect: Connect
    ) -> None:
        server = serve(self.data_center)

        pages = offset_pages(connect(server), "/rest/api/2/search", **query)

        assert collected(pages, "issues") == ITEMS
        assert [request.method for request in server.requests] == [
            "POST" if "json" in query else "GET"
        ] * 3

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ({"issues": [1], "total": "1"}, "`total` is no integer"),
            ({"issues": [1]}, "`total` is no integer"),
            ({"issues": [1], "total": True}, "`total` is no integer"),
            ({"issues": [], "total": 5}, "empty before `total`"),
            ({"issues": [1], "total": 5, "startAt": 0}, "starts elsewhere"),
            ({"issues": [1], "total": 5}, "a page comes twice"),
            ({"total": 0}, "no list of `issues`"),
        ],
    )
    def test_a_broken_search_is_an_error_and_no_end(
        self, body: object, why: str, serve: Serve, connect: Connect
    ) -> None:
        server = serve(scripted(Reply(body=body)))

        with pytest.raises(PagingError, match=why):
            list(offset_pages(connect(server), "/search"))

    def test_an_empty_result_is_one_page(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(body={"issues": [], "total": 0, "startAt": 0})))

        assert collected(offset_pages(connect(server), "/search"), "issues") == []
        assert len(server.requests) == 1
