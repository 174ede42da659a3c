"""Name every difference between two records of the same money (R7 of `docs/arithmetic.md`).

A break is an observation: it posts nothing, and clears itself when its difference does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from tasks.core.books import Break, BreakClass
from tasks.core.reconciling.buckets import Bucket
from tasks.core.reconciling.tolerance import Tolerance

#: Where a break has no account or no sku.
NOWHERE = "-"

ToleranceAt = Callable[[str, date], Tolerance]


@dataclass(frozen=True, slots=True)
class Legs:
    """Which records of an issuer's day are complete; a missing leg makes no breaks.

    Attributes:
        charges: (issuer, day)s whose charges are complete.
        usage: (issuer, day)s whose usage is complete.
        logged_days: Days for which at least one log has been read.
        first_late_day: Earliest day, by issuer, on which missing charges are merely late.
    """

    charges: Collection[tuple[str, date]]
    usage: Collection[tuple[str, date]]
    logged_days: Collection[date]
    first_late_day: Mapping[str, date]


class Quarantine(NamedTuple):
    """A row that was received but could not be booked.

    Attributes:
        issuer: Or the source's name where the row does not tell.
        account: Empty where the row does not tell.
        amount_nano: None where it did not parse.
        is_billed: A row of charges: until it can be read, not all that was billed is booked.
    """

    issuer: str
    account: str
    day: date
    amount_nano: int | None
    is_billed: bool = False


def billed_breaks(buckets: Iterable[Bucket], legs: Legs, tolerance_at: ToleranceAt) -> list[Break]:
    """Compare usage (B) with charges (C), bucket by bucket."""
    breaks: list[Break] = []
    for bucket in buckets:
        if (bucket.issuer, bucket.day) in legs.usage:
            tolerance = tolerance_at(bucket.issuer, bucket.day)
            for name, amount_nano in _billed_differences(bucket, legs, tolerance):
                count = bucket.unpriced_tokens if name is BreakClass.UNPRICED_MODEL else 0
                breaks.append(_break(name, bucket, amount_nano, count))
    return breaks


def logged_breaks(buckets: Iterable[Bucket], legs: Legs, tolerance_at: ToleranceAt) -> list[Break]:
    """Compare logs (A) with usage (B), after netting what merely fell on the next day."""
    series: dict[tuple[str, str, str], list[Bucket]] = {}
    for bucket in buckets:
        is_connected = bucket.day in legs.logged_days and (bucket.issuer, bucket.day) in legs.usage
        if is_connected and not bucket.is_unvalued:
            series.setdefault((bucket.issuer, bucket.account, bucket.sku), []).append(bucket)
    breaks: list[Break] = []
    for days in series.values():
        breaks += _series_breaks(sorted(days, key=lambda bucket: bucket.day), tolerance_at)
    return breaks


def amount_breaks(
    break_class: BreakClass, amounts: Mapping[tuple[str, str, date], int]
) -> list[Break]:
    """Name amounts by (issuer, account, day) that are not zero: credits, taxes, restatements."""
    return [
        Break(break_class, issuer, account, day, NOWHERE, amount_nano)
        for (issuer, account, day), amount_nano in amounts.items()
        if amount_nano
    ]


def duplicate_breaks(duplicates: Mapping[tuple[str, date], int]) -> list[Break]:
    """Name the lines, by (source, day), that repeated an earlier one and were dropped."""
    return [
        Break(BreakClass.DUPLICATE, source, NOWHERE, day, NOWHERE, 0, count)
        for (source, day), count in duplicates.items()
        if count
    ]


def quarantine_breaks(rows: Iterable[Quarantine]) -> list[Break]:
    """Name rows in quarantine by (issuer, account, day), with the amounts that are known."""
    found: dict[tuple[str, str, date], tuple[int, int]] = {}
    for row in rows:
        place = (row.issuer, row.account or NOWHERE, row.day)
        amount_nano, count = found.get(place, (0, 0))
        found[place] = (amount_nano + (row.amount_nano or 0), count + 1)
    return [
        Break(BreakClass.QUARANTINED, issuer, account, day, NOWHERE, amount_nano, count)
        for (issuer, account, day), (amount_nano, count) in found.items()
    ]


def _billed_differences(
    bucket: Bucket, legs: Legs, tolerance: Tolerance
) -> list[tuple[BreakClass, int]]:
    """List a bucket's differences between B and C as (class, amount)."""
    metered, billed = bucket.metered_nano, bucket.billed_nano
    if bucket.unpriced_tokens:
        return [(BreakClass.UNPRICED_MODEL, billed)]
    if not bucket.has_charge:
        return _uncharged(bucket, legs, tolerance)
    if not bucket.has_usage:
        is_named = abs(billed) > tolerance.absolute_nano and not bucket.is_unit_metered
        return [(BreakClass.CHARGE_WITHOUT_USAGE, billed)] if is_named else []
    difference = billed - metered
    if bucket.volume_nano is None:
        parts = [(BreakClass.PRICE_OR_VOLUME, difference)]
    else:
        parts = [
            (BreakClass.VOLUME, bucket.volume_nano),
            (BreakClass.PRICE, difference - bucket.volume_nano),
        ]
    allowed = tolerance.of(billed)
    if abs(difference) <= allowed:
        return []
    return [(name, amount_nano) for name, amount_nano in parts if abs(amount_nano) > allowed]


def _uncharged(bucket: Bucket, legs: Legs, tolerance: Tolerance) -> list[tuple[BreakClass, int]]:
    """Name usage that was not billed: merely late, or without a charge for good."""
    metered = bucket.metered_nano
    is_late = (bucket.issuer, bucket.day) not in legs.charges
    if is_late and bucket.day >= legs.first_late_day.get(bucket.issuer, date.max):
        return [(BreakClass.PENDING, metered)] if metered else []
    is_named = metered > tolerance.absolute_nano
    return [(BreakClass.USAGE_WITHOUT_CHARGE, metered)] if is_named else []


def _series_breaks(days: list[Bucket], tolerance_at: ToleranceAt) -> list[Break]:
    """Name the differences between A and B of one sku, days ascending."""
    breaks: list[Break] = []
    left = [bucket.metered_nano - bucket.logged_nano for bucket in days]
    for at, bucket in enumerate(days):
        tolerance = tolerance_at(bucket.issuer, bucket.day)
        allowed = tolerance.of(bucket.metered_nano)
        after = at + 1
        if after < len(days) and days[after].day - bucket.day == timedelta(days=1):
            netted = _opposite(left[at], left[after])
            if netted > allowed:
                breaks.append(_break(BreakClass.TIMING, bucket, netted))
                sign = 1 if left[at] > 0 else -1
                left[at] -= sign * netted
                left[after] += sign * netted
        if left[at] > allowed:
            breaks.append(_break(BreakClass.UNLOGGED_USAGE, bucket, left[at]))
        elif left[at] < -allowed:
            breaks.append(_break(BreakClass.UNMETERED_RUN, bucket, -left[at]))
    return breaks


def _opposite(one: int, other: int) -> int:
    """Give how much two residuals cancel; 0 if they point the same way."""
    return min(abs(one), abs(other)) if (one > 0) != (other > 0) and one and other else 0


def _break(break_class: BreakClass, bucket: Bucket, amount_nano: int, count: int = 0) -> Break:
    return Break(
        break_class, bucket.issuer, bucket.account, bucket.day, bucket.sku, amount_nano, count
    )
