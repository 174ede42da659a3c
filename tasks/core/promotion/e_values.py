"""Whether a success rate is proven, however often one looks: e-values and the bounds they give.

The e-value is the one-sided beta-binomial mixture of Howard, Ramdas, McAuliffe and Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49(2),
2021, arXiv:1810.08240. It bets, before the first item, on rates above the floor: as a beta law
with the floor as its mean, cut off below the floor. While each item succeeds with a chance of at
most the floor, whatever came before it, it is a supermartingale that starts at 1; by Ville's
inequality it then ever reaches 1 / alpha with a chance of at most alpha (`docs/statistics.md`).

It depends on counts alone: order does not matter, and a tag that flips later is counted again.
Every function takes numbers and gives a number, or takes NumPy arrays and gives an array.
"""

import math
from functools import lru_cache
from typing import TypeAlias, cast, overload

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc, betaln

from tasks.core.errors import GraduandError

Counts: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

#: Items at which the e-value is meant to be sharpest: t_opt of the paper.
SHARPEST_AT = 60
#: Bounds are right to this.
PRECISION = 1e-9
_LARGEST_ALPHA = 0.5


class EvidenceError(GraduandError, ValueError):
    """Counts, rates or costs that no evidence can have."""


@overload
def log_e_value(successes: float, items: float, floor: float, *, alpha: float) -> float: ...


@overload
def log_e_value(successes: Counts, items: Counts, floor: float, *, alpha: float) -> Floats: ...


def log_e_value(
    successes: float | Counts, items: float | Counts, floor: float, *, alpha: float
) -> float | Floats:
    """Give ln of the e-value against "an item succeeds with a chance of at most the floor".

    The floor is refuted, and the rate proven to lie above it, where it is at least ln(1 / alpha).
    That the rate lies *below* a floor is the same claim of failures: `log_e_value(items -
    successes, items, 1 - floor, alpha=alpha)`.

    Args:
        successes: May be a fraction, as in projections.
        items: At least as many.
        floor: Strictly between 0 and 1.
        alpha: Chance of a wrong promotion, strictly between 0 and 0.5. It tunes the mixture too:
            e-values of different alpha are different bets.

    Returns:
        0 without items; -inf below about -700, where a float of the tail ends; never NaN.

    Raises:
        EvidenceError: Counts are negative or not finite, there are more successes than items, or
            floor or alpha is out of its range.
    """
    _check_counts(successes, items)
    if not 0.0 < floor < 1.0:
        message = f"floor {floor!r} must lie strictly between 0 and 1"
        raise EvidenceError(message)
    failures = cast("float | Counts", items - successes)
    with np.errstate(divide="ignore"):  # ln 0 is -inf on purpose
        log_e = _log_e(successes, failures, floor, _known_bet(floor, _strength(alpha)))
    return log_e if isinstance(log_e, np.ndarray) else float(log_e)


@overload
def lower_bound(successes: float, items: float, *, alpha: float) -> float: ...


@overload
def lower_bound(successes: Counts, items: Counts, *, alpha: float) -> Floats: ...


def lower_bound(
    successes: float | Counts, items: float | Counts, *, alpha: float
) -> float | Floats:
    """Give the highest floor that is refuted: the rate lies above it, however often one looked.

    Args:
        successes: Of so many items.
        items: None of them: the bound is 0.
        alpha: Chance that the bound ever lies above the rate.

    Returns:
        Right to `PRECISION`, and not above the true bound; 0 where nothing is refuted. Whether a
        floor is met is for `log_e_value` to say: the two agree but for that precision.

    Raises:
        EvidenceError: As `log_e_value` does.
    """
    _check_counts(successes, items)
    with np.errstate(divide="ignore"):
        if isinstance(successes, np.ndarray) or isinstance(items, np.ndarray):
            return _lower_bounds(np.asarray(successes), np.asarray(items), alpha)
        return _lower_bound(float(successes), float(items), alpha)


@overload
def upper_bound(successes: float, items: float, *, alpha: float) -> float: ...


@overload
def upper_bound(successes: Counts, items: Counts, *, alpha: float) -> Floats: ...


def upper_bound(
    successes: float | Counts, items: float | Counts, *, alpha: float
) -> float | Floats:
    """Give the lowest rate that is refuted from above: the lower bound of failures, mirrored.

    Args:
        successes: Of so many items.
        items: None of them: the bound is 1.
        alpha: Chance that the bound ever lies below the rate. Each bound is one-sided: both
            together hold at twice that.

    Returns:
        Right to `PRECISION`, and not below the true bound; 1 where nothing is refuted.

    Raises:
        EvidenceError: As `log_e_value` does.
    """
    _check_counts(successes, items)
    failures = cast("Counts", items - successes)  # or numbers: what comes in goes out
    return 1.0 - lower_bound(failures, cast("Counts", items), alpha=alpha)


