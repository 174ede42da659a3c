"""Each gate by itself: what it has, what it needs, and when nobody asks or nobody can tell."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from config.shapes.gate import NEVER_WAIVED, GateRules
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.rates import percent, rate_of, times
from tasks.core.promotion.scorecard import NO_KIND, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import GateName, Kind, Status
from tests.core.promotion.gate_cases import (
    CARD,
    COST,
    DAY,
    DOLLAR,
    GOLDEN,
    PROVEN,
    UNPROVEN,
    gate,
    verdict,
    workflow,
)

TIER = DEFAULTS[2]
MET, UNMET = Status.MET, Status.UNMET
UNKNOWN, WAIVED, NOT_ASKED = Status.UNKNOWN, Status.WAIVED, Status.NOT_ASKED


def control(name: str, status: Status, *, ends_soon: bool = False) -> ControlState:
    return ControlState(name, status, "system", None, f"detail of {name}", ends_soon)


# --- what blocks


def test_without_terms_only_what_needs_none_is_looked_at() -> None:
    gates = verdict(terms=None).gates

    assert [one.name for one in gates] == [GateName.POLICY, GateName.OWNER, GateName.CONTROLS]
    assert gates[0].status is UNMET
    assert "has no risk tier 2" in gates[0].detail


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("owner", "no owner"),
        ("escalation", "no escalation role"),
        ("rollback", "no rollback plan"),
        ("capability", "no capability"),
    ],
)
def test_what_a_golden_workflow_needs_is_asked_before(field: str, said: str) -> None:
    found = gate(GateName.OWNER, workflow=workflow(**{field: None}))

    assert (found.status, found.have) == (UNMET, said)


def test_a_rollback_that_was_never_rehearsed_is_told() -> None:
    untested = workflow(rollback={"plan": "revert", "minutes": 5})

    assert gate(GateName.OWNER, workflow=untested).detail == "the rollback plan was never rehearsed"


@pytest.mark.parametrize(
    ("states", "status", "have"),
    [
        ((), NOT_ASKED, "none"),
        ((control("a", MET), control("b", UNMET)), UNMET, "1 of 2"),
        ((control("a", UNKNOWN),), UNMET, "0 of 1"),
        ((control("a", MET), control("b", WAIVED)), WAIVED, "2 of 2"),
        ((control("a", MET),), MET, "1 of 1"),
    ],
)
def test_every_required_control_is_there_or_waived_by_name(
    states: tuple[ControlState, ...], status: Status, have: str
) -> None:
    found = gate(GateName.CONTROLS, controls=states)

    assert (found.status, found.have) == (status, have)


def test_missing_controls_are_named_and_ending_ones_told() -> None:
    missing = gate(GateName.CONTROLS, controls=(control("a", UNMET), control("b", MET)))
    ending = gate(GateName.CONTROLS, controls=(control("a", MET, ends_soon=True),))

    assert missing.detail == "a: detail of a"
    assert (ending.status, ending.detail) == (MET, "a: detail of a")


@pytest.mark.parametrize(("number", "status"), [(0, MET), (1, UNMET)])
def test_overdue_actions_block_beyond_the_limit(number: int, status: Status) -> None:
    assert gate(GateName.ACTIONS, overdue_actions=number).status is status


def test_a_tier_may_take_any_number_of_overdue_actions() -> None:
    terms = replace(TIER, overdue_actions=None)

    assert gate(GateName.ACTIONS, overdue_actions=99, terms=terms).status is NOT_ASKED


# --- counts


@pytest.mark.parametrize(
    ("name", "field", "need"),
    [
        (GateName.DAYS, "days", TIER.days),
        (GateName.WEEKS, "weeks", TIER.weeks),
        (GateName.REPOSITORIES, "repositories", TIER.repositories),
        (GateName.SQUADS, "squads", TIER.squads),
    ],
)
def test_a_count_is_met_from_its_need_on(name: GateName, field: str, need: int) -> None:
    counts: dict[str, Any] = {field: need}
    enough = gate(name, replace(CARD, **counts))
    counts[field] -= 1
    short = gate(name, replace(CARD, **counts))

    assert (enough.status, short.status) == (MET, UNMET)
    assert (short.have, short.need) == (str(need - 1), f"at least {need}")
    assert enough.slack_ppm == 0


def test_missing_items_are_counted_with_those_that_are_on_their_way() -> None:
    card = replace(CARD, successes=20, failures=2, maturing=5, open=3)

    found = gate(GateName.ITEMS, card)

    assert (found.status, found.missing, found.have) == (UNMET, TIER.items - 22, "22")
    assert found.detail == "5 maturing, 3 open"


def test_tickets_have_no_repositories_to_count() -> None:
    assert gate(GateName.REPOSITORIES, replace(CARD, repositories=0)).status is NOT_ASKED


def test_squads_are_not_asked_where_the_catalog_has_none() -> None:
    card = replace(CARD, squads=0)

    assert gate(GateName.SQUADS, card, has_squads=False).status is NOT_ASKED
    assert gate(GateName.ONE_SQUAD, card, has_squads=False).status is NOT_ASKED
    assert "to no squad" in gate(GateName.SQUADS, card).detail


@pytest.mark.parametrize(
    ("top", "status"),
    [((35, 34), MET), ((35, 50), UNMET), ((51, 51), UNMET)],
)
def test_others_than_the_top_squad_have_to_succeed_too(
    top: tuple[int, int], status: Status
) -> None:
    assert gate(GateName.ONE_SQUAD, replace(CARD, top_squad=top)).status is status


def test_too_few_items_of_others_are_counted() -> None:
    found = gate(GateName.ONE_SQUAD, replace(CARD, top_squad=(53, 52)))

    assert found.detail.startswith("3 more items of other squads")


def test_zero_incidents_are_told_with_what_they_really_show() -> None:
    # 1 - 0.05 ** (1 / 60) is 4.87 %.
    assert "at most 4.9 %" in gate(GateName.INCIDENTS).detail


def test_incidents_beyond_the_limit_and_untyped_links_are_told() -> None:
    found = gate(GateName.INCIDENTS, replace(CARD, incidents=2, untyped_incidents=3))

    assert (found.status, found.have, found.need) == (UNMET, "2", "at most 1")
    assert found.detail.startswith("3 items are linked to an incident")


@pytest.mark.parametrize(
    ("repositories", "status"),
    [(["acme/web"], MET), (["acme/web", "acme/app"], UNMET), (["acme/*"], UNMET), ([], UNMET)],
)
def test_a_scope_of_one_repository_asks_for_no_second_one(
    repositories: list[str], status: Status
) -> None:
    narrow = workflow(scope={"repositories": repositories})

    assert (
        gate(GateName.REPOSITORIES, replace(CARD, repositories=1), workflow=narrow).status is status
    )


def test_no_more_squads_are_asked_for_than_the_scope_can_reach() -> None:
    card = replace(CARD, squads=1, top_squad=(60, 58))

    assert gate(GateName.SQUADS, card, squads_in_scope=1).status is MET
    assert gate(GateName.ONE_SQUAD, card, squads_in_scope=1).status is NOT_ASKED
    assert gate(GateName.SQUADS, card, squads_in_scope=2).status is UNMET
    assert gate(GateName.SQUADS, replace(card, squads=0), squads_in_scope=0).status is UNMET


# --- shares


def test_coverage_says_how_many_items_to_tag() -> None:
    card = replace(CARD, successes=50, failures=2, unknown=8)

    found = gate(GateName.COVERAGE, card)

    assert (found.status, found.have) == (UNMET, "86.6 % of 60")
    assert found.detail == "tag 2 of 8 unknown items"


def test_coverage_is_met_at_its_limit_and_not_a_hair_below() -> None:
    at_limit = replace(CARD, successes=52, failures=2, unknown=6)

    assert gate(GateName.COVERAGE, at_limit).status is MET
    assert gate(GateName.COVERAGE, replace(at_limit, unknown=7)).status is UNMET


@pytest.mark.parametrize(("cancelled", "status"), [(6, MET), (7, UNMET)])
def test_not_too_many_closed_items_are_left_out(cancelled: int, status: Status) -> None:
    # 6 of 66 is 9.1 %, 7 of 67 is 10.4 %.
    assert gate(GateName.CANCELLED, replace(CARD, cancelled=cancelled)).status is status


def test_escalations_count_where_runs_tell_and_are_unknown_where_none_does() -> None:
    many = replace(CARD, escalated=3, escalation_told=10)
    untold = replace(CARD, escalated=0, escalation_told=0)

    assert gate(GateName.ESCALATIONS, many).have == "30 %, 3 of 10"
    assert gate(GateName.ESCALATIONS, many).status is UNMET
    assert gate(GateName.ESCALATIONS, untold).status is UNKNOWN
    assert gate(GateName.ESCALATIONS, replace(CARD, tier=4)).status is NOT_ASKED


@pytest.mark.parametrize(
    ("minutes", "items", "golden", "status"),
    [
        (75, 60, GOLDEN, MET),
        (76, 60, GOLDEN, UNMET),
        (None, None, GOLDEN, UNKNOWN),
        (5, 0, GOLDEN, UNKNOWN),
        (75, 60, None, NOT_ASKED),
        (75, 60, replace(GOLDEN, rework_items=0), NOT_ASKED),
    ],
)
def test_rework_is_held_against_goldens(
    minutes: int | None, items: int | None, golden: Any, status: Status
) -> None:
    card = replace(CARD, rework_minutes=minutes, rework_items=items)

    assert gate(GateName.REWORK, card, golden=golden).status is status


# --- kinds of work


def test_a_kind_of_work_that_dominates_is_named() -> None:
    found = gate(
        GateName.STRATUM, replace(CARD, strata=(Stratum("bump", 50, 49), Stratum("patch", 10, 9)))
    )

    assert (found.status, found.have) == (UNMET, "83.4 % bump")
    assert "narrow the scope to bump" in found.detail


@pytest.mark.parametrize(
    "scope",
    [
        {"task_classes": ["bump"]},
        {"repositories": ["bump"]},
        {"tickets": ["bump-*"]},
    ],
)
def test_a_scope_of_one_kind_of_work_may_be_all_of_it(scope: dict[str, list[str]]) -> None:
    card = replace(CARD, strata=(Stratum("bump", 60, 58),))

    assert gate(GateName.STRATUM, card, workflow=workflow(scope=scope)).status is NOT_ASKED
    assert gate(GateName.STRATUM, card).status is UNMET


def test_kinds_of_work_that_nothing_tells_apart_are_unknown() -> None:
    card = replace(CARD, strata=(Stratum(NO_KIND, 60, 58),))

    found = verdict(card, golden=None)

    assert gate(GateName.STRATUM, card).status is UNKNOWN
    assert (found.kind, found.weakest) == (Kind.QUALIFIED, "stratum")


def test_narrowing_the_scope_settles_what_was_done_outside_of_it() -> None:
    card = replace(CARD, strata=(Stratum("bump", 54, 53), Stratum("patch", 6, 4)))
    narrow = workflow(scope={"task_classes": ["bump"]})

    assert gate(GateName.STRATUM, card).status is UNMET
    assert gate(GateName.STRATUM, card, workflow=narrow).status is NOT_ASKED
    assert verdict(card, workflow=narrow).kind is Kind.QUALIFIED


def test_another_mix_than_goldens_names_the_kinds_that_are_proven_alone() -> None:
    # 90 % easy against 55 %: 35 points apart. 53 of 54 proves bump, 4 of 6 does not prove patch.
    card = replace(CARD, strata=(Stratum("bump", 54, 53), Stratum("patch", 6, 4)))

    found = gate(GateName.MIX, card)

    assert (found.status, found.have) == (UNMET, "35 % apart")
    assert found.detail == "proven for bump alone: narrow the scope to it"


def test_narrowing_the_scope_leaves_goldens_other_kinds_out() -> None:
    card = replace(CARD, strata=(Stratum("bump", 54, 53), Stratum("patch", 6, 4)))
    narrow = workflow(scope={"task_classes": ["bump"]})

    assert gate(GateName.MIX, card, workflow=narrow).status is MET


def test_a_scope_that_names_none_of_the_kinds_leaves_all_of_them_in() -> None:
    card = replace(CARD, strata=(Stratum("bump", 54, 53), Stratum("patch", 6, 4)))
    elsewhere = workflow(scope={"task_classes": ["other"]})

    assert gate(GateName.MIX, card, workflow=elsewhere).status is UNMET
    assert gate(GateName.MIX, replace(card, strata=())).status is UNMET


def test_work_that_golden_never_does_is_not_compared() -> None:
    card = replace(CARD, strata=(Stratum("audit", 60, 58),))
    narrow = workflow(scope={"task_classes": ["audit"]})

    found = gate(GateName.MIX, card, workflow=narrow)

    assert (found.status, found.detail) == (NOT_ASKED, "golden has no such work to compare")


@pytest.mark.parametrize("golden", [None, replace(GOLDEN, successes=79, failures=20)])
def test_without_a_baseline_nothing_is_compared(golden: Any) -> None:
    for name in (GateName.MIX, GateName.GOLDEN, GateName.COST, GateName.TAIL):
        assert gate(name, golden=golden).status is NOT_ASKED


# --- success


def test_success_prints_what_was_counted_and_what_is_proven() -> None:
    found = gate(GateName.SUCCESS)

    assert (found.have, found.need) == ("58 of 60, at least 86.3 %", "more than 75 %, proven")


def test_unknown_items_count_as_failures_and_are_told_with_the_range_they_leave() -> None:
    card = replace(CARD, successes=53, failures=2, unknown=5)

    found = gate(GateName.SUCCESS, card)

    assert found.have.startswith("53 of 60")
    assert found.detail == (
        "tag 5 unknown items: until then the rate lies between 88.3 % and 96.7 %"
    )


def test_tier_0_leaves_out_a_few_unknown_items_and_no_more() -> None:
    few = replace(CARD, successes=37, failures=1, unknown=2)
    many = replace(few, unknown=12)

    assert rate_of(few, free_ppm=50_000, alpha=0.1).items == 38
    assert rate_of(many, free_ppm=50_000, alpha=0.1).items == 48


@pytest.mark.parametrize(
    ("contenders", "status"),
    [(1, MET), (400, UNMET)],
)
def test_contenders_share_the_chance_of_an_error(contenders: int, status: Status) -> None:
    card = replace(CARD, successes=40, failures=3)

    found = verdict(card, contenders=contenders)

    assert found.alpha_ppm == 50_000 // contenders
    assert next(one for one in found.gates if one.name is GateName.SUCCESS).status is status


def test_not_worse_than_golden_needs_no_proof_and_worse_needs_evidence() -> None:
    # Golden has 90 %; with a margin of 5 points 75 of 100 is proven worse, 24 of 30 is not.
    few = replace(CARD, successes=24, failures=6)
    many = replace(CARD, successes=70, failures=30)

    assert gate(GateName.GOLDEN, few).status is MET
    assert gate(GateName.GOLDEN, many).status is UNMET
    assert gate(GateName.GOLDEN, many).detail == "golden guarded has 90 % of 200"


def test_what_nobody_tagged_is_no_evidence_of_being_worse() -> None:
    assert gate(GateName.GOLDEN, replace(CARD, successes=70, unknown=30)).status is MET


def test_proof_against_golden_has_to_be_earned() -> None:
    terms = replace(TIER, is_proof_asked=True)
    equal = replace(CARD, successes=54, failures=6)
    proven = replace(CARD, successes=198, failures=2)

    assert gate(GateName.GOLDEN, equal, terms=terms).status is UNMET
    assert gate(GateName.GOLDEN, proven, terms=terms).status is MET


def test_a_flawless_golden_cannot_break_the_proof() -> None:
    flawless = replace(GOLDEN, successes=200, failures=0)
    terms = replace(TIER, is_proof_asked=True, golden_margin_ppm=0)

    assert gate(GateName.GOLDEN, golden=flawless, terms=terms).status is UNMET


# --- cost


@pytest.mark.parametrize(
    ("cost", "golden", "status", "said"),
    [
        (COST, GOLDEN.cost, MET, ""),
        (replace(COST, log_sums=UNPROVEN), GOLDEN.cost, UNMET, "not proven yet"),
        (
            replace(COST, log_sums=UNPROVEN, dearer_sums=PROVEN),
            GOLDEN.cost,
            UNMET,
            "proven to cost more",
        ),
        (
            replace(COST, log_sums=UNPROVEN, capped_nano=120 * DOLLAR),
            GOLDEN.cost,
            UNMET,
            "too dear so far, which is not proven",
        ),
        (replace(COST, items=29), GOLDEN.cost, UNMET, "1 short of 30 items with a known cost"),
        (replace(COST, items=0), GOLDEN.cost, UNKNOWN, "no run logs: no item's cost is known"),
        (replace(COST, evidenced_ppm=799_999), GOLDEN.cost, UNKNOWN, "79.9 % is evidenced"),
        (replace(COST, evidenced_ppm=None), GOLDEN.cost, UNKNOWN, "nothing is evidenced"),
        (replace(COST, uncosted=16), GOLDEN.cost, UNKNOWN, "is known of 78.9 % of items only"),
        (COST, replace(GOLDEN.cost, evidenced_ppm=0), UNKNOWN, "no run logs of golden"),
        (COST, replace(GOLDEN.cost, items=0), UNKNOWN, "no run logs of golden"),
        (replace(COST, threshold_nano=None), GOLDEN.cost, UNKNOWN, "no run logs of golden"),
        (replace(COST, log_sums=()), GOLDEN.cost, UNKNOWN, "not held against golden's"),
    ],
)
def test_cost_is_proven_not_proven_or_not_known(
    cost: Any, golden: Any, status: Status, said: str
) -> None:
    found = gate(GateName.COST, replace(CARD, cost=cost), golden=replace(GOLDEN, cost=golden))

    assert found.status is status
    assert said in found.detail


def test_a_cost_is_printed_capped_with_the_uncapped_beside_it() -> None:
    cost = replace(COST, total_nano=116 * DOLLAR, capped_nano=87 * DOLLAR)

    found = gate(GateName.COST, replace(CARD, cost=cost))

    assert found.have == "$1.50 a success ($2.00 uncapped)"
    assert found.need == "at most $2.00, 1.5 × golden's"


def test_a_cap_that_moves_no_cent_is_not_printed() -> None:
    cost = replace(COST, total_nano=87 * DOLLAR + 1, capped_nano=87 * DOLLAR)

    assert gate(GateName.COST, replace(CARD, cost=cost)).have == "$1.50 a success"


def test_a_cost_without_a_success_or_below_zero_is_printed_too() -> None:
    none = replace(COST, successes=0)
    negative = replace(COST, total_nano=-58 * DOLLAR, capped_nano=-58 * DOLLAR)

    assert gate(GateName.COST, replace(CARD, cost=none)).have == "$60.00 and no success"
    assert gate(GateName.COST, replace(CARD, cost=negative)).have == "-$1.00 a success"


@pytest.mark.parametrize(("over_cap", "status"), [(4, MET), (5, UNMET)])
def test_the_tail_may_be_five_points_longer_than_goldens(over_cap: int, status: Status) -> None:
    # Golden has 4 of 200, 2 %: the limit is 7 % of 60 items, 4.2.
    card = replace(CARD, cost=replace(COST, over_cap=over_cap))

    assert gate(GateName.TAIL, card).status is status


# --- waivers


def waiver(name: str, until: date = DAY) -> dict[str, str]:
    return {
        "waives": name,
        "reason": "pilot",
        "approved_by": "council",
        "until": until.isoformat(),
    }


def test_a_waiver_takes_a_gate_off_until_its_last_day() -> None:
    card = replace(CARD, weeks=1)
    holding = workflow(waivers=[waiver("weeks", DAY)])
    ended = workflow(waivers=[waiver("weeks", DAY - timedelta(days=1))])

    found = gate(GateName.WEEKS, card, workflow=holding)

    assert found.status is WAIVED
    assert found.detail == f"waived by council until {DAY}"
    assert gate(GateName.WEEKS, card, workflow=ended).status is UNMET


def test_a_gate_that_is_met_needs_no_waiver() -> None:
    assert gate(GateName.WEEKS, workflow=workflow(waivers=[waiver("weeks")])).status is MET


def test_what_can_never_be_waived_is_not_even_if_the_catalog_says_so() -> None:
    card = replace(CARD, successes=20, failures=20, incidents=9)
    every = workflow(waivers=[waiver(name) for name in NEVER_WAIVED], owner=None)

    found = verdict(card, workflow=every, controls=(control("a", UNMET),))

    unmet = {one.name for one in found.gates if one.status is UNMET}
    assert unmet >= {GateName.OWNER, GateName.CONTROLS, GateName.INCIDENTS, GateName.SUCCESS}


def test_rules_hold_for_every_tier() -> None:
    card = replace(CARD, cancelled=30)

    lenient = GateRules.model_validate({"cancelled_share": "0.5"})

    assert gate(GateName.CANCELLED, card, rules=lenient).status is MET


@pytest.mark.parametrize(
    ("ppm", "down", "up"),
    [
        (800_000, "80 %", "80 %"),
        (799_999, "79.9 %", "80 %"),
        (0, "0 %", "0 %"),
        (-1_500, "-0.2 %", "-0.1 %"),
    ],
)
def test_a_share_is_rounded_away_from_its_limit(ppm: int, down: str, up: str) -> None:
    assert (percent(ppm), percent(ppm, is_up=True)) == (down, up)


@pytest.mark.parametrize(
    ("ratio_ppm", "written"),
    [
        (1_500_000, "1.5 ×"),
        (10_000_000, "10 ×"),
        (100_000_000, "100 ×"),
        (1_234_567, "1.234567 ×"),
        (0, "0 ×"),
    ],
)
def test_a_ratio_is_written_with_as_many_places_as_it_has(ratio_ppm: int, written: str) -> None:
    assert times(ratio_ppm) == written
