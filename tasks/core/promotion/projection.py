"""When a workflow would pass at its present pace and rate: how many items, and which days.

A projection is no promise: it is given as a range, at the 75 % and the 25 % point of what the
success rate may be (a beta law over the counts, uniform before the first item), and "not at this
rate" is an answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scipy.special import betaincinv

from tasks.core.promotion.betting import log_e_of_sums
from tasks.core.promotion.e_values import log_e_value, threshold
from tasks.core.promotion.verdict import Projection

#: Days whose matured items tell the pace.
PACE_DAYS = 42
#: Closer than this to the floor, a rate proves nothing within reach.
NEAREST = 0.01
#: Below so many items no single day is named.
SINGLE_DAY_ITEMS = 30
#: A day further away than a year is none that anybody plans with.
FURTHEST_DAYS = 366
_WEEK_DAYS = 7
_MOST_ITEMS = 10_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast items mature.

    Attributes:
        recent: Items that matured in the last `PACE_DAYS` days.
        today: The UTC day of the look.
        maturation_days: Of the tier: so long after it closed an item counts.
    """

    recent: int
    today: date
    maturation_days: int

    def day_of(self, items: int) -> date | None:
        """Give the UTC day on which so many more items will count.

        Returns:
            Today for none; None where nothing matures at present, or in over `FURTHEST_DAYS`.
        """
        if items <= 0:
            return self.today
        if self.recent <= 0:
            return None
        days = -(-items * PACE_DAYS // self.recent) + self.maturation_days
        return self.today + timedelta(days=days) if days <= FURTHEST_DAYS else None


def likely_rate(successes: int, items: int) -> float:
    """Give the rate that a projection counts on: (s + 1) / (n + 2)."""
    return (successes + 1) / (items + 2)


def items_needed(
    successes: int, items: int, floor: float, *, alpha: float, rate: float
) -> int | None:
    """Give the fewest further items, successful at a rate, that prove the floor.

    Args:
        successes: Of so many items.
        items: That count already.
        floor: Strictly between 0 and 1.
        alpha: Chance of a wrong promotion.
        rate: Share of the further items that succeed, at most 1; it may make a fraction of an item.

    Returns:
        0 where the floor is proven; None where the rate is within `NEAREST` of the floor or below
        it: not at this rate.

    Raises:
        EvidenceError: As `log_e_value` does.
    """
    needed = threshold(alpha)

    def is_enough(more: int) -> bool:
        return log_e_value(successes + rate * more, items + more, floor, alpha=alpha) >= needed

    if is_enough(0):
        return 0
    if rate <= floor + NEAREST:
        return None
    return _fewest(is_enough)


def bets_needed(log_sums: Sequence[int], items: int, *, alpha: float) -> int | None:
    """Give the fewest further items like those so far with which a bet on cost is won.

    The sums of logarithms then grow as they did; so e-value and items are not in proportion, but
    what is enough stays enough.

    Args:
        log_sums: As `tasks.core.promotion.betting.log_e_of_sums` takes them.
        items: That they were summed over.
        alpha: Chance of an error.

    Returns:
        0 where it is won; None where no stake gains, or without items: not at this cost.

    Raises:
        EvidenceError: As `log_e_of_sums` does.
    """
    needed = threshold(alpha)
    if log_e_of_sums(log_sums) >= needed:
        return 0
    if items <= 0 or max(log_sums, default=0) <= 0:
        return None

    def is_enough(more: int) -> bool:
        grown = [one * (items + more) // items for one in log_sums]
        return log_e_of_sums(grown) >= needed

    return _fewest(is_enough)


def project(
    successes: int, items: int, floor: float, *, alpha: float, pace: Pace, at_least: int = 0
) -> Projection:
    """Project when the floor will be proven.

    Args:
        successes: Matured ones.
        items: Matured ones, unknown ones that count as failures among them.
        floor: That has to be proven, strictly between 0 and 1.
        alpha: Chance of a wrong promotion, as it is shared within the family.
        pace: At which further items come.
        at_least: Items that are missing for other reasons, such as a count.

    Raises:
        EvidenceError: As `log_e_value` does.
    """
    failures = items - successes
    low, high = (float(betaincinv(successes + 1, failures + 1, at)) for at in (0.25, 0.75))
    needed = [
        items_needed(successes, items, floor, alpha=alpha, rate=rate)
        for rate in (likely_rate(successes, items), high, low)
    ]
    likely, fewest, most = (None if one is None else max(one, at_least) for one in needed)
    if likely is None:
        return Projection(None, None, None)
    return _ranged(likely, fewest, most, items, pace)


def project_count(missing: int, items: int, pace: Pace) -> Projection:
    """Project when so many items more will count, whatever becomes of them.

    Args:
        missing: 0 or less: today.
        items: That count already.
        pace: At which further items come.
    """
    missing = max(missing, 0)
    return _ranged(missing, missing, missing, items, pace)


def _ranged(
    likely: int, fewest: int | None, most: int | None, items: int, pace: Pace
) -> Projection:
    earliest = None if fewest is None else pace.day_of(fewest)
    latest = None if most is None else pace.day_of(most)
    if likely and earliest is not None and earliest == latest and items < SINGLE_DAY_ITEMS:
        # So few items tell neither rate nor pace to the day: the next look may be the one.
        latest = earliest + timedelta(days=_WEEK_DAYS)
    return Projection(likely, earliest, latest)


def _fewest(is_enough: Callable[[int], bool]) -> int | None:
    """Find by bisection how many items are enough; none at all are not."""
    high = 1
    while not is_enough(high):
        high *= 2
        if high > _MOST_ITEMS:
            return None
    low = high // 2  # not enough, as is 0
    while high - low > 1:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle
    return high
