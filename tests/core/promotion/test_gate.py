"""The verdicts: their order, what they stand on, and how often a promotion is wrong."""

import math
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.cusum import THRESHOLD
from tasks.core.promotion.deadlines import business_days_after, business_days_before, decision_day
from tasks.core.promotion.gate import judge, judge_case
from tasks.core.promotion.scorecard import LOG_UNIT, STAKES, CostTally, Scorecard, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Projection, Status
from tests.core.promotion.gate_cases import (
    CARD,
    COST,
    DAY,
    GOLDEN,
    NOW,
    PROVEN,
    UNPROVEN,
    case,
    verdict,
    workflow,
)
from tests.core.promotion.gate_worlds import cases

ALARM = round(THRESHOLD / LOG_UNIT)
MISSING = (ControlState("ci-gates", Status.UNMET, "", None, "nobody declares it"),)
#: Too few items for any proof, old enough for a decision, and in use.
OLD = replace(CARD, successes=10, failures=1, stage_from=DAY - timedelta(days=90))
BAD = replace(CARD, successes=20, failures=20)

# --- which verdict


@pytest.mark.parametrize(
    ("card", "parts", "kind"),
    [
        (CARD, {}, Kind.QUALIFIED),
        (CARD, {"terms": None}, Kind.BLOCKED),
        (CARD, {"controls": MISSING}, Kind.BLOCKED),
        (CARD, {"workflow": workflow(owner=None)}, Kind.BLOCKED),
        (CARD, {"overdue_actions": 1}, Kind.BLOCKED),
        (replace(CARD, incidents=2), {}, Kind.REGRESSING),
        (replace(CARD, drift=ALARM), {}, Kind.REGRESSING),
        (replace(OLD, drift=ALARM), {}, Kind.REGRESSING),
        (replace(BAD, drift=ALARM), {}, Kind.RETIRE),
        (replace(BAD, drift=ALARM, stage="provisional"), {}, Kind.REGRESSING),
        (BAD, {}, Kind.RETIRE),
        (OLD, {}, Kind.DECISION_DUE),
        (replace(OLD, stage_from=DAY - timedelta(days=89)), {}, Kind.NOT_YET),
        (replace(CARD, stage="provisional"), {}, Kind.QUALIFIED),
        (replace(CARD, stage="provisional", drift=ALARM), {}, Kind.REGRESSING),
        (replace(CARD, stage="golden"), {}, Kind.HOLDS),
        (replace(CARD, stage="golden", drift=ALARM - 1), {}, Kind.HOLDS),
        (replace(CARD, stage="golden", drift=ALARM), {}, Kind.REGRESSING),
        (replace(BAD, stage="golden"), {}, Kind.HOLDS),
        (replace(CARD, stage="golden"), {"controls": MISSING}, Kind.BLOCKED),
        (replace(CARD, stage="sunset"), {"controls": MISSING}, Kind.OUTSIDE),
        (replace(CARD, stage="", stage_from=None), {}, Kind.OUTSIDE),
    ],
)
def test_a_case_gets_the_verdict_that_fits(
    card: Scorecard, parts: dict[str, Any], kind: Kind
) -> None:
    assert verdict(card, **parts).kind is kind


