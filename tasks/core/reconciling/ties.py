"""Tie an issuer's records together: logged to metered, metered to billed, nothing left over.

Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.core.books import Break, BreakClass
from tasks.core.reconciling.breaks import Legs
from tasks.core.reconciling.buckets import Bucket

#: Which way a class of break moves what was billed away from what was metered.
_BILLED_SIGNS = {
    BreakClass.PRICE: 1,
    BreakClass.VOLUME: 1,
    BreakClass.PRICE_OR_VOLUME: 1,
    BreakClass.CHARGE_WITHOUT_USAGE: 1,
    BreakClass.UNPRICED_MODEL: 1,
    BreakClass.USAGE_WITHOUT_CHARGE: -1,
    BreakClass.PENDING: -1,
}
#: The same for what was metered and what was logged; `timing` nets out over two days.
_LOGGED_SIGNS = {BreakClass.UNLOGGED_USAGE: 1, BreakClass.UNMETERED_RUN: -1}


@dataclass(frozen=True, slots=True, order=True)
class TieOut:
    """How the records of one issuer meet.

    Two sums hold exactly. Logged to metered: `compared_logged_nano` + `logged_named`
    + `logged_within_nano` = `compared_metered_nano`. Metered to billed: `metered_nano`
    + `billed_named` + `billed_within_nano` + `units_nano` + `unchecked_nano` = `billed_nano`.

    Attributes:
        billed_nano: Charges for usage, in the issuer's currency.
        unchecked_nano: The part of them on days whose usage is not completely known.
        units_nano: The part of them for units that were metered, but that no card prices.
        metered_nano: Usage at the card's prices, on days whose usage is known.
        compared_metered_nano: The part of it that logs could be held against.
        logged_nano: Runs at the card's prices, on all days.
        compared_logged_nano: The part of it that usage could be held against.
        billed_named, logged_named: Signed sum of each class of break, sorted by class.
        billed_within_nano, logged_within_nano: What is left, bucket by bucket within tolerance.
    """

    issuer: str
    currency: str
    billed_nano: int
    unchecked_nano: int
    units_nano: int
    metered_nano: int
    compared_metered_nano: int
    logged_nano: int
    compared_logged_nano: int
    billed_named: tuple[tuple[str, int], ...]
    billed_within_nano: int
    logged_named: tuple[tuple[str, int], ...]
    logged_within_nano: int


def tie_outs(
    buckets: Iterable[Bucket], breaks: Iterable[Break], legs: Legs, currencies: Mapping[str, str]
) -> tuple[TieOut, ...]:
    """Bring the records of each issuer together.

    Args:
        buckets: Of the whole window.
        breaks: Named from the same buckets.
        legs: Which records are complete.
        currencies: Of each issuer; others are left out.
    """
    by_issuer: dict[str, list[Bucket]] = {issuer: [] for issuer in currencies}
    for bucket in buckets:
        if bucket.issuer in by_issuer:
            by_issuer[bucket.issuer].append(bucket)
    billed_named: dict[tuple[str, BreakClass], int] = {}
    logged_named: dict[tuple[str, BreakClass], int] = {}
    for item in breaks:
        of = (item.issuer, item.break_class)
        for signs, named in ((_BILLED_SIGNS, billed_named), (_LOGGED_SIGNS, logged_named)):
            if item.break_class in signs:
                signed = signs[item.break_class] * item.amount_nano
                named[of] = named.get(of, 0) + signed
    return tuple(
        _tie_out(issuer, currencies[issuer], found, legs, billed_named, logged_named)
        for issuer, found in sorted(by_issuer.items())
    )


def _tie_out(
    issuer: str,
    currency: str,
    buckets: list[Bucket],
    legs: Legs,
    billed_named: Mapping[tuple[str, BreakClass], int],
    logged_named: Mapping[tuple[str, BreakClass], int],
) -> TieOut:
    checked = [bucket for bucket in buckets if (issuer, bucket.day) in legs.usage]
    compared = [
        bucket for bucket in checked if bucket.day in legs.logged_days and not bucket.is_unvalued
    ]
    billed = sum(bucket.billed_nano for bucket in buckets)
    unchecked = billed - sum(bucket.billed_nano for bucket in checked)
    units = sum(
        bucket.billed_nano for bucket in checked if bucket.is_unit_metered and not bucket.has_usage
    )
    metered = sum(bucket.metered_nano for bucket in checked)
    compared_metered = sum(bucket.metered_nano for bucket in compared)
    compared_logged = sum(bucket.logged_nano for bucket in compared)
    of_billed = _named_of(issuer, billed_named)
    of_logged = _named_of(issuer, logged_named)
    return TieOut(
        issuer=issuer,
        currency=currency,
        billed_nano=billed,
        unchecked_nano=unchecked,
        units_nano=units,
        metered_nano=metered,
        compared_metered_nano=compared_metered,
        logged_nano=sum(bucket.logged_nano for bucket in buckets),
        compared_logged_nano=compared_logged,
        billed_named=of_billed,
        billed_within_nano=billed - unchecked - units - metered - _sum(of_billed),
        logged_named=of_logged,
        logged_within_nano=compared_metered - compared_logged - _sum(of_logged),
    )


def _named_of(
    issuer: str, named: Mapping[tuple[str, BreakClass], int]
) -> tuple[tuple[str, int], ...]:
    return tuple(
        sorted(
            (break_class.value, amount_nano)
            for (of, break_class), amount_nano in named.items()
            if of == issuer
        )
    )


def _sum(named: tuple[tuple[str, int], ...]) -> int:
    return sum(amount_nano for _, amount_nano in named)
