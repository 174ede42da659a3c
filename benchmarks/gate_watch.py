"""The watch: how often it cries for nothing, and how soon rightly, before and after promotion."""

from dataclasses import dataclass

import numpy as np

from benchmarks.gate_falls import falling
from benchmarks.gate_rules import proven
from benchmarks.gate_worlds import PACE, WEEKS, Counts, World, play
from tasks.core.promotion.cusum import LEAST_OUTCOMES, THRESHOLD, reference_rate, steps
from tasks.core.promotion.scorecard import LOG_UNIT
from tasks.core.promotion.terms import WHOLE, Terms

#: Watched rates, and by how much they fall.
RATES = (0.70, 0.80, 0.85, 0.90, 0.95)
DROPS = (0.10, 0.15, 0.20, 0.30)
_MOST_WEEKS = 1_000
#: Correlations within a week, and items by which a reference is measured.
_CLUSTERED = (0.0, 0.05, 0.10)
_BASE = 100
#: Explored workflows: how far above the floor, and by how much they fall in week `_FALL`.
_EXPLORED = ((0.05, 0.0), (0.10, 0.0), (0.15, 0.0), (0.10, 0.20))
_FALL = 14
#: Looks until people have decided about a ticket: ten business days.
_DECIDED_AFTER = 2


@dataclass(frozen=True)
class Watched:
    """A golden workflow at one rate, looked at every week.

    Attributes:
        false_alarms: Share with an alarm in a year at this very rate.
        weeks_between: Mean weeks until a false alarm.
        weeks_to_alarm: By drop, the median from the fall to the look that finds an alarm.
        measured: As `false_alarms`, held against the rate of 100 items before; by the correlation
            within a week.
    """

    rate: float
    false_alarms: float
    weeks_between: float
    weeks_to_alarm: dict[float, float]
    measured: dict[float, float]


@dataclass(frozen=True)
class Suspended:
    """An explored workflow, looked at every week of a year.

    Attributes:
        above, drop: Its rate less the floor, and by how much it falls in week 14.
        looks: Share of looks at which the watch alarms.
        in_a_year: Share of workflows that are suspended at any look.
        unwatched, watched: Share first proven from week 14 on: all, and while it is no alarm.
        decided: Of `watched` those that the next two looks leave as they are.
    """

    above: float
    drop: float
    looks: float
    in_a_year: float
    unwatched: float
    watched: float
    decided: float


def suspensions(terms: Terms, paths: int, noise: np.random.Generator) -> list[Suspended]:
    """Explore workflows above the floor, and some that fall below it."""
    found = []
    for above, drop in _EXPLORED:
        world = World("explored", "", drop=drop, drop_week=_FALL)
        history = play(world, terms.floor_ppm / WHOLE + above, paths, noise)
        is_proven = proven(history, terms)
        is_alarm = np.zeros_like(is_proven)
        if history.outcomes is not None:
            is_alarm = falling(history.outcomes, terms)
        is_asked = is_proven & ~is_alarm
        first, unwatched = is_asked.argmax(axis=1), is_proven.argmax(axis=1)
        late = is_asked.any(axis=1) & (first >= _FALL - 1)
        path = np.arange(paths)
        stays = [
            is_asked[path, np.minimum(first + after, WEEKS - 1)]
            for after in range(1, _DECIDED_AFTER + 1)
        ]
        found.append(
            Suspended(
                above=above,
                drop=drop,
                looks=float(is_alarm.mean()),
                in_a_year=float(is_alarm.any(axis=1).mean()),
                unwatched=float((is_proven.any(axis=1) & (unwatched >= _FALL - 1)).mean()),
                watched=float(late.mean()),
                decided=float((late & np.all(stays, axis=0)).mean()),
            )
        )
    return found


def watch(paths: int, noise: np.random.Generator) -> list[Watched]:
    """Watch workflows at each of `RATES`, at five items a week."""
    found = []
    for rate in RATES:
        still = _weeks_to_alarm(rate, rate, paths, noise)
        falls = {
            drop: float(np.median(_weeks_to_alarm(rate, rate - drop, paths, noise)))
            for drop in DROPS
        }
        measured = {icc: _alarms_in_a_year(rate, icc, paths, noise) for icc in _CLUSTERED}
        alarms, between = float((still <= WEEKS).mean()), float(still.mean())
        found.append(Watched(rate, alarms, between, falls, measured))
    return found


def _weeks_to_alarm(p_ref: float, rate: float, paths: int, noise: np.random.Generator) -> Counts:
    on_success, on_failure = steps(p_ref)
    threshold = round(THRESHOLD / LOG_UNIT)
    total = np.zeros(paths, np.int64)
    found = np.full(paths, _MOST_WEEKS)
    pace = int(PACE)
    for item in range(1, _MOST_WEEKS * pace + 1):
        step = np.where(noise.random(paths) < rate, on_success, on_failure)
        total = np.maximum(0, total + step)
        if item % pace == 0 and item >= LEAST_OUTCOMES:
            found[(total >= threshold) & (found == _MOST_WEEKS)] = item // pace
            if (found < _MOST_WEEKS).all():
                break
    return found


def _alarms_in_a_year(rate: float, icc: float, paths: int, noise: np.random.Generator) -> float:
    """Give the share with an alarm in a year that is as good as the hundred items before."""
    history = play(World("golden", "", icc=icc), rate, paths, noise)
    if history.outcomes is None:
        return 0.0
    before = noise.binomial(_BASE, rate, paths)
    known = {int(good): steps(reference_rate(int(good), _BASE)) for good in np.unique(before)}
    of_steps = np.array([known[int(good)] for good in before])[:, :, None]
    outcomes = history.outcomes.reshape(paths, -1)
    step = np.where(outcomes == 1, of_steps[:, 0], np.where(outcomes == 0, of_steps[:, 1], 0))
    walk = np.cumsum(step, axis=1)
    drift = walk - np.minimum.accumulate(np.minimum(walk, 0), axis=1)
    at_looks = drift[:, history.outcomes.shape[2] - 1 :: history.outcomes.shape[2]]
    is_told = history.items() >= LEAST_OUTCOMES
    is_alarm = is_told & (at_looks >= round(THRESHOLD / LOG_UNIT))
    return float(is_alarm.any(axis=1).mean())
