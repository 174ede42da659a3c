"""Snapshot rows: which file of the lake holds what, in the order it was learnt.

Order and "as of" go by sequence number; times are labels. Numbers are given under
the writer's lock, so that a higher one was always committed later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select, union_all

from tasks.core.books import Snapshot
from tasks.ledger import tables

_KEY = ("source", "stream", "layer", "table_name", "day")


class Which(StrEnum):
    """Which snapshots of a key (source, stream, layer, table, day) are wanted."""

    NEWEST = "newest"
    NEWEST_COMPLETE = "newest_complete"
    FIRST_COMPLETE = "first_complete"
    EVERY = "every"  # change streams: batches accumulate


@dataclass(frozen=True, slots=True)
class Choice:
    """What to choose from; None leaves that side open."""

    layer: str
    which: Which = Which.NEWEST
    table: str | None = None
    source: str | None = None
    stream: str | None = None
    start: date | None = None
    end: date | None = None


def newest_seq(connection: Connection) -> int:
    """Give the newest sequence number of what nights are computed from; 0 if there is none."""
    tips = union_all(
        select(func.max(tables.snapshots.c.seq).label("seq")),
        select(func.max(tables.quarantine_sets.c.seq)),
    ).subquery()
    return connection.execute(select(func.max(tips.c.seq))).scalar() or 0


def seq_as_of(connection: Connection, instant: datetime) -> int:
    """Give the newest sequence number whose label is not after an instant; 0 if there is none."""
    tips = union_all(
        *(
            select(func.max(table.c.seq).label("seq")).where(table.c.recorded_at <= instant)
            for table in (tables.snapshots, tables.quarantine_sets)
        )
    ).subquery()
    return connection.execute(select(func.max(tips.c.seq))).scalar() or 0


def add_snapshots(
    connection: Connection, snapshots: Sequence[Snapshot], *, accumulates: bool
) -> tuple[int, ...]:
    """Record snapshots that differ from what their key already has.

    Args:
        connection: Of a writing transaction.
        snapshots: In order.
        accumulates: Batches of a change stream: equal to any of the key is known, not only
            equal to the newest.

    Returns:
        One sequence number a snapshot; of the equal one where it was known.
    """
    numbers = []
    newest = newest_seq(connection)
    for snapshot in snapshots:
        number = _known(connection, snapshot, accumulates=accumulates)
        if number is None:
            number = newest = newest + 1
            row = _row(replace(snapshot, seq=number))
            connection.execute(insert(tables.snapshots).values(row))
        numbers.append(number)
    return tuple(numbers)


def choose_snapshots(connection: Connection, seq: int, choice: Choice) -> list[Snapshot]:
    """Read the snapshots of a choice as of a sequence number, oldest first."""
    table = tables.snapshots
    query = select(table).where(table.c.seq <= seq, *_conditions(choice))
    if choice.which in {Which.NEWEST_COMPLETE, Which.FIRST_COMPLETE}:
        query = query.where(table.c.is_complete)
    if choice.which is not Which.EVERY:
        first = choice.which is Which.FIRST_COMPLETE
        query = _one_a_key(query, seq_function="min" if first else "max")
    rows = connection.execute(query.order_by(table.c.seq))
    return [snapshot_of(row) for row in rows]


def snapshot_of(row: Row[Any]) -> Snapshot:
    """Turn a row of `snapshots` into its record."""
    found = dict(row._mapping)  # noqa: SLF001 public in SQLAlchemy despite its name
    return Snapshot(
        table=found.pop("table_name"),
        key=found.pop("day"),
        rows=found.pop("row_count"),
        **found,
    )


def _row(snapshot: Snapshot) -> dict[str, object]:
    return {
        "seq": snapshot.seq,
        "source": snapshot.source,
        "stream": snapshot.stream,
        "layer": snapshot.layer,
        "table_name": snapshot.table,
        "day": snapshot.key,
        "sha": snapshot.sha,
        "path": snapshot.path,
        "row_count": snapshot.rows,
        "size_bytes": snapshot.size_bytes,
        "parser": snapshot.parser,
        "raw_sha": snapshot.raw_sha,
        "is_complete": snapshot.is_complete,
        "recorded_at": snapshot.recorded_at,
    }


def _known(connection: Connection, snapshot: Snapshot, *, accumulates: bool) -> int | None:
    table = tables.snapshots
    row = _row(snapshot)
    query = select(table).where(*(table.c[name] == row[name] for name in _KEY))
    said = ("sha", "parser", "raw_sha", "is_complete", "path", "size_bytes")
    for known in connection.execute(query.order_by(table.c.seq.desc())):
        if all(known._mapping[name] == row[name] for name in said):  # noqa: SLF001 as above
            return int(known.seq)
        if not accumulates:
            break
    return None


def _conditions(choice: Choice) -> list[ColumnElement[bool]]:
    table = tables.snapshots
    conditions: list[ColumnElement[bool]] = [table.c.layer == choice.layer]
    for column, value in (
        (table.c.table_name, choice.table),
        (table.c.source, choice.source),
        (table.c.stream, choice.stream),
    ):
        if value is not None:
            conditions.append(column == value)
    if choice.start is not None:
        conditions.append(table.c.day >= choice.start)
    if choice.end is not None:
        conditions.append(table.c.day <= choice.end)
    return conditions


def _one_a_key(query: Select[Any], *, seq_function: str) -> Select[Any]:
    pick = getattr(func, seq_function)
    chosen = query.subquery()
    keys = [chosen.c[name] for name in _KEY]
    numbers = select(pick(chosen.c.seq)).group_by(*keys)
    return select(tables.snapshots).where(tables.snapshots.c.seq.in_(numbers))
