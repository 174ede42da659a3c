"""A ledger, the sandbox's ticket systems, and a clock that only tests move."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from config.settings import Settings, load_settings
from config.shapes.tickets import Tickets
from sandbox import ticket_acts
from sandbox.server import Sandbox
from tasks.core.digests import keyed_digest
from tasks.core.review.delivery import OutboxRow, Progress, Sighting
from tasks.core.review.ticket_content import Paragraph, Span, TicketContent
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.tickets.connect import connected
from tasks.tickets.deliver import Delivered, Outbox, Wanted, What, deliver
from tasks.tickets.marker import Marker
from tasks.tickets.port import TicketPort
from tasks.transport.waits import MemoryWaitStore

KIND = "review_ticket"
DIGEST = keyed_digest("a key for tests only, 32 characters or more")
CLOUD, DATA_CENTER, GITHUB = "tickets-jira", "tickets-dc", "tickets-github"
SYSTEMS = (CLOUD, DATA_CENTER, GITHUB)
#: By our name: the sandbox's name of the system on its board, and of the source that fails.
BOARDS = {CLOUD: "jira", DATA_CENTER: "jira-data-center", GITHUB: "github"}
SOURCES = {CLOUD: "jira", DATA_CENTER: "jira", GITHUB: "github"}

TICKETS = Tickets.model_validate(
    {
        "version": 1,
        "systems": [
            {
                "name": CLOUD,
                "type": "jira",
                "base_url": "https://meridian-freight.atlassian.net",
                "user": "tickets-jira-user",
                "secret": "tickets-jira-token",
                "project": "PROMO",
            },
            {
                "name": DATA_CENTER,
                "type": "jira",
                "deployment": "data_center",
                "base_url": "https://jira.meridian-freight.example",
                "secret": "tickets-jira-data-center-token",
                "project": "PROMO",
            },
            {
                "name": GITHUB,
                "type": "github",
                "secret": "tickets-github-token",
                "repository": "meridian-freight/agent-catalog",
            },
        ],
        "routes": [{"portfolio": "*", "system": CLOUD}],
    }
)


def settings_of(sandbox: Sandbox, **others: str) -> Settings:
    environ = {"DIGEST_KEY": "x" * 32}
    host = sandbox.origin.removeprefix("http://")
    secrets: Any = sandbox.description()["ticket_secrets"]
    for name, value in (secrets | others).items():
        variable = f"SECRET_{name.upper().replace('-', '_')}"
        environ |= {variable: value, f"{variable}_HOSTS": host}
    for name in SYSTEMS:
        environ[f"BASE_URL_{name.upper().replace('-', '_')}"] = sandbox.base_url(SOURCES[name])
    return load_settings({f"GRADUAND_{name}": value for name, value in environ.items()})


_RUNS = count(1)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Rig:
    """One installation and the outside around it."""

    sandbox: Sandbox
    ledger: Ledger
    waits: MemoryWaitStore = field(default_factory=MemoryWaitStore)
    _moment: datetime | None = None

    # --- the clock of the transport, and of the sandbox's tickets

    def now(self) -> datetime:
        return self._moment or self.sandbox.now

    def sleep(self, seconds: float) -> None:
        self.wait(seconds / 60)

    def wait(self, minutes: float) -> None:
        self._moment = self.now() + timedelta(minutes=minutes)
        self.act("wait", minutes=minutes)

    # --- the outside

    def act(self, name: str, **values: object) -> Any:
        return ticket_acts.act(self.sandbox.board, {"act": name, **values}, self.sandbox.now)

    def fail(self, system: str, mode: str, *, after: int = 0, times: int = 0) -> None:
        self.sandbox.faults.fail(SOURCES[system], mode, after=after, times=times)

    def listed(self, system: str, *, ours: bool = True) -> list[dict[str, Any]]:
        every: Any = ticket_acts.listing(self.sandbox.board)
        return [
            one
            for one in every["tickets"]
            if one["system"] == BOARDS[system] and (one["is_ours"] or not ours)
        ]

    def assert_one_each(self, system: str, expected: int) -> None:
        listed = self.listed(system)
        labels = Counter(label for one in listed for label in one["labels"])
        assert len(listed) == expected
        assert set(labels.values()) <= {1}

    # --- our side

    def queue(self, *keys: str) -> None:
        messages = [Message(KIND, key, "asks") for key in keys]
        self.ledger.record_look([], decisions=[], messages=messages, recorded_at=self.now())

    def run(
        self,
        system: str,
        *keys: str,
        most: int = 10,
        evidence: str = "d1",
        outbox: Outbox | None = None,
        wrap: Callable[[TicketPort], TicketPort] | None = None,
    ) -> list[Delivered]:
        wanted = {key: self.wanted(system, key, evidence) for key in keys}
        return self.deliver(wanted, most=most, outbox=outbox, wrap=wrap)

    def wanted(self, system: str, key: str, evidence: str = "d1") -> Wanted:
        return Wanted(system, _content(key, evidence), _change(evidence))

    def deliver(
        self,
        wanted: Mapping[str, Wanted],
        *,
        most: int = 10,
        outbox: Outbox | None = None,
        wrap: Callable[[TicketPort], TicketPort] | None = None,
        is_patient: bool = False,
    ) -> list[Delivered]:
        deadline = self.now() + timedelta(hours=4)
        with connected(
            TICKETS, settings_of(self.sandbox), waits=self.waits, clock=self, deadline=deadline
        ) as systems:
            ports = {name: wrap(port) if wrap else port for name, port in systems.ports.items()}
            return deliver(
                KIND,
                wanted,
                outbox=outbox or self.ledger,
                ports=ports,
                digest=DIGEST,
                most=most,
                now=self.now,
                holder=f"run-{next(_RUNS)}",
                sleep=self.sleep if is_patient else None,
                deadline=deadline,
            )

    def one(self, system: str, key: str, evidence: str = "d1") -> Delivered:
        (told,) = [one for one in self.run(system, key, evidence=evidence) if one.key == key]
        return told

    def killed_after_create(self, system: str, key: str) -> dict[str, Any]:
        """Make a ticket, and die before it is recorded; gives the ticket."""
        dying = Dying(6, is_after=True)
        outbox = DyingOutbox(self.ledger, dying)
        with pytest.raises(Killed):
            self.run(system, key, outbox=outbox, wrap=lambda port: DyingPort(port, dying))
        assert dying.calls[-1] == "create"
        self.wait(21)  # the dead run's lease
        return self.listed(system)[-1]

    def until_told(self, system: str, key: str) -> Delivered:
        """Run again, a quarter of an hour apart, until the row is neither pending nor taken."""
        for _ in range(6):
            told = self.one(system, key)
            if told.what not in {What.PENDING, What.TAKEN, What.REFUSED}:
                return told
            self.wait(15)
        return told


def _content(key: str, evidence: str) -> TicketContent:
    return TicketContent(f"Review {key}", (Paragraph((Span("46 of 49 good"),)),), evidence)


def _change(evidence: str) -> TicketContent:
    return TicketContent(f"Evidence changed: {evidence}", (), evidence)


class Dying:
    """Kills at the n-th call to the outbox or a system: before it, or after it was done."""

    def __init__(self, at: int, *, is_after: bool) -> None:
        self.left = at
        self.is_after = is_after
        self.is_dead = False
        self.calls: list[str] = []

    def call(self, name: str, do: Callable[[], Any]) -> Any:
        if self.is_dead:
            raise Killed
        self.calls.append(name)
        self.left -= 1
        is_last = self.left < 0
        if is_last and not self.is_after:
            self.is_dead = True
            raise Killed
        done = do()
        if is_last:
            self.is_dead = True
            raise Killed
        return done


class DyingOutbox:
    def __init__(self, outbox: Outbox, dying: Dying) -> None:
        self._outbox = outbox
        self._dying = dying

    def outbox_rows(self, kind: str) -> list[OutboxRow]:
        rows: list[OutboxRow] = self._dying.call("rows", lambda: self._outbox.outbox_rows(kind))
        return rows

    def lease(
        self, kind: str, key: str, holder: str, *, now: datetime, until: datetime
    ) -> OutboxRow | None:
        row: OutboxRow | None = self._dying.call(
            "lease", lambda: self._outbox.lease(kind, key, holder, now=now, until=until)
        )
        return row

    def keep_progress(
        self, kind: str, key: str, holder: str, progress: Progress, at: datetime
    ) -> None:
        self._dying.call(
            "keep", lambda: self._outbox.keep_progress(kind, key, holder, progress, at)
        )

    def release(self, kind: str, key: str, holder: str) -> None:
        if not self._dying.is_dead:
            self._dying.call("release", lambda: self._outbox.release(kind, key, holder))


class DyingPort:
    def __init__(self, port: TicketPort, dying: Dying) -> None:
        self._port = port
        self._dying = dying

    @property
    def place(self) -> str:
        return self._port.place

    def search(self, marker: Marker, *, since: datetime | None) -> list[Sighting]:
        found: list[Sighting] = self._dying.call(
            "search", lambda: self._port.search(marker, since=since)
        )
        return found

    def read(self, ticket: str, marker: Marker) -> Sighting | None:
        seen: Sighting | None = self._dying.call("read", lambda: self._port.read(ticket, marker))
        return seen

    def create(self, content: TicketContent, marker: Marker) -> Sighting:
        made: Sighting = self._dying.call("create", lambda: self._port.create(content, marker))
        return made

    def references(self, ticket: str, wanted: Any) -> frozenset[str]:
        found: frozenset[str] = self._dying.call(
            "references", lambda: self._port.references(ticket, wanted)
        )
        return found

    def comment(self, ticket: str, content: TicketContent, reference: str) -> None:
        self._dying.call("comment", lambda: self._port.comment(ticket, content, reference))
