"""Bring queued tickets outside: each exactly once, whatever fails, however many runs at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tasks.core.delivery import OutboxRow, Standing
from tasks.tickets.one_ticket import LEASE, OneTicket, Stop
from tasks.tickets.port import TicketPort
from tasks.tickets.wanted import Delivered, Outbox, Wanted, What, told_of

__all__ = ["Delivered", "Outbox", "Wanted", "What", "deliver"]


def deliver(
    kind: str,
    wanted: Mapping[str, Wanted],
    *,
    outbox: Outbox,
    ports: Mapping[str, TicketPort],
    digest: Callable[[str], str],
    most: int,
    now: Callable[[], datetime],
    holder: str,
) -> list[Delivered]:
    """Take every queued row of a kind as far as it goes now.

    A system that fails or limits is left alone for the rest of the run; its rows stay pending.

    Args:
        kind: Of the rows.
        wanted: By key. A row that is not wanted is never created; it is looked at while open.
        outbox: Where the rows are; each was queued there before.
        ports: By name of the system; they write.
        digest: `keyed_digest` of the installation.
        most: Creates that are tried in this run.
        now: The present, aware UTC.
        holder: Names this run; no other run has that name.

    Returns:
        One for each row that is wanted, or neither closed nor gone; oldest row first.

    Raises:
        LedgerError: The outbox fails; what was announced stays announced.
    """
    run = _Run(kind, outbox, ports, digest, most, now, holder)
    told = []
    for row in outbox.outbox_rows(kind):
        is_over = row.progress.standing in {Standing.CLOSED, Standing.GONE}
        if row.key in wanted or not is_over:
            told.append(run.step(row, wanted.get(row.key)))
    return told


@dataclass
class _Run:
    kind: str
    outbox: Outbox
    ports: Mapping[str, TicketPort]
    digest: Callable[[str], str]
    room: int
    now: Callable[[], datetime]
    holder: str
    down: dict[str, Stop] = field(default_factory=dict)

    def step(self, row: OutboxRow, wanted: Wanted | None) -> Delivered:
        """Take one row as far as it goes now."""
        progress = row.progress
        is_new = not progress.ticket and progress.attempted_at is None
        if is_new and wanted is None:
            return told_of(row.key, What.QUEUED, progress, "nobody asks for it any more")
        system = progress.system or (wanted.system if wanted else "")
        port = self.ports.get(system)
        if port is None:
            detail = f"no ticket system {system!r} is connected" if system else "no route takes it"
            return told_of(row.key, What.UNROUTED, progress, detail)
        if system in self.down:
            stop = self.down[system]
            return told_of(row.key, What.PENDING, progress, stop.detail, stop.until)
        if is_new and self.room <= 0:
            detail = "this run has opened as many tickets as it may"
            return told_of(row.key, What.QUEUED, progress, detail)
        return self._leased(row, system, port, wanted)

    def _leased(
        self, row: OutboxRow, system: str, port: TicketPort, wanted: Wanted | None
    ) -> Delivered:
        now = self.now()
        leased = self.outbox.lease(self.kind, row.key, self.holder, now=now, until=now + LEASE)
        if leased is None:
            return told_of(row.key, What.TAKEN, row.progress, "another run is at work on it")
        one = OneTicket(
            self.kind, leased, system, port, wanted, self.outbox, self.digest, self.now, self.holder
        )
        try:
            told = one.advance(may_create=self.room > 0)
        finally:
            self.outbox.release(self.kind, row.key, self.holder)
        self.room -= one.creates
        if one.stop is not None:
            self.down[system] = one.stop
        return told
