"""Listings by number and by last item: whole or not at all, also when they shift."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.core.errors import SourceError
from tasks.transport.client import Client
from tasks.transport.errors import BodyError, PagingError, ShiftedPagesError, StatusError
from tasks.transport.numbered_pages import after_pages, numbered_pages
from tests.transport.loopback import Reply, Request, Server, scripted

Serve = Callable[..., Server]
Connect = Callable[..., Client]
Page = dict[str, object]


def page(*items: object, count: object = 1) -> Page:
    return {"items": list(items), "pages": count}


def count_of(body: Mapping[str, object]) -> object:
    return body.get("pages")


def walk(client: Client, *, is_post: bool = True) -> list[object]:
    pages = numbered_pages(
        client, "/teams/spend", {"size": 2}, items="items", page_count=count_of, is_post=is_post
    )
    return [item for one in pages for item in one.json["items"]]  # type: ignore[index]


def queried(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


def replies(*pages: object) -> Callable[[Request], Reply]:
    return scripted(*(Reply(body=one) for one in pages))


def test_pages_are_numbered_from_one_in_the_body_of_a_reading_post(
    serve: Serve, connect: Connect
) -> None:
    server = serve(replies(page(1, 2, count=2), page(3, count=2)))

    assert walk(connect(server)) == [1, 2, 3]
    assert [one.method for one in server.requests] == ["POST", "POST"]
    assert [one.json for one in server.requests] == [
        {"size": 2, "page": 1},
        {"size": 2, "page": 2},
    ]


def test_pages_are_numbered_in_the_query_of_a_get(serve: Serve, connect: Connect) -> None:
    server = serve(replies(page(1, count=2), page(2, count=2)))

    assert walk(connect(server), is_post=False) == [1, 2]
    assert [queried(one)["page"] for one in server.requests] == ["1", "2"]


def test_a_reading_post_is_tried_again_like_a_get(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(status=503), Reply(body=page(1))))

    assert walk(connect(server)) == [1]
    assert server.requests[0].body == server.requests[1].body


def test_a_reading_post_carries_a_question_and_no_load(serve: Serve, connect: Connect) -> None:
    server = serve(replies({}))

    with pytest.raises(BodyError, match="larger than 65536 bytes"):
        connect(server).post_read("/teams/spend", json={"records": "x" * 65_536})
    assert server.requests == []


def test_a_listing_without_items_has_no_page(serve: Serve, connect: Connect) -> None:
    assert walk(connect(serve(replies(page(count=0))))) == []


def test_a_listing_that_grows_while_it_is_read_is_no_whole(serve: Serve, connect: Connect) -> None:
    server = serve(replies(page(1, 2, count=2), page(2, 3, count=3)))

    with pytest.raises(ShiftedPagesError, match="there were 2 pages and now are 3"):
        walk(connect(server))


@pytest.mark.parametrize(
    "pages",
    [
        [{"pages": 1}],
        [{"items": {}, "pages": 1}],
        [{"items": [1]}],
        [page(1, count="1")],
        [page(1, count=True)],
        [page(1, count=-1)],
        [page(count=2), page(1, count=2)],
        [page(1, count=2), page(1, count=3)],
        [page(1, count=9), page(1, count=9)],
    ],
)
def test_a_broken_listing_is_a_fault(pages: list[Page], serve: Serve, connect: Connect) -> None:
    with pytest.raises(PagingError):
        walk(connect(serve(replies(*pages))))


def test_after_pages_send_the_cursor_with_the_same_query(serve: Serve, connect: Connect) -> None:
    server = serve(
        replies(
            {"items": [1], "has_next_page": True, "end_cursor": "c1"},
            {"items": [2], "has_next_page": False, "end_cursor": None},
        )
    )

    pages = after_pages(connect(server), "/v3/organizations/o/sessions", {"first": 200})

    assert [one.json["items"] for one in pages] == [[1], [2]]  # type: ignore[index]
    assert [queried(one) for one in server.requests] == [
        {"first": "200"},
        {"first": "200", "after": "c1"},
    ]


@pytest.mark.parametrize(
    "frames",
    [
        [{"items": [1]}],
        [{"items": [1], "has_next_page": "no"}],
        [{"items": [1], "has_next_page": True}],
        [{"items": [1], "has_next_page": True, "end_cursor": ""}],
        [{"items": [1], "has_next_page": True, "end_cursor": "c"}] * 2,
        [
            {"items": [1], "has_next_page": True, "end_cursor": "c"},
            {"items": [2], "has_next_page": True, "end_cursor": "c"},
        ],
        [{"has_next_page": False}],
    ],
)
def test_a_listing_with_a_broken_cursor_is_a_fault(
    frames: list[Page], serve: Serve, connect: Connect
) -> None:
    with pytest.raises(PagingError):
        list(after_pages(connect(serve(replies(*frames))), "/v3/enterprise/sessions", {}))


def test_a_cursor_of_another_query_is_refused_by_the_server_and_so_by_us(
    serve: Serve, connect: Connect
) -> None:
    frame = {"items": [1], "has_next_page": True, "end_cursor": "c1"}
    refusal = Reply(status=400, body={"detail": "cursor does not match the query"})
    server = serve(scripted(Reply(body=frame), refusal))

    with pytest.raises(SourceError) as caught:
        list(after_pages(connect(server), "/v3/enterprise/sessions", {}))

    assert isinstance(caught.value, StatusError)
    assert "GET /v3/enterprise/sessions answered 400" in str(caught.value)
