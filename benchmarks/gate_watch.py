"""The watch on golden workflows: how often it cries for nothing, and how soon rightly."""

from dataclasses import dataclass

import numpy as np

from benchmarks.gate_worlds import PACE, WEEKS, Counts
from tasks.core.cusum import LEAST_OUTCOMES, THRESHOLD, steps
from tasks.core.scorecard import LOG_UNIT

#: Watched rates, and by how much they fall.
RATES = (0.70, 0.80, 0.85, 0.90, 0.95)
DROPS = (0.10, 0.15, 0.20, 0.30)
_MOST_WEEKS = 1_000


@dataclass(frozen=True)
class Watched:
    """A golden workflow at one rate, looked at every week.

    Attributes:
        false_alarms: Share with an alarm in a year at this very rate.
        weeks_between: Mean weeks until a false alarm.
        weeks_to_alarm: By drop, the median from the fall to the look that finds an alarm.
    """

    rate: float
    false_alarms: float
    weeks_between: float
    weeks_to_alarm: dict[float, float]


def watch(paths: int, noise: np.random.Generator) -> list[Watched]:
    """Watch workflows at each of `RATES`, at five items a week."""
    found = []
    for rate in RATES:
        still = _weeks_to_alarm(rate, rate, paths, noise)
        falls = {
            drop: float(np.median(_weeks_to_alarm(rate, rate - drop, paths, noise)))
            for drop in DROPS
        }
        found.append(Watched(rate, float((still <= WEEKS).mean()), float(still.mean()), falls))
    return found


def _weeks_to_alarm(p_ref: float, rate: float, paths: int, noise: np.random.Generator) -> Counts:
    on_success, on_failure = steps(p_ref)
    threshold = round(THRESHOLD / LOG_UNIT)
    total = np.zeros(paths, np.int64)
    found = np.full(paths, _MOST_WEEKS)
    pace = int(PACE)
    for item in range(1, _MOST_WEEKS * pace + 1):
        step = np.where(noise.random(paths) < rate, on_success, on_failure)
        total = np.maximum(0, total + step)
        if item % pace == 0 and item >= LEAST_OUTCOMES:
            found[(total >= threshold) & (found == _MOST_WEEKS)] = item // pace
            if (found < _MOST_WEEKS).all():
                break
    return found
