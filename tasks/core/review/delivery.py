"""How far one ticket has come towards standing outside, exactly once: the rules of an outbox row.

Nothing here is sent: what was seen goes in, what may be done next comes out. A create is
announced (`attempting`) and kept before it is sent. So whatever dies after that, the row says
that a ticket may exist, and another create waits for ten minutes and two searches that found
nothing. A ticket that was once recorded is never created again: who closed or deleted it decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

#: Least time between a create whose fate is unknown and the next one.
RETRY_AFTER = timedelta(minutes=10)
#: Searches that must have found nothing by then.
EMPTY_SEARCHES = 2
#: Searches closer together than this count once.
BETWEEN_SEARCHES = timedelta(minutes=1)
#: A create needs an empty search not older than this.
FRESH = timedelta(minutes=5)
#: At most one comment about changed evidence in this time.
BETWEEN_COMMENTS = timedelta(days=7)


class Standing(StrEnum):
    """What became of a ticket that was recorded."""

    OPEN = "open"
    CLOSED = "closed"
    #: Deleted, or no longer to be seen.
    GONE = "gone"
    #: The recorded ticket no longer carries our marker or was not made by us.
    FOREIGN = "foreign"


class Act(StrEnum):
    """What a row allows next."""

    SEARCH = "search"
    CREATE = "create"
    WAIT = "wait"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A ticket as a system shows it, without a word of what it says.

    Attributes:
        id: The system's lasting id.
        name: What people call it: `PROMO-12`, `owner/name#5`.
        is_marked: It carries the marker of exactly this row, with its proof.
        is_own: Our own identity created it.
        labels: Only those by which people decide, such as `graduand:declined`.
    """

    id: str
    name: str
    is_marked: bool
    is_own: bool
    is_open: bool
    labels: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Tell whether marker and creator agree."""
        return self.is_marked and self.is_own


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a row has come.

    Attributes:
        system: Where the ticket is or may be; empty until a first create was announced.
        attempted_at: When the last create was announced, if its fate is unknown.
        empty_searches: Searches since then that found nothing.
        searched_at: When the last one was.
        ticket: The recorded id; empty until one is known.
        name: What people call that ticket.
        opened_at: When its create was announced, or it was found without; None: not known.
        standing: What was last seen of it.
        told: Digest of the evidence that the ticket tells.
        told_at: When it was last written to, or that was tried.
    """

    system: str = ""
    attempted_at: datetime | None = None
    empty_searches: int = 0
    searched_at: datetime | None = None
    ticket: str = ""
    name: str = ""
    opened_at: datetime | None = None
    standing: Standing | None = None
    told: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What may be done next; `until` says when to ask again, for `wait` only."""

    act: Act
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox as its delivery sees it.

    Attributes:
        key: Unique within its kind.
        body: As it was queued.
        queued_at: Aware UTC.
    """

    key: str
    body: str
    queued_at: datetime
    progress: Progress

    @property
    def opened_at(self) -> datetime:
        """Give when its ticket was opened, which may be long after it was queued; aware UTC."""
        return self.progress.opened_at or self.queued_at


def next_step(progress: Progress, now: datetime) -> Step:
    """Tell what a row that is wanted allows next.

    A recorded ticket is to be read; whether it is commented, `is_comment_due` tells.

    Args:
        progress: Of the row.
        now: Aware UTC.
    """
    if progress.ticket:
        return Step(Act.READ)
    is_fresh = progress.searched_at is not None and now - progress.searched_at <= FRESH
    if progress.attempted_at is None:
        return Step(Act.CREATE if is_fresh else Act.SEARCH)
    if progress.searched_at is None:
        return Step(Act.SEARCH)
    may_retry_at = progress.attempted_at + RETRY_AFTER
    is_shown = progress.empty_searches >= EMPTY_SEARCHES and progress.searched_at >= may_retry_at
    if is_shown and is_fresh:
        return Step(Act.CREATE)
    due = max(may_retry_at, progress.searched_at + BETWEEN_SEARCHES)
    return Step(Act.SEARCH) if now >= due else Step(Act.WAIT, due)


def attempting(progress: Progress, *, system: str, digest: str, at: datetime) -> Progress:
    """Announce a create; what comes back is kept before anything is sent."""
    return replace(
        progress,
        system=system,
        attempted_at=at,
        empty_searches=0,
        searched_at=None,
        told=digest,
        told_at=at,
    )


def not_created(progress: Progress) -> Progress:
    """Take an announcement back: the create was refused, or never left."""
    return replace(
        progress,
        system="",
        attempted_at=None,
        empty_searches=0,
        searched_at=None,
        told="",
        told_at=None,
    )


def created(progress: Progress, sighting: Sighting) -> Progress:
    """Record the ticket that a create, or a search for it, gave; it stays the only one."""
    return replace(
        progress,
        attempted_at=None,
        empty_searches=0,
        searched_at=None,
        ticket=sighting.id,
        name=sighting.name,
        opened_at=progress.attempted_at,
        standing=Standing.OPEN if sighting.is_open else Standing.CLOSED,
    )


def after_search(
    progress: Progress, sightings: Sequence[Sighting], *, system: str, at: datetime
) -> Progress:
    """Adopt the first ticket found that is ours; else count a search that found nothing.

    Args:
        progress: Of a row without a recorded ticket.
        sightings: Open and closed ones, oldest first; clones and forgeries among them.
        system: That was searched.
        at: Aware UTC.
    """
    ours = next((one for one in sightings if one.is_ours), None)
    if ours is not None:
        announced_at = progress.attempted_at or at
        return created(replace(progress, system=system, attempted_at=announced_at), ours)
    last = progress.searched_at
    counts = last is None or at - last >= BETWEEN_SEARCHES
    if not counts:
        return progress
    return replace(progress, empty_searches=progress.empty_searches + 1, searched_at=at)


def after_read(progress: Progress, sighting: Sighting | None) -> Progress:
    """Note what was seen of the recorded ticket; None: it is gone."""
    if sighting is None:
        return replace(progress, standing=Standing.GONE)
    if not sighting.is_ours or sighting.id != progress.ticket:
        return replace(progress, standing=Standing.FOREIGN)
    standing = Standing.OPEN if sighting.is_open else Standing.CLOSED
    return replace(progress, standing=standing, name=sighting.name)


def is_comment_due(progress: Progress, digest: str, now: datetime) -> bool:
    """Tell whether an open ticket should be told of other evidence, at most once a week."""
    if progress.standing is not Standing.OPEN or progress.told == digest:
        return False
    return progress.told_at is None or now - progress.told_at >= BETWEEN_COMMENTS


def commenting(progress: Progress, at: datetime) -> Progress:
    """Announce a comment; one whose fate is unknown counts for its week."""
    return replace(progress, told_at=at)


def commented(progress: Progress, digest: str) -> Progress:
    """Record that the ticket tells this evidence now."""
    return replace(progress, told=digest)
