"""Exact splits and tolerances, in whole units."""

from collections.abc import Sequence
from fractions import Fraction

from sandbox.organisation import TOLERANCE_ABSOLUTE_NANO, TOLERANCE_RELATIVE


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total in proportion to weights: largest remainder, the earlier part first.

    Args:
        total: May be negative; then the shares are.
        weights: Not negative, at least one positive.

    Returns:
        One share a weight, in order; their sum is the total.
    """
    size, whole = abs(total), sum(weights)
    exact = [Fraction(size * weight, whole) for weight in weights]
    shares = [part.numerator // part.denominator for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_remainder[: size - sum(shares)]:
        shares[at] += 1
    return [-share for share in shares] if total < 0 else shares


def half_even(amount: Fraction) -> int:
    """Round to a whole number, half to even, as `round` does for fractions."""
    return round(amount)


def tolerance(reference_nano: int) -> int:
    """Give the difference that needs no name beside a reference amount, in nano units."""
    relative = TOLERANCE_RELATIVE * abs(reference_nano)
    return max(TOLERANCE_ABSOLUTE_NANO, relative.numerator // relative.denominator)