def test_of_several_verdicts_the_first_in_order_wins() -> None:
    worst: dict[str, Any] = {"controls": MISSING}
    card = replace(BAD, incidents=2, stage_from=DAY - timedelta(days=200))

    kinds = [verdict(card, **worst).kind]
    kinds.append(verdict(card).kind)
    kinds.append(verdict(replace(card, incidents=0)).kind)
    kinds.append(verdict(replace(OLD, stage_from=card.stage_from)).kind)

    assert kinds == [Kind.BLOCKED, Kind.REGRESSING, Kind.RETIRE, Kind.DECISION_DUE]


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (CARD, "58 of 60 good, floor 75 %; proven at least 86.3 %"),
        (replace(CARD, cost=CostTally()), "not measured: cost per success, dear items"),
        (BAD, "proven below the floor: at most 71 %; 20 of 40 good, floor 75 %"),
        (replace(CARD, incidents=2), "its items caused 2 incidents, at most 1 allowed"),
        (replace(CARD, incidents=2, stage="golden", drift=ALARM), "its success rate is falling"),
        (replace(CARD, drift=ALARM), "alarms, and promotion is suspended while it does; 58 of 60"),
        (replace(CARD, drift=ALARM, incidents=2), "alarms; its items caused 2 incidents"),
        (replace(OLD, drift=ALARM), f"suspended while it does; decision due since {DAY}"),
        (OLD, f"decision due since {DAY}, day 90 of its stage"),
        (replace(CARD, stage="sunset"), "sunset: the gate does not ask"),
        (replace(CARD, stage=""), f"no stage on {DAY}: the gate does not ask"),
        (replace(CARD, weeks=3), "not met: distinct weeks"),
        (replace(CARD, successes=0, failures=0), "no matured item yet, floor 75 %"),
    ],
)
def test_the_sentence_has_the_figures_that_decide(card: Scorecard, says: str) -> None:
    assert says in verdict(card).sentence


def test_what_was_waived_is_said_with_the_verdict() -> None:
    waiver = {"waives": "weeks", "reason": "r", "approved_by": "council", "until": "2026-12-31"}

    found = verdict(replace(CARD, weeks=1), workflow=workflow(waivers=[waiver]))

    assert (found.kind, found.weakest) == (Kind.QUALIFIED, "weeks")
    assert found.sentence.endswith("; waived: distinct weeks")


def test_a_blocked_one_says_what_blocks_and_where_it_stands() -> None:
    found = verdict(controls=MISSING).sentence

    assert found.startswith("blocked by ci-gates: nobody declares it; 58 of 60 good")


# --- retiring only on evidence


def test_what_nobody_tagged_retires_nothing() -> None:
    unknown = replace(CARD, successes=0, failures=0, unknown=60)

    found = verdict(unknown)

    assert found.kind is Kind.NOT_YET
    assert found.unknown_to_tag == 60


def test_a_success_that_is_proven_too_dear_retires() -> None:
    dear = replace(CARD, cost=replace(COST, log_sums=UNPROVEN, dearer_sums=PROVEN))

    assert verdict(dear).kind is Kind.RETIRE
    assert "proven to cost more than the limit" in verdict(dear).sentence


@pytest.mark.parametrize("change", [{"evidenced_ppm": 700_000}, {"items": 29}, {"dearer_sums": ()}])
def test_costs_that_prove_nothing_retire_nothing(change: dict[str, Any]) -> None:
    cost = replace(replace(COST, log_sums=UNPROVEN, dearer_sums=PROVEN), **change)

    assert verdict(replace(CARD, cost=cost)).kind is not Kind.RETIRE


@pytest.mark.parametrize(
    ("in_stage", "last", "kind"),
    [
        (90, None, Kind.RETIRE),
        (90, 90, Kind.RETIRE),
        (90, 89, Kind.DECISION_DUE),
        (89, None, Kind.NOT_YET),
    ],
)
def test_no_use_for_as_long_as_exploration_lasts_retires(
    in_stage: int, last: int | None, kind: Kind
) -> None:
    card = replace(
        CARD,
        successes=0,
        failures=0,
        strata=(),
        stage_from=DAY - timedelta(days=in_stage),
        last_at=None if last is None else NOW - timedelta(days=last),
    )

    assert verdict(card).kind is kind


# --- review-ready, tickets, the weakest point


def test_everything_but_the_proof_is_ready_for_review() -> None:
    card = replace(CARD, successes=28, failures=5, top_squad=(18, 16))

    found = verdict(card)

    assert found.kind is Kind.NOT_YET
    assert found.is_review_ready
    assert not found.opens_ticket
    asking = replace(DEFAULTS[2], opens_ticket="review_ready")
    assert verdict(card, terms=asking).opens_ticket


