"""Pull from a fake Jira over real sockets, as a night does."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from config.shapes.sources import JiraSource
from tasks.core.batches import Conformed, Pulled, Watermark
from tasks.core.work.item_states import ItemState, current_items
from tasks.core.work.work_items import EventKind, ItemEvent
from tasks.sources import jira
from tasks.transport.client import Client
from tasks.transport.credentials import Basic
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.sources.jira.fake_jira import FakeJira
from tests.transport.loopback import SECRET, UNPACED, FakeClock, Script, Server

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
(ISSUES,) = jira.STREAMS


def keyed_digest(text: str) -> str:
    return "kd" + hashlib.sha256(b"key" + text.encode()).hexdigest()[:16]


@dataclass
class Nights:
    """Pulls night after night from one server, carrying the watermark."""

    server: Server
    config: JiraSource
    watermark: Watermark | None = None
    conformed: list[Conformed] = field(default_factory=list)
    now: datetime = NOW

    def pull(self, **changes: object) -> Pulled:
        client = Client(
            self.config.name,
            self.server.url,
            vendor=Vendor.JIRA,
            credential=Basic("robot", SECRET, [self.server.netloc]),
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=datetime(2026, 11, 21, 20, tzinfo=UTC),
            pace=UNPACED,
        )
        window = (date(2026, 11, 20), date(2026, 11, 20))
        config = self.config.model_copy(update=changes)
        with client:
            pulled = jira.fetch(
                ISSUES, client, config, window, self.watermark, self.now, keyed_digest
            )
        self.watermark = pulled.watermark
        for batch in pulled.batches:
            self.conformed.append(jira.conform(ISSUES, config, batch.rows, batch.key))
        self.now += timedelta(days=1)
        return pulled

    def events(self) -> list[ItemEvent]:
        names = ("source", "item", "occurred_at", "observed_at", "value", "ref")
        return [
            ItemEvent(event=EventKind(str(row["event"])), **{name: row[name] for name in names})  # type: ignore[arg-type]
            for conformed in self.conformed
            for row in conformed.rows
        ]

    def states(self) -> dict[str, ItemState]:
        return current_items(self.events())


@pytest.fixture
def nights() -> Iterator[Callable[..., Nights]]:
    servers: list[Server] = []

    def begin(fake: FakeJira | Script, **config: object) -> Nights:
        is_cloud = fake.is_cloud if isinstance(fake, FakeJira) else True
        server = Server(fake)
        servers.append(server)
        settings = {
            "name": "tracker",
            "type": "jira",
            "base_url": server.url,
            "secret": "jira-token",
            "user": "jira-user",
            "deployment": "cloud" if is_cloud else "data_center",
            "projects": ["OPS"],
            "severity_field": "customfield_10042",
        }
        return Nights(server, JiraSource.model_validate(settings | config))

    yield begin
    for server in servers:
        server.stop()
