"""What a dated budget comes to in a month, and what exploration carries over (R17)."""

from collections.abc import Sequence
from datetime import date, timedelta

from config.shapes.base import Pool
from config.shapes.catalog import Budget
from tasks.core.days import billing_period, period_days
from tasks.core.money import divide_half_even, to_nano


def budget_of(budgets: Sequence[Budget], pool: Pool, period: str) -> int | None:
    """Sum a pool's budget over the days of a month (`YYYY-MM`), in nano units.

    Returns:
        None if no line of the pool has begun by the month's end; days before the first line
        have no budget.
    """
    lines = sorted((line.from_day, to_nano(line.amount)) for line in budgets if line.pool is pool)
    days = period_days(period)
    if not lines or lines[0][0] > days[-1]:
        return None
    in_force = [amount for day in days if (amount := _in_force(lines, day)) is not None]
    return divide_half_even(sum(in_force), len(days))


def carry_over(budget_nano: int | None, spent_nano: int, pool: Pool) -> int:
    """Give what a pool carries into the next month: only exploration, and never a debt.

    Args:
        budget_nano: Of the month that ended; None if it had none.
        spent_nano: What was spent in it.
        pool: Which of the two.
    """
    if pool is not Pool.EXPLORATION or budget_nano is None:
        return 0
    return min(max(budget_nano - spent_nano, 0), budget_nano)


def months_before(period: str, number: int) -> str:
    """Name the month that lies a number of months before one."""
    first = date.fromisoformat(f"{period}-01")
    for _ in range(number):
        first = (first - timedelta(days=1)).replace(day=1)
    return billing_period(first)


def first_of_next(period: str) -> date:
    """Give the first day of the month after one."""
    return period_days(period)[-1] + timedelta(days=1)


def _in_force(lines: Sequence[tuple[date, int]], day: date) -> int | None:
    return next((amount for from_day, amount in reversed(lines) if from_day <= day), None)