@pytest.mark.parametrize(
    "change",
    [
        {"successes": 24, "failures": 9},
        {"weeks": 1},
        {"incidents": 2},
        {"unknown": 9},
    ],
)
def test_more_than_the_proof_missing_is_not_ready(change: dict[str, Any]) -> None:
    card = replace(CARD, **{"successes": 28, "failures": 5, "top_squad": (18, 16), **change})

    assert not verdict(card).is_review_ready


def test_a_cost_that_is_not_proven_yet_is_ready_where_it_is_within_the_limit() -> None:
    within = replace(COST, log_sums=UNPROVEN)
    beyond = replace(within, capped_nano=120 * 10**9)

    assert verdict(replace(CARD, cost=within)).is_review_ready
    assert not verdict(replace(CARD, cost=beyond)).is_review_ready


def test_a_proof_of_cost_is_expected_with_more_work_unless_it_costs_too_much() -> None:
    # A third of what is needed was won on 60 items: twice as many more win the rest.
    begun = replace(COST, log_sums=(round(math.log(20) / 3 * 10**12),) * len(STAKES))
    beyond = replace(begun, capped_nano=120 * 10**9)

    def cost_of(cost: CostTally) -> GateResult:
        found = verdict(replace(CARD, cost=cost)).gates
        return next(one for one in found if one.name is GateName.COST)

    within, dear = cost_of(begun), cost_of(beyond)

    assert within.projection is not None
    assert within.missing in (120, 121)
    assert (within.projection.items, within.projection.latest) == (within.missing, None)
    assert within.projection.earliest is not None
    assert dear.projection == Projection(None, None, None)


def test_what_is_explored_and_falls_is_still_told_what_more_work_would_bring() -> None:
    falling = replace(CARD, drift=ALARM, successes=40, failures=10)

    explored, promoted = (
        verdict(replace(falling, stage=stage)) for stage in ("exploration", "golden")
    )

    assert explored.kind is promoted.kind is Kind.REGRESSING
    assert explored.projection is not None
    assert explored.projection.items is not None
    assert promoted.projection is None


def test_what_qualifies_opens_a_ticket_and_what_holds_or_ends_does_not() -> None:
    assert verdict().opens_ticket
    assert not verdict(replace(CARD, stage="golden")).opens_ticket
    assert not verdict(BAD).opens_ticket


@pytest.mark.parametrize(
    ("card", "parts", "weakest"),
    [
        (CARD, {}, "squads"),
        (replace(CARD, squads=4), {}, "stratum"),
        (replace(CARD, cost=CostTally()), {}, "cost"),
        (replace(CARD, weeks=1, successes=20, failures=15), {}, "success"),
        (CARD, {"controls": MISSING}, "controls"),
        (replace(CARD, squads=4, strata=(Stratum("a", 20, 19),) * 3), {"golden": None}, ""),
    ],
)
def test_the_weakest_point_is_where_a_reviewer_should_look(
    card: Scorecard, parts: dict[str, Any], weakest: str
) -> None:
    if not weakest:  # three kinds of work of the same size, so that no share is near its limit
        names = [replace(one, name=name) for one, name in zip(card.strata, "abc", strict=True)]
        card = replace(card, strata=tuple(names), rework_minutes=30)

    assert verdict(card, **parts).weakest == weakest


# --- projections


def test_what_more_work_would_pass_is_projected_and_the_slowest_tells() -> None:
    card = replace(CARD, successes=20, failures=2, days=6, weeks=3, top_squad=(10, 9))

    found = verdict(card)

    by_name = {one.name: one for one in found.gates}
    items, days = by_name[GateName.ITEMS], by_name[GateName.DAYS]
    assert items.missing == DEFAULTS[2].items - 22
    assert items.projection is not None
    # 8 items at 42 in six weeks are 8 days, and each has to mature.
    assert items.projection.earliest == DAY + timedelta(days=8 + 14)
    assert days.projection is not None
    assert days.projection.earliest == DAY + timedelta(days=4)
    success = by_name[GateName.SUCCESS].projection
    assert success is not None
    assert found.projection is not None
    assert found.projection.latest == success.latest
    assert found.projection.items == success.items


