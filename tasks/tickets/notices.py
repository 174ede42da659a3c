"""Tell something once below a ticket that stands: a comment, not a ticket of its own.

What was told is known by its mark below the ticket, which no index has to catch up with. A comment
is announced before it is sent; after one without an answer the mark is looked for, and another is
sent only ten minutes later if it still is not there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.core.errors import AmbiguousWriteError, SourceError, WaitUntilError
from tasks.core.review.delivery import RETRY_AFTER, OutboxRow, Progress, Standing, after_read
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets.marker import marker_of, reference_of
from tasks.tickets.one_ticket import LEASE
from tasks.tickets.port import TicketPort
from tasks.tickets.wanted import Delivered, Outbox, What, told_of
from tasks.transport.errors import StatusError

_LOST = "a comment got no answer; whether it stands is looked for before it is sent again"
_NO_TICKET = "its ticket does not stand yet"
_OVER = {Standing.CLOSED: What.CLOSED, Standing.GONE: What.GONE}


def deliver_notices(
    kind: str,
    notices: Mapping[str, TicketContent],
    *,
    below: str,
    outbox: Outbox,
    ports: Mapping[str, TicketPort],
    digest: Callable[[str], str],
    now: Callable[[], datetime],
    holder: str,
) -> list[Delivered]:
    """Comment each notice below the ticket of the same key: exactly once, or not at all.

    A ticket that was closed or deleted gets no comment; its notice is settled all the same. A
    system that fails or limits is left alone for the rest of the run; its notices stay pending.

    Args:
        kind: Of the notices' rows; each was queued before, under the key of its ticket's row.
        notices: By key. A queued one that is not given is left as it is.
        below: Kind of the tickets' rows.
        outbox: Where the rows are.
        ports: By name of the system; they write.
        digest: `keyed_digest` of the installation.
        now: The present, aware UTC.
        holder: Names this run; no other run has that name.

    Returns:
        One for each notice that was not settled before, oldest first; `ticket` is the one that it
        stands below. `commented` and `stands` (told before), `closed` and `gone` are settled.

    Raises:
        LedgerError: The outbox fails; what was announced stays announced.
    """
    tickets = {row.key: row.progress for row in outbox.outbox_rows(below)}
    run = _Run(kind, below, outbox, ports, digest, now, holder)
    return [
        run.step(row, notices.get(row.key), tickets.get(row.key, Progress()))
        for row in outbox.outbox_rows(kind)
        if not _is_settled(row.progress)
    ]


@dataclass
class _Run:
    kind: str
    below: str
    outbox: Outbox
    ports: Mapping[str, TicketPort]
    digest: Callable[[str], str]
    now: Callable[[], datetime]
    holder: str
    down: dict[str, SourceError] = field(default_factory=dict)

    def step(self, row: OutboxRow, content: TicketContent | None, ticket: Progress) -> Delivered:
        """Take one notice as far as it goes now."""
        if content is None or not ticket.ticket:
            detail = "nobody asks for it any more" if content is None else _NO_TICKET
            return told_of(row.key, What.QUEUED, ticket, detail)
        port = self.ports.get(ticket.system)
        if port is None:
            detail = f"no ticket system {ticket.system!r} is connected"
            return told_of(row.key, What.UNROUTED, ticket, detail)
        if ticket.system in self.down:
            return _told_fault(row.key, ticket, self.down[ticket.system])
        now = self.now()
        leased = self.outbox.lease(self.kind, row.key, self.holder, now=now, until=now + LEASE)
        if leased is None:
            return told_of(row.key, What.TAKEN, ticket, "another run is at work on it")
        try:
            return self._leased(leased, content, ticket, port)
        except SourceError as error:
            # What is wrong with one ticket need not be wrong with the others.
            if not (isinstance(error, StatusError) and error.reason == "refused"):
                self.down[ticket.system] = error
            return _told_fault(row.key, ticket, error)
        finally:
            self.outbox.release(self.kind, row.key, self.holder)

    def _leased(
        self, row: OutboxRow, content: TicketContent, ticket: Progress, port: TicketPort
    ) -> Delivered:
        if _is_settled(row.progress):
            return told_of(row.key, What.STANDS, ticket, "another run has told it")
        marker = marker_of(self.digest, place=port.place, kind=self.below, key=row.key)
        seen = after_read(ticket, port.read(ticket.ticket, marker))
        over = _OVER.get(seen.standing or Standing.OPEN)
        if over is not None:
            return self._settled(row, seen, over, over.value)
        if seen.standing is Standing.FOREIGN:
            detail = "the ticket lost its marker; nothing is written to it any more"
            return told_of(row.key, What.FOREIGN, ticket, detail)
        return self._open(row, content, seen, port)

    def _open(
        self, row: OutboxRow, content: TicketContent, ticket: Progress, port: TicketPort
    ) -> Delivered:
        # The digest of evidence is in the marks of comments about evidence, and changes.
        reference = reference_of(self.digest, place=port.place, key=row.key, evidence=self.kind)
        if reference in port.references(ticket.ticket, {reference}):
            return self._settled(row, ticket, What.STANDS, ticket.name)
        now, attempted_at = self.now(), row.progress.attempted_at
        if attempted_at is not None and now < attempted_at + RETRY_AFTER:
            return told_of(row.key, What.PENDING, ticket, _LOST, attempted_at + RETRY_AFTER)
        # Waiting for a limit may have eaten the lease up.
        if self.outbox.lease(self.kind, row.key, self.holder, now=now, until=now + LEASE) != row:
            return told_of(row.key, What.TAKEN, ticket, "another run is at work on it")
        return self._comment(row, content, ticket, port, reference)

    def _comment(
        self,
        row: OutboxRow,
        content: TicketContent,
        ticket: Progress,
        port: TicketPort,
        reference: str,
    ) -> Delivered:
        announced = replace(row.progress, system=ticket.system, attempted_at=self.now())
        self._keep(row.key, announced)
        try:
            port.comment(ticket.ticket, content, reference)
        except AmbiguousWriteError:
            # Most often it is there, and found at once.
            if reference not in port.references(ticket.ticket, {reference}):
                raise
        except SourceError:
            self._keep(row.key, replace(announced, attempted_at=None))
            raise
        return self._settled(row, ticket, What.COMMENTED, ticket.name)

    def _settled(self, row: OutboxRow, ticket: Progress, what: What, receipt: str) -> Delivered:
        """Record that a notice is done with: its progress names the ticket, and its receipt."""
        done = replace(
            row.progress,
            system=ticket.system,
            attempted_at=None,
            ticket=ticket.ticket,
            name=receipt,
            standing=ticket.standing,
        )
        self._keep(row.key, done)
        return told_of(row.key, what, ticket)

    def _keep(self, key: str, progress: Progress) -> None:
        self.outbox.keep_progress(self.kind, key, self.holder, progress, self.now())


def _is_settled(progress: Progress) -> bool:
    return bool(progress.ticket)


def _told_fault(key: str, ticket: Progress, error: SourceError) -> Delivered:
    until = error.wait_until if isinstance(error, WaitUntilError) else None
    what = What.PENDING if error.is_transient else What.REFUSED
    return told_of(key, what, ticket, error.detail, until)
