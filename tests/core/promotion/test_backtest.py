"""History under another policy: what would differ, and what became of it afterwards."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from config.shapes.policy import Policy
from tasks.core.promotion.backtest import Afterwards, backtest
from tasks.core.promotion.case import Case
from tasks.core.promotion.packets import Cut, Packet, freeze, packet_text, read_packet
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.verdict import Kind, Status
from tests.core.promotion.gate_cases import CARD, NOW, case, workflow
from tests.core.promotion.test_terms import MATCHING

WEEK = timedelta(days=7)


def policy(gate: dict[str, Any] | None = None, controls: tuple[str, ...] = ("ci-gates",)) -> Policy:
    tiers = [
        {
            "tier": tier,
            "required_controls": list(controls),
            "review_cadence_days": 30,
            "gate": gate or {},
        }
        for tier in (2, 3)
    ]
    return Policy.model_validate({"version": 1, "matching": MATCHING, "risk_tiers": tiers})


def look(week: int, card: Scorecard = CARD, **parts: Any) -> Packet:
    """Freeze a look, and read it back as history is."""
    at = NOW + week * WEEK
    one: Case = case(replace(card, as_of=at), **parts)
    return read_packet(packet_text(freeze(one, Cut(at, week, week, ()))))


HISTORY = [
    look(0, replace(CARD, successes=20, failures=2, days=6, top_squad=(12, 11))),
    look(1, replace(CARD, successes=24, failures=2, top_squad=(14, 13))),
    look(2),
    look(3, replace(CARD, stage="golden", incidents=1)),
    look(4, replace(CARD, stage="golden", incidents=2)),
    look(5, replace(CARD, stage="golden", successes=50, failures=10, incidents=1)),
]


def test_the_same_policy_gives_the_same_verdicts() -> None:
    found = backtest(HISTORY, policy())

    assert (found.looks, found.differences, found.afterwards, found.notes) == (6, (), (), ())


def test_a_laxer_policy_shows_what_it_would_have_promoted_sooner() -> None:
    laxer = policy({"items": 20, "floor": "0.6"})

    found = backtest(reversed(HISTORY), laxer)

    sooner = [one for one in found.differences if one.would_be is Kind.QUALIFIED]
    assert [(one.as_of, one.was) for one in sooner] == [(NOW + WEEK, Kind.NOT_YET)]
    assert "24 of 26 good, floor 60 %" in sooner[0].sentence


def test_what_became_of_a_workflow_is_told_from_later_looks() -> None:
    laxer = policy({"items": 20, "floor": "0.6"})

    (found,) = backtest(HISTORY, laxer).afterwards

    assert found == Afterwards(
        workflow="swarm",
        since=NOW + WEEK,
        looks=4,
        verdicts=(Kind.QUALIFIED, Kind.HOLDS, Kind.REGRESSING, Kind.HOLDS),
        incidents=2,
        rate=HISTORY[-1].verdict.rate,
        stage="golden",
    )


def test_a_stricter_policy_blocks_what_lacks_its_controls_unless_they_were_declared() -> None:
    stricter = policy(controls=("ci-gates", "two-person-approval"))
    vouched = workflow(
        controls=[{"control": "two-person-approval", "evidence": "wiki", "until": "2027-12-31"}]
    )

    (lacking,) = backtest([look(0)], stricter).differences
    declared = backtest([look(0, workflow=vouched)], stricter).differences

    assert (lacking.was, lacking.would_be) == (Kind.QUALIFIED, Kind.BLOCKED)
    assert "two-person-approval" in lacking.sentence
    assert declared == ()


def test_a_control_that_is_no_longer_required_no_longer_blocks() -> None:
    states = (replace(case().controls[0], status=Status.UNMET),)

    (found,) = backtest([look(0, controls=states)], policy(controls=())).differences

    assert (found.was, found.would_be) == (Kind.BLOCKED, Kind.QUALIFIED)


def test_a_tier_that_the_other_policy_does_not_know_is_blocked() -> None:
    tier_1 = replace(CARD, tier=1)
    frozen = look(0, tier_1, workflow=workflow(risk_tier=1))

    (found,) = backtest([frozen], policy()).differences

    assert found.would_be is Kind.BLOCKED


def test_what_cannot_be_replayed_is_said() -> None:
    other = policy({"maturation_days": 7, "cost_ratio": "1.0"})

    found = backtest(HISTORY, other)

    assert found.notes == (
        "tier 2: costs were held against the limit of then, and not the other one",
        "tier 2: items were counted after 14 days, and not after 7",
    )


def test_looks_of_another_rule_are_told_apart_from_the_policy() -> None:
    (note,) = backtest([replace(look(0), rule_version="0")], policy()).notes

    assert note.startswith("some looks were judged by rule '0'")