def test_without_any_pace_nothing_will_come() -> None:
    card = replace(CARD, successes=20, failures=2, days=6, weeks=3, recent=0)

    projection = verdict(card).projection

    assert projection is not None
    assert (projection.earliest, projection.latest) == (None, None)


def test_what_is_not_a_matter_of_time_has_no_day() -> None:
    found = verdict(replace(CARD, repositories=1))

    assert found.kind is Kind.NOT_YET
    assert found.projection is None


def test_a_decision_that_is_due_is_extended_only_where_time_alone_will_do() -> None:
    nearly = replace(OLD, successes=40, failures=2, weeks=3, top_squad=(25, 24))
    lacking = replace(nearly, repositories=1)

    assert "extend to" in verdict(nearly).sentence
    assert "narrow its scope" in verdict(lacking).sentence


# --- for any case


@given(cases())
def test_any_scorecard_gets_a_verdict_and_twice_the_same(one: Case) -> None:
    found = judge_case(one)

    assert judge_case(replace(one)) == found
    assert found.sentence
    assert found.alpha_ppm >= 1
    assert found.rate.lower <= found.rate.rate <= found.rate.upper


@given(cases())
def test_the_verdict_agrees_with_the_gates_of_any_scorecard(one: Case) -> None:
    found = judge_case(one)
    unmet = {gate.name for gate in found.gates if gate.status is Status.UNMET}
    blocks = {GateName.POLICY, GateName.OWNER, GateName.CONTROLS, GateName.ACTIONS}

    match found.kind:
        case Kind.OUTSIDE:
            assert one.card.stage in {"", "sunset"}
        case Kind.BLOCKED:
            assert unmet & blocks
        case Kind.REGRESSING:
            assert GateName.INCIDENTS in unmet or one.card.drift >= ALARM
        case Kind.QUALIFIED:
            assert not unmet
            assert found.opens_ticket
        case Kind.HOLDS:
            assert one.card.stage == "golden"
        case _:
            assert one.card.stage in {"exploration", "provisional"}
            assert unmet
            assert not unmet & {*blocks, GateName.INCIDENTS}
    assert found.opens_ticket is (found.kind is Kind.QUALIFIED)
    assert (found.weakest in {gate.value for gate in unmet}) is bool(unmet)


@given(
    sizes=st.lists(st.integers(4, 40), min_size=3, max_size=3),
    failures=st.integers(0, 6),
    at=st.integers(0, 2),
    tier=st.integers(0, 3),
)
def test_one_more_success_never_takes_a_qualification_away(
    sizes: list[int], failures: int, at: int, tier: int
) -> None:
    """One more success of a kind that has room below the largest share."""

    def is_qualified(sizes: list[int]) -> bool:
        kinds = (Stratum(name, size, size) for name, size in zip("abc", sizes, strict=True))
        card = replace(
            CARD,
            tier=tier,
            successes=sum(sizes),
            failures=failures,
            strata=tuple(kinds),
            top_squad=(sizes[0], sizes[0]),
        )
        return verdict(card, golden=None).kind is Kind.QUALIFIED

    more = [size + (position == at) for position, size in enumerate(sizes)]

    if is_qualified(sizes) and max(more) <= 0.7 * sum(more):
        assert is_qualified(more)


