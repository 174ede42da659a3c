"""Bills as files: what a cloud or reseller charges for tokens, read whole each night.

FOCUS 1.0 to 1.3 and the Cost and Usage Report, as CSV (`.gz` too) or Parquet. A bill holds
everything a cloud sells: rows of other services are counted, summed and never kept.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from config.shapes.sources import FocusFileSource, Issuer
from tasks.core.batches import (
    Batch,
    Conformed,
    Pulled,
    RawRow,
    Reject,
    Stream,
    StreamKind,
    Watermark,
)
from tasks.core.days import vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.core.findings import Finding
from tasks.core.refusals import place_of
from tasks.sources.focus_file.bill import Bill, BillReader, DayRange
from tasks.sources.focus_file.rows import conform_charges
from tasks.sources.log_files import find_files
from tasks.sources.report_days import read_to
from tasks.sources.report_fields import decimal_text
from tasks.sources.table_files import told_of
from tasks.transport.client import Client

CHARGES = Stream("charges", StreamKind.REPORT, "charges")
STREAMS: tuple[Stream, ...] = (CHARGES,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "focus_file-1"

_ONE_DAY = timedelta(days=1)


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: FocusFileSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read all bills for the days of the window, both bounds included.

    A day that no bill covers makes no batch: it is unknown, not zero. It is complete once
    it has ended and has rows, and is not the last that was billed so far; otherwise once it
    is older than the lag.

    Raises:
        SourceError: A file cannot be used, contradicts itself, or repeats or overlaps
            another one; nothing of any file is taken.
    """
    reader = BillReader(config, keyed_digest, window)
    files = _bills(config)
    bills = [
        reader.read(paths, place_of(name, keyed_digest), told_of(at, len(files)))
        for at, (name, paths) in enumerate(files.items(), start=1)
    ]
    _refuse_overlaps(config.name, bills)
    last_old = vendor_day(now) - config.lag_days * _ONE_DAY - _ONE_DAY
    covered = [_covered(bill, config, last_old) for bill in bills]
    batches = [
        _batch(day, window, bills, covered, last_old, vendor_day(now))
        for day in window_days(*window)
        if any(first <= day <= last for ranges in covered for first, last in ranges)
    ]
    findings = _other_services(config.name, bills)
    return Pulled(batches, read_to(batches, window), findings=findings)


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: FocusFileSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one UTC day the form of the `charges` table."""
    return conform_charges(rows, config=config, day=key)


def _bills(config: FocusFileSource) -> dict[Path, list[Path]]:
    """Name the bills: files, or folders whose files are parts of one."""
    bills: dict[Path, list[Path]] = {}
    for path in find_files(config.name, config.paths):
        bills.setdefault(path.parent if config.parts else path, []).append(path)
    return bills


def _refuse_overlaps(source: str, bills: Sequence[Bill]) -> None:
    """Refuse bills that both bring charges of the same account and day: they would add up."""
    first: dict[tuple[date, str], Bill] = {}
    for bill in bills:
        for day, found in sorted(bill.days.items()):
            for account in sorted(found.accounts):
                other = first.setdefault((day, account), bill)
                if other is not bill:
                    raise SourceError(source, _overlap(other, bill, day))


def _overlap(one: Bill, other: Bill, day: date) -> str:
    if _content(one) == _content(other):
        return f"{other.told} repeats {one.told} under another name; take one of them away"
    return (
        f"{other.told} overlaps {one.told}: both bring charges of {day} of one account; take "
        "the older one away, or set `parts` if they are parts of one bill in a folder of its own"
    )


def _content(bill: Bill) -> Counter[str]:
    return Counter(
        json.dumps(row, sort_keys=True) for found in bill.days.values() for row in found.rows
    )


def _covered(bill: Bill, config: FocusFileSource, last_old: date) -> list[DayRange]:
    """Tell which days a bill speaks for: of each billing period from first to last charge.

    With `covers: periods` a period that has ended, lag included, is covered as a whole.
    """
    ranges: list[DayRange] = []
    for period, booked in bill.ranges.items():
        is_over = config.covers == "periods" and period[1] <= last_old
        ranges.append(period if is_over else booked)
    return ranges


def _batch(
    day: date,
    window: tuple[date, date],
    bills: Sequence[Bill],
    covered: Sequence[Sequence[DayRange]],
    last_old: date,
    today: date,
) -> Batch:
    rows: list[RawRow] = []
    rejects: list[Reject] = []
    is_last = False
    for bill, ranges in zip(bills, covered, strict=True):
        if day in bill.days:
            rows += bill.days[day].rows
            rejects += bill.days[day].rejects
        if bill.undated and day == _day_of_undated(ranges, window):
            rejects += bill.undated
        is_last = is_last or any(day == last for _, last in ranges)
    is_sure = bool(rows or rejects) and not is_last
    return Batch(day, rows, tuple(rejects), day < today and (is_sure or day <= last_old))


def _day_of_undated(ranges: Sequence[DayRange], window: tuple[date, date]) -> date | None:
    """File what names no day under the first day of the window that its bill covers."""
    days = [max(first, window[0]) for first, last in ranges if last >= window[0]]
    return min((day for day in days if day <= window[1]), default=None)


def _other_services(source: str, bills: Sequence[Bill]) -> tuple[Finding, ...]:
    rows = sum(bill.other_rows for bill in bills)
    if not rows:
        return ()
    sums: dict[str, Decimal] = {}
    for bill in bills:
        for currency, amount in bill.other_sums.items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    told = ", ".join(f"{currency} {decimal_text(sums[currency])}" for currency in sorted(sums))
    detail = f"{rows} rows of other services ({told or 'no amount'}) are not kept"
    return (Finding("other_services", source, detail, source),)
