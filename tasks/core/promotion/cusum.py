"""Whether a workflow that was good has turned bad: a CUSUM over its outcomes.

Page's cumulative sum for a Bernoulli rate (Page, "Continuous inspection schemes", Biometrika 41,
1954; Reynolds and Stoumbos, Journal of Quality Technology 31(1), 1999): each outcome adds the log
of how much likelier it is at the bad rate than at the reference, and the sum never falls below
zero. It tells of today, where an e-value tells of an epoch; it proves nothing, so that its alarm
asks people (`docs/statistics.md` has how often it is wrong, and how soon it is right).

Steps and sums are integers of `LOG_UNIT`: a database adds them to the same bytes.
"""

import math
from collections.abc import Iterable

from tasks.core.promotion.e_values import EvidenceError
from tasks.core.promotion.scorecard import LOG_UNIT

#: By how much the rate of a golden workflow must fall to be called bad.
DROP = 0.15
#: ln of the likelihood ratio that alarms: at five items a week and weekly looks one false alarm in
#: two and a half years.
THRESHOLD = 3.2
#: With fewer outcomes there is no alarm: two or three failures are how many things begin.
LEAST_OUTCOMES = 10
#: A reference above it would alarm at two failures.
HIGHEST_REFERENCE = 0.95


def reference_rate(successes: int, items: int) -> float:
    """Give the rate that is watched: shrunk towards one half, at most `HIGHEST_REFERENCE`.

    Args:
        successes: At promotion, or of golden.
        items: As many or more.

    Raises:
        EvidenceError: There are more successes than items, or a count is negative.
    """
    if not 0 <= successes <= items:
        message = f"{successes} successes of {items} items: must be 0 <= successes <= items"
        raise EvidenceError(message)
    return min(HIGHEST_REFERENCE, (successes + 1) / (items + 2))


def steps(p_ref: float, drop: float = DROP) -> tuple[int, int]:
    """Give what a success and a failure add, in `LOG_UNIT`: the first negative, the second not.

    Args:
        p_ref: Rate while all is well; counted as `HIGHEST_REFERENCE` above it.
        drop: The bad rate is so much lower; half of the reference where that would be less, for
            the bad rate has to be a rate.

    Raises:
        EvidenceError: Reference or drop does not lie strictly between 0 and 1.
    """
    if not (0.0 < p_ref <= 1.0 and 0.0 < drop < 1.0):
        message = f"reference {p_ref!r} and drop {drop!r} must lie between 0 and 1"
        raise EvidenceError(message)
    good = min(p_ref, HIGHEST_REFERENCE)
    bad = max(good - drop, good / 2.0)
    on_success = round(math.log(bad / good) / LOG_UNIT)
    return on_success, round(math.log((1.0 - bad) / (1.0 - good)) / LOG_UNIT)


def drift(outcomes: Iterable[bool], of_steps: tuple[int, int]) -> int:
    """Give the sum after the last outcome: W = max(0, W + step), in `LOG_UNIT`.

    With S the running sum of steps that is S_n less the lowest of S_0 = 0, S_1, ... S_n, which is
    how SQL gets it by window functions. Fewer than `LEAST_OUTCOMES` tell nothing: it is 0.

    Args:
        outcomes: Successes are true; in the order in which they were known.
        of_steps: As `steps` gives them.
    """
    on_success, on_failure = of_steps
    total = told = 0
    for is_success in outcomes:
        total = max(0, total + (on_success if is_success else on_failure))
        told += 1
    return total if told >= LEAST_OUTCOMES else 0


def is_alarm(drifted: int, threshold: float = THRESHOLD) -> bool:
    """Tell whether a sum in `LOG_UNIT` has reached a threshold, which is a logarithm."""
    return drifted >= round(threshold / LOG_UNIT)
