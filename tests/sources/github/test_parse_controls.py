"""How single answers are judged: who may pass by, and what a CODEOWNERS file covers."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.promotion.controls import ControlName, ControlTold
from tasks.sources.github.answers import Answer
from tasks.sources.github.branch_guards import (
    Guard,
    classic_guard,
    judge_branch,
    ruleset_guards,
)
from tasks.sources.github.codeowners import coverage
from tasks.sources.github.parse_controls import judge_code_owners, judge_environments

GAPS = st.sampled_from(["", "no_permission", "unavailable"])
BYPASSES = st.frozensets(st.sampled_from(["own_bypass", "app_bypass", "admin_bypass"]))


@st.composite
def guard(draw: st.DrawFn) -> Guard:
    return Guard(
        draw(st.sampled_from(["classic", "ruleset"])),
        stops_pushes=draw(st.booleans()),
        approvals=draw(st.integers(0, 3)),
        asks_code_owners=draw(st.booleans()),
        has_checks=draw(st.booleans()),
        bypass=draw(BYPASSES),
        gap=draw(GAPS),
        bypass_gap=draw(GAPS),
    )


def classic(app: str | None = None, **changes: Any) -> Guard:
    reviews = {"required_approving_review_count": 1} | changes.pop("reviews", {})
    told = {
        "required_pull_request_reviews": reviews,
        "enforce_admins": {"enabled": True},
    } | changes
    return classic_guard(Answer({"protected": True}), Answer(told), app)


def bypass(*guards: Guard) -> tuple[str, str]:
    state, detail = judge_branch(guards)[ControlName.BYPASS]
    return state.value, detail


@given(guards=st.lists(guard(), max_size=4), further=guard())
def test_one_more_protection_never_takes_a_control_away(
    guards: list[Guard], further: Guard
) -> None:
    before, after = judge_branch(guards), judge_branch([*guards, further])
    for control in set(before) - {ControlName.BYPASS}:
        if before[control][0] is ControlTold.PRESENT:
            assert after[control][0] is ControlTold.PRESENT


@given(guards=st.lists(guard(), max_size=4))
def test_nothing_is_absent_while_a_protection_is_not_known(guards: list[Guard]) -> None:
    judged = judge_branch(guards)
    judged.pop(ControlName.BYPASS)
    if any(one.gap for one in guards):
        assert ControlTold.ABSENT not in {state for state, _ in judged.values()}
    else:
        assert ControlTold.UNKNOWN not in {state for state, _ in judged.values()}


@given(guards=st.lists(guard(), max_size=4))
def test_nobody_passes_only_where_a_protection_without_exceptions_stops_pushes(
    guards: list[Guard],
) -> None:
    closed = any(one.stops_pushes and not one.bypass and not one.bypass_gap for one in guards)
    assert (bypass(*guards) == ("absent", "nobody")) is closed


@pytest.mark.parametrize(
    ("approvals", "by_owner", "state", "detail"),
    [
        (0, True, "absent", "no_approvals"),
        (1, False, "absent", "1_approvals"),
        (1, True, "present", "code_owner_approval"),
        (2, False, "present", "2_approvals"),
        (99, False, "present", "10_approvals"),
    ],
)
def test_two_people_are_two_approvals_or_a_code_owners_one(
    approvals: int, state: str, detail: str, *, by_owner: bool
) -> None:
    told = Guard("classic", approvals=approvals, asks_code_owners=by_owner)
    found = judge_branch([told])[ControlName.TWO_PERSON_APPROVAL]
    assert (found[0].value, found[1]) == (state, detail)


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, "nobody"),
        ({"enforce_admins": {"enabled": False}}, "admin_bypass"),
        ({"enforce_admins": None}, "admin_bypass"),
        ({"reviews": {"bypass_pull_request_allowances": {"users": [{}]}}}, "others_bypass"),
        ({"reviews": {"bypass_pull_request_allowances": {"apps": [{"id": 8}]}}}, "app_bypass"),
        ({"reviews": {"bypass_pull_request_allowances": {"apps": [{"id": 7}]}}}, "own_bypass"),
        (
            {"reviews": {"bypass_pull_request_allowances": {"apps": [{"client_id": "7"}]}}},
            "own_bypass",
        ),
        ({"required_pull_request_reviews": None}, "unprotected"),
        ({"required_pull_request_reviews": None, "restrictions": {}}, "nobody"),
        (
            {"required_pull_request_reviews": None, "restrictions": {"apps": [{"id": 7}]}},
            "own_bypass",
        ),
        ({"required_pull_request_reviews": None, "lock_branch": {"enabled": True}}, "nobody"),
    ],
)
def test_who_may_pass_by_classic_protection(changes: dict[str, Any], who: str) -> None:
    assert bypass(classic("7", **changes))[1] == who


@pytest.mark.parametrize(
    ("ruleset", "who"),
    [
        ({"current_user_can_bypass": "never", "bypass_actors": []}, "nobody"),
        ({"current_user_can_bypass": "always"}, "own_bypass"),
        ({"current_user_can_bypass": "pull_requests_only", "bypass_actors": []}, "own_bypass"),
        ({"current_user_can_bypass": "never"}, "no_permission"),
        ({"bypass_actors": [{"actor_type": "OrganizationAdmin", "actor_id": 1}]}, "admin_bypass"),
        ({"bypass_actors": [{"actor_type": "RepositoryRole", "actor_id": 5}]}, "admin_bypass"),
        ({"bypass_actors": [{"actor_type": "RepositoryRole", "actor_id": 4}]}, "others_bypass"),
        ({"bypass_actors": [{"actor_type": "DeployKey"}]}, "others_bypass"),
        ({"bypass_actors": [{"actor_type": "Integration", "actor_id": 8}]}, "app_bypass"),
        ({"bypass_actors": [{"actor_type": "Integration", "actor_id": 7}]}, "own_bypass"),
        ({"bypass_actors": "nobody"}, "malformed"),
    ],
)
def test_who_may_pass_by_a_ruleset(ruleset: dict[str, Any], who: str) -> None:
    rules = Answer([{"type": "pull_request", "ruleset_id": 71}])
    assert bypass(*ruleset_guards(rules, {71: Answer(ruleset)}, "7"))[1] == who


def test_an_exception_from_one_protection_is_none_from_the_other() -> None:
    weak = classic(enforce_admins={"enabled": False})
    rules = Answer([{"type": "pull_request", "ruleset_id": 71}])
    told = Answer({"current_user_can_bypass": "never", "bypass_actors": []})
    assert bypass(weak, *ruleset_guards(rules, {71: told}, None)) == ("absent", "nobody")


def test_required_checks_alone_do_not_stop_a_push() -> None:
    told = classic(required_pull_request_reviews=None, required_status_checks={"contexts": ["ci"]})
    judged = judge_branch([told])
    assert judged[ControlName.CI_GATES][0] is ControlTold.PRESENT
    assert judged[ControlName.BRANCH_PROTECTION] == (ControlTold.ABSENT, "unprotected")


def test_protection_that_is_not_found_is_hidden_unless_the_branch_says_there_is_none() -> None:
    gone = Answer(gap="not_found")
    hidden = classic_guard(Answer({"protected": True}), gone, None)
    by_rulesets = Answer({"protected": True, "protection": {"enabled": False}})
    assert hidden.gap == "no_permission"
    assert classic_guard(by_rulesets, gone, None) == Guard("classic")


@pytest.mark.parametrize("body", [None, [], {}, {"protected": "perhaps"}])
def test_a_malformed_branch_is_unknown(body: object) -> None:
    told = classic_guard(Answer(body), Answer(gap="not_found"), None)
    assert judge_branch([told])[ControlName.HUMAN_APPROVAL][0] is ControlTold.UNKNOWN


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        (["* @acme/core"], "covers_all"),
        (["# note", "", "*\t@acme/core  # always"], "covers_all"),
        (["* someone@example.invalid"], "covers_all"),
        (["*"], "covers_part"),
        (["/src/ @acme/core"], "covers_part"),
        (["* @acme/core", "/vendor/"], "covers_config"),
        (["/vendor/", "* @acme/core"], "covers_all"),
        (["* @acme/core", "*"], "covers_part"),
        (["/config/ @acme/core"], "covers_config"),
        (["config/catalog.yaml @acme/core"], "covers_config"),
        (["* @acme/core", "/config/**"], "covers_part"),
        (["* @acme/core", "/vendor/", "/config/* @acme/core"], "covers_config"),
        ([], "covers_part"),
    ],
)
def test_what_a_file_covers(lines: list[str], covered: str) -> None:
    assert coverage("\n".join(lines)) == covered


@given(text=st.text())
def test_any_text_has_a_coverage(text: str) -> None:
    assert coverage(text) in {"covers_all", "covers_config", "covers_part"}


@pytest.mark.parametrize(
    ("file", "judged"),
    [
        (Answer(gap="not_found"), "absent no_file"),
        (Answer(gap="no_permission"), "unknown no_permission"),
        (Answer({"type": "file", "encoding": "none", "content": ""}), "unknown malformed"),
        (Answer({"type": "file", "encoding": "base64", "content": "a"}), "unknown malformed"),
        (
            Answer(
                {
                    "type": "file",
                    "encoding": "base64",
                    "content": base64.b64encode(b"* @a/b").decode(),
                }
            ),
            "present covers_all",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_not_a_file_without_owners(file: Answer, judged: str) -> None:
    state, detail = judge_code_owners(Answer({"errors": []}), file)
    assert f"{state.value} {detail}" == judged


@pytest.mark.parametrize(
    ("environments", "judged"),
    [
        ([], "unknown no_production"),
        ([{"name": "staging"}], "unknown no_production"),
        ([{"name": "live", "protection_rules": []}], "absent no_reviewers"),
        ([{"name": "prod", "protection_rules": [{"type": "wait_timer"}]}], "absent no_reviewers"),
        (
            [{"name": "prod", "protection_rules": [{"type": "required_reviewers"}]}],
            "absent no_reviewers",
        ),
        ([{"nom": "prod"}], "unknown malformed"),
    ],
)
def test_a_production_environment_needs_a_reviewer(environments: list[Any], judged: str) -> None:
    state, detail = judge_environments(Answer(environments))
    assert f"{state.value} {detail}" == judged
