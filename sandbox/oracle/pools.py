"""Budgets by family, pool and calendar month (R17)."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sandbox.oracle.places import Ledger, days_of, first_day, lines_of, period_of
from sandbox.oracle.shares import half_even
from sandbox.year.budgets import BUDGETS


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of one family in a month; all amounts in nano units."""

    family: str
    pool: str
    period: str
    budget_nano: int
    spent_nano: int
    pending_nano: int
    carried_nano: int

    def headroom_nano(self) -> int:
        """Give what is left of budget and carry-over."""
        return self.budget_nano + self.carried_nano - self.spent_nano - self.pending_nano


def pools(ledger: Ledger, period: str, pending: dict[tuple[str, str, str], int]) -> list[Pool]:
    """Give every family's pools of a month.

    Args:
        ledger: After the night.
        period: The month.
        pending: Value of logged runs that are not booked, by (family, pool, period).
    """
    before = period_of(first_day(period) - timedelta(days=1))
    spent: dict[tuple[str, str, str], int] = {}
    for place, to, amount in lines_of(ledger):
        if to.kind == "family" and not place.origin and to.pool:
            key = (to.family, to.pool, place.period)
            spent[key] = spent.get(key, 0) + amount
    found = []
    for family, pool in sorted(BUDGETS):
        budget = budget_of(family, pool, period)
        carried = 0
        if pool == "exploration":
            last = budget_of(family, pool, before)
            carried = min(last, max(0, last - spent.get((family, pool, before), 0)))
        key = (family, pool, period)
        found.append(
            Pool(family, pool, period, budget, spent.get(key, 0), pending.get(key, 0), carried)
        )
    return found


def budget_of(family: str, pool: str, period: str) -> int:
    """Give a month's budget: the mean over its days of the line in force."""
    days = days_of(period)
    return half_even(Fraction(sum(_in_force(family, pool, day) for day in days), len(days)))


def _in_force(family: str, pool: str, day: date) -> int:
    begun = [line for line in BUDGETS[family, pool] if line[0] <= day]
    return max(begun)[1] * 1_000_000_000 if begun else 0
