"""Pull from a fake GitHub over real sockets, as a night does."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.shapes.sources import GithubSource
from tasks.core.batches import Conformed, Pulled, Watermark
from tasks.core.work.item_states import ItemState, current_items
from tasks.core.work.work_items import EventKind, ItemEvent
from tasks.sources import github
from tasks.transport.client import Client
from tasks.transport.credentials import GithubToken
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.sources.github.fake_github import FakeGithub, FakeRepo
from tests.transport.loopback import SECRET, UNPACED, FakeClock, Script, Server

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
STREAMS = {stream.name: stream for stream in github.STREAMS}


def keyed_digest(text: str) -> str:
    return "kd" + hashlib.sha256(b"key" + text.encode()).hexdigest()[:16]


@dataclass
class Nights:
    """Pulls night after night from one server, carrying each stream's watermark."""

    server: Server
    config: GithubSource
    watermarks: dict[str, Watermark | None] = field(default_factory=dict)
    conformed: list[Conformed] = field(default_factory=list)
    now: datetime = NOW
    base_path: str = ""
    deadline: datetime = datetime(2026, 11, 21, 20, tzinfo=UTC)

    def pull(self, name: str = "pull_requests", **changes: object) -> Pulled:
        with self.client() as client:
            pulled = github.fetch(
                STREAMS[name],
                client,
                self.config.model_copy(update=changes),
                (date(2026, 11, 20), date(2026, 11, 20)),
                self.watermarks.get(name),
                self.now,
                keyed_digest,
            )
        self.watermarks[name] = pulled.watermark
        for batch in pulled.batches:
            self.conformed.append(github.conform(STREAMS[name], self.config, batch.rows, batch.key))
        self.now += timedelta(days=1)
        return pulled

    def client(self) -> Client:
        return Client(
            self.config.name,
            self.server.url + self.base_path,
            vendor=Vendor.GITHUB,
            credential=GithubToken(SECRET, [self.server.netloc]),
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=self.deadline,
            headers=github.HEADERS,
            pace=UNPACED,
        )

    def events(self) -> list[ItemEvent]:
        rows = [row for conformed in self.conformed for row in conformed.rows]
        return [event_of(row) for row in rows]

    def states(self) -> dict[str, ItemState]:
        return current_items(self.events())

    def requests(self, tail: str) -> int:
        paths = [request.path.partition("?")[0] for request in self.server.requests]
        return sum(path.endswith(tail) for path in paths)


def event_of(row: dict[str, Any]) -> ItemEvent:
    names = ("source", "item", "occurred_at", "observed_at", "value", "ref")
    return ItemEvent(event=EventKind(row["event"]), **{name: row[name] for name in names})


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Server]]:
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def nights(serve: Callable[[Script], Server]) -> Callable[..., Nights]:
    def begin(fake: FakeGithub | FakeRepo | Script, **config: object) -> Nights:
        script = FakeGithub(fake) if isinstance(fake, FakeRepo) else fake
        names = list(script.repos) if isinstance(script, FakeGithub) else ["acme/engine"]
        server = serve(script)
        settings = {"repositories": names, **config}
        return Nights(server, source(server.url, **settings))

    return begin


def source(base_url: str = "http://127.0.0.1", **changes: object) -> GithubSource:
    settings = {
        "name": "forge",
        "type": "github",
        "base_url": base_url,
        "secret": "github-token",
        "repositories": ["acme/engine"],
    }
    return GithubSource.model_validate(settings | changes)
