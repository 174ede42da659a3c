"""Whether a success costs less, or more, than it may: a bet on every item, its cost capped.

Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal of the
Royal Statistical Society B 86(1), 2024, arXiv:2010.09686: a mixture of constant bets. While the
expected capped cost of an item is at least the threshold times its chance of success, whatever
came before it, the mixture is a supermartingale that starts at 1.

Logarithms are summed as integers, so that the order of items changes nothing and a database can
add them up. SQL has to compute what `bet_logs` computes, operation by operation; with `z` and
`stake` of type DOUBLE and `1e-12` for `LOG_UNIT`:

    z     (least(cost_nano, cap_nano) - threshold_nano * success)::DOUBLE / cap_nano::DOUBLE
    unit  CAST(round_even(ln(1 - stake * z) / 1e-12, 0) AS HUGEINT)

`round` of DuckDB takes halves away from zero: one item in 30,000 would differ by a unit. Stakes
need `0.02::DOUBLE`: a bare `0.02` is a decimal. For the dearer claim it is `ln(1 + stake * z)` and
the divisor is `greatest(cap_nano, threshold_nano)`.
"""

import math
from collections.abc import Sequence

from tasks.core.promotion.e_values import EvidenceError
from tasks.core.promotion.scorecard import LOG_UNIT, STAKES


def bet_logs(
    cost_nano: int,
    is_success: bool,  # noqa: FBT001 - it stands beside the cost, as in a table of items
    cap_nano: int,
    threshold_nano: int,
) -> tuple[int, ...]:
    """Give what one item adds to the evidence that a success costs less than the threshold.

    Args:
        cost_nano: Of the item, whatever its outcome; unknown costs have no place here.
        is_success: An unknown outcome is no success.
        cap_nano: At which a cost is cut; it turns tails into a question of how many items lie
            beyond it, which is a gate of its own.
        threshold_nano: What a success may cost.

    Returns:
        For each of `STAKES` ln(1 - stake z) in `LOG_UNIT`, half-even, with
        z = (min(cost, cap) - threshold x success) / cap; z is at most 1, the factor at least 0.1.

    Raises:
        EvidenceError: A cost or the threshold is negative, or the cap is not positive.
    """
    _check(cost_nano, cap_nano, threshold_nano)
    excess_nano = min(cost_nano, cap_nano) - (threshold_nano if is_success else 0)
    z = float(excess_nano) / float(cap_nano)
    return tuple(round(math.log(1.0 - stake * z) / LOG_UNIT) for stake in STAKES)


def dearer_logs(
    cost_nano: int,
    is_success: bool,  # noqa: FBT001 - it stands beside the cost, as in a table of items
    cap_nano: int,
    threshold_nano: int,
) -> tuple[int, ...]:
    """Give what one item adds to the evidence that a success costs more than the threshold.

    The bets of `bet_logs` with the other sign. A success can save up to the threshold: where that
    is more than the cap, z is a share of the threshold, or a factor would fall below zero.

    Returns:
        For each of `STAKES` ln(1 + stake z) in `LOG_UNIT`, half-even, with
        z = (min(cost, cap) - threshold x success) / max(cap, threshold), which is at least -1.

    Raises:
        EvidenceError: As `bet_logs` does.
    """
    _check(cost_nano, cap_nano, threshold_nano)
    excess_nano = min(cost_nano, cap_nano) - (threshold_nano if is_success else 0)
    z = float(excess_nano) / float(max(cap_nano, threshold_nano))
    return tuple(round(math.log(1.0 + stake * z) / LOG_UNIT) for stake in STAKES)


def log_e_of_sums(log_sums: Sequence[int]) -> float:
    """Give ln of the e-value of summed logarithms: the mean over the stakes.

    Args:
        log_sums: One for each of `STAKES`, in `LOG_UNIT`; none at all is no evidence.

    Returns:
        0 without evidence; the claim is proven where it is at least ln(1 / alpha).

    Raises:
        EvidenceError: There are not as many sums as stakes.
    """
    if not log_sums:
        return 0.0
    if len(log_sums) != len(STAKES):
        message = f"{len(log_sums)} sums of logarithms: there are {len(STAKES)} stakes"
        raise EvidenceError(message)
    most = max(log_sums)
    # Relative to the largest: what underflows to zero then adds nothing that a float could show.
    rest = math.fsum(math.exp((one - most) * LOG_UNIT) for one in log_sums)
    return most * LOG_UNIT + math.log(rest / len(STAKES))


def _check(cost_nano: int, cap_nano: int, threshold_nano: int) -> None:
    if cost_nano < 0 or threshold_nano < 0 or cap_nano <= 0:
        message = (
            f"cost {cost_nano}, cap {cap_nano}, threshold {threshold_nano}: the cap must be"
            " positive and the others not negative"
        )
        raise EvidenceError(message)
