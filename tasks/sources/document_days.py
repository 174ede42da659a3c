"""Batches of small files that are read whole each night, whatever the window.

The files are all there is: a day that they named last time and name no more is emptied.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from tasks.core.batches import Batch, Pulled, RawRow, Reject, Watermark
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.findings import Finding

_ONE_DAY = timedelta(days=1)


def whole_days(
    rows: Mapping[date, Sequence[RawRow]],
    rejects: Mapping[date, Sequence[Reject]],
    *,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    findings: Iterable[Finding] = (),
) -> Pulled:
    """Make a complete batch of every day of the window, of the files, and of those before.

    Args:
        rows: Raw rows by day.
        rejects: What was refused, by day.
        window: First and last day that is wanted in any case.
        watermark: Of the pull before: it names the days that had rows then.
        now: Aware business time; later days are left for a later night.
        findings: Of the whole pull.
    """
    today = vendor_day(now)
    named = {*rows, *rejects}
    before = {date.fromisoformat(text) for text in watermark.repoll} if watermark else set()
    days = sorted(day for day in named | before | {*window_days(*window)} if day < today)
    batches = [Batch(day, rows.get(day, ()), tuple(rejects.get(day, ()))) for day in days]
    read_to = day_bounds(min(window[1] + _ONE_DAY, today))[0]
    kept = tuple(day.isoformat() for day in sorted(named))
    return Pulled(batches, Watermark(read_to, kept), findings=tuple(findings))
