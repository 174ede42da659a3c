"""A small world made once, a server for each test, and a plain client."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from sandbox.oracle.nights import Night, run_nights
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tests.sandbox.asking import Answer, Ask


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(seed=7, scale=0.3)


@pytest.fixture(scope="session")
def nights(world: World) -> list[Night]:
    return run_nights(world, NIGHTS)


@pytest.fixture
def sandbox(world: World, tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path, world=world, now=NIGHTS[0], has_limits=False) as started:
        yield started


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="session")
def ask() -> Ask:
    opener = build_opener(_Stay)

    def send(
        url: str, headers: dict[str, str] | None = None, body: object = None, method: str = ""
    ) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, headers or {}, method=method or None)
        try:
            with opener.open(request, timeout=5) as response:
                status, raw, got = response.status, response.read(), response.headers
        except HTTPError as error:
            status, raw, got = error.code, error.read(), error.headers
        lowered = {name.lower(): value for name, value in got.items()}
        return status, lowered, json.loads(raw) if raw.startswith((b"{", b"[")) else None

    return send
