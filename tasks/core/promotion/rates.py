"""Success rates of a scorecard, with their bounds; and how shares are written for people."""

import math

from tasks.core.money import divide_half_even
from tasks.core.promotion.e_values import lower_bound, upper_bound
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.terms import WHOLE
from tasks.core.promotion.verdict import Rate

# A tenth of a percent, in parts per million.
_TENTH = 1000
#: What a count of zero leaves possible is told at this chance of being wrong.
_ZERO_ALPHA = 0.05


def rate_of(card: Scorecard, *, free_ppm: int, alpha: float) -> Rate:
    """Give the success rate of a scorecard's matured items.

    Args:
        card: Counts below zero, which no scorecard should have, are taken for zero.
        free_ppm: Share of the items whose unknown outcomes are left out of `items`.
        alpha: Of each bound.
    """
    successes, failures, unknown = (
        max(n, 0) for n in (card.successes, card.failures, card.unknown)
    )
    counted = unknown - min(unknown, (successes + failures + unknown) * free_ppm // WHOLE)
    items = successes + failures + counted
    return Rate(
        successes=successes,
        items=items,
        rate=share_ppm(successes, items),
        lower=math.floor(lower_bound(successes, items, alpha=alpha) * WHOLE),
        upper=math.ceil(upper_bound(successes + counted, items, alpha=alpha) * WHOLE),
        worst=share_ppm(successes, successes + failures + unknown),
        best=share_ppm(successes + unknown, successes + failures + unknown, of_none=WHOLE),
    )


def share_ppm(part: int, whole: int, *, of_none: int = 0) -> int:
    """Give a part in parts per million, half-even; `of_none` if there is no whole."""
    return divide_half_even(part * WHOLE, whole) if whole > 0 else of_none


def percent(ppm: int, *, is_up: bool = False) -> str:
    """Write a share as percent, to a tenth at most; it is rounded down, or up where that is asked.

    So no share that falls short is ever written as if it were reached: the caller rounds away
    from the limit.
    """
    tenths = -(-ppm // _TENTH) if is_up else ppm // _TENTH
    whole, tenth = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{tenth} %" if tenth else f"{sign}{whole} %"


def times(ratio_ppm: int) -> str:
    """Write a ratio as a multiple, with as many places as it has: `1.25 ×`."""
    whole, part = divmod(ratio_ppm, WHOLE)
    places = f"{part:06d}".rstrip("0")
    return f"{whole}.{places} ×" if places else f"{whole} ×"


def zero_proves(items: int) -> str:
    """Say up to which rate no incident in so many items, one at least, leaves possible."""
    return percent(math.ceil(WHOLE * (1 - _ZERO_ALPHA ** (1 / items))), is_up=True)
