"""Items by decision: retries are one outcome, and no run's cost is counted twice."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tasks.core.books import Snapshot
from tasks.core.cells import DecisionCell
from tasks.lake import decisions
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake

Row = dict[str, object]
Make = Callable[..., Row]
Write = Callable[..., Snapshot]


def at(hour: int) -> datetime:
    return datetime(2026, 11, 20, hour, tzinfo=UTC)


def test_retries_of_an_item_are_one_outcome_and_all_cost(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row(str(hour), stamp="bump", work_item=item, decision=decision, ended_at=at(hour))
            | {"reported_cost_nano": 10}
            for hour, item, decision in (
                (1, "OPS-1", "rejected"),
                (2, "OPS-1", "merged"),
                (3, "OPS-1", None),  # says nothing, so what was said before stands
                (4, "OPS-2", "rejected"),
                (5, "OPS-3", None),
                (6, None, "merged"),
                (7, None, "merged"),
            )
        ]
    )

    assert Queries(lake).decisions([RunLog(log, 1)]) == [
        DecisionCell("bump", "merged", 3, 50),
        DecisionCell("bump", "rejected", 1, 10),
        DecisionCell("bump", None, 1, 10),
    ]


def test_only_work_that_carries_a_stamp_is_counted(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("1"), run_row("2", stamp="bump", purpose="eval")])

    assert Queries(lake).decisions([RunLog(log, 1)]) == []


def test_items_with_a_run_of_unknown_cost_are_counted_as_such(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("1", stamp="bump", work_item="a", reported_cost_nano=7),
            run_row("2", stamp="bump", work_item="a"),
            run_row("3", stamp="bump", work_item="b", reported_cost_nano=0),
        ]
    )

    assert Queries(lake).decisions([RunLog(log, 1)]) == [DecisionCell("bump", None, 2, 7, 1)]


def test_a_run_that_two_logs_saw_costs_once_and_is_decided_by_either(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    gateway = conform([run_row("1", source="gateway", reported_cost_nano=7)])
    log = conform(
        [
            run_row("1", stamp="bump", work_item="a", decision="merged", reported_cost_nano=8),
            run_row("2", stamp="bump", work_item="b", decision="merged", reported_cost_nano=9),
        ]
    )

    assert Queries(lake).decisions([RunLog(gateway, 1), RunLog(log, 2)]) == [
        # The gateway did not see the second run, and its word counts that day.
        DecisionCell("bump", "merged", 2, 7, 1)
    ]


def test_of_several_decisions_at_one_instant_the_greatest_run_id_speaks(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row(run_id, stamp="bump", work_item=item, decision=decision, ended_at=at(hour))
            for run_id, item, decision, hour in (
                *(("a", "OPS-1", "merged", 2), ("b", "OPS-1", "closed", 2)),
                *(("a0", "OPS-1", "zero", 1), ("d", "OPS-2", "closed", 3)),
                *(("e", "OPS-2", "merged", 3), ("f", "OPS-2", None, 3)),
                *(("g", "OPS-3", "closed", 4), ("h", "OPS-3", "closed", 4)),
            )
        ]
    )

    assert Queries(lake).decisions([RunLog(log, 1)]) == [
        DecisionCell("bump", "closed", 2, 0, 2),
        DecisionCell("bump", "merged", 1, 0, 1),
    ]


def test_items_are_counted_once_however_many_rows_are_taken_at_a_time(
    lake: Lake, conform: Write, run_row: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = conform(
        [
            run_row(f"{number}", stamp="bump", work_item=f"OPS-{number % 5}", decision="merged")
            for number in range(12)
        ]
    )
    monkeypatch.setattr(decisions, "_ROWS_AT_ONCE", 3)

    assert Queries(lake).decisions([RunLog(log, 1)]) == [DecisionCell("bump", "merged", 5, 0, 5)]
