"""Name every difference between two records of the same money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from sandbox.billing import canonical
from sandbox.oracle.matching import AccountDay
from sandbox.oracle.seen import Seen, sku_of_charge, sku_of_usage
from sandbox.oracle.shares import half_even, tolerance
from sandbox.organisation import LOG_SOURCE, TOLERANCE_ABSOLUTE_NANO
from sandbox.prices import card_nano
from sandbox.records import ChargeRow


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One named difference; `-` where it has no account or no sku."""

    break_class: str
    issuer: str
    account: str
    day: date
    sku: str
    amount_nano: int
    count: int = 0


@dataclass
class _Bucket:
    """One sku of an account's day: what was metered, billed and logged of each kind."""

    metered: dict[str, int] = field(default_factory=dict)
    worth: dict[str, int] = field(default_factory=dict)
    billed: dict[str | None, int] = field(default_factory=dict)
    quantities: dict[str | None, int | None] = field(default_factory=dict)
    unpriced_tokens: int = 0
    logged_nano: int = 0
    is_unvalued: bool = False

    def worth_nano(self) -> int:
        return 0 if self.unpriced_tokens else sum(self.worth.values())

    def billed_nano(self) -> int:
        return sum(self.billed.values())


def find_breaks(
    seen: Seen,
    places: Mapping[tuple[str, str, date], AccountDay],
    first_charges: Mapping[tuple[str, date], tuple[ChargeRow, ...]],
) -> list[Break]:
    """Find every break of a night, sorted.

    Args:
        seen: The night's view.
        places: All accounts and days.
        first_charges: The first complete charges any night so far has seen, by issuer and day.
    """
    found: list[Break] = []
    residuals: dict[tuple[str, str, str], dict[date, tuple[int, int]]] = {}
    for (issuer, account, day), place in places.items():
        if day not in seen.days:
            continue
        charges = _own(seen.charges.get((issuer, day), ()), account)
        for sku, bucket in sorted(_buckets(place, charges).items()):
            if place.usage is None:
                continue  # that leg is not connected
            found.extend(_billed(seen, place, sku, bucket))
            if not bucket.is_unvalued and day in seen.logged_days:
                b = bucket.worth_nano()
                series = residuals.setdefault((issuer, account, sku), {})
                series[day] = (b - bucket.logged_nano, b)
        for category in ("credit", "tax"):
            amount = sum(row.amount_nano for row in charges if row.category == category)
            if amount:
                found.append(Break(category, issuer, account, day, "-", amount))
    for (issuer, account, sku), series in residuals.items():
        found.extend(_logged(issuer, account, sku, series))
    found.extend(_restated(seen, first_charges))
    found.extend(
        Break("duplicate", LOG_SOURCE, "-", day, "-", 0, count)
        for day, count in seen.duplicates.items()
    )
    found.extend(
        Break("quarantined", LOG_SOURCE, "-", day, "-", 0, count)
        for day, count in seen.broken_lines.items()
    )
    return sorted(found)


def _own(charges: Iterable[ChargeRow], account: str) -> list[ChargeRow]:
    return [row for row in charges if row.account == account]


def _buckets(place: AccountDay, charges: list[ChargeRow]) -> dict[str, _Bucket]:
    buckets: dict[str, _Bucket] = {}
    for row in place.usage or ():
        for kind, count in row.tokens.items():
            if not count:
                continue
            bucket = buckets.setdefault(sku_of_usage(row), _Bucket())
            bucket.metered[kind] = bucket.metered.get(kind, 0) + count
            price = card_nano(canonical(row.model), kind, row.tier, place.day)
            if price is None:
                bucket.unpriced_tokens += count
                bucket.is_unvalued = True
            else:
                bucket.worth[kind] = bucket.worth.get(kind, 0) + half_even(count * price)
    for charge in charges:
        if charge.category == "usage":
            bucket = buckets.setdefault(sku_of_charge(charge), _Bucket())
            bucket.billed[charge.kind] = bucket.billed.get(charge.kind, 0) + charge.amount_nano
            known = bucket.quantities.get(charge.kind, 0)
            is_known = known is not None and charge.quantity is not None
            bucket.quantities[charge.kind] = (
                (known or 0) + (charge.quantity or 0) if is_known else None
            )
    _lay_logs(place, buckets)
    return buckets


