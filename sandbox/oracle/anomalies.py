"""Days on which a pool spent far more than its own trend says (R17)."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from statistics import median

from sandbox.oracle.places import days_of, period_of

_LINE_DAYS = 28
_FEWEST_DAYS = 14
_DEVIATIONS = 6

#: First and last of adjacent days, and what was spent on them.
Anomaly = tuple[date, date, int]


def anomalies(daily: Mapping[date, int], through: date, budget_nano: int) -> tuple[Anomaly, ...]:
    """Find them among the days of a month.

    Args:
        daily: Spend by day; days without any may be left out.
        through: Last day that anything is known of, in the month.
        budget_nano: Of the month.
    """
    born = min((day for day, amount in daily.items() if amount), default=date.max)
    days = days_of(period_of(through))
    found: list[Anomaly] = []
    for day in days:
        amount = daily.get(day, 0)
        before = [day - timedelta(days=back) for back in range(_LINE_DAYS, 0, -1)]
        points = [(at - day, daily.get(at, 0)) for at in before if at >= born]
        if day > through or amount <= 0 or len(points) < _FEWEST_DAYS:
            continue
        if Fraction(sum(1 for _, spent in points if spent > 0), len(points)) < Fraction(2, 3):
            continue
        expected, deviation = _line([(gap.days, spent) for gap, spent in points])
        excess = amount - max(Fraction(0), expected)
        if excess > _DEVIATIONS * deviation and excess > Fraction(budget_nano, 10 * len(days)):
            if found and found[-1][1] == day - timedelta(days=1):
                first, _, spent = found.pop()
                found.append((first, day, spent + amount))
            else:
                found.append((day, day, amount))
    return tuple(found)


def _line(points: list[tuple[int, int]]) -> tuple[Fraction, Fraction]:
    """Give where the Theil-Sen line is at 0, and the median absolute deviation from it."""
    slope = median(Fraction(y2 - y1, x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2))
    at_zero = median(y - slope * x for x, y in points)
    return at_zero, median(abs(y - slope * x - at_zero) for x, y in points)