@pytest.mark.parametrize("tier", range(5))
@given(successes=st.integers(0, 300), failures=st.integers(0, 100), unknown=st.integers(0, 10))
def test_success_is_monotone_in_every_count(
    tier: int, successes: int, failures: int, unknown: int
) -> None:
    """One more success or one failure less never unproves, in any tier."""

    def is_proven(more: int, fewer: int) -> bool:
        card = replace(
            CARD,
            tier=tier,
            successes=successes + more,
            failures=max(failures - fewer, 0),
            unknown=unknown,
        )
        gates = judge_case(case(card, terms=DEFAULTS[tier])).gates
        return next(one for one in gates if one.name is GateName.SUCCESS).status is Status.MET

    if is_proven(0, 0):
        assert is_proven(1, 0)
        assert is_proven(0, 1)


def test_a_workflow_is_never_held_against_itself() -> None:
    found = judge(
        replace(GOLDEN, stage="golden"),
        GOLDEN,
        DEFAULTS[2],
        GateRules(),
        workflow(id="guarded"),
        (),
        contenders=0,
        overdue_actions=0,
    )

    assert found.golden is None
    assert found.kind is Kind.HOLDS


# --- how often a promotion is wrong


def test_a_year_of_weekly_looks_promotes_at_the_floor_no_more_often_than_alpha_allows() -> None:
    """Workflows exactly at the floor of tier 1, five items a week, every other gate open."""
    runs, weeks, weekly = 2_000, 52, 5
    terms = replace(DEFAULTS[1], items=1)
    floor = terms.floor_ppm / 1_000_000
    draws = np.random.default_rng(20_261_120).random((runs, weeks * weekly)) < floor
    won = draws.cumsum(axis=1)[:, weekly - 1 :: weekly]

    @cache
    def is_promoted(successes: int, items: int) -> bool:
        card = replace(CARD, successes=successes, failures=items - successes)
        found = verdict(card, golden=None, terms=terms, has_squads=False)
        return found.kind is Kind.QUALIFIED

    looks = [
        [is_promoted(s, (at + 1) * weekly) for at, s in enumerate(path)] for path in won.tolist()
    ]

    promoted = sum(any(path) for path in looks)
    alpha = terms.alpha_ppm / 1_000_000
    error = (alpha * (1 - alpha) / runs) ** 0.5
    assert 0 < promoted / runs <= alpha + 3 * error


# --- days


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # a Friday
        (date(2026, 11, 20), 10, date(2026, 12, 4)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # a Saturday
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
    ],
)
def test_business_days_leave_weekends_out(day: date, number: int, expected: date) -> None:
    assert business_days_after(day, number) == expected


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_business_days_go_back_as_far_as_they_go_forth(day: date, number: int) -> None:
    assume(day.weekday() < 5)

    assert business_days_before(business_days_after(day, number), number) == day


def test_a_provisional_stage_is_decided_before_it_ends() -> None:
    began, until = date(2026, 10, 15), date(2026, 12, 4)
    one = workflow(
        stages=[
            {"from": "2026-07-01", "stage": "exploration"},
            {"from": began, "stage": "provisional", "until": until, "cap": "10.00"},
        ]
    )
    rules = GateRules()

    assert decision_day(one, "provisional", began, rules) == date(2026, 11, 20)
    assert decision_day(one, "exploration", date(2026, 7, 1), rules) == date(2026, 9, 29)
    assert decision_day(one, "golden", began, rules) is None
    assert decision_day(one, "", None, rules) is None


@pytest.mark.parametrize(
    ("goes_on", "due"),
    [
        (date(2026, 12, 5), date(2026, 12, 18)),  # ten business days before the new end
        (date(2026, 12, 7), date(2026, 11, 20)),  # a gap of days: another stage, not a longer one
    ],
)
def test_a_line_that_prolongs_a_provisional_stage_moves_its_decision(
    goes_on: date, due: date
) -> None:
    began, until = date(2026, 10, 15), date(2026, 12, 4)
    one = workflow(
        stages=[
            {"from": "2026-07-01", "stage": "exploration"},
            {"from": began, "stage": "provisional", "until": until, "cap": "10.00"},
            {"from": goes_on, "stage": "provisional", "until": "2027-01-01", "cap": "10.00"},
        ]
    )

    assert decision_day(one, "provisional", began, GateRules()) == due
