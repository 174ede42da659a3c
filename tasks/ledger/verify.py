"""Proof that the books are what was booked: guards, balance and the chain of heads."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from tasks.core.books import (
    BookKey,
    Cause,
    Destination,
    DestinationKind,
    Entry,
    Method,
    Posting,
    Strength,
)
from tasks.core.errors import LedgerError
from tasks.ledger import tables
from tasks.ledger.chain import next_head
from tasks.ledger.guards import assert_guards


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proven."""

    entries: int
    head: str


def verify_books(connection: Connection) -> Verified:
    """Recompute every head from the entries, and every entry's balance.

    Raises:
        LedgerError: A guard, an entry or a head is not what it should be.
    """
    assert_guards(connection)
    table = tables.chain_heads
    heads = connection.execute(select(table).order_by(table.c.reconciliation_id)).all()
    nights = groupby(booked_entries(connection), key=lambda pair: pair[0])
    previous, count = "", 0
    for head in heads:
        number, group = next(nights, (None, iter(())))
        entries = [entry for _, entry in group]
        if (
            number != head.reconciliation_id
            or head.previous != previous
            or head.entry_count != len(entries)
            or next_head(previous, entries) != head.head
        ):
            message = (
                f"ledger: the chain breaks at reconciliation {head.reconciliation_id}: its entries"
                " are not those that were booked. Restore the database from a copy, and compare"
                " with the heads printed by earlier nights"
            )
            raise LedgerError(message)
        previous, count = head.head, count + len(entries)
    stray = next(nights, None)
    if stray is not None:
        message = f"ledger: reconciliation {stray[0]} has entries that no head covers"
        raise LedgerError(message)
    return Verified(count, previous)


def booked_entries(
    connection: Connection, *conditions: ColumnElement[bool]
) -> Iterator[tuple[int, Entry]]:
    """Read entries in the order of booking, each with the number of its night.

    Raises:
        LedgerError: One does not balance.
    """
    entries, postings = tables.entries, tables.postings
    query = (
        select(entries, postings)
        .outerjoin(postings, postings.c.entry_id == entries.c.id)
        .where(*conditions)
        .order_by(entries.c.reconciliation_id, entries.c.id, postings.c.ordinal)
    )
    # For this statement only: on PostgreSQL it reads through a cursor, which cannot insert.
    rows = connection.execute(query, execution_options={"yield_per": 10_000})
    for number, group in groupby(rows, key=lambda row: (row.reconciliation_id, row.id)):
        lines = list(group)
        entry = Entry(
            BookKey(
                lines[0].issuer,
                lines[0].account,
                lines[0].day,
                lines[0].billing_period,
                lines[0].currency,
                lines[0].origin_period,
            ),
            Cause(lines[0].cause),
            tuple(posting_of(row) for row in lines if row.entry_id is not None),
        )
        if entry.imbalance_nano() != 0 or not entry.postings:
            message = f"ledger: entry {number[1]} sums to {entry.imbalance_nano()} nano, not 0"
            raise LedgerError(message)
        yield number[0], entry


def posting_of(row: Row[Any]) -> Posting:
    """Read a posting from a row that holds its columns."""
    destination = Destination(
        DestinationKind(row.kind),
        row.portfolio,
        row.family,
        row.workflow,
        row.pool,
        row.paid_from,
        Method(row.method),
        Strength(row.strength),
    )
    return Posting(destination, row.amount_nano, row.is_provisional)
