"""How a figure came to be: entries with their night, what they followed, who saw a break."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from tasks.core.books import (
    BookKey,
    Break,
    BreakClass,
    Cause,
    DayBasis,
    Entry,
    Inputs,
)
from tasks.core.explained import BookedBy, BookedEntry, Seen
from tasks.ledger import tables
from tasks.ledger.breaks import read_current
from tasks.ledger.verify import posting_of

_KEY = tuple(field.name for field in fields(BookKey))
_INPUTS = tuple(field.name for field in fields(Inputs))


def entry_numbered(connection: Connection, number: int) -> BookedEntry | None:
    """Read an entry; None if there is none of that number."""
    found = _entries(connection, [tables.entries.c.id == number])
    return found[0] if found else None


def entries_of_book(connection: Connection, key: BookKey) -> list[BookedEntry]:
    """Read every entry of one book, oldest first: each corrects those before it."""
    table = tables.entries.c
    return _entries(connection, [getattr(table, name) == getattr(key, name) for name in _KEY])


def entries_of_family(
    connection: Connection, family: str, start: date, end: date
) -> list[BookedEntry]:
    """Read the entries that post to a family, for charge days from `start` to `end`."""
    entries, postings = tables.entries, tables.postings
    posting = select(postings.c.entry_id).where(postings.c.family == family)
    return _entries(connection, [entries.c.day.between(start, end), entries.c.id.in_(posting)])


def entries_between(connection: Connection, start: date, end: date) -> list[BookedEntry]:
    """Read every entry for charge days from `start` to `end`, oldest first."""
    return _entries(connection, [tables.entries.c.day.between(start, end)])


def digest_of_night(connection: Connection, number: int) -> str:
    """Read the digest that a night recorded; empty if there is none of that number."""
    table = tables.reconciliations.c
    digest = connection.execute(select(table.digest).where(table.id == number)).scalar()
    return digest or ""


def newest_entry(connection: Connection) -> int:
    """Give the number of the newest entry; 0 if nothing was booked."""
    return int(connection.execute(select(func.max(tables.entries.c.id))).scalar() or 0)


def known_families(connection: Connection) -> list[str]:
    """Name every family that anything was ever booked to."""
    column = tables.postings.c.family
    query = select(column).where(column != "").distinct().order_by(column)
    return list(connection.execute(query).scalars())


def known_breaks(connection: Connection) -> list[str]:
    """Name every break that any night ever saw."""
    column = tables.break_observations.c.break_id
    return list(connection.execute(select(column).distinct().order_by(column)).scalars())


def current_break_ids(connection: Connection) -> set[str]:
    """Name the breaks that stand now."""
    return {one.break_id for one in read_current(connection, None, None)}


def open_breaks(
    connection: Connection, issuer: str, account: str, day: date
) -> list[tuple[str, Break]]:
    """Read the breaks of one account's day that stand now, largest first."""
    found = [
        (one.break_id, one.item)
        for one in read_current(connection, day, day)
        if (one.item.issuer, one.item.account) == (issuer, account)
    ]
    return sorted(found, key=lambda one: (-abs(one[1].amount_nano), one[0]))


def bases_until(
    connection: Connection, number: int, issuer: str, day: date
) -> tuple[DayBasis | None, DayBasis | None]:
    """Read what an issuer's day was made of at a night, and what before that changed."""
    table = tables.day_bases
    query = (
        select(table)
        .where(table.c.issuer == issuer, table.c.day == day, table.c.reconciliation_id <= number)
        .order_by(table.c.reconciliation_id.desc())
        .limit(2)
    )
    found = [
        DayBasis(**{field.name: getattr(row, field.name) for field in fields(DayBasis)})
        for row in connection.execute(query)
    ]
    return (found[0] if found else None, found[1] if len(found) > 1 else None)


def observations(connection: Connection, break_id: str) -> list[Seen]:
    """Read each night that saw a break, in order of business time."""
    seen, nights = tables.break_observations, tables.reconciliations
    query = (
        select(seen, *_night_columns())
        .join(nights, nights.c.id == seen.c.reconciliation_id)
        .where(seen.c.break_id == break_id)
        .order_by(nights.c.as_of, nights.c.id)
    )
    return [
        Seen(
            _night(row),
            Break(
                BreakClass(row._mapping["class"]),  # noqa: SLF001 public in SQLAlchemy
                row.issuer,
                row.account,
                row.day,
                row.sku,
                row.amount_nano,
                row.row_count,
            ),
        )
        for row in connection.execute(query)
    ]


def newest_night(connection: Connection) -> BookedBy | None:
    """Read the newest night by business time; None before the first."""
    nights = tables.reconciliations
    query = select(*_night_columns()).order_by(nights.c.as_of.desc(), nights.c.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _night(row)


def _entries(
    connection: Connection, conditions: Sequence[ColumnElement[bool]]
) -> list[BookedEntry]:
    entries, postings, nights = tables.entries, tables.postings, tables.reconciliations
    query = (
        select(entries, postings, *_night_columns())
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(nights, nights.c.id == entries.c.reconciliation_id)
        .where(*conditions)
        .order_by(entries.c.id, postings.c.ordinal)
    )
    booked = []
    for number, group in groupby(connection.execute(query), key=lambda row: int(row.id)):
        lines = list(group)
        key = BookKey(*(getattr(lines[0], name) for name in _KEY))
        entry = Entry(key, Cause(lines[0].cause), tuple(map(posting_of, lines)))
        booked.append(BookedEntry(number, _night(lines[0]), entry))
    return booked


def _night_columns() -> list[ColumnElement[Any]]:
    nights = tables.reconciliations
    columns = ("id", "as_of", "status", *_INPUTS)
    return [nights.c[name].label(f"night_{name}") for name in columns]


def _night(row: Row[Any]) -> BookedBy:
    return BookedBy(
        number=row.night_id,
        as_of=row.night_as_of,
        status=row.night_status,
        inputs=Inputs(*(getattr(row, f"night_{name}") for name in _INPUTS)),
    )
