"""Days on which a pool spent far more than its own trend says (R17).

The trend is the Theil-Sen line through the 28 days before: the median of all slopes between two
of them, through the median of what that leaves. A steady rise is therefore no anomaly, and
neither is a day after a spike. All of it is exact: medians are kept as integers in multiples
of the smallest fraction that can occur.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations

from tasks.core.money import divide_half_even

#: Days that the line is drawn through, and the fewest that one can be drawn through.
LINE_DAYS = 28
FEWEST_DAYS = 14
#: How many times the median absolute deviation a day may lie above the line.
_DEVIATIONS = 6

# Every slope between two of 28 days is a whole multiple of one part in so many.
_PARTS = math.lcm(*range(1, LINE_DAYS))
_LINE_SCALE = 4 * _PARTS


@dataclass(frozen=True, slots=True, order=True)
class Anomaly:
    """Adjacent days of unusual spend, told as one.

    Attributes:
        spent_nano: Spent on these days.
        expected_nano: What the line through the days before each of them says.
    """

    first_day: date
    last_day: date
    spent_nano: int
    expected_nano: int


@dataclass(frozen=True, slots=True)
class _Line:
    """Where the trend puts the next day.

    Attributes:
        expected: In units of 1 / `_LINE_SCALE`, never below zero.
        deviation: Twice the median absolute deviation, in the same units.
    """

    expected: int
    deviation: int


def anomalies(
    daily: Mapping[date, int], days: Sequence[date], allowed_a_day: Fraction | None
) -> tuple[Anomaly, ...]:
    """Find the unusual days among some.

    Args:
        daily: Spend in nano units by day, before and on `days`; a day without spend is absent.
        days: Days to judge, ascending.
        allowed_a_day: What a day may lie above the line in any case: a tenth of a day's budget.
            None without a budget: then a tenth of the mean of the days before.
    """
    born = min((day for day, amount in daily.items() if amount), default=date.max)
    found: list[Anomaly] = []
    for day in days:
        expected = _unusual(daily, day, born, allowed_a_day)
        if expected is None:
            continue
        one = Anomaly(day, day, daily[day], expected)
        if found and found[-1].last_day + timedelta(days=1) == day:
            one = _joined(found.pop(), one)
        found.append(one)
    return tuple(found)


def _unusual(
    daily: Mapping[date, int], day: date, born: date, allowed_a_day: Fraction | None
) -> int | None:
    """Give what was expected of an unusual day; None for any other."""
    spent = daily.get(day, 0)
    if spent <= 0 or (allowed_a_day is not None and spent <= allowed_a_day):
        return None
    number = min(LINE_DAYS, (day - born).days)
    if number < FEWEST_DAYS:
        return None
    before = [daily.get(day - timedelta(days=back), 0) for back in range(number, 0, -1)]
    line = _line(before)
    excess = spent * _LINE_SCALE - line.expected
    if allowed_a_day is None:
        allowed_a_day = Fraction(sum(before), 10 * number)
    # Both sides doubled, because twice the deviation is known exactly.
    is_far = 2 * excess > _DEVIATIONS * line.deviation and excess > 0
    if not is_far or Fraction(excess, _LINE_SCALE) <= allowed_a_day:
        return None
    return divide_half_even(line.expected, _LINE_SCALE)


def _line(before: Sequence[int]) -> _Line:
    """Draw the line through days in order, and go one day on."""
    slopes = [
        (later - earlier) * (_PARTS // (at - was))
        for (was, earlier), (at, later) in combinations(enumerate(before), 2)
    ]
    slope = _twice_median(slopes)
    start = _twice_median([2 * _PARTS * spent - slope * at for at, spent in enumerate(before)])
    deviation = _twice_median(
        [abs(_LINE_SCALE * spent - 2 * slope * at - start) for at, spent in enumerate(before)]
    )
    return _Line(max(0, 2 * slope * len(before) + start), deviation)


def _twice_median(values: list[int]) -> int:
    """Give two times the median, which is always a whole number."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] + ordered[~middle]


def _joined(one: Anomaly, other: Anomaly) -> Anomaly:
    return Anomaly(
        one.first_day,
        other.last_day,
        one.spent_nano + other.spent_nano,
        one.expected_nano + other.expected_nano,
    )
