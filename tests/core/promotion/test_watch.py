"""After promotion: what asks for a look, what proposes a demotion, who decides, what is late."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.shapes.gate import GateRules
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.cusum import THRESHOLD
from tasks.core.promotion.decisions import Asked
from tasks.core.promotion.gate import judge_case
from tasks.core.promotion.scorecard import LOG_UNIT, Scorecard
from tasks.core.promotion.verdict import Status
from tasks.core.promotion.watch import Overdue, Signal, authority_of, decide_by, overdue, watch
from tasks.core.work.epochs import Cause, Epoch
from tests.core.promotion.gate_cases import CARD, DAY, NOW, case, workflow

GOLDEN = replace(CARD, stage="golden")
FIRST = Epoch("2026-01-01 first", NOW - timedelta(days=300), Cause.FIRST)
ALARM = round(THRESHOLD / LOG_UNIT)
MISSING = (ControlState("ci-gates", Status.UNMET, "", None, "nobody declares it"),)


def signals(card: Scorecard, epoch: Epoch = FIRST, **parts: Any) -> dict[Signal, bool]:
    one = case(card, **parts)
    return {
        notice.signal: notice.proposes_demotion for notice in watch(one, judge_case(one), epoch)
    }


def test_a_golden_workflow_that_does_well_asks_for_nothing() -> None:
    assert signals(GOLDEN) == {}


@pytest.mark.parametrize("stage", ["", "exploration", "sunset"])
def test_only_what_was_promoted_is_watched(stage: str) -> None:
    assert signals(replace(GOLDEN, stage=stage, drift=ALARM, incidents=9)) == {}


@pytest.mark.parametrize("stage", ["golden", "provisional"])
@pytest.mark.parametrize(
    ("change", "signal"),
    [({"drift": ALARM}, Signal.ALARM), ({"incidents": 2}, Signal.INCIDENTS)],
)
def test_a_fall_and_incidents_propose_a_demotion(
    stage: str, change: dict[str, Any], signal: Signal
) -> None:
    assert signals(replace(GOLDEN, stage=stage, **change)) == {signal: True}


def test_a_control_that_lapsed_asks_for_a_look() -> None:
    assert signals(GOLDEN, controls=MISSING) == {Signal.LAPSED: False}


def test_evidence_that_no_longer_speaks_for_the_floor_is_a_question() -> None:
    # 45 of 60 is exactly the floor of tier 2: the bet on more has lost.
    assert signals(replace(GOLDEN, successes=45, failures=15)) == {Signal.QUESTION: False}
    assert signals(replace(GOLDEN, successes=4, failures=4)) == {}


@pytest.mark.parametrize("cause", [Cause.MODEL, Cause.TOOLS, Cause.MAJOR])
def test_a_new_epoch_of_a_golden_workflow_is_certified_again_and_demotes_nobody(
    cause: Cause,
) -> None:
    changed = Epoch("2026-11-01", NOW - timedelta(days=19), cause)
    few = replace(GOLDEN, successes=3, failures=2)

    assert signals(few, changed) == {Signal.RECERTIFY: False}
    assert signals(GOLDEN, changed) == {}  # it has proven the floor again


def test_a_change_from_before_the_promotion_was_certified_with_it() -> None:
    changed = Epoch("2026-09-01", NOW - timedelta(days=80), Cause.MODEL)

    assert signals(replace(GOLDEN, successes=3, failures=2), changed) == {}


def test_a_small_change_is_watched_for_a_while() -> None:
    small = replace(FIRST, watch_from=DAY - timedelta(days=3), is_watch=True)

    assert signals(GOLDEN, small) == {Signal.WATCH: False}


@pytest.mark.parametrize(
    ("tier", "says"),
    [
        (0, "a merged line of the catalog"),
        (2, "a merged line of the catalog that lead has acknowledged"),
        (3, "lead and the code owners; never automatic"),
        (4, "board signs; the gate only proposes, and nothing is automatic"),
    ],
)
def test_who_decides_goes_by_tier(tier: int, says: str) -> None:
    raci = {"responsible": "oncall", "accountable": "board"}

    assert authority_of(workflow(risk_tier=tier, raci=raci)) == says


# --- decisions that are late

OPENED = datetime(2026, 11, 6, 9, tzinfo=UTC)  # a Friday
ASKED = Asked("swarm", "2026-09-21 first", OPENED, "ab" * 32)
KEY = (ASKED.workflow, ASKED.epoch)
DUE = date(2026, 11, 20)


def late(today: date, **parts: Any) -> tuple[Overdue, ...]:
    given: dict[str, Any] = {"decided": set(), "escalated": set(), **parts}
    return overdue(
        [ASKED],
        given["decided"],
        given["escalated"],
        workflows=given.get("workflows", {"swarm": workflow()}),
        rules=GateRules(),
        today=today,
    )


def test_a_ticket_is_to_be_decided_within_ten_business_days() -> None:
    assert decide_by(ASKED, GateRules()) == DUE


def test_a_late_decision_goes_to_the_escalation_role_once() -> None:
    monday = DUE + timedelta(days=3)

    assert late(DUE) == ()
    assert late(monday) == (Overdue(*KEY, DUE, "oncall"),)
    assert late(monday, escalated={KEY}) == ()
    assert late(monday, decided={KEY}) == ()


def test_a_late_decision_of_a_workflow_that_left_the_catalog_is_told_without_a_role() -> None:
    assert late(DUE + timedelta(days=3), workflows={}) == (Overdue(*KEY, DUE, ""),)
