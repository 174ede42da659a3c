"""Cases before the gate with defaults that pass: a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.gate import judge_case
from tasks.core.promotion.scorecard import STAKES, CostTally, Scorecard, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import GateName, GateResult, Status, Verdict

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DOLLAR = 10**9
#: ln(20) and more: a claim that is proven at five percent, as sums of logarithms.
PROVEN = (10 * 10**12,) * len(STAKES)
UNPROVEN = (0,) * len(STAKES)

COST = CostTally(
    items=60,
    total_nano=60 * DOLLAR,
    successes=58,
    cap_nano=5 * DOLLAR,
    threshold_nano=2 * DOLLAR,
    capped_nano=60 * DOLLAR,
    over_cap=0,
    log_sums=PROVEN,
    dearer_sums=UNPROVEN,
    median_nano=DOLLAR,
    evidenced_ppm=900_000,
)
#: Tier 2, 58 of 60, in two kinds of work of two squads.
CARD = Scorecard(
    workflow="swarm",
    family="upgrades",
    portfolio="platform",
    tier=2,
    stage="exploration",
    stage_from=DAY - timedelta(days=60),
    epoch="2026-09-21 first",
    epoch_from=NOW - timedelta(days=60),
    as_of=NOW,
    successes=58,
    failures=2,
    days=25,
    weeks=7,
    repositories=3,
    squads=2,
    strata=(Stratum("bump", 35, 34), Stratum("patch", 25, 24)),
    top_squad=(35, 34),
    escalated=3,
    escalation_told=60,
    rework_minutes=60,
    rework_items=60,
    recent=42,
    first_at=NOW - timedelta(days=60),
    last_at=NOW - timedelta(days=1),
    cost=COST,
)
GOLDEN = replace(
    CARD,
    workflow="guarded",
    stage="golden",
    successes=180,
    failures=20,
    strata=(Stratum("bump", 110, 100), Stratum("patch", 90, 80)),
    rework_minutes=200,
    rework_items=200,
    cost=replace(COST, items=200, over_cap=4),
)


def workflow(**parts: Any) -> Workflow:
    """Make a workflow that lacks nothing."""
    return Workflow.model_validate(
        {
            "id": "swarm",
            "family": "upgrades",
            "title": "Any",
            "stages": [{"from": (DAY - timedelta(days=60)).isoformat(), "stage": "exploration"}],
            "risk_tier": 2,
            "capability": "act",
            "owner": "lead",
            "escalation": "oncall",
            "rollback": {"plan": "revert", "minutes": 5, "tested_on": "2026-10-01"},
            **parts,
        }
    )


def case(card: Scorecard = CARD, **parts: Any) -> Case:
    """Make a case that qualifies, but for what is named."""
    given: dict[str, Any] = {
        "golden": GOLDEN,
        "terms": DEFAULTS[card.tier],
        "rules": GateRules(),
        "workflow": workflow(),
        "controls": (ControlState("ci-gates", Status.MET, "system", None, "in all"),),
        "contenders": 1,
        "overdue_actions": 0,
        **parts,
    }
    return Case(card=card, **given)


def verdict(card: Scorecard = CARD, **parts: Any) -> Verdict:
    """Judge such a case."""
    return judge_case(case(card, **parts))


def gate(name: GateName, card: Scorecard = CARD, **parts: Any) -> GateResult:
    """Give one gate of such a case."""
    return next(one for one in verdict(card, **parts).gates if one.name is name)
