"""Offer a contract line where an issuer bills a model at a steady share of its price.

Rule R19 of `docs/arithmetic.md`: a discount that nobody wrote down is a break every day. It
is offered as a line of `sources.yaml`, for a person to look up in the contract and merge.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import median

from config.shapes.sources import ContractLine, Issuer
from tasks.core.globs import compiled
from tasks.core.models import model_of_sku
from tasks.core.money import divide_half_even
from tasks.core.reconciling.breaks import Legs, ToleranceAt
from tasks.core.reconciling.buckets import Bucket

#: Fewer days could be a promotion, or chance.
_FEWEST_DAYS = 10
#: How far a day may lie from the median, as a part of it.
_SPREAD = Fraction(2, 1000)
_ANY_KIND = "*"

#: An issuer and a model.
_Subject = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class ContractOffer:
    """A contract line that would explain what an issuer bills for a model.

    Attributes:
        model: Canonical.
        factor: Of the list price, four decimals.
        days: How many days say so.
        from_day: First of them, from which the line would hold.
    """

    issuer: str
    model: str
    factor: Decimal
    days: int
    from_day: date


def offers_of(
    buckets: Iterable[Bucket],
    issuers: Iterable[Issuer],
    legs: Legs,
    tolerance_at: ToleranceAt,
) -> tuple[ContractOffer, ...]:
    """Find the discounts and surcharges that stand out.

    A day counts if everything of the model that was metered on it has a price and a charge. Of
    these days the longest row counts that ends with the newest: a contract may have begun, or
    changed, in the middle of the window.

    Args:
        buckets: Of the whole window.
        issuers: With the contracts that are known.
        legs: Which records are complete.
        tolerance_at: What differs from the price by less is left alone.
    """
    contracts = {issuer.id: issuer.contract for issuer in issuers}
    found: list[ContractOffer] = []
    for (issuer, model), ratios in sorted(_ratios(buckets, legs).items()):
        days = _steady_days(ratios)
        if not days:
            continue
        middle = median([ratios[day] for day in days])
        tolerance = tolerance_at(issuer, days[-1])
        priced_at = _factor_in_force(contracts.get(issuer, ()), model, days)
        is_apart = abs(middle - 1) * tolerance.denominator > tolerance.numerator
        if priced_at is None or not is_apart:
            continue
        factor = _four_decimals(middle * Fraction(priced_at))
        if factor not in (0, priced_at):
            found.append(ContractOffer(issuer, model, factor, len(days), days[0]))
    return tuple(found)


def _ratios(buckets: Iterable[Bucket], legs: Legs) -> dict[_Subject, dict[date, Fraction]]:
    """Divide what was billed by what was metered, by issuer and model, then by day."""
    sums: dict[_Subject, dict[date, list[Bucket]]] = {}
    for bucket in buckets:
        of = (bucket.issuer, bucket.day)
        if of in legs.usage and of in legs.charges:
            subject = (bucket.issuer, model_of_sku(bucket.sku))
            sums.setdefault(subject, {}).setdefault(bucket.day, []).append(bucket)
    return {
        subject: {day: ratio for day, found in days.items() if (ratio := _ratio(found)) is not None}
        for subject, days in sums.items()
    }


def _ratio(buckets: Sequence[Bucket]) -> Fraction | None:
    """Divide one day's sums; None where the two cannot be compared."""
    counted = [bucket for bucket in buckets if bucket.has_usage or bucket.has_charge]
    if not all(one.has_usage and one.has_charge and not one.unpriced_tokens for one in counted):
        return None
    metered = sum(bucket.metered_nano for bucket in counted)
    billed = sum(bucket.billed_nano for bucket in counted)
    return Fraction(billed, metered) if metered > 0 else None


def _steady_days(ratios: Mapping[date, Fraction]) -> list[date]:
    """List the longest row of newest days that agree with their median; empty if too short."""
    days = sorted(ratios)
    row: list[Fraction] = []
    steady = 0
    for day in reversed(days):
        insort(row, ratios[day])
        lowest, highest = row[0], row[-1]
        if highest * (1 - _SPREAD) > lowest * (1 + _SPREAD):
            break  # no longer row can agree, either
        allowed = median(row) * _SPREAD
        is_steady = highest - median(row) <= allowed and median(row) - lowest <= allowed
        if is_steady and len(row) >= _FEWEST_DAYS:
            steady = len(row)
    return days[len(days) - steady :]


def _factor_in_force(
    contract: Sequence[ContractLine], model: str, days: Sequence[date]
) -> Decimal | None:
    """Give the factor that every day of a row was priced with, 1 without a contract.

    None where no single factor of the list price could say what is billed, or where somebody
    has said more than it: a line for some of the days or kinds only, with a price of its own,
    or for days to come.
    """
    lines = [
        line
        for line in contract
        if compiled(line.model)(model) and (line.to_day is None or line.to_day >= days[0])
    ]
    if not lines:
        return Decimal(1)
    first = lines[0]
    holds = first.from_day <= days[0] and (first.to_day is None or first.to_day >= days[-1])
    is_single = all(line.from_day <= days[-1] for line in lines)
    return first.factor if holds and is_single and first.kind == _ANY_KIND else None


def _four_decimals(value: Fraction) -> Decimal:
    return Decimal(divide_half_even(value.numerator * 10_000, value.denominator)).scaleb(-4)
