"""What is booked: sums of postings, the last night, and what each day was made of.

Sums never overflow: each is taken of billions and of the rest apart, and put together in
Python integers.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from tasks.core.books import (
    BookKey,
    DayBasis,
    Destination,
    DestinationKind,
    Inputs,
    Method,
    Reconciliation,
    Strength,
)
from tasks.ledger import tables

_BILLION = 10**9
_ENTRY = ("issuer", "account", "day", "billing_period", "currency", "origin_period")
_POSTING = ("kind", "portfolio", "family", "workflow", "pool", "paid_from", "method", "strength")


@dataclass(frozen=True, slots=True)
class Booked:
    """What a night left in the books.

    Attributes:
        is_new: False if the newest night of the window said exactly the same already.
        entries: How many it wrote.
        head: Newest head of the chain; empty while nothing was ever booked.
    """

    reconciliation_id: int
    is_new: bool
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A night as it stands in the books."""

    reconciliation_id: int
    reconciliation: Reconciliation
    recorded_at: datetime
    head: str


@dataclass(frozen=True, slots=True, order=True)
class FamilyTotal:
    """What was booked in a billing period at one destination, credits and corrections included."""

    billing_period: str
    currency: str
    destination: Destination
    amount_nano: int


def read_posted(
    connection: Connection,
    start: date,
    end: date,
    issuers: Collection[str] | None,
    books_at: int | None = None,
) -> dict[tuple[BookKey, Destination], int]:
    """Sum what is posted for charge days from `start` to `end`; zero sums are left out.

    Args:
        connection: To read from.
        start: First day.
        end: Last day.
        issuers: None for all.
        books_at: Newest night that counts; None for all.
    """
    entries, postings = tables.entries, tables.postings
    grain = [
        *(entries.c[name] for name in _ENTRY),
        *(postings.c[name] for name in _POSTING),
    ]
    query = (
        select(*grain, *exact_sum())
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(entries.c.day.between(start, end))
        .group_by(*grain)
    )
    if issuers is not None:
        query = query.where(entries.c.issuer.in_(sorted(issuers)))
    if books_at is not None:
        query = query.where(entries.c.reconciliation_id <= books_at)
    sums = {}
    for row in connection.execute(query):
        key = BookKey(*(getattr(row, name) for name in _ENTRY))
        sums[key, _destination(row)] = whole(row)
    return {grain: amount for grain, amount in sums.items() if amount}


def read_family_totals(connection: Connection, start: date, end: date) -> list[FamilyTotal]:
    """Sum postings by billing period and destination, for charge days from `start` to `end`."""
    entries, postings = tables.entries, tables.postings
    grain = [
        entries.c.billing_period,
        entries.c.currency,
        *(postings.c[name] for name in _POSTING),
    ]
    query = (
        select(*grain, *exact_sum())
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(entries.c.day.between(start, end))
        .group_by(*grain)
    )
    return sorted(
        FamilyTotal(row.billing_period, row.currency, _destination(row), amount)
        for row in connection.execute(query)
        if (amount := whole(row))
    )


def read_last_bases(
    connection: Connection, start: date, end: date, books_at: int | None = None
) -> dict[tuple[str, date], DayBasis]:
    """Read what the books of each (issuer, day) were last made of, by the night `books_at`."""
    table = tables.day_bases
    of_window = (
        select(table.c.issuer, table.c.day, func.max(table.c.reconciliation_id).label("id"))
        .where(table.c.day.between(start, end))
        .group_by(table.c.issuer, table.c.day)
    )
    if books_at is not None:
        of_window = of_window.where(table.c.reconciliation_id <= books_at)
    newest = of_window.subquery()
    query = select(table).join(
        newest,
        (newest.c.issuer == table.c.issuer)
        & (newest.c.day == table.c.day)
        & (newest.c.id == table.c.reconciliation_id),
    )
    bases = [
        DayBasis(**{field.name: getattr(row, field.name) for field in fields(DayBasis)})
        for row in connection.execute(query)
    ]
    return {(basis.issuer, basis.day): basis for basis in bases}


def read_last_reconciliation(
    connection: Connection, start: date | None, end: date | None
) -> Reconciled | None:
    """Read the newest night by business time, of one exact window or of any."""
    table = tables.reconciliations
    query = select(table).order_by(table.c.as_of.desc(), table.c.id.desc()).limit(1)
    if start is not None:
        query = query.where(table.c.window_start == start)
    if end is not None:
        query = query.where(table.c.window_end == end)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Reconciled(row.id, _reconciliation(row), row.recorded_at, read_head(connection))


def read_books_at(connection: Connection, as_of: datetime | None = None) -> int:
    """Give the number of the newest night booked, by an instant or at all; 0 if there is none."""
    table = tables.reconciliations
    query = select(func.max(table.c.id))
    if as_of is not None:
        query = query.where(table.c.recorded_at <= as_of)
    return connection.execute(query).scalar() or 0


def read_head(connection: Connection) -> str:
    """Give the newest head of the chain; empty while nothing was ever booked."""
    table = tables.chain_heads
    query = select(table.c.head).order_by(table.c.reconciliation_id.desc()).limit(1)
    return connection.execute(query).scalar() or ""


def reconciliation_row(night: Reconciliation) -> dict[str, object]:
    """Write a reconciliation as columns, but for the id and the time it was recorded."""
    return {
        **{field.name: getattr(night.inputs, field.name) for field in fields(Inputs)},
        "as_of": night.as_of,
        "status": night.status,
        "totals": json.dumps([list(pair) for pair in night.totals], separators=(",", ":")),
        "missing": json.dumps(list(night.missing), separators=(",", ":")),
        "completeness_ppm": night.completeness_ppm,
        "evidenced_nano": night.evidenced_nano,
        "inferred_nano": night.inferred_nano,
        "unexplained_nano": night.unexplained_nano,
        "digest": night.digest,
    }


def _reconciliation(row: Row[Any]) -> Reconciliation:
    return Reconciliation(
        inputs=Inputs(*(getattr(row, field.name) for field in fields(Inputs))),
        as_of=row.as_of,
        status=row.status,
        totals=tuple((name, amount) for name, amount in json.loads(row.totals)),
        missing=tuple(json.loads(row.missing)),
        completeness_ppm=row.completeness_ppm,
        evidenced_nano=row.evidenced_nano,
        inferred_nano=row.inferred_nano,
        unexplained_nano=row.unexplained_nano,
        digest=row.digest,
    )


def exact_sum() -> tuple[Any, Any]:
    """Sum amounts of postings in two columns that neither database overflows; see `whole`."""
    amount = tables.postings.c.amount_nano
    # Both databases divide integers towards zero, so the two parts belong together.
    return func.sum(amount // _BILLION).label("billions"), func.sum(amount % _BILLION).label("rest")


def whole(row: Row[Any]) -> int:
    """Put the two columns of `exact_sum` together."""
    return int(row.billions) * _BILLION + int(row.rest)


def _destination(row: Row[Any]) -> Destination:
    return Destination(
        kind=DestinationKind(row.kind),
        portfolio=row.portfolio,
        family=row.family,
        workflow=row.workflow,
        pool=row.pool,
        paid_from=row.paid_from,
        method=Method(row.method),
        strength=Strength(row.strength),
    )
