"""Breaks as nights observed them: stable ids, ages that survive flapping, and what is current."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from tasks.core.books import Break, BreakClass
from tasks.core.reconciling.break_ids import break_id
from tasks.ledger import tables


@dataclass(frozen=True, slots=True)
class AgedBreak:
    """A break that the newest night which measured its day still found.

    Attributes:
        first_seen: Business time of the first night that ever saw it, aware UTC.
        last_seen: Business time of the newest that did.
    """

    break_id: str
    item: Break
    first_seen: datetime
    last_seen: datetime


def observation_rows(reconciliation_id: int, breaks: Sequence[Break]) -> list[dict[str, object]]:
    """Write breaks as rows of `break_observations`, in order of their ids."""
    rows: list[dict[str, object]] = [
        {
            "reconciliation_id": reconciliation_id,
            "break_id": break_id(item),
            "class": item.break_class,
            "issuer": item.issuer,
            "account": item.account,
            "day": item.day,
            "sku": item.sku,
            "amount_nano": item.amount_nano,
            "row_count": item.count,
        }
        for item in breaks
    ]
    return sorted(rows, key=lambda row: str(row["break_id"]))


def add_observations(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Record what one night observed."""
    if rows:
        connection.execute(insert(tables.break_observations), rows)


def observed_by(connection: Connection, reconciliation_id: int) -> list[dict[str, object]]:
    """Read what one night observed, as `observation_rows` writes it."""
    table = tables.break_observations
    query = select(table).where(table.c.reconciliation_id == reconciliation_id)
    rows = connection.execute(query.order_by(table.c.break_id)).mappings()
    return [dict(row) for row in rows]


def read_first_seen(
    connection: Connection, start: date, end: date, by: datetime | None = None
) -> dict[str, datetime]:
    """Read when each break of days from `start` to `end` was first seen, by its id.

    A break that was gone for a while keeps the age that it had.

    Args:
        connection: To read from.
        start: First day.
        end: Last day.
        by: Business time of the newest night that counts; None for all.
    """
    seen, nights = tables.break_observations, tables.reconciliations
    query = (
        select(seen.c.break_id, func.min(nights.c.as_of).label("first_seen"))
        .join(nights, nights.c.id == seen.c.reconciliation_id)
        .where(seen.c.day.between(start, end))
        .group_by(seen.c.break_id)
    )
    if by is not None:
        query = query.where(nights.c.as_of <= by)
    return {row.break_id: row.first_seen for row in connection.execute(query)}


def read_current(connection: Connection, start: date | None, end: date | None) -> list[AgedBreak]:
    """Read the breaks that stand now, of days from `start` to `end`, oldest first."""
    view = tables.current_breaks
    query = select(view).order_by(view.c.first_seen, view.c.day, view.c.break_id)
    if start is not None:
        query = query.where(view.c.day >= start)
    if end is not None:
        query = query.where(view.c.day <= end)
    return [
        AgedBreak(
            break_id=row["break_id"],
            item=Break(
                break_class=BreakClass(row["class"]),
                issuer=row["issuer"],
                account=row["account"],
                day=row["day"],
                sku=row["sku"],
                amount_nano=row["amount_nano"],
                count=row["row_count"],
            ),
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
        )
        for row in connection.execute(query).mappings()
    ]
