"""The gate's arithmetic once more, from the formulas of docs/statistics.md and none of its code.

Floats, loops and SciPy's beta law; slow and plain on purpose.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from scipy.special import betaln, logsumexp
from scipy.stats import beta

from tests.acceptance.played import Run

STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
#: From so many matured items on golden is a baseline.
BASELINE = 100
#: Fewer outcomes tell of no fall.
FEW = 10


def matured(runs: Sequence[Run], as_of: datetime, days: int = 14) -> list[Run]:
    """List the runs that ended so many days before a moment."""
    return [run for run in runs if run.ended_at <= as_of - timedelta(days=days)]


def good_of(runs: Sequence[Run]) -> tuple[int, int]:
    """Count the resolved items, and all."""
    return sum(run.is_resolved for run in runs), len(runs)


def is_above(good: int, items: int, floor: float, alpha: float) -> bool:
    """Tell whether a rate is proven to lie above a floor: the beta-binomial e-process."""
    other = 1 - floor
    length = 2 * math.log(1 / (2 * alpha))
    rho = floor * other * 60 / (length + math.log(1 + length))
    r = max(rho - floor * other, floor * other / 1000)
    a, b = r / other, r / floor
    posterior = betaln(a + good, b + items - good) + beta.logsf(floor, a + good, b + items - good)
    prior = betaln(a, b) + beta.logsf(floor, a, b)
    log_e = posterior - prior - good * math.log(floor) - (items - good) * math.log(other)
    return bool(log_e >= math.log(1 / alpha))


def is_below(good: int, items: int, floor: float, alpha: float) -> bool:
    """Tell whether it is proven to lie below: the same of failures."""
    return is_above(items - good, items, 1 - floor, alpha)


def is_falling(runs: Sequence[Run], as_of: datetime, floor: float) -> bool:
    """Tell whether the last 42 days are a fall from the rate before: a CUSUM of the outcomes.

    Args:
        runs: All that have ended.
        as_of: Of the look.
        floor: The rate before counts for no more than a tenth above it.
    """
    since = as_of - timedelta(days=42)
    before = [run for run in runs if run.ended_at < since]
    watched = sorted((run.ended_at, run.is_resolved) for run in runs if run.ended_at >= since)
    if min(len(before), len(watched)) < FEW:
        return False
    good = min(floor + 0.10, (good_of(before)[0] + 1) / (len(before) + 2))
    bad = max(good - 0.15, good / 2)
    total = 0.0
    for _, is_resolved in watched:
        step = math.log(bad / good) if is_resolved else math.log((1 - bad) / (1 - good))
        total = max(0.0, total + step)
    return total >= 3.2


def is_naively_good(good: int, items: int, floor: float) -> bool:
    """Tell what "20 runs, and the rate is there" would say."""
    return items >= 20 and good >= floor * items


class Costs:
    """What a workflow's successes cost beside golden's, each item cut at five times its median."""

    def __init__(self, runs: Sequence[Run], golden: Sequence[Run], ratio: float) -> None:
        self._runs = runs
        self.cap = 5 * sorted(run.micro for run in golden)[(len(golden) - 1) // 2]
        self.limit = ratio * self._of_a_success(golden)

    @property
    def each(self) -> float:
        """What a success costs, in millionths of a dollar."""
        return self._of_a_success(self._runs)

    def is_cheaper(self, alpha: float) -> bool:
        """Tell whether a success is proven to cost at most the limit: a mixture of bets."""
        return self._log_e(-1, self.cap) >= math.log(1 / alpha)

    def is_dearer(self, alpha: float) -> bool:
        """Tell whether it is proven to cost more."""
        return self._log_e(1, max(self.cap, self.limit)) >= math.log(1 / alpha)

    def _of_a_success(self, runs: Sequence[Run]) -> float:
        return sum(min(run.micro, self.cap) for run in runs) / sum(run.is_resolved for run in runs)

    def _log_e(self, sign: int, unit: float) -> float:
        excess = [min(run.micro, self.cap) - self.limit * run.is_resolved for run in self._runs]
        sums = [sum(math.log(1 + sign * stake * one / unit) for one in excess) for stake in STAKES]
        return float(logsumexp(sums)) - math.log(len(STAKES))
