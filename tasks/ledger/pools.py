"""What is booked for each budget pool, day by day; read only."""

from datetime import date

from sqlalchemy import Connection, select

from tasks.core.books import DestinationKind
from tasks.core.budgeting.pool_days import PoolDay
from tasks.ledger import tables
from tasks.ledger.reads import exact_sum, whole

_ENTRY = ("day", "billing_period", "origin_period")
_POSTING = ("kind", "portfolio", "family", "pool", "paid_from")


def read_pool_days(
    connection: Connection, start: date, end: date, books_at: int | None = None
) -> list[PoolDay]:
    """Sum postings of charge days from `start` to `end`, but for what is owed to issuers.

    Args:
        connection: To read from.
        start: First day.
        end: Last day.
        books_at: Newest night that counts; None for all.

    Returns:
        Sorted; sums of nothing are left out.
    """
    entries, postings = tables.entries, tables.postings
    grain = [
        *(entries.c[name] for name in _ENTRY),
        *(postings.c[name] for name in _POSTING),
        entries.c.currency,
    ]
    query = (
        select(*grain, *exact_sum())
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(entries.c.day.between(start, end), postings.c.kind != DestinationKind.PAYABLE)
        .group_by(*grain)
    )
    if books_at is not None:
        query = query.where(entries.c.reconciliation_id <= books_at)
    return sorted(
        PoolDay(
            day=row.day,
            billing_period=row.billing_period,
            origin_period=row.origin_period,
            kind=DestinationKind(row.kind),
            portfolio=row.portfolio,
            family=row.family,
            pool=row.pool,
            paid_from=row.paid_from,
            currency=row.currency,
            amount_nano=amount,
        )
        for row in connection.execute(query)
        if (amount := whole(row))
    )
