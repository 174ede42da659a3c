"""Bring queued tickets outside: each exactly once, whatever fails, however many runs at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tasks.core.review.delivery import OutboxRow, Standing
from tasks.tickets.one_ticket import LEASE, OneTicket, Stop
from tasks.tickets.port import TicketPort
from tasks.tickets.wanted import Delivered, Outbox, Wanted, What, told_of

__all__ = ["Delivered", "Outbox", "Wanted", "What", "deliver"]

#: Enough for a limit, and for a create of unknown fate after it.
_MORE_ROUNDS = 4


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
    sleep: Callable[[float], None] | None = None,
    deadline: datetime | None = None,
) -> list[Delivered]:
    """Take every queued row of a kind as far as it goes now.

    A system that fails or limits is left alone for the rest of the round; its rows stay pending.
    Where it is known when asking again is worth it, and that is before the deadline, another round
    is made for them.

    Args:
        kind: Of the rows.
        wanted: By key. A row that is not wanted is never created; it is looked at while open.
        outbox: Where the rows are; each was queued there before.
        ports: By name of the system; they write.
        digest: `keyed_digest` of the installation.
        most: Creates that are tried in this run.
        now: The present, aware UTC.
        holder: Names this run; no other run has that name.
        sleep: Waits so many seconds between rounds; None: one round only.
        deadline: Aware UTC; no round begins after it.

    Returns:
        One for each row that is wanted, or neither closed nor gone; oldest row first.

    Raises:
        LedgerError: The outbox fails; what was announced stays announced.
    """
    run = _Run(kind, outbox, ports, digest, most, now, holder)
    told: dict[str, Delivered] = {}
    for row in outbox.outbox_rows(kind):
        is_over = row.progress.standing in {Standing.CLOSED, Standing.GONE}
        if row.key in wanted or not is_over:
            told[row.key] = run.step(row, wanted.get(row.key))
    for _ in range(_MORE_ROUNDS):
        until = _worth_waiting_for(told.values())
        if sleep is None or deadline is None or until is None or until >= deadline:
            break
        sleep(max(0.0, (until - now()).total_seconds()))
        run.down.clear()
        for row in outbox.outbox_rows(kind):
            if row.key in told and told[row.key].what is What.PENDING:
                told[row.key] = run.step(row, wanted.get(row.key))
    return list(told.values())


def _worth_waiting_for(told: Iterable[Delivered]) -> datetime | None:
    return min((one.until for one in told if one.what is What.PENDING and one.until), default=None)


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
