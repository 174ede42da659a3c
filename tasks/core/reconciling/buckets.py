"""Buckets: where estimate (A), usage (B) and charge (C) of one sku meet on one day.

Rules R6 and R7 of `docs/arithmetic.md`. Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tasks.core.cells import UsageCell
from tasks.core.money import divide_half_even
from tasks.core.prices import PriceCard, Priced, Rate
from tasks.core.reconciling.charges import Billed
from tasks.core.reconciling.matching import Matched
from tasks.core.tables import TOKEN_KINDS

_PLACE = {kind: place for place, kind in enumerate(TOKEN_KINDS)}
_WEB_SEARCH_SKU = "web_search"
_WEB_SEARCH_UNIT = "web_search_requests"


@dataclass(slots=True)
class MeteredKind:
    """Usage of one token kind in a bucket, valued row by row.

    Attributes:
        rates: The distinct rates of the rows; None among them: a row is unpriced.
    """

    tokens: int = 0
    value_nano: int = 0
    rates: set[Rate | None] = field(default_factory=set)


@dataclass(slots=True)
class Bucket:
    """One sku of one account on one day, with its three legs.

    Attributes:
        metered_nano: B: usage at the card's prices; 0 while any of it is unpriced.
        billed_nano: C: charges for usage, without credits, taxes and fees.
        logged_nano: A: runs at the same prices.
        has_usage: The vendor metered tokens.
        has_charge: The vendor billed a line for usage.
        unpriced_tokens: Metered tokens without a price.
        is_unvalued: Logs or usage cannot be valued, so they cannot be compared.
        is_unit_metered: The charge is for units that the vendor metered but no card prices.
        volume_nano: Part of C - B that other quantities explain; None if the issuer does not
            say what quantities it billed.
    """

    issuer: str
    account: str
    day: date
    sku: str
    metered_nano: int = 0
    billed_nano: int = 0
    logged_nano: int = 0
    has_usage: bool = False
    has_charge: bool = False
    unpriced_tokens: int = 0
    is_unvalued: bool = False
    is_unit_metered: bool = False
    volume_nano: int | None = None


def buckets_of(
    issuer: str,
    account: str,
    day: date,
    *,
    usage: Iterable[UsageCell],
    billed: Mapping[str, Mapping[str | None, Billed]],
    matched: Matched,
    card: PriceCard,
) -> list[Bucket]:
    """Bring the three legs of one account and day together, by sku.

    Args:
        issuer: The vendor.
        account: Its account.
        day: Its day.
        usage: In any order.
        billed: By sku and kind, as `DayCharges.by_sku` sums it.
        matched: Logs laid onto the same usage.
        card: Prices of usage and runs.
    """
    metered, units = _value_usage(usage, card)
    buckets: dict[str, Bucket] = {}

    def bucket(sku: str) -> Bucket:
        return buckets.setdefault(sku, Bucket(issuer, account, day, sku))

    for sku, kinds in metered.items():
        _take_usage(bucket(sku), kinds)
    for sku, lines in billed.items():
        filled = bucket(sku)
        filled.has_charge = True
        filled.billed_nano = sum(line.amount_nano for line in lines.values())
        filled.is_unit_metered = sku == _WEB_SEARCH_SKU and _WEB_SEARCH_UNIT in units
        if filled.has_usage and not filled.unpriced_tokens:
            filled.volume_nano = _volume(issuer, day, metered[sku], lines, card)
    for (sku, kind), cells in matched.cells.items():
        tokens = sum(count for cell in cells for count in cell.logged.values())
        known = metered[sku][kind]
        bucket(sku).logged_nano += divide_half_even(tokens * known.value_nano, known.tokens)
    for (model, kind), places in matched.unmetered.items():
        rate = card.run_rates(issuer, model, day)[_PLACE[kind]]
        if rate is None:
            bucket(model).is_unvalued = True
        else:
            bucket(model).logged_nano += rate.value(sum(places.values()))
    return [buckets[sku] for sku in sorted(buckets)]


def _value_usage(
    usage: Iterable[UsageCell], card: PriceCard
) -> tuple[dict[str, dict[str, MeteredKind]], set[str]]:
    """Value usage row by row, by sku and kind; and name the units that are not tokens."""
    metered: dict[str, dict[str, MeteredKind]] = {}
    units: set[str] = set()
    for row in usage:
        if row.quantity <= 0:
            continue
        place = _PLACE.get(row.kind)
        if place is None:
            units.add(row.kind)
            continue
        rate = card.rates(Priced(row.issuer, row.model, row.tier, row.context, row.day))[place]
        kind = metered.setdefault(row.sku, {}).setdefault(row.kind, MeteredKind())
        kind.tokens += row.quantity
        kind.rates.add(rate)
        if rate is not None:
            kind.value_nano += rate.value(row.quantity)
    return metered, units


def _take_usage(bucket: Bucket, kinds: Mapping[str, MeteredKind]) -> None:
    bucket.has_usage = True
    bucket.unpriced_tokens = sum(kind.tokens for kind in kinds.values() if None in kind.rates)
    bucket.is_unvalued = bucket.unpriced_tokens > 0
    if not bucket.is_unvalued:
        bucket.metered_nano = sum(kind.value_nano for kind in kinds.values())


def _volume(
    issuer: str,
    day: date,
    kinds: Mapping[str, MeteredKind],
    lines: Mapping[str | None, Billed],
    card: PriceCard,
) -> int | None:
    """Value the difference of billed and metered quantities, kind by kind."""
    if any(kind not in _PLACE or line.quantity is None for kind, line in lines.items()):
        return None
    volume_nano = 0
    for kind, place in _PLACE.items():
        line, metered = lines.get(kind), kinds.get(kind)
        billed_tokens = line.quantity or 0 if line is not None else 0
        if metered is None:
            model = line.model if line is not None else None
            price = card.run_rates(issuer, model, day)[place] if model is not None else None
            metered = MeteredKind()
        elif len(metered.rates) == 1:
            (price,) = metered.rates
        else:
            # Rows of several tiers: their average price.
            price = Rate(*Fraction(metered.value_nano, metered.tokens).as_integer_ratio())
        if price is not None:
            volume_nano += price.value(billed_tokens - metered.tokens)
    return volume_nano
