"""Runs by work item: whose they are, what they cost at list price, and what they decided."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tasks.core.books import Snapshot, Strength
from tasks.core.cells import Candidate, Dimension, Resolutions, StageSpan
from tasks.core.work.epochs import Seen
from tasks.core.work.item_links import branch_link, session_link
from tasks.core.work.item_work import ItemWork, ListRate
from tasks.lake import item_runs
from tasks.lake.item_runs import ItemAsking
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tests.lake.conftest import DAY

Row = dict[str, object]
Make = Callable[..., Row]
Write = Callable[..., Snapshot]

#: 7 parts of a nano-USD a token of input, 20 of output; nothing is known of the other kinds.
RATES = [ListRate("anthropic", "claude-x", (7, None, None, None, 20))]
ASKING = ItemAsking(names={}, rates=RATES, decided=())


def at(hour: float) -> datetime:
    return datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hour)


def resolved(*workflows: str) -> Resolutions:
    return Resolutions(
        tuple(
            Candidate(Dimension.STAMP, "", one, one, Strength.STAMP, place, "id")
            for place, one in enumerate(workflows)
        ),
        tuple(
            StageSpan(one, DAY - timedelta(days=9), None, "production", "f", "p")
            for one in workflows
        ),
    )


@pytest.fixture
def told(lake: Lake, conform: Write, run_row: Make) -> Callable[..., list[ItemWork]]:
    """Ask for the items of some runs, with 2 tokens read and 1 written unless they say more."""

    def ask(rows: Sequence[Row], asking: ItemAsking = ASKING) -> list[ItemWork]:
        made = [
            run_row(f"r{number}", input_tokens=2, output_tokens=1) | row
            for number, row in enumerate(rows)
        ]
        log = conform(made)
        found = Queries(lake).item_runs([RunLog(log, 1)], resolved("bump", "docs"), asking)
        return sorted(found, key=lambda one: (one.item, one.first_at, one.workflow))

    return ask


Told = Callable[..., list[ItemWork]]


def test_retries_of_an_item_are_one_row_a_workflow(told: Told) -> None:
    rows = [
        {"stamp": "bump", "work_item": "OPS-1", "started_at": at(2), "ended_at": at(3)},
        {"stamp": "bump", "work_item": "OPS-1", "started_at": at(1), "ended_at": at(5)},
        {"stamp": "docs", "work_item": "OPS-1", "ended_at": at(6)},
        {"work_item": "OPS-1", "ended_at": at(7)},
    ]
    assert [(one.workflow, one.first_at, one.last_at, one.runs) for one in told(rows)] == [
        ("bump", at(1), at(5), 2),
        ("docs", at(6), at(6), 1),
        ("", at(7), at(7), 1),
    ]


def test_runs_are_valued_at_one_list_price(told: Told) -> None:
    (work,) = told([{"stamp": "bump", "work_item": "a", "input_tokens": 10, "output_tokens": 3}])
    assert work.cost_parts == 10 * 7 + 3 * 20


@pytest.mark.parametrize(
    "run",
    [
        {"input_tokens": None},
        {"output_tokens": None},
        {"model": "claude-y"},
        {"issuer": "elsewhere"},
        {"cache_read_tokens": 1},
    ],
)
def test_one_run_without_tokens_or_price_leaves_the_cost_unknown(told: Told, run: Row) -> None:
    (work,) = told([{"stamp": "bump", "work_item": "a"}, {"stamp": "bump", "work_item": "a"} | run])
    assert (work.runs, work.cost_parts) == (2, None)


def test_a_kind_that_was_not_used_needs_no_price(told: Told) -> None:
    (work,) = told([{"stamp": "bump", "work_item": "a", "cache_read_tokens": 0}])
    assert work.cost_parts == 2 * 7 + 20


def test_only_work_counts(told: Told) -> None:
    assert told([{"stamp": "bump", "work_item": "a", "purpose": "eval"}]) == []


def test_names_in_logs_become_keys_whatever_their_case(told: Told) -> None:
    rows = [
        {"stamp": "bump", "work_item": "ops-1"},
        {"stamp": "bump", "work_item": "Acme/Shop#5"},
        {"stamp": "bump", "branch_item": "OPS-1"},
        {"stamp": "bump", "branch_item": "OPS-9"},  # no system knows it: the run names no item
        {"stamp": "bump", "work_item": "other-7", "branch_item": "OPS-1"},
    ]
    names = {"ops-1": "jira:1", "acme/shop#5": "gh:9#5"}
    found = told(rows, ItemAsking(names, RATES, decided=()))
    assert {one.item: one.runs for one in found} == {"jira:1": 2, "gh:9#5": 1, "other-7": 1}


def test_a_session_or_a_branch_leads_to_the_item_where_the_log_names_none(told: Told) -> None:
    rows = [
        {"stamp": "bump", "session": "s1"},
        {"stamp": "bump", "session": "s1", "work_item": "ops-1"},
        {"stamp": "bump", "repo": "acme/shop", "branch_digest": "d1", "branch_item": "OPS-1"},
        {"stamp": "bump", "repo": "acme/shop", "branch_digest": "d2"},  # of no item
    ]
    links = {session_link("s1"): "gh:9#5", branch_link("acme/shop", "d1"): "gh:9#6"}
    asking = ItemAsking({"ops-1": "jira:1"}, RATES, decided=(), links=links)
    assert {one.item: one.runs for one in told(rows, asking)} == {
        "gh:9#5": 1,
        "gh:9#6": 1,
        "jira:1": 1,
    }


def test_a_run_without_an_item_is_one_where_decisions_are_outcomes(told: Told) -> None:
    rows = [
        {"stamp": "bump", "decision": "merged"},
        {"stamp": "docs", "decision": "merged"},
        {"decision": "merged"},
    ]
    (work,) = told(rows, ItemAsking({}, RATES, decided={"bump"}))
    assert (work.item, work.decision) == ("run log r0", "merged")


def test_the_last_decision_counts_and_of_several_at_once_the_greatest_run_id(told: Told) -> None:
    rows = [
        {"stamp": "bump", "work_item": "a", "decision": "first", "ended_at": at(1)},
        {"stamp": "bump", "work_item": "a", "decision": "zero", "ended_at": at(2)},
        {"stamp": "bump", "work_item": "a", "decision": "last", "ended_at": at(2)},
        {"stamp": "bump", "work_item": "a", "ended_at": at(3)},
        # Of another account, which is summed apart first.
        {"stamp": "bump", "work_item": "a", "decision": "older", "ended_at": at(1.5)}
        | {"account": "ws_2"},
    ]
    (work,) = told(rows)
    assert work.decision == "last"


def test_what_runs_say_of_an_item_is_kept(told: Told) -> None:
    rows = [
        {"stamp": "bump", "work_item": "a", "human_escalation": False},
        {"stamp": "bump", "work_item": "a", "human_escalation": True, "repo": "acme/b"},
        {"stamp": "bump", "work_item": "a", "inputs": '{"lane":"x","task_class":"minor"}'},
        {"stamp": "bump", "work_item": "b", "repo": "acme/a"},
    ]
    first, second = told(rows)
    assert (first.is_escalated, first.task_class, first.repository) == (True, "minor", "acme/b")
    assert (second.is_escalated, second.task_class, second.repository) == (None, None, "acme/a")


def test_a_run_that_two_logs_saw_counts_once_and_one_that_only_a_lender_saw_has_no_cost(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    tokens = {"input_tokens": 2, "output_tokens": 1}
    gateway = conform([run_row("1", source="gateway", **tokens)])
    log = conform(
        [
            run_row("1", stamp="bump", work_item="a", **tokens),
            run_row("2", stamp="bump", work_item="b", **tokens),
        ]
    )
    logs = [RunLog(gateway, 1), RunLog(log, 2)]
    found = {one.item: one for one in Queries(lake).item_runs(logs, resolved("bump"), ASKING)}
    assert {item: (one.runs, one.cost_parts) for item, one in found.items()} == {
        "a": (1, 34),
        "b": (1, None),
    }


def test_items_are_the_same_however_many_rows_are_taken_at_a_time(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [
        {"stamp": ("bump", "docs")[number % 2], "work_item": f"OPS-{number % 5}"}
        for number in range(20)
    ]
    whole = told(rows)
    monkeypatch.setattr(item_runs, "_ROWS_AT_ONCE", 3)

    assert told(rows) == whole
    assert len(whole) == 10


def test_no_run_at_all_gives_no_item(lake: Lake) -> None:
    assert list(Queries(lake).item_runs([], resolved("bump"), ASKING)) == []
    assert Queries(lake).seen([], resolved("bump")) == {}


def test_what_a_workflow_ran_with_is_seen_by_the_day_that_its_runs_started(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("1", stamp="bump", started_at=at(-1), epoch="v2"),
            run_row("2", stamp="bump", started_at=at(1)),
            run_row("3", stamp="bump", started_at=at(2), model="claude-y"),
            run_row("4", stamp="bump", started_at=at(3)),
            run_row("5", stamp="bump", purpose="ci"),
            run_row("6"),
        ]
    )
    assert Queries(lake).seen([RunLog(log, 1)], resolved("bump")) == {
        "bump": [
            Seen(DAY - timedelta(days=1), "claude-x", "v2", 1),
            Seen(DAY, "claude-x", None, 2),
            Seen(DAY, "claude-y", None, 1),
        ]
    }
    assert Queries(lake).models([RunLog(log, 1)]) == [
        ("anthropic", "claude-x"),
        ("anthropic", "claude-y"),
    ]
