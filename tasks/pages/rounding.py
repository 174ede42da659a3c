"""Round columns of amounts for reading, so that the printed lines sum to the printed total."""

from collections.abc import Sequence

from tasks.core.money import divide_half_even

#: One cent, or a hundredth of any currency's unit, in nano units.
CENT = 10**7


def in_cents(amounts: Sequence[int]) -> list[int]:
    """Round nano amounts to whole cents, still in nano units.

    The rounded amounts sum to the exact sum, rounded half-even; each lies within one cent of
    its own. The cents left over go to the largest fractions, the earlier position first.
    """
    rounded = [amount // CENT for amount in amounts]
    left_over = divide_half_even(sum(amounts), CENT) - sum(rounded)
    by_fraction = sorted(range(len(amounts)), key=lambda at: amounts[at] % CENT, reverse=True)
    for at in by_fraction[:left_over]:
        rounded[at] += 1
    return [CENT * cents for cents in rounded]