def _lay_logs(place: AccountDay, buckets: dict[str, _Bucket]) -> None:
    """Value what the logs say at the bucket's own average price, or at the card's."""
    by_kind: dict[tuple[str, str], int] = {}
    for cell in place.cells:
        by_kind[cell.sku, cell.kind] = by_kind.get((cell.sku, cell.kind), 0) + cell.logged_total()
    for (sku, kind), tokens in by_kind.items():
        bucket = buckets[sku]
        if not bucket.is_unvalued:
            value = Fraction(tokens * bucket.worth[kind], bucket.metered[kind])
            bucket.logged_nano += half_even(value)
    for (model, kind), lines in place.unmetered().items():
        bucket = buckets.setdefault(model, _Bucket())
        price = card_nano(model, kind, "standard", place.day)
        if price is None:
            bucket.is_unvalued = True
        else:
            bucket.logged_nano += half_even(sum(lines.values()) * price)


def _billed(seen: Seen, place: AccountDay, sku: str, bucket: _Bucket) -> list[Break]:
    """Compare what was metered with what was billed."""

    def named(break_class: str, amount: int, count: int = 0) -> list[Break]:
        return [Break(break_class, place.issuer, place.account, place.day, sku, amount, count)]

    worth, billed = bucket.worth_nano(), bucket.billed_nano()
    if bucket.unpriced_tokens:
        return named("unpriced_model", billed, bucket.unpriced_tokens)
    if not bucket.billed:
        name = _name_unbilled(seen, place, worth) if bucket.metered else ""
        return named(name, worth) if name else []
    if not bucket.metered:
        is_searched = sku == "web_search" and any(row.web_searches for row in place.usage or ())
        is_named = abs(billed) > TOLERANCE_ABSOLUTE_NANO and not is_searched
        return named("charge_without_usage", billed) if is_named else []
    difference, allowed = billed - worth, tolerance(billed)
    if abs(difference) <= allowed:
        return []
    volume = _volume_part(place, sku, bucket)
    if volume is None:
        return named("price_or_volume", difference)
    parts = (("volume", volume), ("price", difference - volume))
    return [one for name, part in parts if abs(part) > allowed for one in named(name, part)]


def _name_unbilled(seen: Seen, place: AccountDay, worth: int) -> str:
    """Name usage without a charge: merely late, or without one for good; empty if too small."""
    is_missing = (place.issuer, place.day) not in seen.charges
    if is_missing and place.day >= seen.first_late_day():
        return "pending" if worth else ""
    return "usage_without_charge" if worth > TOLERANCE_ABSOLUTE_NANO else ""


def _volume_part(place: AccountDay, sku: str, bucket: _Bucket) -> int | None:
    """Give the part of a difference that quantities explain; None where they are not billed."""
    if any(kind is None or quantity is None for kind, quantity in bucket.quantities.items()):
        return None
    total = 0
    for kind in {*bucket.metered, *(kind for kind in bucket.quantities if kind)}:
        price = card_nano(sku, kind, "standard", place.day)
        if price is None:
            return None
        billed = bucket.quantities.get(kind, 0) or 0
        total += half_even((billed - bucket.metered.get(kind, 0)) * price)
    return total


def _logged(
    issuer: str, account: str, sku: str, series: dict[date, tuple[int, int]]
) -> list[Break]:
    """Compare logs with usage, after netting what merely fell on the next day."""
    found: list[Break] = []
    left = {day: residual for day, (residual, _) in series.items()}
    for day in sorted(series):
        allowed = tolerance(series[day][1])
        after = day + timedelta(days=1)
        here, there = left[day], left.get(after, 0)
        if here * there < 0:
            netted = min(abs(here), abs(there))
            if netted > allowed:
                found.append(Break("timing", issuer, account, day, sku, netted))
                left[day] -= netted if here > 0 else -netted
                left[after] -= netted if there > 0 else -netted
        if left[day] > allowed:
            found.append(Break("unlogged_usage", issuer, account, day, sku, left[day]))
        elif left[day] < -allowed:
            found.append(Break("unmetered_run", issuer, account, day, sku, -left[day]))
    return found


def _restated(
    seen: Seen, first_charges: Mapping[tuple[str, date], tuple[ChargeRow, ...]]
) -> list[Break]:
    """Compare today's charges with the first complete ones."""
    found: list[Break] = []
    for (issuer, day), newest in seen.charges.items():
        first = first_charges[issuer, day]
        moved: dict[str, int] = {}
        for row in newest:
            moved[row.account] = moved.get(row.account, 0) + row.amount_nano
        for row in first:
            moved[row.account] = moved.get(row.account, 0) - row.amount_nano
        found.extend(
            Break("restated", issuer, account, day, "-", amount)
            for account, amount in moved.items()
            if amount
        )
    return found
