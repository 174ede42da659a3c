"""The rules that are compared: the product's gate, and three that people use instead."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.special import betaincinv, ndtri

from benchmarks.gate_falls import falling
from benchmarks.gate_worlds import GOLDEN_EASY, WEEKS, Bools, Counts, History, Rates
from tasks.core.promotion.e_values import log_e_value, threshold
from tasks.core.promotion.mix import MIX_LIMIT_PPM
from tasks.core.promotion.terms import WHOLE, Terms

#: What the rules beside ours ask for.
NAIVE_ITEMS = 20
NAIVE_RATE = 0.80
FIXED_WEEK = 26


@dataclass(frozen=True)
class Rule:
    """A way to decide.

    Attributes:
        decide: Gives for every workflow and week whether it would be promoted, and retired.
    """

    name: str
    decide: Callable[[History, Terms], tuple[Bools, Bools]]


def by_gate(history: History, terms: Terms) -> tuple[Bools, Bools]:
    """Decide as the product does, for many workflows at once.

    Owner, controls, incidents, repositories, squads, escalations, rework and the tail of costs are
    taken as met; golden's rate is not compared.
    """
    is_met = proven(history, terms)
    if history.outcomes is not None:
        is_met &= ~falling(history.outcomes, terms)
    return is_met, _is_over(history, terms) & ~is_met


def proven(history: History, terms: Terms) -> Bools:
    """Tell which workflows meet every gate, whether they are falling or not."""
    late = terms.maturation_days // 7
    won, lost, unknown = (
        _late(one, late) for one in (history.successes, history.failures, history.unknown)
    )
    items = won + lost + unknown
    alpha, floor = terms.alpha_ppm / WHOLE, terms.floor_ppm / WHOLE
    free = np.minimum(unknown, items * terms.unknown_free_ppm // WHOLE)
    is_met = (items >= terms.items) & (unknown * WHOLE <= (WHOLE - terms.coverage_ppm) * items)
    is_met &= _late(history.days, late) >= terms.days
    is_met &= _late(history.weeks, late) >= terms.weeks
    if history.easy is not None:
        easy = _late(history.easy, late)
        is_met &= np.maximum(easy, items - easy) * WHOLE <= terms.largest_stratum_ppm * items
        is_met &= np.abs(easy - GOLDEN_EASY * items) * WHOLE <= MIX_LIMIT_PPM * items
    is_met &= _log_e(won, items - free, floor, alpha) >= threshold(alpha)
    if history.is_cheaper is not None:
        is_met &= _late(history.is_cheaper, late)
    return is_met


def _is_over(history: History, terms: Terms) -> Bools:
    """Tell which are proven below the floor, or too dear."""
    late = terms.maturation_days // 7
    lost, items = _late(history.failures, late), _late(history.items(), late)
    unknown = _late(history.unknown, late)
    free = np.minimum(unknown, items * terms.unknown_free_ppm // WHOLE)
    alpha, floor = terms.alpha_ppm / WHOLE, terms.floor_ppm / WHOLE
    # Below the floor even if every unknown item that counts had gone well.
    is_over: Bools = _log_e(lost, items - free, 1.0 - floor, alpha) >= threshold(alpha)
    if history.is_dearer is not None:
        is_over |= _late(history.is_dearer, late)
    return is_over


def by_naive(history: History, terms: Terms) -> tuple[Bools, Bools]:
    """Decide every week by what was measured: 20 items and 80 %."""
    del terms
    known = history.successes + history.failures
    is_enough = known >= NAIVE_ITEMS
    is_good = (history.successes >= NAIVE_RATE * known) & _cheap(history)
    return is_enough & is_good, is_enough & ~is_good


def by_wilson(history: History, terms: Terms) -> tuple[Bools, Bools]:
    """Decide every week by a 95 % bound that is right for one look: Wilson's, one-sided."""
    known = history.successes + history.failures
    is_enough = known >= NAIVE_ITEMS
    floor = terms.floor_ppm / WHOLE
    lower = _wilson_lower(history.successes, known)
    upper = 1.0 - _wilson_lower(history.failures, known)
    return is_enough & (lower >= floor) & _cheap(history), is_enough & (upper < floor)


def by_fixed_look(history: History, terms: Terms) -> tuple[Bools, Bools]:
    """Decide once, after half a year, by the exact bound of Clopper and Pearson."""
    known = history.successes + history.failures
    is_day = np.arange(WEEKS) == FIXED_WEEK - 1
    floor, alpha = terms.floor_ppm / WHOLE, terms.alpha_ppm / WHOLE
    lower = _exact_lower(history.successes, known, alpha)
    upper = 1.0 - _exact_lower(history.failures, known, alpha)
    return is_day & (lower >= floor) & _cheap(history), is_day & (upper < floor)


RULES = (
    Rule("our gate", by_gate),
    Rule("20 items, 80 %, weekly", by_naive),
    Rule("Wilson 95 % weekly", by_wilson),
    Rule("one look in week 26", by_fixed_look),
)


_Summed = TypeVar("_Summed", Counts, Bools)


def _late(summed: _Summed, weeks: int) -> _Summed:
    """Show what had closed so many weeks earlier: what has matured."""
    shifted = np.zeros_like(summed)
    shifted[:, weeks:] = summed[:, : WEEKS - weeks]
    return shifted


def _log_e(won: Counts, items: Counts, floor: float, alpha: float) -> Rates:
    """Ask the product's e-value once for each pair of counts that occurs."""
    pairs, places = np.unique(won * 10_000 + items, return_inverse=True)
    found = log_e_value(pairs // 10_000, pairs % 10_000, floor, alpha=alpha)
    by_cell: Rates = found[places].reshape(won.shape)
    return by_cell


def _cheap(history: History) -> Bools | np.bool_:
    return np.True_ if history.is_cheap is None else history.is_cheap


def _wilson_lower(won: Counts, items: Counts) -> Rates:
    z, n = float(ndtri(0.95)), np.maximum(items, 1)
    rate = won / n
    spread = z * np.sqrt(rate * (1.0 - rate) / n + z * z / (4.0 * n * n))
    return np.asarray((rate + z * z / (2.0 * n) - spread) / (1.0 + z * z / n))


def _exact_lower(won: Counts, items: Counts, alpha: float) -> Rates:
    return np.where(won > 0, betaincinv(np.maximum(won, 1), items - won + 1, alpha), 0.0)
