"""A system's sign of failure beats every hand; what comes late turns an outcome over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.catalog import DecisionOutcomes
from config.shapes.gate import GateRules
from tasks.core.work.item_facts import Outcome, Reason
from tasks.core.work.item_outcomes import Judged, decision_outcome, judge_decision, judge_item
from tasks.core.work.item_states import ItemState, ItemStatus, Reopening, current_items
from tasks.core.work.work_items import (
    EventKind,
    ItemEvent,
    ItemType,
    Tag,
    github_commit,
    github_item,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
PULL, REVERT, THIRD = (github_item(900, number) for number in (5, 6, 7))
CANCELLED_BY = GateRules().cancelled_by
MERGE = "m" * 40


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def event(
    kind: EventKind, hours: float, value: str | None = None, ref: str | None = None, on: str = PULL
) -> ItemEvent:
    return ItemEvent("forge", on, kind, at(hours), at(hours), value, ref)


def judged(
    state: ItemState,
    *incidents: datetime,
    is_untyped: bool = False,
    decided: Outcome = Outcome.UNKNOWN,
) -> Judged:
    return judge_item(
        state,
        incidents=incidents,
        is_untyped_incident=is_untyped,
        cancelled_by=CANCELLED_BY,
        decided=decided,
    )


def of_events(*events: ItemEvent, on: str = PULL) -> Judged:
    return judged(current_items(events)[on])


def pull(hours: float | None = 9, *, merged: bool = True) -> ItemState:
    """Make a pull request that was opened at the start and ended so many hours later."""
    if hours is None:
        return ItemState(PULL, ItemType.PULL_REQUEST, START)
    return ItemState(
        PULL,
        ItemType.PULL_REQUEST,
        START,
        ItemStatus.MERGED if merged else ItemStatus.CLOSED,
        merged_at=at(hours) if merged else None,
        closed_at=at(hours),
    )


def ticket(hours: float | None = 9, reason: str | None = None) -> ItemState:
    state = replace(pull(hours, merged=False), item="jira:5", item_type=ItemType.ISSUE)
    return replace(state, close_reason=reason)


REVERTED = replace(pull(), reverted_at=at(30))
RED = replace(pull(), red_at=at(9))
REOPENED = replace(ticket(), reopenings=(Reopening(at(5), at(2)),))
ABANDONED = pull(merged=False)
OPENED = event(EventKind.OPENED, 0, "pull_request")
MERGED = event(EventKind.MERGED, 9, ref=MERGE)
REVERTED_LATE = event(EventKind.REVERTED_BY, 300, ref=REVERT, on=github_commit(900, MERGE))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (pull(None), Judged(Outcome.OPEN, Reason.OPEN, None, None)),
        (ticket(None), Judged(Outcome.OPEN, Reason.OPEN, None, None)),
        (pull(), Judged(Outcome.SUCCESS, Reason.MERGED, at(9), at(9))),
        (ticket(), Judged(Outcome.SUCCESS, Reason.RESOLVED, at(9), at(9))),
        (ABANDONED, Judged(Outcome.FAILURE, Reason.ABANDONED, at(9), at(9))),
        (REVERTED, Judged(Outcome.FAILURE, Reason.REVERTED, at(9), at(30))),
        (RED, Judged(Outcome.FAILURE, Reason.CI_RED, at(9), at(9))),
        # Its age counts from the close that was taken back.
        (REOPENED, Judged(Outcome.FAILURE, Reason.REOPENED, at(2), at(5))),
    ],
)
def test_an_item_is_what_its_systems_say(state: ItemState, expected: Judged) -> None:
    assert judged(state) == expected


def test_an_incident_that_names_an_item_as_its_cause_is_its_failure_from_the_first_on() -> None:
    expected = Judged(Outcome.FAILURE, Reason.INCIDENT, at(9), at(20))

    assert judged(pull(), at(40), at(20)) == expected


def test_an_incident_counts_before_its_cause_is_closed() -> None:
    expected = Judged(Outcome.FAILURE, Reason.INCIDENT, None, at(4))

    assert judged(pull(None), at(4)) == expected


@pytest.mark.parametrize("reason", CANCELLED_BY)
def test_a_ticket_that_the_business_cancelled_is_neither_success_nor_failure(reason: str) -> None:
    assert judged(ticket(reason=reason)).outcome is Outcome.CANCELLED


def test_a_resolution_cancels_only_where_policy_names_it() -> None:
    state = ticket(reason="resolution.10002")
    named = judge_item(
        state, incidents=(), is_untyped_incident=False, cancelled_by={"resolution.10002"}
    )

    assert (named.outcome, judged(state).outcome) == (Outcome.CANCELLED, Outcome.SUCCESS)


@pytest.mark.parametrize("state", [REVERTED, RED, REOPENED, ABANDONED])
@pytest.mark.parametrize("tag", list(Tag))
def test_no_hand_undoes_what_a_system_says_has_failed(state: ItemState, tag: Tag) -> None:
    assert judged(replace(state, tags=(tag,))) == judged(state)


def test_a_cancelled_close_after_a_failure_undoes_nothing() -> None:
    assert judged(replace(REOPENED, close_reason="not_planned")).reason is Reason.REOPENED


@pytest.mark.parametrize("tag", [Tag.SUCCESS, Tag.FAILURE])
def test_a_hand_changes_nothing_where_a_system_tells(tag: Tag) -> None:
    assert judged(replace(pull(), tags=(tag,))).reason is Reason.MERGED


UNTOLD = replace(ABANDONED, item_type=None)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (Tag.SUCCESS, (Outcome.SUCCESS, Reason.TAGGED_SUCCESS)),
        (Tag.FAILURE, (Outcome.FAILURE, Reason.TAGGED_FAILURE)),
        (Tag.CANCELLED, (Outcome.CANCELLED, Reason.CANCELLED)),
    ],
)
@pytest.mark.parametrize("is_untyped", [True, False])
def test_a_hand_tells_what_no_system_does(
    tag: Tag, expected: tuple[Outcome, Reason], *, is_untyped: bool
) -> None:
    found = judged(replace(UNTOLD, tags=(tag,)), is_untyped=is_untyped)

    assert (found.outcome, found.reason) == expected


def test_a_close_of_which_only_side_events_are_known_is_unknown() -> None:
    assert judged(UNTOLD) == Judged(Outcome.UNKNOWN, Reason.UNTOLD, at(9), at(9))


@pytest.mark.parametrize("tags", [(Tag.FAILURE, Tag.SUCCESS), (Tag.CANCELLED, Tag.SUCCESS)])
def test_tags_that_contradict_each_other_say_nothing(tags: tuple[Tag, ...]) -> None:
    assert judged(replace(UNTOLD, tags=tags)).reason is Reason.UNTOLD
    assert judged(replace(pull(), tags=tags)).reason is Reason.MERGED


def test_a_link_to_an_incident_that_nobody_explains_makes_a_merge_unknown() -> None:
    expected = Judged(Outcome.UNKNOWN, Reason.UNTYPED_INCIDENT, at(9), at(9))

    assert judged(pull(), is_untyped=True) == expected
    assert judged(pull(), is_untyped=True, decided=Outcome.SUCCESS) == expected


@pytest.mark.parametrize("state", [REVERTED, RED, REOPENED, ABANDONED])
def test_a_link_that_nobody_explains_hides_no_failure(state: ItemState) -> None:
    assert judged(state, is_untyped=True) == judged(state)


def test_a_pull_request_that_was_closed_opened_again_and_merged_is_a_success() -> None:
    found = of_events(OPENED, event(EventKind.CLOSED, 2), event(EventKind.REOPENED, 3), MERGED)

    assert found == Judged(Outcome.SUCCESS, Reason.MERGED, at(9), at(9))


def test_a_ticket_that_comes_back_from_being_cancelled_has_not_failed() -> None:
    found = of_events(
        event(EventKind.OPENED, 0, "issue"),
        event(EventKind.CLOSED, 2, "not_planned"),
        event(EventKind.REOPENED, 3),
        event(EventKind.CLOSED, 9, "completed"),
    )

    assert found == Judged(Outcome.SUCCESS, Reason.RESOLVED, at(9), at(9))


def test_a_ticket_that_was_opened_again_has_failed_while_it_is_still_open() -> None:
    found = of_events(
        event(EventKind.OPENED, 0, "issue"),
        event(EventKind.STATUS_CHANGED, 2, "done"),
        event(EventKind.RESOLVED, 2, "resolution.1"),
        event(EventKind.STATUS_CHANGED, 5, "indeterminate"),
    )

    assert found == Judged(Outcome.FAILURE, Reason.REOPENED, at(2), at(5))


def test_a_late_revert_turns_a_success_over_and_its_revert_turns_it_back() -> None:
    third = event(EventKind.REVERTED_BY, 400, ref=THIRD, on=REVERT)
    revert = event(EventKind.OPENED, 299, "pull_request", on=REVERT)

    before = of_events(OPENED, MERGED)
    reverted = of_events(OPENED, MERGED, REVERTED_LATE, revert)
    back = of_events(OPENED, MERGED, REVERTED_LATE, revert, third)

    assert before == back == Judged(Outcome.SUCCESS, Reason.MERGED, at(9), at(9))
    assert reverted == Judged(Outcome.FAILURE, Reason.REVERTED, at(9), at(300))


def test_of_two_reverts_the_one_that_still_stands_tells_when() -> None:
    later = event(EventKind.REVERTED_BY, 350, ref=THIRD)
    undone = event(EventKind.REVERTED_BY, 400, ref="gh:900#8", on=REVERT)
    revert = event(EventKind.OPENED, 299, "pull_request", on=REVERT)

    both = of_events(OPENED, MERGED, REVERTED_LATE, revert, later)
    one = of_events(OPENED, MERGED, REVERTED_LATE, revert, later, undone)

    assert (both.known_at, one.known_at) == (at(300), at(350))
    assert both.reason is one.reason is Reason.REVERTED


def test_what_was_never_merged_cannot_be_reverted() -> None:
    found = of_events(
        OPENED, event(EventKind.CLOSED, 2), event(EventKind.REVERTED_BY, 3, ref=REVERT)
    )

    assert found.reason is Reason.ABANDONED


HEAD = event(EventKind.HEAD, 1, ref="new")


def check(hours: float, result: str, head: str = "new", kind: str = "check_runs") -> ItemEvent:
    return event(EventKind.CHECKED, hours, f"{kind}.{result}", head)


@pytest.mark.parametrize(
    ("checks", "known_at"),
    [
        ([check(2, "failure")], 9),
        ([check(2, "success"), check(3, "failure", kind="statuses")], 9),
        # What was pending at the merge counts by its first result.
        ([check(2, "pending"), check(11, "failure")], 11),
        ([check(11, "failure")], 11),
        # A rerun after the merge does not make the merge green.
        ([check(2, "failure"), check(12, "success")], 9),
    ],
)
def test_a_merge_with_red_checks_is_a_failure(checks: list[ItemEvent], known_at: float) -> None:
    found = of_events(OPENED, HEAD, MERGED, *checks)

    assert found == Judged(Outcome.FAILURE, Reason.CI_RED, at(9), at(known_at))


@pytest.mark.parametrize(
    "checks",
    [
        [],
        [check(2, "pending")],
        [check(2, "failure"), check(8, "success")],
        [check(2, "pending"), check(11, "success"), check(12, "failure")],
        [check(2, "success"), check(11, "failure")],
        [check(0, "failure", "old")],
    ],
)
def test_checks_that_were_not_red_at_the_close_are_no_failure(checks: list[ItemEvent]) -> None:
    old = event(EventKind.HEAD, 0, ref="old")

    assert of_events(OPENED, old, HEAD, MERGED, *checks).reason is Reason.MERGED


def test_red_checks_of_an_open_item_say_nothing_yet() -> None:
    assert of_events(OPENED, HEAD, check(2, "failure")).reason is Reason.OPEN


def test_a_tag_counts_until_it_is_taken_off() -> None:
    untold = event(EventKind.CLOSED, 2)
    tagged = event(EventKind.TAGGED, 3, "success", "label")
    taken_off = event(EventKind.UNTAGGED, 4, "success", "label")

    assert of_events(untold, tagged).reason is Reason.TAGGED_SUCCESS
    assert of_events(untold, tagged, taken_off).reason is Reason.UNTOLD


MAPPING = DecisionOutcomes(success=("merged",), failure=("gave-up",))


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ("merged", (Outcome.SUCCESS, Reason.DECIDED)),
        ("gave-up", (Outcome.FAILURE, Reason.GAVE_UP)),
        ("else", (Outcome.UNKNOWN, Reason.UNTOLD)),
        (None, (Outcome.UNKNOWN, Reason.UNTOLD)),
    ],
)
def test_a_logged_decision_decides_where_no_system_tells(
    decision: str | None, expected: tuple[Outcome, Reason]
) -> None:
    decided = decision_outcome(MAPPING, decision)
    by_log, by_item = judge_decision(decided, at(9)), judged(UNTOLD, decided=decided)

    assert by_log == by_item == Judged(*expected, at(9), at(9))


def test_a_decision_that_the_catalog_does_not_map_is_unknown() -> None:
    assert decision_outcome(None, "merged") is Outcome.UNKNOWN


def test_a_logged_decision_is_weaker_than_a_system_and_stronger_than_a_hand() -> None:
    tagged = replace(UNTOLD, tags=(Tag.SUCCESS,))

    assert judged(pull(), decided=Outcome.FAILURE).reason is Reason.MERGED
    assert judged(tagged, decided=Outcome.FAILURE).reason is Reason.GAVE_UP


moments = st.one_of(st.none(), st.integers(1, 99).map(at))
states = st.builds(
    lambda base, kind, reverted, red, is_reopened, reason, tags: replace(
        base,
        item_type=kind,
        reverted_at=reverted,
        red_at=red if base.closed_at else None,
        reopenings=(Reopening(at(5), at(2), reason),) if is_reopened else (),
        close_reason=reason if base.closed_at else None,
        tags=tuple(sorted(tags)),
    ),
    st.builds(
        lambda hours, merged: pull(hours, merged=merged),
        st.one_of(st.none(), st.integers(6, 99)),
        st.booleans(),
    ),
    st.sampled_from([*ItemType, None]),
    moments,
    moments,
    st.booleans(),
    st.sampled_from([None, "completed", "duplicate", "resolution.1"]),
    st.sets(st.sampled_from(list(Tag))),
)


@given(states, st.lists(st.integers(1, 99).map(at)), st.booleans(), st.sampled_from(list(Outcome)))
def test_every_state_has_one_outcome_and_the_reason_goes_with_it(
    state: ItemState, incidents: list[datetime], is_untyped: bool, decided: Outcome
) -> None:
    found = judged(state, *incidents, is_untyped=is_untyped, decided=decided)

    assert found == judged(state, *reversed(incidents), is_untyped=is_untyped, decided=decided)
    assert (found.outcome is Outcome.OPEN) == (found.reason is Reason.OPEN)
    assert (found.known_at is None) == (found.outcome is Outcome.OPEN)
    if found.outcome not in {Outcome.OPEN, Outcome.FAILURE}:
        assert found.closed_at == found.known_at == state.closed_at is not None


@given(states, st.booleans())
def test_tags_never_change_what_a_system_decided_to_success_or_out_of_failure(
    state: ItemState, is_untyped: bool
) -> None:
    without = judged(replace(state, tags=()), is_untyped=is_untyped)
    found = judged(state, is_untyped=is_untyped)

    if without.outcome is not Outcome.UNKNOWN:
        assert found in {without, replace(without, outcome=Outcome.CANCELLED, reason=found.reason)}
    if without.outcome is Outcome.FAILURE:
        assert found == without
