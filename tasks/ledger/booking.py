"""Booking a night: one transaction, behind the lock, only if nothing newer has arrived.

A night computes without a lock; here it is held against what is newest now. So a rerun
books nothing, a crash leaves no trace, and a stale night cannot undo a newer one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime

from sqlalchemy import Connection, Table, func, insert, select

from tasks.core.books import BookKey, DayBasis, Destination, Entry, Night, Reconciliation
from tasks.core.errors import LedgerError, StaleNightError
from tasks.core.month_end.periods import closed_map, newest_number
from tasks.ledger import tables
from tasks.ledger.acts import read_acts
from tasks.ledger.breaks import add_observations, observation_rows, observed_by
from tasks.ledger.chain import in_book_order, next_head
from tasks.ledger.configs import newest_version
from tasks.ledger.outbox import Message, queue
from tasks.ledger.reads import Booked, read_head, read_last_bases, reconciliation_row
from tasks.ledger.seals import add_seal

_MOST_NANO = 9_200_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Booking:
    """A night with what the ledger must know to book it.

    Attributes:
        books_at: Number of the newest night as read before what is posted: a night booked since
            may have posted the same difference.
        bases: What each (issuer, day) was computed from; stored where it changed.
        held: (issuer, day)s that were not measured: their breaks stay as they were.
        configs: Kind to digest, of the configuration that must still be the newest.
        messages: For the outbox, in the same transaction.
        recorded_at: Aware UTC; a label.
        acts_at: Number of the newest act upon a period as read before everything else: one since
            decides where corrections belong.
    """

    night: Night
    books_at: int
    bases: Sequence[DayBasis]
    recorded_at: datetime
    held: Collection[tuple[str, date]] = ()
    configs: Mapping[str, str] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    acts_at: int = 0


def book(connection: Connection, booking: Booking, steps: Callable[[str], None]) -> Booked:
    """Book a night within a writing transaction.

    Raises:
        StaleNightError: Something newer than the night was computed from has arrived.
        LedgerError: An entry does not balance, an amount is out of range, a break or destination
            stands twice, or an entry belongs to a closed period.
    """
    reconciliation = booking.night.reconciliation
    entries = in_book_order(booking.night.entries)
    _refuse_unsound(entries)
    steps("night.locked")
    _refuse_newer_inputs(connection, reconciliation, booking.configs)
    _refuse_newer_books(connection, reconciliation, booking.books_at)
    _refuse_closed(connection, entries, booking.acts_at)
    steps("night.verified")
    bases = _changed_bases(connection, booking)
    same = None if entries or bases else _same_night(connection, booking)
    if same is not None:
        queue(connection, booking.messages, booking.recorded_at)
        return Booked(same, is_new=False, entries=0, head=read_head(connection))
    number = _next_id(connection, tables.reconciliations)
    row = {"id": number, "recorded_at": booking.recorded_at}
    connection.execute(
        insert(tables.reconciliations).values(**row, **reconciliation_row(reconciliation))
    )
    _add_rows(connection, tables.held_days, _held_rows(number, booking.held))
    _add_rows(connection, tables.day_bases, [{"reconciliation_id": number} | b for b in bases])
    steps("night.reconciled")
    _add_entries(connection, number, entries)
    steps("night.posted")
    breaks = observation_rows(number, booking.night.breaks)
    if len({row["break_id"] for row in breaks}) < len(breaks):
        message = (
            "ledger: the night names the same break twice: merge breaks of equal class and sku"
        )
        raise LedgerError(message)
    add_observations(connection, breaks)
    steps("night.observed")
    head = _add_head(connection, number, entries)
    add_seal(connection, number, booking.recorded_at)
    steps("night.chained")
    queue(connection, booking.messages, booking.recorded_at)
    steps("night.queued")
    return Booked(number, is_new=True, entries=len(entries), head=head)


def _refuse_unsound(entries: Sequence[Entry]) -> None:
    for entry in entries:
        key = entry.key
        where = f"{key.issuer} {key.account} on {key.day} ({entry.cause})"
        if entry.imbalance_nano() != 0 or not entry.postings:
            message = (
                f"ledger: the entry of {where} sums to {entry.imbalance_nano()} nano, not 0: its"
                " postings lose or invent money, so nothing is booked"
            )
            raise LedgerError(message)
        amounts = [posting.amount_nano for posting in entry.postings]
        wrong = [amount for amount in amounts if not 0 < abs(amount) <= _MOST_NANO]
        if wrong:
            message = f"ledger: a posting of {where} has {wrong[0]} nano: zero or out of range"
            raise LedgerError(message)
        if len({posting.destination for posting in entry.postings}) < len(amounts):
            message = f"ledger: the entry of {where} posts to one destination twice: merge them"
            raise LedgerError(message)
    if len({(entry.key, entry.cause) for entry in entries}) < len(entries):
        message = "ledger: the night has two entries of equal key and cause: merge them"
        raise LedgerError(message)


def _refuse_newer_inputs(
    connection: Connection, night: Reconciliation, configs: Mapping[str, str]
) -> None:
    inputs = night.inputs
    newer = [
        select(func.max(table.c.seq)).where(
            table.c.seq > inputs.snapshot_seq,
            table.c.day.between(inputs.window_start, inputs.window_end),
            *conditions,
        )
        for table, conditions in (
            (
                tables.snapshots,
                (
                    tables.snapshots.c.layer == "conformed",
                    tables.snapshots.c.table_name != "work_item_events",
                ),
            ),
            (tables.quarantine_sets, ()),
        )
    ]
    for query in newer:
        seq = connection.execute(query).scalar()
        if seq is not None:
            message = (
                f"ledger: snapshot {seq} arrived after {inputs.snapshot_seq}, which this night of"
                f" {inputs.window_start} to {inputs.window_end} was computed from: compute again"
            )
            raise StaleNightError(message)
    for kind, digest in sorted(configs.items()):
        newest = newest_version(connection, kind)
        if newest != digest:
            message = (
                f"ledger: this night used {kind} {digest!r}, the newest is {newest!r}: load the"
                " configuration again and compute again"
            )
            raise StaleNightError(message)


def _refuse_newer_books(connection: Connection, night: Reconciliation, books_at: int) -> None:
    table = tables.reconciliations
    query = select(func.max(table.c.id)).where(
        table.c.id > books_at,
        table.c.window_start <= night.inputs.window_end,
        table.c.window_end >= night.inputs.window_start,
    )
    newer = connection.execute(query).scalar()
    if newer is not None:
        message = (
            f"ledger: reconciliation {newer} was booked after {books_at}, which this night"
            " compared with: read what is posted again and compute again"
        )
        raise StaleNightError(message)


def _refuse_closed(connection: Connection, entries: Sequence[Entry], acts_at: int) -> None:
    acts = read_acts(connection)
    newest = newest_number(acts)
    if newest != acts_at:
        message = (
            f"ledger: act {newest} closed or reopened a period after act {acts_at}, which this"
            " night goes by: read the acts again and compute again"
        )
        raise StaleNightError(message)
    closed = closed_map(acts)
    for entry in entries:
        if entry.key.billing_period in closed:
            key = entry.key
            message = (
                f"ledger: the entry of {key.issuer} {key.account} on {key.day} belongs to"
                f" {key.billing_period}, which is closed: a correction goes to"
                f" {closed[key.billing_period]}; this is a fault of graduand: report it"
            )
            raise LedgerError(message)


def _changed_bases(connection: Connection, booking: Booking) -> list[dict[str, object]]:
    if not booking.bases:
        return []
    days = [basis.day for basis in booking.bases]
    known = read_last_bases(connection, min(days), max(days))
    return [
        asdict(basis)
        for basis in sorted(booking.bases, key=lambda basis: (basis.day, basis.issuer))
        if known.get((basis.issuer, basis.day)) != basis
    ]


def _same_night(connection: Connection, booking: Booking) -> int | None:
    """Find the newest night of the window, if it says exactly what this one does."""
    table = tables.reconciliations
    night = booking.night.reconciliation
    query = select(table.c.id, table.c.digest).where(
        table.c.window_start == night.inputs.window_start,
        table.c.window_end == night.inputs.window_end,
    )
    newest = connection.execute(query.order_by(table.c.id.desc()).limit(1)).one_or_none()
    if newest is None or newest.digest != night.digest:
        return None
    number = int(newest.id)
    if observed_by(connection, number) != observation_rows(number, booking.night.breaks):
        return None
    held = tables.held_days
    stored = select(held).where(held.c.reconciliation_id == number)
    rows = [
        dict(row)
        for row in connection.execute(stored.order_by(held.c.issuer, held.c.day)).mappings()
    ]
    return number if rows == _held_rows(number, booking.held) else None


def _held_rows(number: int, held: Collection[tuple[str, date]]) -> list[dict[str, object]]:
    return [
        {"reconciliation_id": number, "issuer": issuer, "day": day}
        for issuer, day in sorted(set(held))
    ]


def _add_entries(connection: Connection, number: int, entries: Sequence[Entry]) -> None:
    first = _next_id(connection, tables.entries)
    _add_rows(
        connection,
        tables.entries,
        [
            _columns(entry.key)
            | {"id": first + n, "reconciliation_id": number, "cause": entry.cause}
            for n, entry in enumerate(entries)
        ],
    )
    _add_rows(
        connection,
        tables.postings,
        [
            _columns(posting.destination)
            | {
                "entry_id": first + n,
                "ordinal": ordinal,
                "amount_nano": posting.amount_nano,
                "is_provisional": posting.is_provisional,
            }
            for n, entry in enumerate(entries)
            for ordinal, posting in enumerate(entry.postings)
        ],
    )


def _add_head(connection: Connection, number: int, entries: Sequence[Entry]) -> str:
    previous = read_head(connection)
    if not entries:
        return previous  # nothing was booked: the chain stands where it stood
    head = next_head(previous, entries)
    connection.execute(
        insert(tables.chain_heads).values(
            reconciliation_id=number, previous=previous, entry_count=len(entries), head=head
        )
    )
    return head


def _columns(record: BookKey | Destination) -> dict[str, object]:
    # Not `asdict`: it copies deeply, which takes longer than writing the rows.
    return {column.name: getattr(record, column.name) for column in fields(record)}


def _add_rows(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _next_id(connection: Connection, table: Table) -> int:
    # Under the writer's lock, so without gaps and in order of commit.
    return (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
