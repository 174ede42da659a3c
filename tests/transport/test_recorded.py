"""Replays exchanges that were recorded from the real GitHub, as far as they concern transport."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tasks.transport.client import Client
from tasks.transport.errors import OriginError, StatusError
from tasks.transport.limits import Vendor
from tasks.transport.pages import link_pages
from tests.transport.loopback import Reply, Request, Server

REAL = "https://api.github.com"
#: The server of the replay writes these itself.
OF_THE_CONNECTION = {"content-length", "transfer-encoding", "connection", "content-encoding"}


class Exchange(NamedTuple):
    """One recorded request with its answer."""

    path: str
    reply: Reply
    folder: Path


@pytest.fixture(scope="module")
def hub4j(shared: Path) -> list[Exchange]:
    """Read every GET among the WireMock mappings."""
    found = []
    for mapping in sorted((shared / "data/recorded/hub4j").glob("**/mappings/*.json")):
        record = json.loads(mapping.read_text("utf-8"))
        if record["request"]["method"] != "GET":
            continue
        answer = record["response"]
        body = answer.get("body", "").encode()
        if "bodyFileName" in answer:
            body = (mapping.parent.parent / "__files" / answer["bodyFileName"]).read_bytes()
        reply = Reply(answer["status"], recorded_headers(answer["headers"]), body)
        found.append(Exchange(record["request"]["url"], reply, mapping.parent))
    return found


def recorded_headers(raw: dict[str, Any]) -> dict[str, str]:
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in raw.items()
        if name.lower() not in OF_THE_CONNECTION
    }


def at(server: Server, reply: Reply) -> Reply:
    """Make the recorded addresses lead to the replay."""
    headers = {name: value.replace(REAL, server.url) for name, value in reply.headers.items()}
    return Reply(reply.status, headers, reply.body)


def test_every_recorded_get_comes_through_as_recorded(
    hub4j: list[Exchange], serve: Callable[..., Server], connect: Callable[..., Client]
) -> None:
    playing: list[Exchange] = []
    server: Server = serve(lambda _: at(server, playing[-1].reply))
    client = connect(server, vendor=Vendor.GITHUB)

    for exchange in hub4j:
        playing.append(exchange)
        response = client.get(server.url + exchange.path, accept=(404,))
        assert response.status == exchange.reply.status
        if response.status == 200:
            assert response.json == json.loads(exchange.reply.content())

    assert len(hub4j) > 250
    assert [request.path for request in server.requests] == [exchange.path for exchange in hub4j]


def test_recorded_listings_are_walked_to_where_their_recording_ends(
    hub4j: list[Exchange], serve: Callable[..., Server], connect: Callable[..., Client]
) -> None:
    playing: dict[str, Reply] = {}
    unrecorded = Reply(410)
    server: Server = serve(lambda request: at(server, playing.get(request.path, unrecorded)))
    client = connect(server, vendor=Vendor.GITHUB)
    walked = 0

    for first in hub4j:
        if 'rel="next"' not in first.reply.headers.get("Link", "") or "page=" in first.path:
            continue
        playing.clear()
        playing.update({one.path: one.reply for one in hub4j if one.folder == first.folder})
        pages = link_pages(client, server.url + first.path)
        with contextlib.suppress(StatusError):  # 410: the recording stopped before the listing
            for page in pages:
                assert page.json == json.loads(playing[page.url.removeprefix(server.url)].content())
                walked += 1

    assert walked > 10


def octokit(shared: Path, name: str) -> list[dict[str, Any]]:
    folder = shared / "data/recorded/octokit-fixtures/scenarios/api.github.com" / name
    records: list[dict[str, Any]] = json.loads((folder / "normalized-fixture.json").read_text())
    return [record for record in records if record["method"] == "get"]


def replay(records: list[dict[str, Any]], server: Callable[[], Server]) -> Callable[..., Reply]:
    answers = {
        record["path"]: Reply(
            record["status"], recorded_headers(record["headers"]), record["response"]
        )
        for record in records
    }

    def script(request: Request) -> Reply:
        return at(server(), answers[urlsplit(request.path).path])

    return script


def test_a_renamed_repository_is_found_where_it_moved(
    shared: Path, serve: Callable[..., Server], connect: Callable[..., Client]
) -> None:
    records = octokit(shared, "rename-repository")
    server: Server = serve(replay(records, lambda: server))

    response = connect(server).get(records[0]["path"])

    assert records[0]["status"] == 301
    assert response.url == f"{server.url}/repositories/1000"
    assert all("authorization" in request.headers for request in server.requests)


def test_an_archive_on_another_host_is_not_followed(
    shared: Path, serve: Callable[..., Server], connect: Callable[..., Client]
) -> None:
    records = octokit(shared, "get-archive")
    server: Server = serve(replay(records, lambda: server))

    with pytest.raises(OriginError):
        connect(server).get(records[0]["path"])

    assert len(server.requests) == 1
