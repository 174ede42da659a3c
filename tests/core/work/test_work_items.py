"""An item's state depends on what happened, never on when or how often we heard of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.tables import WORK_ITEM_EVENTS
from tasks.core.work.item_states import ItemStatus, Link, current_items
from tasks.core.work.work_items import (
    EventKind,
    Fact,
    ItemEvent,
    LinkType,
    event_row,
    github_commit,
    github_item,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
PULL = github_item(900, 5)
OTHER = github_item(900, 6)


def event(
    kind: EventKind,
    hours: int = 0,
    value: str | None = None,
    ref: str | None = None,
    item: str = PULL,
    seen_hours: int = 0,
) -> ItemEvent:
    at = START + timedelta(hours=hours)
    return ItemEvent("forge", item, kind, at, at + timedelta(hours=seen_hours), value, ref)


OPENED = event(EventKind.OPENED, 0, "pull_request")


def test_seeing_an_event_again_later_gives_the_same_id() -> None:
    assert event(EventKind.CLOSED).event_id == event(EventKind.CLOSED, seen_hours=9).event_id


@pytest.mark.parametrize(
    "other",
    [
        event(EventKind.CLOSED, 1),
        event(EventKind.CLOSED, value="completed"),
        event(EventKind.CLOSED, ref="x"),
        event(EventKind.CLOSED, item=OTHER),
        event(EventKind.REOPENED),
    ],
)
def test_another_fact_has_another_id(other: ItemEvent) -> None:
    assert event(EventKind.CLOSED).event_id != other.event_id


def test_value_and_reference_do_not_run_together() -> None:
    assert (
        event(EventKind.LINKED, value="a", ref=None).event_id
        != event(EventKind.LINKED, value=None, ref="a").event_id
    )


def test_an_event_fills_every_column_of_its_table() -> None:
    row = event_row(OPENED, date(2026, 11, 2))

    assert tuple(row) == WORK_ITEM_EVENTS.column_names()


def test_a_fact_without_a_time_is_no_event() -> None:
    assert Fact(PULL, EventKind.CLOSED, None).seen("forge", START) is None


HISTORY = [
    OPENED,
    event(EventKind.AUTHORED, 0, "agent:copilot"),
    event(EventKind.STAMPED, 0, "a", "label"),
    event(EventKind.HEAD, 1, ref="abc"),
    event(EventKind.CHECKED, 1, "check_runs.failure", "abc"),
    event(EventKind.CHECKED, 2, "check_runs.success", "abc"),
    event(EventKind.CHECKED, 2, "statuses.pending", "abc"),
    event(EventKind.CLOSED, 3),
    event(EventKind.REOPENED, 4),
    event(EventKind.REVIEWED, 4, "approved.human", "review:1"),
    event(EventKind.UNSTAMPED, 5, "a", "label"),
    event(EventKind.MERGED, 6, ref="m" * 40),
    event(EventKind.REVERTED_BY, 30, ref=OTHER, item=github_commit(900, "m" * 40)),
    event(EventKind.DEPLOYED, 7, "production.success", "d:1", github_commit(900, "m" * 40)),
]


@given(st.permutations(HISTORY), st.lists(st.sampled_from(HISTORY)))
def test_order_and_repeats_change_nothing(
    events: list[ItemEvent], repeats: list[ItemEvent]
) -> None:
    assert current_items([*events, *repeats]) == current_items(HISTORY)


def test_a_history_folds_into_one_state() -> None:
    (state,) = current_items(HISTORY).values()

    assert (state.status, state.reopened, state.stamps) == (ItemStatus.MERGED, 1, ())
    assert (state.checks, state.approvals) == ("pending", ("human",))
    assert (state.agents, state.deployments) == (("agent:copilot",), ("production.success",))
    assert state.reverted_by == (OTHER,)
    assert state.time_to_outcome() == timedelta(hours=6)


def test_an_open_item_has_no_time_to_its_outcome() -> None:
    assert current_items([OPENED])[PULL].time_to_outcome() is None


def test_a_close_again_after_a_reopening_is_the_one_that_counts() -> None:
    events = [
        OPENED,
        event(EventKind.CLOSED, 1, "completed"),
        event(EventKind.REOPENED, 2),
        event(EventKind.CLOSED, 5, "not_planned"),
    ]

    state = current_items(events)[PULL]

    assert state.time_to_outcome() == timedelta(hours=5)
    assert (state.close_reason, state.reopened) == ("not_planned", 1)


def test_done_and_resolved_together_are_one_closing_and_one_reopening() -> None:
    events = [
        event(EventKind.OPENED, 0, "issue"),
        event(EventKind.STATUS_CHANGED, 1, "done"),
        event(EventKind.RESOLVED, 1, "resolution.10000"),
        event(EventKind.STATUS_CHANGED, 3, "indeterminate"),
        event(EventKind.REOPENED, 3),
    ]

    state = current_items(events)[PULL]

    assert (state.status, state.reopened, state.close_reason) == (ItemStatus.OPEN, 1, None)


def test_a_status_of_unknown_category_closes_and_opens_nothing() -> None:
    events = [OPENED, event(EventKind.CLOSED, 1), event(EventKind.STATUS_CHANGED, 2, "unknown")]

    assert current_items(events)[PULL].status is ItemStatus.CLOSED


def test_a_dismissal_wins_although_it_keeps_the_time_of_the_approval() -> None:
    events = [
        OPENED,
        event(EventKind.REVIEWED, 1, "dismissed.human", "review:1"),
        event(EventKind.REVIEWED, 1, "approved.human", "review:1"),
        event(EventKind.REVIEWED, 1, "approved.agent:codex", "review:2"),
    ]

    assert current_items(events)[PULL].approvals == ("agent:codex",)


def test_a_revert_that_was_itself_reverted_no_longer_holds() -> None:
    third = github_item(900, 7)
    events = [
        OPENED,
        event(EventKind.OPENED, 0, "pull_request", item=OTHER),
        event(EventKind.REVERTED_BY, 2, ref=OTHER),
    ]

    before = current_items(events)[PULL]
    after = current_items([*events, event(EventKind.REVERTED_BY, 3, ref=third, item=OTHER)])[PULL]

    assert (before.reverted_at is None, after.reverted_at is None) == (False, True)
    assert after.reverted_by == (OTHER,)


def test_reverts_in_a_circle_end() -> None:
    events = [
        event(EventKind.REVERTED_BY, 2, ref=OTHER),
        event(EventKind.REVERTED_BY, 3, ref=PULL, item=OTHER),
    ]

    assert set(current_items(events)) == {PULL, OTHER}


def test_the_worst_of_checks_and_statuses_of_the_newest_head_counts() -> None:
    events = [
        OPENED,
        event(EventKind.HEAD, 1, ref="old"),
        event(EventKind.HEAD, 2, ref="new"),
        event(EventKind.CHECKED, 9, "check_runs.failure", "old"),
        event(EventKind.CHECKED, 3, "check_runs.success", "new"),
    ]

    assert current_items(events)[PULL].checks == "success"


def test_links_and_severity_of_an_incident_are_kept() -> None:
    events = [
        event(EventKind.OPENED, 0, "issue"),
        event(EventKind.INCIDENT_OPENED, 0, "sev1"),
        event(EventKind.LINKED, 0, "caused_by", OTHER),
    ]

    state = current_items(events)[PULL]

    assert (state.is_incident, state.severity) == (True, "sev1")
    assert state.links == (Link(LinkType.CAUSED_BY, OTHER),)


@pytest.mark.parametrize("digest", [f"digest{number}" for number in range(8)])
def test_a_fork_stays_one_whatever_its_branch_was_called_before_that_was_known(digest: str) -> None:
    seen = [event(EventKind.BRANCHED, ref=ref) for ref in (digest, None)]

    assert current_items([OPENED, *seen])[PULL].branch_digest is None
    assert current_items([OPENED, seen[0]])[PULL].branch_digest == digest


@pytest.mark.parametrize("prefix", [f"night{number}/" for number in range(8)])
def test_a_branch_read_again_once_its_beginning_is_declared_keeps_the_longest(prefix: str) -> None:
    # Ids of events order those of one instant, so that any of them may come last.
    seen = [
        event(EventKind.BRANCHED, value=value, ref="digest")
        for value in (None, prefix, prefix + "shift/")
    ]

    assert current_items([OPENED, *seen[:2]])[PULL].branch_prefix == prefix
    assert current_items([OPENED, *seen])[PULL].branch_prefix == prefix + "shift/"
    assert current_items([OPENED, seen[0]])[PULL].branch_prefix is None