def threshold(alpha: float) -> float:
    """Give ln(1 / alpha): what a log e-value has to reach."""
    return -math.log(alpha)


def _strength(alpha: float) -> float:
    """Give how many items the beta law weighs; it depends on alpha alone.

    With v_opt = p0 q0 t_opt, l = 2 ln(1 / (2 alpha)), rho = v_opt / (l + ln(1 + l)) and
    r = max(rho - p0 q0, p0 q0 / 1000) the parameters of the paper are a = r / q0 and b = r / p0.
    p0 q0 is a factor of r: what is left of it is the strength c, so that a = c p0 and b = c q0.
    """
    if not 0.0 < alpha < _LARGEST_ALPHA:
        message = f"alpha {alpha!r} must lie strictly between 0 and {_LARGEST_ALPHA}"
        raise EvidenceError(message)
    length = -2.0 * math.log(2.0 * alpha)
    return max(SHARPEST_AT / (length + math.log1p(length)) - 1.0, 1e-3)


def _bet(floor: float, strength: float) -> tuple[float, float, float]:
    """Give a and b of the beta law, and ln of its weight above the floor, not normalised."""
    a, b = strength * floor, strength * (1.0 - floor)
    return a, b, float(betaln(a, b) + np.log(betaincc(a, b, floor)))


_known_bet = lru_cache(maxsize=4_096)(_bet)  # few floors are asked for, thousands of times each


def _log_e(
    successes: float | Counts, failures: float | Counts, floor: float, bet: tuple[float, ...]
) -> float | Floats:
    """Compute the formula; `betaincc` is the regularised beta integral from the floor to 1."""
    a, b, log_weight = bet
    log_e: float | Floats = (
        betaln(a + successes, b + failures)
        + np.log(betaincc(a + successes, b + failures, floor))
        - log_weight
        - successes * math.log(floor)
        - failures * math.log1p(-floor)
    )
    return log_e


@lru_cache(maxsize=65_536)  # the same counts are asked for at every look, and by every table
def _lower_bound(successes: float, items: float, alpha: float) -> float:
    """Close in on the root from both sides, by the Illinois form of regula falsi.

    One evaluation is dear, and plain bisection needs three times as many.
    """
    strength, needed, failures = _strength(alpha), threshold(alpha), items - successes

    def excess(floor: float) -> float:
        return float(_log_e(successes, failures, floor, _bet(floor, strength))) - needed

    if successes == 0.0:
        return 0.0  # nothing above any floor is likelier than the floor
    # At the rate itself nothing is refuted: every rate above it is less likely than it is.
    high = min(successes / items, 1.0 - PRECISION)
    low, above, below = high / 2.0, excess(high / 2.0), excess(high)
    while above < 0.0:
        if low < PRECISION:
            return 0.0
        high, below = low, above
        low, above = low / 2.0, excess(low / 2.0)
    if below >= 0.0:
        return high
    kept = 0
    while high - low > PRECISION:
        middle = low + (high - low) * above / (above - below)
        # A step from an end, so that the other end follows once the root is as good as known.
        middle = min(max(middle, low + PRECISION / 2.0), high - PRECISION / 2.0)
        found = excess(middle)
        if found >= 0.0:
            low, above, below = middle, found, below / 2.0 if kept > 0 else below
            kept = 1
        else:
            high, below, above = middle, found, above / 2.0 if kept < 0 else above
            kept = -1
    return low


def _lower_bounds(successes: Counts, items: Counts, alpha: float) -> Floats:
    shape = np.broadcast_shapes(successes.shape, items.shape)
    given = np.stack(np.broadcast_arrays(successes, items)).reshape(2, -1).astype(np.float64)
    pairs, places = np.unique(given, axis=1, return_inverse=True)
    bounds = [_lower_bound(float(good), float(all_of), alpha) for good, all_of in pairs.T]
    return np.array(bounds, dtype=np.float64)[places].reshape(shape)


def _check_counts(successes: float | Counts, items: float | Counts) -> None:
    is_right = (successes >= 0) & (successes <= items) & (items < math.inf)
    if not (is_right.all() if isinstance(is_right, np.ndarray) else is_right):
        message = f"{successes!r} successes of {items!r} items: must be 0 <= successes <= items"
        raise EvidenceError(message)
