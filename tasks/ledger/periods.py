"""What is booked in one billing period, with the chain head that proves it; read only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.ledger import tables
from tasks.ledger.reads import read_head, read_posted


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
