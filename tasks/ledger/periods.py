"""What is booked in one billing period, with the chain head that proves it; read only."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, select

from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.days import period_days
from tasks.core.month_end.periods import PeriodAct
from tasks.ledger import tables
from tasks.ledger.reads import read_books_at, read_head, read_posted


@dataclass(frozen=True, slots=True)
class PeriodBooks:
    """The books of a billing period at one moment.

    Attributes:
        posted: Sums by book and destination, in nano units, without the payable side; a
            correction is in the period it was booked in and names its origin.
        head: Newest head of the chain.
    """

    period: str
    posted: Mapping[tuple[BookKey, Destination], int]
    head: str


def read_period(
    connection: Connection, period: str, issuers: Collection[str] | None
) -> PeriodBooks:
    """Read a billing period (`YYYY-MM`), of some issuers or of all.

    Head and sums are of one transaction, so that they belong together.
    """
    entries = tables.entries
    days = (
        connection.execute(
            select(entries.c.day).where(entries.c.billing_period == period).distinct()
        )
        .scalars()
        .all()
    )
    head = read_head(connection)
    if not days:
        return PeriodBooks(period, {}, head)
    sums = read_posted(connection, min(days), max(days), issuers)
    posted = {
        (key, to): amount_nano
        for (key, to), amount_nano in sums.items()
        if key.billing_period == period and to.kind is not DestinationKind.PAYABLE
    }
    return PeriodBooks(period, posted, head)


@dataclass(frozen=True, slots=True)
class PeriodReading:
    """What nights have said of a period since it ended.

    Attributes:
        read_at: Business time of the newest night that covered all of it, aware UTC; None if
            none has since its end.
        held: (issuer, day)s of the period that this night did not measure.
        digest: Of what is booked in the period now.
        books_at: Newest night that is counted in.
    """

    read_at: datetime | None
    held: frozenset[tuple[str, date]]
    digest: str
    books_at: int


def read_nights_of(
    connection: Connection,
    period: str,
    digest: str,
    acts: Iterable[PeriodAct],
    streams: Collection[tuple[str, str]] = (),
) -> PeriodReading:
    """Find the newest night that read all of a period after its end.

    Args:
        connection: To read from.
        period: `YYYY-MM`.
        digest: Of the period's postings, of the same transaction.
        acts: All of them: a night that only booked accruals measured nothing.
        streams: (source, stream)s that the night must have pulled; one whose source failed, or
            was left out, has not read the period.
    """
    table, held = tables.reconciliations, tables.held_days
    days = period_days(period)
    ended = datetime(days[-1].year, days[-1].month, days[-1].day, tzinfo=UTC) + timedelta(days=1)
    query = (
        select(table.c.id, table.c.as_of)
        .where(
            table.c.window_start <= days[0],
            table.c.window_end >= days[-1],
            table.c.as_of >= ended,
            table.c.id.not_in([act.night for act in acts if act.night]),
        )
        .order_by(table.c.as_of.desc(), table.c.id.desc())
    )
    books_at = read_books_at(connection)
    pulled = _pulled_since(connection, ended)
    night = next(
        (row for row in connection.execute(query) if pulled.get(row.as_of, set()) >= {*streams}),
        None,
    )
    if night is None:
        return PeriodReading(None, frozenset(), digest, books_at)
    rows = connection.execute(
        select(held.c.issuer, held.c.day).where(
            held.c.reconciliation_id == night.id, held.c.day.between(days[0], days[-1])
        )
    )
    left = frozenset((row.issuer, row.day) for row in rows)
    return PeriodReading(night.as_of, left, digest, books_at)


def _pulled_since(connection: Connection, moment: datetime) -> dict[datetime, set[tuple[str, str]]]:
    """Read which streams were pulled by the night of each moment."""
    table = tables.pulls
    query = select(table.c.recorded_at, table.c.source, table.c.stream)
    pulled: dict[datetime, set[tuple[str, str]]] = {}
    for row in connection.execute(query.where(table.c.recorded_at >= moment)):
        pulled.setdefault(row.recorded_at, set()).add((row.source, row.stream))
    return pulled
