"""Money: decimal text in, integers of 1e-9 currency units inside, exact splits between.

No float touches an amount. An amount is quantised once, half-even, when it
enters; from there on it is only added, subtracted and split, in integers.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

from tasks.core.errors import AllocationError, AmountError, OutOfRangeError

#: Nano units of one currency unit.
NANO = 1_000_000_000
#: Largest magnitude that is kept: below 2**63, with room for one carry.
MAX_NANO = 9_200_000_000_000_000_000

# ASCII only: `Decimal` itself would take other scripts' digits, underscores and `NaN`.
_DECIMAL_TEXT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LONGEST_TEXT = 64
# Beyond this no amount can be in range, and none is worth expanding to find out.
_LARGEST_EXPONENT = 40

# Wide enough that a product of any token count and any price is exact before rounding.
_WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)


def parse_amount(value: Decimal | str | int) -> Decimal:
    """Read an amount in whole currency units, exactly as written.

    Args:
        value: Plain or exponent notation, ASCII digits, no separators or blanks.

    Raises:
        AmountError: Not a finite decimal number.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int):
        message = f"a {type(value).__name__} is not an amount; give decimal text"
        raise AmountError(message)
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT or _DECIMAL_TEXT.fullmatch(value) is None:
            message = f"a text of {len(value)} characters is not a plain decimal number"
            raise AmountError(message)
        return Decimal(value)
    amount = Decimal(value)
    if not amount.is_finite():
        message = f"{amount} is not a finite number"
        raise AmountError(message)
    return amount


def to_nano(value: Decimal | str | int) -> int:
    """Quantise an amount in whole currency units to nano units, half-even.

    Raises:
        AmountError: Not a finite decimal number.
        OutOfRangeError: Its magnitude reaches 9.2e18 nano units.
    """
    amount = parse_amount(value)
    if amount and not -_LARGEST_EXPONENT < amount.adjusted() < _LARGEST_EXPONENT:
        if amount.adjusted() < 0:
            return 0
        message = f"{amount:.3e} is beyond any amount that is kept"
        raise OutOfRangeError(message)
    return in_range(_round(_WIDE.multiply(amount, Decimal(NANO))))


def in_range(amount_nano: int) -> int:
    """Return the amount unchanged, if the ledger can keep it.

    Raises:
        OutOfRangeError: Its magnitude reaches 9.2e18 nano units.
    """
    if -MAX_NANO < amount_nano < MAX_NANO:
        return amount_nano
    message = f"{amount_nano} nano units reach the limit of {MAX_NANO}"
    raise OutOfRangeError(message)


def scale(tokens: int, price: Decimal) -> int:
    """Value tokens at a price in nano units per token, half-even to whole nano units."""
    return _round(_WIDE.multiply(Decimal(tokens), price))


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide two integers to the nearest integer, ties to even; the denominator is positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def split_exact(total: int, weights: Sequence[int]) -> list[int]:
    """Split an integer in proportion to weights by largest remainder.

    The parts sum to the total exactly, and each lies within one unit of its exact
    share. Shares of |total| are floored; the units left over go one each to the
    largest fractional remainders, the earlier position first among equals; the sign
    is put back last. Whoever calls orders the weights by a stable key.

    Args:
        total: What to split, either sign.
        weights: Not negative, and not all zero unless `total` is.

    Raises:
        AllocationError: A weight is negative, or nothing can carry the total.
    """
    if len(weights) == 1 and weights[0] > 0:
        return [total]
    whole = sum(weights)
    if weights and min(weights) < 0:
        message = f"cannot split {total} by the negative weight {min(weights)}"
        raise AllocationError(message)
    if whole == 0:
        if total == 0:
            return [0] * len(weights)
        message = f"cannot split {total}: every one of {len(weights)} weights is zero"
        raise AllocationError(message)
    magnitude = -total if total < 0 else total
    products = [magnitude * weight for weight in weights]
    parts = [product // whole for product in products]
    left_over = magnitude - sum(parts)
    if left_over:
        remainders = [product % whole for product in products]
        # Sorting is stable, also in reverse: equal remainders stay in position order.
        by_remainder = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
        for at in by_remainder[:left_over]:
            parts[at] += 1
    return [-part for part in parts] if total < 0 else parts


def _round(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN, _WIDE))
