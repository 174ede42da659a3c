"""The watch on explored workflows, many at once: which of them are falling at each look."""

from datetime import UTC, datetime

import numpy as np

from benchmarks.gate_worlds import WEEKS, Bools, Counts, Outcomes
from tasks.core.promotion.cusum import LEAST_OUTCOMES, THRESHOLD
from tasks.core.promotion.gate_window import EXPLORED_DAYS, CardAsking
from tasks.core.promotion.scorecard import LOG_UNIT, Scorecard
from tasks.core.promotion.terms import Terms

_WINDOW = EXPLORED_DAYS // 7
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def explored(terms: Terms) -> CardAsking:
    """Ask for the scorecard of an explored workflow of a tier."""
    card = Scorecard(
        workflow="swarm",
        family="upgrades",
        portfolio="platform",
        tier=terms.tier,
        stage="exploration",
        stage_from=_ANY_DAY.date(),
        epoch="first",
        epoch_from=_ANY_DAY,
        as_of=_ANY_DAY,
    )
    return CardAsking(card, terms, None)


def falling(outcomes: Outcomes, terms: Terms) -> Bools:
    """Tell of every workflow and week whether the watch alarms, as the scorecards would.

    Args:
        outcomes: In the order in which they became known, week by week.
        terms: Of its tier.
    """
    won = np.cumsum((outcomes == 1).sum(axis=2), axis=1)
    told = np.cumsum((outcomes >= 0).sum(axis=2), axis=1)
    found = np.zeros(won.shape, np.bool_)
    for week in range(_WINDOW, WEEKS):
        before = week - _WINDOW
        on_success, on_failure = _steps(won[:, before], told[:, before], terms)
        seen = outcomes[:, before + 1 : week + 1].reshape(len(outcomes), -1)
        step = np.where(seen == 1, on_success[:, None], np.where(seen == 0, on_failure[:, None], 0))
        walk = np.cumsum(step, axis=1)
        drift = walk[:, -1] - np.minimum(walk.min(axis=1), 0)
        is_told = told[:, week] - told[:, before] >= LEAST_OUTCOMES
        found[:, week] = is_told & (drift >= round(THRESHOLD / LOG_UNIT))
    return found


def _steps(won: Counts, told: Counts, terms: Terms) -> tuple[Counts, Counts]:
    """Ask the product once for each pair of counts that occurs; zeros where nothing is watched."""
    asking = explored(terms)
    pairs, places = np.unique(np.stack([won, told], axis=1), axis=0, return_inverse=True)
    known = np.array([asking.steps(int(good), int(items)) or (0, 0) for good, items in pairs])
    by_path = known[places.reshape(-1)]
    return by_path[:, 0], by_path[:, 1]
