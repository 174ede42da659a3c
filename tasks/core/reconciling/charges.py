"""Sort what was billed into money to allocate and lines of its own.

Everything here is about one account on one of its issuer's days. Amounts are
integers of 1e-9 currency units.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tasks.core.books import DestinationKind
from tasks.core.cells import ChargeCell

_Key = TypeVar("_Key")

#: Purchases that a plan or a lot names: bought in advance or accrued, and no fee.
BOUGHT = frozenset({DestinationKind.ACCRUED, DestinationKind.PREPAID})

_USAGE = "usage"
_PURCHASE = "purchase"
# What is not usage has its own line and lowers no family; an unknown category is a fee, too.
_OWN_LINES = {"credit": DestinationKind.CREDIT, "tax": DestinationKind.TAX}


@dataclass(slots=True)
class Billed:
    """What was billed for one sku and kind.

    Attributes:
        quantity: None if the issuer does not say it for every line.
        model: None for what is not sold by model.
    """

    model: str | None = None
    amount_nano: int = 0
    quantity: int | None = 0

    def add(self, model: str | None, amount_nano: int, quantity: int | None) -> None:
        """Take further billing of the same sku and kind in."""
        self.model = self.model or model
        self.amount_nano += amount_nano
        if self.quantity is not None:
            self.quantity = None if quantity is None else self.quantity + quantity


@dataclass(slots=True)
class DayCharges:
    """The charges of one account and day, sorted.

    Attributes:
        usage: To allocate, by billing period, then by (sku, kind).
        direct: Charges that name their run.
        own_lines: Amounts by (billing period, credit | tax | fee | accrued | prepaid).
        foreign: Amounts by (billing period, currency) in currencies other than the issuer's.
    """

    usage: dict[str, dict[tuple[str, str | None], Billed]] = field(default_factory=dict)
    direct: list[ChargeCell] = field(default_factory=list)
    own_lines: dict[tuple[str, DestinationKind], int] = field(default_factory=dict)
    foreign: dict[tuple[str, str], int] = field(default_factory=dict)

    def by_sku(self) -> dict[str, dict[str | None, Billed]]:
        """Sum usage charges, direct ones included, by sku and kind over billing periods."""
        skus: dict[str, dict[str | None, Billed]] = {}
        for lines in self.usage.values():
            for (sku, kind), billed in lines.items():
                total = skus.setdefault(sku, {}).setdefault(kind, Billed())
                total.add(billed.model, billed.amount_nano, billed.quantity)
        for charge in self.direct:
            total = skus.setdefault(charge.sku, {}).setdefault(charge.kind, Billed())
            total.add(charge.model, charge.billed_nano, charge.quantity)
        return skus

    def usage_nano(self) -> int:
        """Sum usage charges, direct ones included."""
        allocated = (billed for lines in self.usage.values() for billed in lines.values())
        return sum(billed.amount_nano for billed in allocated) + sum(
            charge.billed_nano for charge in self.direct
        )


def sort_charges(
    charges: Iterable[ChargeCell],
    currency: str,
    known_runs: frozenset[str] = frozenset(),
    bought: Mapping[str, DestinationKind] | None = None,
) -> DayCharges:
    """Sort the charges of one account and day.

    Args:
        charges: In any order.
        currency: The issuer's; other currencies are never converted and never allocated.
        known_runs: Ids of runs that a direct charge may go to.
        bought: Skus that the account's seat plans (`ACCRUED`) and lots of credits (`PREPAID`) name.
    """
    named = bought or {}
    day = DayCharges()
    nameless: dict[tuple[str, str | None, str, str | None], list[ChargeCell]] = {}
    for charge in charges:
        period = charge.billing_period
        if charge.currency != currency:
            _add(day.foreign, (period, charge.currency), charge.billed_nano)
        elif charge.category != _USAGE:
            kind = _OWN_LINES.get(charge.category, DestinationKind.FEE)
            if charge.category == _PURCHASE:
                kind = named.get(charge.sku, kind)
            _add(day.own_lines, (period, kind), charge.billed_nano)
        elif charge.run_id is not None and charge.run_id in known_runs:
            day.direct.append(charge)
        elif charge.model is None:
            of = (period, charge.charge_class, charge.sku, charge.kind)
            nameless.setdefault(of, []).append(charge)
        else:
            _add_usage(day, charge)
    for (period, *_), same in nameless.items():
        amount_nano = sum(charge.billed_nano for charge in same)
        if amount_nano < 0:
            # Money back that names no model is a credit, whatever the vendor calls it.
            _add(day.own_lines, (period, DestinationKind.CREDIT), amount_nano)
        else:
            for charge in same:
                _add_usage(day, charge)
    return day


def runs_named(charges: Iterable[ChargeCell]) -> set[tuple[str, str]]:
    """Name the runs, as (issuer, run id), that charges were billed for."""
    return {(charge.issuer, charge.run_id) for charge in charges if charge.run_id is not None}


def _add_usage(day: DayCharges, charge: ChargeCell) -> None:
    lines = day.usage.setdefault(charge.billing_period, {})
    billed = lines.setdefault((charge.sku, charge.kind), Billed())
    billed.add(charge.model, charge.billed_nano, charge.quantity)


def _add(amounts: dict[_Key, int], key: _Key, amount_nano: int) -> None:
    amounts[key] = amounts.get(key, 0) + amount_nano
