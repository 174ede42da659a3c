"""Days on which a pool spent far more than its own trend says (R17).

The trend is the Theil-Sen line through the 28 days before: the median of all slopes between two
of them, through the median of what that leaves. A steady rise is therefore no anomaly, and
neither is a day after a spike. All of it is exact: medians are kept as integers in multiples
of the smallest fraction that can occur.
"""

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tasks.core.days import window_days
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
        days: Days to judge, each but the first the one after another.
        allowed_a_day: What a day may lie above the line in any case: a tenth of a day's budget.
            None without a budget: then a tenth of the mean of the days before.
    """
    born = min((day for day, amount in daily.items() if amount), default=date.max)
    if not days or born > days[-1]:
        return ()
    before = _Before()
    found: list[Anomaly] = []
    for day in window_days(max(born, days[0] - timedelta(days=LINE_DAYS)), days[-1]):
        spent = daily.get(day, 0)
        expected = before.expected_of(spent, allowed_a_day) if day >= days[0] else None
        before.add(spent)
        if expected is None:
            continue
        one = Anomaly(day, day, spent, expected)
        if found and found[-1].last_day + timedelta(days=1) == day:
            one = _joined(found.pop(), one)
        found.append(one)
    return tuple(found)


class _Before:
    """The last days of spend, with the slopes between any two of them in order.

    Slopes are kept from day to day: a new day brings 27 and takes as many away.
    """

    def __init__(self) -> None:
        self._spent: deque[int] = deque()
        self._slopes: list[int] = []

    def add(self, spent: int) -> None:
        """Go on by a day; the oldest of more than 28 is forgotten."""
        number = len(self._spent)
        for at, earlier in enumerate(self._spent):
            insort(self._slopes, (spent - earlier) * (_PARTS // (number - at)))
        self._spent.append(spent)
        if number == LINE_DAYS:
            oldest = self._spent.popleft()
            for at, later in enumerate(self._spent, 1):
                slope = (later - oldest) * (_PARTS // at)
                del self._slopes[bisect_left(self._slopes, slope)]

    def expected_of(self, spent: int, allowed_a_day: Fraction | None) -> int | None:
        """Give what was expected of the next day if it is unusual; None if it is not."""
        number = len(self._spent)
        if spent <= 0 or number < FEWEST_DAYS:
            return None
        if 3 * sum(1 for one in self._spent if one > 0) < 2 * number:
            return None  # most days would lie on a line at zero, and every other one far from it
        if allowed_a_day is None:
            allowed_a_day = Fraction(sum(self._spent), 10 * number)
        if spent <= allowed_a_day:
            return None  # the line is never below zero
        line = self.line()
        excess = spent * _LINE_SCALE - line.expected
        # Both sides doubled, because twice the deviation is known exactly.
        is_far = 2 * excess > _DEVIATIONS * line.deviation and excess > 0
        if not is_far or Fraction(excess, _LINE_SCALE) <= allowed_a_day:
            return None
        return divide_half_even(line.expected, _LINE_SCALE)

    def line(self) -> _Line:
        """Draw the line through the days, and go one day on."""
        slope = _twice_median(self._slopes)
        start = _twice_median(
            sorted(2 * _PARTS * spent - slope * at for at, spent in enumerate(self._spent))
        )
        deviation = _twice_median(
            sorted(
                abs(_LINE_SCALE * spent - 2 * slope * at - start)
                for at, spent in enumerate(self._spent)
            )
        )
        return _Line(max(0, 2 * slope * len(self._spent) + start), deviation)


def _twice_median(ordered: Sequence[int]) -> int:
    """Give two times the median of sorted values, which is always a whole number."""
    middle = len(ordered) // 2
    return ordered[middle] + ordered[~middle]


def _joined(one: Anomaly, other: Anomaly) -> Anomaly:
    return Anomaly(
        one.first_day,
        other.last_day,
        one.spent_nano + other.spent_nano,
        one.expected_nano + other.expected_nano,
    )
