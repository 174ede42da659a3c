"""Costs with heavy tails, judged by the product's own bets; see `gate.py`.

Golden draws its costs from the same law, and its figures are taken as known: what their sampling
adds is not in the table. What varies is the true capped cost of a success, as a multiple of what
it may cost; two thirds of that is a workflow that costs what golden does.
"""

from dataclasses import replace

import numpy as np

from benchmarks.gate_worlds import Bools, Counts, History, Rates, World, arrivals
from tasks.core.promotion.betting import bet_logs, dearer_logs, log_e_of_sums
from tasks.core.promotion.cost_gate import FEWEST_ITEMS
from tasks.core.promotion.e_values import threshold
from tasks.core.promotion.scorecard import STAKES
from tasks.core.promotion.terms import WHOLE, Terms

#: Share of items that succeed, of golden's too: success is no question here.
SUCCEEDING = 0.95
_USD = 10**9
_CAP_MEDIANS = 5
_KNOWN = 400_000


def draw(law: str, number: int, noise: np.random.Generator) -> Rates:
    """Draw costs in dollars."""
    if law == "pareto":
        return noise.pareto(1.8, number) + 1.0
    return noise.lognormal(0.0, 1.5, number)


def play_costs(
    world: World, multiple: float, terms: Terms, paths: int, noise: np.random.Generator
) -> History:
    """Play a year of workflows whose success costs a multiple of what it may."""
    known = draw(world.law, _KNOWN, noise)
    cap = _CAP_MEDIANS * float(np.median(known))
    golden = float(np.minimum(known, cap).mean()) / SUCCEEDING
    allowed = golden * terms.cost_ratio_ppm / WHOLE
    scale = _scale(known, cap, multiple * allowed * SUCCEEDING)
    daily = arrivals(paths, noise)
    items = daily.sum(axis=2)
    won = np.zeros_like(items)
    judged = [np.zeros(items.shape, bool) for _ in range(3)]
    for path in range(paths):
        costs = draw(world.law, int(items[path].sum()), noise) * scale
        is_won = noise.random(len(costs)) < SUCCEEDING
        ends = np.cumsum(items[path])
        totals = np.concatenate([[0], np.cumsum(is_won)])
        won[path] = np.diff(totals[ends], prepend=0)
        year = _judged_year(
            [round(float(cost) * _USD) for cost in costs],
            [bool(one) for one in is_won],
            ends,
            (round(cap * _USD), round(allowed * _USD)),
            terms,
        )
        for one, found in zip(judged, year, strict=True):
            one[path] = found
    history = History(
        successes=np.cumsum(won, axis=1),
        failures=np.cumsum(items - won, axis=1),
        unknown=np.zeros_like(items),
        days=np.cumsum((daily > 0).sum(axis=2), axis=1),
        weeks=np.cumsum(items > 0, axis=1),
    )
    return replace(history, is_cheaper=judged[0], is_dearer=judged[1], is_cheap=judged[2])


def _scale(known: Rates, cap: float, mean: float) -> float:
    """Find by what to multiply costs so that their capped mean is a given one."""
    low, high = 0.0, 100.0
    for _ in range(40):
        middle = (low + high) / 2.0
        if float(np.minimum(known * middle, cap).mean()) < mean:
            low = middle
        else:
            high = middle
    return low


def _judged_year(
    costs: list[int], is_won: list[bool], ends: Counts, money: tuple[int, int], terms: Terms
) -> tuple[Bools, Bools, Bools]:
    """Judge the costs of one workflow at the end of each week."""
    cap, allowed = money
    needed = threshold(terms.alpha_ppm / WHOLE)
    items = list(zip(costs, is_won, strict=True))
    found = []
    for logs in (bet_logs, dearer_logs):
        of_items = [(0,) * len(STAKES), *(logs(cost, won, cap, allowed) for cost, won in items)]
        sums = np.cumsum(np.array(of_items), axis=0)[ends].tolist()
        proven = np.array([log_e_of_sums(one) >= needed for one in sums])
        found.append(proven & (ends >= FEWEST_ITEMS))
    spent = np.concatenate([[0], np.cumsum(np.minimum(costs, cap))])
    successes = np.concatenate([[0], np.cumsum(is_won)])
    return found[0], found[1], spent[ends] <= allowed * successes[ends]
