"""The year of many workflows, made up: what arrives each week, and how it goes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Rates = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Workflows × weeks × places of a week: 1 is a success, 0 a failure, -1 no item.
Outcomes = npt.NDArray[np.int8]

WEEKS = 52
#: Items a week, on five working days.
PACE = 5.0
_DAYS = 5
#: Golden's share of easy work, and how much better than the mean easy work goes, at most.
GOLDEN_EASY = 0.5
_EASIER = 0.10


@dataclass(frozen=True)
class World:
    """What is unlike independent items of one kind at a steady rate.

    Attributes:
        note: For the table.
        icc: Correlation of the items of one week: the rate of a week is a beta law around its mean.
        hidden: Chance that a failure, and that a success, leaves no outcome behind.
        easy_from: Week from which 90 % of the work is easy, instead of half of it; 0: never.
        drop: By how much the rate falls; `drop_week` is the first week of the lower rate.
        law: Name of the law of costs (`gate_costs.py`); empty: costs are not judged.
    """

    name: str
    note: str
    icc: float = 0.0
    hidden: tuple[float, float] = (0.0, 0.0)
    easy_from: int = 0
    drop: float = 0.0
    drop_week: int = 27
    law: str = ""


WORLDS = (
    World("independent", "items succeed independently, at one rate"),
    World("clustered .05", "good and bad weeks, correlation within a week .05", icc=0.05),
    World("clustered .10", "the same, .10", icc=0.10),
    World(
        "unknowns", "25 % of failures and 1 % of successes leave no outcome", hidden=(0.25, 0.01)
    ),
    World(
        "mix shift",
        "easy work +10 points, hard -10; half is easy, from week 8 on 90 %",
        easy_from=8,
    ),
    World("drift", "the rate falls by 10 points after week 26", drop=0.10),
    World("fall", "the rate falls by 20 points after week 13", drop=0.20, drop_week=14),
    World(
        "cost, Pareto 1.8",
        "95 % succeed; a success costs 1, 1.1, 2/3 and 1/2 of what it may",
        law="pareto",
    ),
    World("cost, lognormal 1.5", "the same, another tail", law="lognormal"),
)


@dataclass(frozen=True)
class History:
    """What had closed by the end of each week: one row a workflow, one column a week, summed up.

    Attributes:
        unknown: Closed without an outcome; `successes` and `failures` leave them out.
        days, weeks: Distinct ones with an item.
        outcomes: One by one, in the order in which they became known; None where they are not
            watched.
        easy: Items of easy work; None where all work is alike and spread over many kinds.
        is_cheaper, is_dearer: The cost bet proves it, by week; None where costs are not judged.
        is_cheap: A success costs no more than it may, as measured; None likewise.
    """

    successes: Counts
    failures: Counts
    unknown: Counts
    days: Counts
    weeks: Counts
    outcomes: Outcomes | None = None
    easy: Counts | None = None
    is_cheaper: Bools | None = None
    is_dearer: Bools | None = None
    is_cheap: Bools | None = None

    def items(self) -> Counts:
        """Count what closed, however it went."""
        return self.successes + self.failures + self.unknown


def arrivals(paths: int, noise: np.random.Generator) -> Counts:
    """Draw the items of each day: workflows × weeks × working days."""
    return noise.poisson(PACE / _DAYS, (paths, WEEKS, _DAYS))


def play(world: World, rate: float, paths: int, noise: np.random.Generator) -> History:
    """Play a year of workflows that succeed at a rate, as golden's mix of work would have it."""
    daily = arrivals(paths, noise)
    items = daily.sum(axis=2)
    rates = np.full((paths, WEEKS), rate)
    rates[:, world.drop_week - 1 :] -= world.drop
    easy = None
    if world.easy_from:
        share = np.where(np.arange(WEEKS) < world.easy_from, GOLDEN_EASY, 0.9)
        easy = noise.binomial(items, share)
        easier = min(_EASIER, 1.0 - rate)
        won = noise.binomial(easy, rates + easier) + noise.binomial(items - easy, rates - easier)
    else:
        won = noise.binomial(items, _shocked(rates, world.icc, noise))
    lost = items - won
    hidden_lost = noise.binomial(lost, world.hidden[0])
    hidden_won = noise.binomial(won, world.hidden[1])
    return History(
        successes=np.cumsum(won - hidden_won, axis=1),
        failures=np.cumsum(lost - hidden_lost, axis=1),
        unknown=np.cumsum(hidden_won + hidden_lost, axis=1),
        days=np.cumsum((daily > 0).sum(axis=2), axis=1),
        weeks=np.cumsum(items > 0, axis=1),
        outcomes=_one_by_one(won - hidden_won, lost - hidden_lost, noise),
        easy=None if easy is None else np.cumsum(easy, axis=1),
    )


def _one_by_one(won: Counts, lost: Counts, noise: np.random.Generator) -> Outcomes:
    """Put the outcomes of each week into an order."""
    places = np.arange((won + lost).max())
    chance = np.where(places < (won + lost)[:, :, None], noise.random((*won.shape, len(places))), 2)
    rank = chance.argsort(axis=2).argsort(axis=2)
    is_good, is_item = rank < won[:, :, None], rank < (won + lost)[:, :, None]
    return np.where(is_good, 1, np.where(is_item, 0, -1)).astype(np.int8)


def _shocked(rates: Rates, icc: float, noise: np.random.Generator) -> Rates:
    """Let good and bad weeks happen around the rates."""
    if not icc:
        return rates
    strength = (1.0 - icc) / icc
    return noise.beta(rates * strength, (1.0 - rates) * strength)
