"""What a delivery is asked for, and what it tells."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tasks.core.review.delivery import OutboxRow, Progress
from tasks.core.review.ticket_content import TicketContent


class Outbox(Protocol):
    """The rows and their leases; the ledger is one."""

    def outbox_rows(self, kind: str) -> list[OutboxRow]:
        """Read every row of a kind, oldest first."""
        ...

    def lease(
        self, kind: str, key: str, holder: str, *, now: datetime, until: datetime
    ) -> OutboxRow | None:
        """Lease a row, or lease it for longer; None if another run holds it."""
        ...

    def keep_progress(
        self, kind: str, key: str, holder: str, progress: Progress, at: datetime
    ) -> None:
        """Keep progress durably before returning; raises if the lease is another's."""
        ...

    def release(self, kind: str, key: str, holder: str) -> None:
        """Give the lease back."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ticket that should stand outside.

    Attributes:
        system: Name of the system of its portfolio; one that was begun elsewhere stays there.
        content: As of now; a ticket that is not there yet is created with it.
        change: The dated comment for an open ticket that tells other evidence; None: say nothing.
    """

    system: str
    content: TicketContent
    change: TicketContent | None = None


class What(StrEnum):
    """What became of a row in this run."""

    CREATED = "created"
    ADOPTED = "adopted"  # it was there already: an earlier create had happened
    COMMENTED = "commented"  # told of changed evidence
    STANDS = "stands"  # open, and nothing to say
    CLOSED = "closed"  # by people; it stays so
    GONE = "gone"  # deleted, or no longer to be seen; not created again
    FOREIGN = "foreign"  # the recorded ticket lost our marker; nothing is written to it
    QUEUED = "queued"  # the run's cap is reached, or nobody asks for it any more
    PENDING = "pending"  # a limit, an outage, or a write whose fate is unknown
    REFUSED = "refused"  # by the system; somebody has to act
    TAKEN = "taken"  # another run is at work on it
    UNROUTED = "unrouted"  # no connected system takes it


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one row.

    Attributes:
        ticket: What people call it; empty while there is none.
        told: Digest of the evidence that the ticket tells, or that a create was begun with.
        labels: `graduand:...` labels of the ticket, as read in this run.
        until: When it is worth asking again, if that is known; aware UTC.
        strangers: Tickets that carry its label, but are clones or forgeries.
        detail: Why, for people; holds nothing from outside.
    """

    key: str
    what: What
    ticket: str = ""
    told: str = ""
    labels: tuple[str, ...] = ()
    until: datetime | None = None
    strangers: int = 0
    detail: str = ""


def told_of(
    key: str, what: What, progress: Progress, detail: str = "", until: datetime | None = None
) -> Delivered:
    """Tell what became of a row that was not looked at outside."""
    return Delivered(key, what, progress.name, progress.told, until=until, detail=detail)
