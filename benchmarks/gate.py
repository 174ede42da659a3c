"""How often weekly looks promote wrongly, and how soon rightly: our gate beside three others.

    python benchmarks/gate.py [--paths 10000] [--cost-paths 1000] [--seed 20260101]
        [--alpha 0.05] [--quick] [--json]

Workflows are made up (`gate_worlds.py`, `gate_costs.py`), looked at weekly for a year, and judged
by the product's own e-values, bets and default numbers, many at once; tests hold the short form
used here against `tasks.core.promotion.gate.judge`. Each cell of the table is drawn on its own,
from a seed of its own.
"""

import argparse
import json
import sys
import zlib
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.gate_costs import play_costs
from benchmarks.gate_rules import RULES, Rule
from benchmarks.gate_table import (
    SMALL_STEPS,
    STEPS,
    Row,
    explored_lines,
    plain,
    reached,
    readable,
    share_of,
    watch_lines,
)
from benchmarks.gate_watch import suspensions, watch
from benchmarks.gate_worlds import WORLDS, Bools, History, World, play
from tasks.core.promotion.terms import DEFAULTS, WHOLE, Terms

#: The tier of the main table; its floor is the 80 % that people name first.
TIER = 3
#: Costs of a success against what it may cost, in the place of rates against the floor.
_MULTIPLES = {"at_floor": 1.0, "below": 1.1, "above": 2 / 3, "far_above": 0.5, "golden": 2 / 3}


class Played:
    """The histories of one world under one tier's numbers, each made once."""

    def __init__(self, world: World, terms: Terms, paths: int, seed: int) -> None:
        floor = terms.floor_ppm / WHOLE
        above, far_above = STEPS if floor + STEPS[1] < 1.0 else SMALL_STEPS
        self.world = world
        self.terms = terms
        self._rates = {
            "at_floor": floor,
            "below": floor - 0.05,
            "above": floor + above,
            "far_above": floor + far_above,
            "golden": floor + 0.05,
        }
        self._paths = paths
        self._seed = seed
        self._made: dict[str, History] = {}

    def of(self, which: str) -> History:
        """Give the history of workflows at the floor, below it, above it, or like golden."""
        if which not in self._made:
            name = f"{self.world.name} {self.terms.tier} {which}"
            noise = np.random.default_rng([self._seed, zlib.crc32(name.encode())])
            self._made[which] = (
                play_costs(self.world, _MULTIPLES[which], self.terms, self._paths, noise)
                if self.world.law
                else play(self.world, self._rates[which], self._paths, noise)
            )
        return self._made[which]

    def measure(self, rule: Rule) -> Row:
        """Measure one rule on these histories."""

        def promoted(which: str) -> Bools:
            return rule.decide(self.of(which), self.terms)[0]

        # A workflow whose rate falls in mid-year is golden's equal no longer.
        is_asked = not self.world.drop
        return Row(
            world=self.world.name,
            rule=rule.name,
            at_floor=share_of(promoted("at_floor")),
            below=share_of(promoted("below")),
            above=reached(promoted("above")),
            far_above=reached(promoted("far_above")),
            retired=share_of(rule.decide(self.of("golden"), self.terms)[1]) if is_asked else None,
        )


def main() -> None:
    """Play every world and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--paths", type=int, default=10_000, help="workflows of each cell")
    parser.add_argument("--cost-paths", type=int, default=1_000, help="the same where costs count")
    parser.add_argument("--seed", type=int, default=20_260_101)
    parser.add_argument("--alpha", type=float, help="another chance of a wrong promotion")
    parser.add_argument("--quick", action="store_true", help="few workflows, to see it work")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args()
    paths, cost_paths = (1_000, 40) if chosen.quick else (chosen.paths, chosen.cost_paths)
    terms = DEFAULTS[TIER]
    if chosen.alpha is not None:
        terms = replace(terms, alpha_ppm=round(chosen.alpha * WHOLE))
    rows = []
    for world in WORLDS:
        played = Played(world, terms, cost_paths if world.law else paths, chosen.seed)
        rows += [played.measure(rule) for rule in RULES]
    tiers = []
    for one in DEFAULTS:
        row = Played(WORLDS[0], one, paths, chosen.seed).measure(RULES[0])
        name = f"tier {one.tier}, floor {one.floor_ppm / WHOLE:.0%}"
        tiers.append(replace(row, world=name, rule=f"alpha {one.alpha_ppm / WHOLE}"))
    few = min(paths, 4_000)
    watched = watch(few, np.random.default_rng([chosen.seed, 1]))
    suspended = suspensions(terms, few, np.random.default_rng([chosen.seed, 2]))
    if chosen.json:
        report = {
            "tier": TIER,
            "alpha": terms.alpha_ppm / WHOLE,
            "paths": paths,
            "cost_paths": cost_paths,
            "seed": chosen.seed,
            "rows": plain(rows),
            "tiers": plain(tiers),
            "watch": [vars(one) for one in watched],
            "explored": [vars(one) for one in suspended],
        }
        print(json.dumps(report))
        return
    head = (
        f"52 weekly looks, 5 items a week, tier {TIER}: floor {terms.floor_ppm / WHOLE:.0%}, "
        f"alpha {terms.alpha_ppm / WHOLE}; {paths:,} workflows a cell, {cost_paths:,} where costs "
        f"count; seed {chosen.seed}."
    )
    print(readable(rows, tiers, [*watch_lines(watched), "", *explored_lines(suspended)], head))


if __name__ == "__main__":
    main()
