"""Days whose money is more than the ledger can keep: held by themselves, before they are computed.

Rows are refused at the door when they alone are too large; here many rows of a day together are.
The day stays as it is booked, and says why; every other day goes on.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.findings import Finding
from tasks.core.money import MAX_NANO
from tasks.core.night import IssuerDay, NightInputs
from tasks.core.prices import PriceCard, Priced
from tasks.core.reconciling.breaks import Legs
from tasks.core.reconciling.currency import Rates, size_of
from tasks.core.standing import Standing
from tasks.core.tables import TOKEN_KINDS

#: Largest sum of a day: two such days, one replacing the other, still differ by what fits.
MOST_A_DAY_NANO = MAX_NANO // 2
#: Largest sum of a window: the row of a night holds it.
MOST_A_WINDOW_NANO = MAX_NANO

_PLACE = {kind: place for place, kind in enumerate(TOKEN_KINDS)}
_Row = TypeVar("_Row", RunCell, UsageCell, ChargeCell)


def oversized_days(inputs: NightInputs) -> dict[IssuerDay, int]:
    """Find the (issuer, day)s that cannot be booked for their size.

    Signs are left out: a charge and its refund count twice. If all days together are too large,
    the largest go first.

    Returns:
        Size by day, in nano units of the issuer's currency.
    """
    sizes = _sizes(inputs)
    wrong = {day: size for day, size in sizes.items() if size > MOST_A_DAY_NANO}
    left = sum(size for day, size in sizes.items() if day not in wrong)
    for day in sorted(sizes.keys() - wrong.keys(), key=lambda day: (-sizes[day], day)):
        if left <= MOST_A_WINDOW_NANO:
            break
        wrong[day] = sizes[day]
        left -= sizes[day]
    return wrong


def without_days(inputs: NightInputs, days: Collection[IssuerDay]) -> NightInputs:
    """Leave days out of what a night is computed from, as if no leg of them were complete."""
    return replace(
        inputs,
        runs=_others(inputs.runs, days),
        usage=_others(inputs.usage, days),
        charges=_others(inputs.charges, days),
        first_charges=_others(inputs.first_charges, days),
        revised={day: how for day, how in inputs.revised.items() if day not in days},
        bookable=[day for day in inputs.bookable if day not in days],
        legs=_legs_without(inputs.legs, days),
    )


def held_too(standing: Standing, days: Collection[IssuerDay]) -> Standing:
    """Hold further days: their books and breaks stay as they are."""
    return replace(
        standing, held=standing.held | frozenset(days), legs=_legs_without(standing.legs, days)
    )


def size_findings(days: Mapping[IssuerDay, int]) -> list[Finding]:
    """Say which days are held for their size."""
    return [
        Finding(
            "day_too_large",
            f"{issuer} {day}",
            f"its rows together come to {size} nano; the ledger keeps {MOST_A_DAY_NANO} a day and "
            f"{MOST_A_WINDOW_NANO} a window: held, and left as booked before",
        )
        for (issuer, day), size in sorted(days.items())
    ]


def _sizes(inputs: NightInputs) -> Counter[IssuerDay]:
    """Size each day by its largest leg: what was billed and booked, or what tokens are worth."""
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    exchange = Rates(inputs.finance.exchange_rates)
    billed: Counter[IssuerDay] = Counter()
    metered: Counter[IssuerDay] = Counter()
    logged: Counter[IssuerDay] = Counter()
    for charges in (inputs.charges, inputs.first_charges):
        for charge in charges:
            billed[charge.issuer, charge.day] += size_of(charge, currencies, exchange)
    for row in inputs.usage:
        priced = Priced(row.issuer, row.model, row.tier, row.context, row.day)
        metered[row.issuer, row.day] += _worth(inputs.card, priced, row.kind, row.quantity)
    for cell in inputs.runs:
        rates = inputs.card.run_rates(cell.issuer, cell.model, cell.day)
        for rate, found in zip(rates, cell.tokens, strict=True):
            value = abs(found.tokens) if rate is None else abs(rate.value(found.tokens))
            logged[cell.issuer, cell.day] += value
    return billed | metered | logged


def _worth(card: PriceCard, priced: Priced, kind: str, quantity: int) -> int:
    rate = card.rates(priced)[_PLACE[kind]] if kind in _PLACE else None
    return abs(quantity) if rate is None else abs(rate.value(quantity))


def _others(rows: Iterable[_Row], days: Collection[IssuerDay]) -> list[_Row]:
    return [row for row in rows if (row.issuer, row.day) not in days]


def _legs_without(legs: Legs, days: Collection[IssuerDay]) -> Legs:
    return replace(
        legs,
        charges={day for day in legs.charges if day not in days},
        usage={day for day in legs.usage if day not in days},
    )
