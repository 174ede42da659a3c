"""Rows of `squad_use`: what people used is folded by squad before it becomes a raw row.

A report by person is read, added up in memory and forgotten; what is stored are sums of
squads. Without a directory nobody is of a squad, so such a report is not even asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from tasks.core.batches import Batch, Conformed, RawRow
from tasks.core.days import vendor_day, window_days
from tasks.core.squad_use import Used, squad_use
from tasks.sources.report_rows import TableRow, count_or_none


def folded_rows(used: Iterable[Used]) -> list[RawRow]:
    """Add up what people used on one day by squad, as raw rows without a trace of a person."""
    return [
        {
            "account": cell.account,
            "squad": cell.squad,
            "measure": cell.measure.value,
            "value": cell.value,
            "actors": cell.actors,
        }
        for cell in squad_use(used)
    ]


def conform_use(rows: Sequence[RawRow], *, source: str, issuer: str, day: date) -> Conformed:
    """Give the folded rows of one day the form of `squad_use`."""
    return Conformed([_row(row, {"source": source, "issuer": issuer, "day": day}) for row in rows])


def _row(row: RawRow, shared: Mapping[str, object]) -> TableRow:
    return {
        **shared,
        "account": row["account"],
        "squad": row["squad"],
        "measure": row["measure"],
        "value": row["value"],
        "actors": count_or_none(row["actors"]),
    }


def unread_days(window: tuple[date, date], now: datetime, offset_minutes: int = 0) -> list[Batch]:
    """Give empty batches for the ended days of a window of which no use is asked for.

    Args:
        window: First and last day, both included.
        now: Aware business time.
        offset_minutes: Start of the vendor's day, in minutes after 00:00 UTC.
    """
    today = vendor_day(now, offset_minutes)
    return [Batch(day, ()) for day in window_days(*window) if day < today]
