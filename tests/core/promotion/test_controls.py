"""Controls: what systems tell wins, then what is declared, then what is waived."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.catalog import Workflow
from tasks.core.promotion.controls import (
    SAME_AS,
    ControlName,
    ControlState,
    ControlTold,
    FetchedControl,
    controls_of,
    fresh_controls,
    repositories_in_scope,
    rollback_state,
)
from tasks.core.promotion.verdict import Status
from tests.core.factories import catalog

DAY = date(2026, 11, 20)
API, WEB = "acme/api", "acme/web"
TOLD = st.sampled_from([*ControlTold, None])


def workflow(**fields: Any) -> Workflow:
    stages = [{"from": "2026-01-01", "stage": "exploration"}]
    return catalog({"id": "alpha", "stages": stages, **fields}).workflows[0]


def declared(control: str, until: date = DAY) -> dict[str, Any]:
    return {"control": control, "evidence": "runbook 7", "until": until}


def waived(name: str, until: date = DAY) -> dict[str, Any]:
    return {"waives": name, "reason": "migration", "approved_by": "risk-lead", "until": until}


def told(
    name: str, state: ControlTold | None, control: str = ControlName.CI_GATES
) -> list[FetchedControl]:
    if state is None:
        return []
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    return [FetchedControl(f"gh:{name}", name, control, state, "", now)]


def stand(
    fetched: list[FetchedControl],
    required: str = "ci-gates",
    *,
    repositories: tuple[str, ...] = (API, WEB),
    **fields: Any,
) -> ControlState:
    made = workflow(**fields)
    (state,) = controls_of(
        made, [required], fresh_controls(fetched, DAY), repositories=repositories, as_of=DAY
    )
    return state


def both(api: ControlTold | None, web: ControlTold | None) -> list[FetchedControl]:
    return told(API, api) + told(WEB, web)


def test_a_control_in_all_repositories_is_met_without_an_end() -> None:
    state = stand(both(ControlTold.PRESENT, ControlTold.PRESENT))
    assert (state.status, state.source, state.until) == (Status.MET, "system", None)


def test_a_repository_that_lacks_it_is_named_and_beats_a_declaration() -> None:
    fetched = both(ControlTold.PRESENT, ControlTold.ABSENT)
    state = stand(fetched, controls=[declared("ci-gates", DAY + timedelta(days=90))])
    assert (state.status, state.source) == (Status.UNMET, "system")
    assert state.detail == f"{WEB} lacks it; what the catalog declares does not count"


def test_many_repositories_that_lack_it_are_counted() -> None:
    names = tuple(f"acme/r{at}" for at in range(5))
    fetched = [row for name in names for row in told(name, ControlTold.ABSENT)]
    state = stand(fetched, repositories=names)
    assert state.detail == "acme/r0, acme/r1, acme/r2 and 2 more lack it"


def test_a_waiver_excuses_even_what_a_system_tells_to_be_absent() -> None:
    state = stand(both(ControlTold.ABSENT, ControlTold.ABSENT), waivers=[waived("ci-gates")])
    assert (state.status, state.source, state.until) == (Status.WAIVED, "waiver", DAY)
    assert "risk-lead" in state.detail


@pytest.mark.parametrize("web", [ControlTold.UNKNOWN, None])
def test_what_nobody_tells_of_every_repository_may_be_declared(web: ControlTold | None) -> None:
    fetched = both(ControlTold.PRESENT, web)
    assert stand(fetched).status is Status.UNMET
    state = stand(fetched, controls=[declared("ci-gates")])
    assert (state.status, state.source, state.until) == (Status.MET, "declared", DAY)


@pytest.mark.parametrize(("days", "status"), [(-1, Status.UNMET), (0, Status.MET), (1, Status.MET)])
def test_a_declaration_counts_through_its_last_day(days: int, status: Status) -> None:
    until = DAY + timedelta(days=days)
    state = stand([], "incident-drill", controls=[declared("incident-drill", until)])
    assert (state.status, state.until) == (status, until)


@pytest.mark.parametrize(("days", "ends_soon"), [(0, True), (14, True), (15, False)])
def test_what_ends_within_two_weeks_is_told(days: int, *, ends_soon: bool) -> None:
    until = DAY + timedelta(days=days)
    state = stand([], "incident-drill", controls=[declared("incident-drill", until)])
    assert state.ends_soon is ends_soon
    assert ("ends" in state.detail) is ends_soon


def test_the_longest_of_several_declarations_counts() -> None:
    ends = [DAY - timedelta(days=3), DAY + timedelta(days=30), DAY]
    controls = [declared("incident-drill", until) for until in ends]
    assert stand([], "incident-drill", controls=controls).until == max(ends)


@pytest.mark.parametrize(("name", "known_as"), sorted(SAME_AS.items()))
def test_a_policy_may_spell_a_control_in_its_own_words(name: str, known_as: str) -> None:
    fetched = told(API, ControlTold.PRESENT, known_as)
    state = stand(fetched, name, repositories=(API,))
    assert (state.name, state.status) == (name, Status.MET)


def test_a_repository_is_found_by_its_key_too() -> None:
    state = stand(told(API, ControlTold.PRESENT), repositories=(f"gh:{API}",))
    assert state.status is Status.MET


@pytest.mark.parametrize(("days", "status"), [(7, Status.MET), (8, Status.UNMET)])
def test_what_was_told_over_a_week_ago_is_not_known(days: int, status: Status) -> None:
    day = DAY + timedelta(days=days)
    fresh = fresh_controls(told(API, ControlTold.PRESENT), day)
    states = controls_of(workflow(), ["ci-gates"], fresh, repositories=(API,), as_of=day)
    assert [state.status for state in states] == [status]


def test_who_may_bypass_is_no_control_that_could_be_met() -> None:
    fetched = told(API, ControlTold.PRESENT, ControlName.BYPASS)
    assert stand(fetched, "bypass", repositories=(API,)).status is Status.UNMET


def test_work_on_tickets_alone_needs_a_declaration() -> None:
    assert stand([], repositories=()).status is Status.UNMET
    controls = [declared("ci-gates")]
    assert stand([], repositories=(), controls=controls).source == "declared"


def test_answers_come_in_the_order_of_the_policy_and_once_each() -> None:
    names = ["incident-drill", "ci-checks", "incident-drill"]
    states = controls_of(workflow(), names, {}, repositories=(), as_of=DAY)
    assert [state.name for state in states] == ["incident-drill", "ci-checks"]


@given(states=st.lists(TOLD, min_size=1, max_size=6), is_declared=st.booleans())
def test_met_by_systems_only_if_all_repositories_have_it(
    *, states: list[ControlTold | None], is_declared: bool
) -> None:
    names = tuple(f"acme/r{at}" for at in range(len(states)))
    fetched = [row for name, state in zip(names, states, strict=True) for row in told(name, state)]
    controls = [declared("ci-gates")] if is_declared else []
    state = stand(fetched, repositories=names, controls=controls)
    all_present = set(states) == {ControlTold.PRESENT}
    can_declare = ControlTold.ABSENT not in states
    assert (state.source == "system" and state.status is Status.MET) is all_present
    assert (state.status is Status.MET) is (all_present or (is_declared and can_declare))


def rollback(tested_on: date | None) -> dict[str, Any]:
    return {"plan": "revert", "minutes": 15, "tested_on": tested_on}


@pytest.mark.parametrize(
    ("tested_on", "status"),
    [
        (DAY, Status.MET),
        (DAY - timedelta(days=365), Status.MET),
        (DAY - timedelta(days=366), Status.UNMET),
        (DAY + timedelta(days=1), Status.UNMET),
        (None, Status.UNMET),
    ],
)
def test_a_rollback_is_tested_if_it_was_rehearsed_within_a_year(
    tested_on: date | None, status: Status
) -> None:
    made = workflow(rollback=rollback(tested_on))
    assert rollback_state(made, DAY).status is status
    (state,) = controls_of(made, ["rollback-tested"], {}, repositories=(), as_of=DAY)
    assert state == rollback_state(made, DAY)


def test_without_a_rollback_there_is_no_plan_either() -> None:
    assert rollback_state(workflow(), DAY).status is Status.UNMET
    states = {}
    for fields in ({}, {"rollback": rollback(None)}):
        (state,) = controls_of(
            workflow(**fields), ["rollback-plan"], {}, repositories=(), as_of=DAY
        )
        states[bool(fields)] = state.status
    assert states == {False: Status.UNMET, True: Status.MET}


def test_a_scope_is_what_its_globs_match_and_every_name_it_spells_out() -> None:
    known = [API, WEB, "other/api"]
    globbed = workflow(scope={"repositories": ["acme/*"]})
    assert repositories_in_scope(globbed, known) == (API, WEB)
    named = workflow(scope={"repositories": ["acme/api", "acme/gone"]})
    assert repositories_in_scope(named, known) == (API, "acme/gone")


def test_an_open_scope_is_everything_known_but_for_work_on_tickets() -> None:
    assert repositories_in_scope(workflow(), [WEB, API]) == (API, WEB)
    assert repositories_in_scope(workflow(scope={"tickets": ["OPS-*"]}), [WEB, API]) == ()
