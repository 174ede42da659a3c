"""The benchmark of the gate: it runs, it judges as the gate does, and looks do not fool it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.gate_falls import explored
from benchmarks.gate_rules import by_gate
from benchmarks.gate_worlds import WORLDS, History, World, play
from tasks.core.promotion.cusum import drift
from tasks.core.promotion.scorecard import Scorecard, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import Kind
from tests.core.promotion.gate_cases import CARD, GOLDEN, verdict

_ROOT = Path(__file__).resolve().parents[2]
_BY_NAME = {world.name: world for world in WORLDS}


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    command = [sys.executable, str(_ROOT / "benchmarks" / "gate.py"), "--quick", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(report: dict[str, Any], world: str, rule: str) -> dict[str, Any]:
    (found,) = (one for one in report["rows"] if (one["world"], one["rule"]) == (world, rule))
    return dict(found)


@pytest.mark.parametrize("world", ["independent", "unknowns", "drift"])
def test_at_the_floor_a_year_of_looks_promotes_no_more_than_alpha(
    report: dict[str, Any], world: str
) -> None:
    ours = row(report, world, "our gate")["at_floor"]
    naive = row(report, world, "20 items, 80 %, weekly")["at_floor"]

    assert ours["share"] <= report["alpha"] + 3 * ours["error"]
    assert naive["share"] > 0.3


@pytest.mark.parametrize("world", ["cost, Pareto 1.8", "cost, lognormal 1.5"])
def test_no_tail_makes_a_dear_workflow_look_cheap(report: dict[str, Any], world: str) -> None:
    ours = row(report, world, "our gate")["at_floor"]

    assert ours["share"] <= report["alpha"] + 3 * ours["error"]
    assert row(report, world, "20 items, 80 %, weekly")["at_floor"]["share"] > 0.3


def test_a_good_workflow_is_promoted_and_golden_s_equal_is_kept(report: dict[str, Any]) -> None:
    ours = row(report, "independent", "our gate")

    assert ours["far_above"]["by_week"][1] > 0.9
    assert ours["retired"]["share"] < 0.01


def test_the_watch_cries_seldom_and_keeps_falls_from_a_promotion(report: dict[str, Any]) -> None:
    for one in report["watch"]:
        assert one["weeks_between"] > 104
        assert one["weeks_to_alarm"]["0.15"] <= 11
    *steady, fallen = report["explored"]
    assert max(one["looks"] for one in steady) < 0.03
    assert fallen["decided"] < fallen["watched"] < fallen["unwatched"]


def _card(history: History, path: int, week: int) -> Scorecard:
    """Give the scorecard of one workflow at the end of one week."""
    won, lost, unknown, days, weeks = (
        int(counts[path, week])
        for counts in (
            history.successes,
            history.failures,
            history.unknown,
            history.days,
            history.weeks,
        )
    )
    items = won + lost + unknown
    easy = items // 2 if history.easy is None else int(history.easy[path, week])
    return replace(
        CARD,
        tier=3,
        successes=won,
        failures=lost,
        unknown=unknown,
        days=days,
        weeks=weeks,
        strata=(Stratum("bump", easy, 0), Stratum("patch", items - easy, 0)),
        top_squad=(0, 0),
        drift=_drift(history, path, week),
    )


def _drift(history: History, path: int, week: int) -> int:
    """Add the outcomes of six weeks up one by one, held against those before."""
    if history.outcomes is None:
        return 0
    told = [[one == 1 for one in items if one >= 0] for items in history.outcomes[path]]
    before = [good for items in told[: max(week - 5, 0)] for good in items]
    held = explored(DEFAULTS[3]).steps(sum(before), len(before))
    seen = [good for items in told[max(week - 5, 0) : week + 1] for good in items]
    return 0 if held is None else drift(seen, held)


@pytest.mark.parametrize("name", ["independent", "unknowns", "mix shift", "fall"])
def test_many_are_judged_at_once_as_the_gate_judges_each(name: str) -> None:
    world: World = _BY_NAME[name]
    terms = replace(DEFAULTS[3], maturation_days=0)
    # A low rate of golden's: the benchmark leaves the comparison with it out.
    golden = replace(
        GOLDEN,
        successes=100,
        failures=100,
        strata=(Stratum("bump", 100, 50), Stratum("patch", 100, 50)),
    )
    noise = np.random.default_rng(3)
    kinds = set()
    for rate in (0.5, 0.9, 0.97):
        history = play(world, rate, 12, noise)
        promoted, retired = by_gate(history, terms)
        for path in range(12):
            for week in range(3, 52, 4):
                card = _card(history, path, week)
                kind = verdict(card, terms=terms, golden=golden).kind
                kinds.add(kind)
                assert (kind is Kind.QUALIFIED) == promoted[path, week]
                assert (kind is Kind.RETIRE) == retired[path, week]
    assert {Kind.QUALIFIED, Kind.RETIRE, Kind.NOT_YET} <= kinds
    assert name != "fall" or Kind.REGRESSING in kinds
