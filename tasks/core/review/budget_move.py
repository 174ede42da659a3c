"""What a graduation moves from a family's exploration pool to its production pool, a month.

Amounts are integers of 1e-9 units of the portfolio's currency. Exploration keeps its budget: what
a graduation frees there is for the next workflow to explore with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from config.shapes.base import Pool
from config.shapes.catalog import Family
from tasks.core.budgeting.budget_offers import STEP_NANO, BudgetOffer
from tasks.core.budgeting.forecast import BASIS_DAYS, first_spend
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.money import divide_half_even, to_nano

#: Days of the month that spend is scaled to.
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class BudgetMove:
    """What moves with a workflow, what production has for it, and what both rest on.

    Attributes:
        spent_nano: Booked for the workflow from exploration in the last `basis_days` days.
        basis_days: At most 28; fewer if its first spend is later, 0 without any.
        through: Last of these days.
        monthly_nano: The same for a month of 30 days, half-even; at most the cap, if there is one.
        budget_nano: Production budget of a whole month, on the day of the move; None: none is set.
        forecast_nano: What production spends this month as it is.
        offer: A production budget that would do; None: this one does, nobody has set one, or a
            later line stands in the catalog already.
        apart: What the workflow spent in other currencies in these days; in no sum.
    """

    family: str
    currency: str
    spent_nano: int
    basis_days: int
    through: date
    monthly_nano: int
    budget_nano: int | None
    forecast_nano: int
    offer: BudgetOffer | None = None
    apart: tuple[tuple[str, int], ...] = ()

    def headroom_nano(self) -> int | None:
        """Give what production's forecast leaves of its budget; None without a budget."""
        return None if self.budget_nano is None else self.budget_nano - self.forecast_nano

    def is_short(self) -> bool:
        """Tell whether the budget is too small for what production spends and what moves."""
        headroom = self.headroom_nano()
        return headroom is not None and self.monthly_nano > headroom


def budget_move(
    family: Family,
    production: PoolMonth,
    spent: Mapping[tuple[str, date], int],
    *,
    through: date,
    from_day: date,
    cap_nano: int | None = None,
) -> BudgetMove:
    """State what moves when a workflow of a family becomes golden or provisional.

    Args:
        family: As in the catalog in force.
        production: Its production pool in the month of `through`.
        spent: Booked for the workflow from exploration, nano by currency and charge day.
        through: Last day that is booked.
        from_day: First day of the new stage.
        cap_nano: Monthly cap of a provisional stage.
    """
    currency = production.currency
    daily = {day: nano for (code, day), nano in spent.items() if code == currency}
    born = first_spend(daily)
    basis_days = 0 if born > through else min(BASIS_DAYS, (through - born).days + 1)
    spent_nano = _since(daily, through, basis_days)
    monthly_nano = max(divide_half_even(spent_nano * MONTH_DAYS, basis_days or 1), 0)
    if cap_nano is not None:
        monthly_nano = min(monthly_nano, cap_nano)
    lines = [line for line in family.budgets if line.pool is Pool.PRODUCTION]
    begun = [line for line in lines if line.from_day <= from_day]
    move = BudgetMove(
        family=family.id,
        currency=currency,
        spent_nano=spent_nano,
        basis_days=basis_days,
        through=through,
        monthly_nano=monthly_nano,
        budget_nano=to_nano(begun[-1].amount) if begun else None,
        forecast_nano=production.forecast_nano,
        apart=_apart(spent, currency, through),
    )
    if not move.is_short() or lines[-1].from_day >= from_day:
        return move
    return _with_offer(move, production, from_day)


def _with_offer(move: BudgetMove, production: PoolMonth, from_day: date) -> BudgetMove:
    needed_nano = move.forecast_nano + move.monthly_nano
    offer = BudgetOffer(
        name=production.name,
        currency=move.currency,
        from_day=from_day,
        amount_nano=-(-needed_nano // STEP_NANO) * STEP_NANO,
        forecast_nano=needed_nano,
        available_nano=move.budget_nano or 0,
    )
    return replace(move, offer=offer)


def _since(daily: Mapping[date, int], through: date, days: int) -> int:
    first = through - timedelta(days=days)
    return sum(nano for day, nano in daily.items() if first < day <= through)


def _apart(
    spent: Mapping[tuple[str, date], int], currency: str, through: date
) -> tuple[tuple[str, int], ...]:
    codes = sorted({code for code, _ in spent} - {currency})
    sums = [
        (
            code,
            _since(
                {day: nano for (of, day), nano in spent.items() if of == code}, through, BASIS_DAYS
            ),
        )
        for code in codes
    ]
    return tuple((code, nano) for code, nano in sums if nano)
