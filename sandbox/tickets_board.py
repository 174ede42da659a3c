"""The tickets that a client wrote into Jira and GitHub, in memory, and what people did to them.

They stand apart from the organisation's own issues: only the accounts that may write see them,
so that no nightly pull ever meets one. Moments are those of the sandbox's clock, and of its tests:
`waited` is added to it.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from sandbox.catalog_repository import CatalogRepository
from sandbox.people import Person
from sandbox.wire import Json, Request

JIRA_CLOUD = "jira"
JIRA_DATA_CENTER = "jira-data-center"
GITHUB = "github"
SYSTEMS = (JIRA_CLOUD, JIRA_DATA_CENTER, GITHUB)

#: The accounts that write: a machine user with a token, and an app.
BOT = Person(
    name="Graduand Gate",
    login="graduand-gate",
    email="svc-graduand-gate@meridian-freight.example",
    jira_id="712020:graduand-gate-0001",
    github_id=219_000_411,
)
APP = Person(
    name="graduand-gate[bot]",
    login="graduand-gate[bot]",
    email="",
    jira_id="",
    github_id=219_000_412,
)


@dataclass(slots=True)
class Remark:
    """A comment; `text` is a string, or an ADF document in Jira Cloud."""

    id: int
    author: Person
    text: Json
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did to a ticket.

    Attributes:
        kind: In GitHub `labeled`, `unlabeled`, `closed` or `reopened`; in Jira the field.
        before, after: Values, as text. GitHub has an event for each label, Jira tells all labels
            before and after.
    """

    id: int
    at: datetime
    actor: Person
    kind: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a search engine keeps of a ticket from a moment on."""

    at: datetime
    labels: tuple[str, ...]
    state: str


@dataclass(slots=True)
class Posted:
    """A ticket: a Jira issue, a GitHub issue, or the issue side of a pull request.

    Attributes:
        key: `PROMO-3` in Jira, the number as text in GitHub.
        state: Status id in Jira; `open` or `closed` in GitHub.
        resolution: Resolution id in Jira, `state_reason` in GitHub; None: none.
        properties: Entity properties; GitHub has none.
        remote_links: By globalId: (id, object).
        is_pull: It is a pull request of GitHub.
        index: What searches know, oldest first.
    """

    system: str
    id: int
    key: str
    title: str
    body: Json
    labels: list[str]
    author: Person
    created_at: datetime
    updated_at: datetime
    state: str
    resolution: str | None = None
    properties: dict[str, Json] = field(default_factory=dict)
    remote_links: dict[str, tuple[int, Json]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    index: list[Indexed] = field(default_factory=list)
    is_pull: bool = False
    is_deleted: bool = False


@dataclass
class Board:
    """All tickets of all systems.

    Attributes:
        lock: Whoever reads or changes a ticket holds it.
        waited: How far the board's clock is ahead of the sandbox's.
        search_lag: By system: how old what a search finds is.
        catalog: The repository whose issues these are, in GitHub.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    waited: timedelta = timedelta()
    search_lag: dict[str, timedelta] = field(default_factory=dict)
    catalog: CatalogRepository = field(default_factory=CatalogRepository)
    _posted: dict[str, list[Posted]] = field(
        default_factory=lambda: {system: [] for system in SYSTEMS}
    )
    _ids: Iterator[int] = field(default_factory=lambda: count(30_001))

    def at_own_time(self, request: Request) -> Request:
        """Give a request the board's time."""
        return replace(request, now=request.now + self.waited)

    def next_id(self) -> int:
        """Give a number that nothing else on the board has."""
        return next(self._ids)

    def all(self, system: str) -> list[Posted]:
        """List the tickets of a system, deleted ones too, oldest first."""
        return self._posted[system]

    def find(self, system: str, name: str) -> Posted | None:
        """Find a ticket that still exists by its key or id."""
        for posted in self._posted[system]:
            if name in (posted.key, str(posted.id)) and not posted.is_deleted:
                return posted
        return None

    def add(
        self,
        system: str,
        title: str,
        body: Json,
        labels: list[str],
        author: Person,
        now: datetime,
        *,
        is_pull: bool = False,
    ) -> Posted:
        """Write a new ticket under the next key of its system."""
        number = len(self._posted[system]) + 1
        posted = Posted(
            system=system,
            id=self.next_id(),
            key=str(number) if system == GITHUB else f"PROMO-{number}",
            title=title,
            body=body,
            labels=list(dict.fromkeys(labels)),
            author=author,
            created_at=now,
            updated_at=now,
            state="open" if system == GITHUB else "10000",
            is_pull=is_pull,
        )
        self._posted[system].append(posted)
        if system == GITHUB:
            for label in posted.labels:
                self.log(posted, author, now, "labeled", after=label)
        self.touch(posted, now)
        return posted

    def relabel(self, posted: Posted, labels: list[str], actor: Person, now: datetime) -> None:
        """Give a ticket other labels."""
        wanted = list(dict.fromkeys(labels))
        if posted.system == GITHUB:
            for label in posted.labels:
                if label not in wanted:
                    self.log(posted, actor, now, "unlabeled", before=label)
            for label in wanted:
                if label not in posted.labels:
                    self.log(posted, actor, now, "labeled", after=label)
        elif wanted != posted.labels:
            self.log(posted, actor, now, "labels", " ".join(posted.labels), " ".join(wanted))
        posted.labels = wanted
        self.touch(posted, now)

    def move(
        self, posted: Posted, state: str, resolution: str | None, actor: Person, now: datetime
    ) -> None:
        """Put a ticket into another state."""
        kind = "status"
        if posted.system == GITHUB:
            kind = "closed" if state == "closed" else "reopened"
        if state != posted.state:
            self.log(posted, actor, now, kind, before=posted.state, after=state)
        posted.state, posted.resolution = state, resolution
        self.touch(posted, now)

    def remark(self, posted: Posted, author: Person, text: Json, now: datetime) -> Remark:
        """Comment on a ticket."""
        remark = Remark(self.next_id(), author, text, now, now)
        posted.remarks.append(remark)
        self.touch(posted, now)
        return remark

    def log(
        self,
        posted: Posted,
        actor: Person,
        now: datetime,
        kind: str,
        before: str = "",
        after: str = "",
    ) -> None:
        """Note what somebody did."""
        posted.events.append(Event(self.next_id(), now, actor, kind, before, after))

    def touch(self, posted: Posted, now: datetime) -> None:
        """Have searches learn what a ticket is now, once their lag is over."""
        posted.updated_at = now
        posted.index.append(Indexed(now, tuple(posted.labels), posted.state))

    def searchable(self, system: str, now: datetime) -> list[tuple[Posted, Indexed]]:
        """List what a search can find: tickets as its index knows them by now."""
        seen_until = now - self.search_lag.get(system, timedelta())
        found = []
        for posted in self._posted[system]:
            known = [entry for entry in posted.index if entry.at <= seen_until]
            if known and not posted.is_deleted:
                found.append((posted, known[-1]))
        return found
