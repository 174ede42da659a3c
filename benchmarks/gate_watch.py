"""The watch on golden workflows: how often it cries for nothing in a year, and how soon rightly."""

from dataclasses import dataclass

import numpy as np

from benchmarks.gate_worlds import PACE, WEEKS, Counts
from tasks.core.cusum import THRESHOLD, steps
from tasks.core.scorecard import LOG_UNIT

#: Watched rates, and by how much they fall.
RATES = (0.80, 0.85, 0.90)
DROPS = (0.10, 0.15, 0.30)
_MOST_ITEMS = 2_000


@dataclass(frozen=True)
class Watched:
    """A golden workflow at one rate.

    Attributes:
        false_alarms: Share with an alarm in a year of items at this very rate.
        items_between: Mean items until a false alarm.
        weeks_to_alarm: By drop, the median from the fall to the alarm.
    """

    rate: float
    false_alarms: float
    items_between: float
    weeks_to_alarm: dict[float, float]


def watch(paths: int, noise: np.random.Generator) -> list[Watched]:
    """Watch workflows at each of `RATES`, at five items a week."""
    found = []
    for rate in RATES:
        still = _items_to_alarm(rate, rate, paths, noise)
        falls = {
            drop: float(np.median(_items_to_alarm(rate, rate - drop, paths, noise))) / PACE
            for drop in DROPS
        }
        a_year = PACE * WEEKS
        found.append(Watched(rate, float((still <= a_year).mean()), float(still.mean()), falls))
    return found


def _items_to_alarm(p_ref: float, rate: float, paths: int, noise: np.random.Generator) -> Counts:
    on_success, on_failure = steps(p_ref)
    threshold = round(THRESHOLD / LOG_UNIT)
    total = np.zeros(paths, np.int64)
    length = np.full(paths, _MOST_ITEMS)
    for item in range(1, _MOST_ITEMS):
        step = np.where(noise.random(paths) < rate, on_success, on_failure)
        total = np.maximum(0, total + step)
        length[(total >= threshold) & (length == _MOST_ITEMS)] = item
    return length
