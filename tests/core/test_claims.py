"""Published figures are held against the books, and a contradiction is said."""

from datetime import date
from typing import Any

import pytest

from config.shapes.catalog import Catalog
from tasks.core.attribution import resolve
from tasks.core.cells import DecisionCell, Dimension, Hint
from tasks.core.claims import (
    DecisionCount,
    LoggedCost,
    OutcomeCounts,
    check_claims,
    decided,
    outcomes_by_decision,
)
from tests.core.factories import catalog


def claiming(*claims: dict[str, Any], **outcomes: list[str]) -> Catalog:
    return catalog(
        {
            "id": "agent",
            "stages": [{"from": "2026-01-01", "stage": "exploration"}],
            "claims": [
                {"from": "2026-01-01", "n": 500, "tolerance": "0.01", **claim} for claim in claims
            ],
            "outcomes": outcomes or None,
        },
        {"id": "other", "stages": [{"from": "2026-01-01", "stage": "exploration"}]},
    )


def test_decisions_become_outcomes_as_the_catalog_says() -> None:
    config = claiming(success=["resolved"], failure=["rejected", "timeout"])
    given = [
        DecisionCount("agent", "resolved", 3),
        DecisionCount("agent", "resolved", 1),
        DecisionCount("agent", "rejected", 2),
        DecisionCount("agent", "timeout", 1),
        DecisionCount("agent", "odd", 5),
        DecisionCount("agent", None, 7),
        DecisionCount("other", "resolved", 9),  # maps no decisions
    ]

    (found,) = outcomes_by_decision(config, given)

    assert found == OutcomeCounts("agent", success=4, failure=3, unknown=12)
    assert found.total() == 19


def test_stamped_decisions_go_to_the_workflow_that_the_stamp_means_first() -> None:
    stages = [{"from": "2026-01-01", "stage": "exploration"}]
    config = catalog(
        {"id": "greedy", "stages": stages, "match": {"stamps": ["agent*"]}},
        {"id": "agent", "stages": stages},
    )
    day = date(2026, 11, 10)
    hints = [
        Hint(dimension, "", value, 1, day, day)
        for dimension, value in (
            (Dimension.STAMP, "agent"),
            (Dimension.STAMP, "agent-2"),
            (Dimension.WORK_ITEM, "unknown"),  # the item's stamp is not the run's
        )
    ]
    decisions = [
        DecisionCell("agent", "resolved", 3, 30),
        DecisionCell("agent", None, 1, 5),
        DecisionCell("agent-2", "resolved", 2, 7),
        DecisionCell("unknown", "resolved", 9, 9),
    ]

    resolutions = resolve(config, hints, item_stamps={"unknown": "agent"})
    counts, costs = decided(resolutions.candidates, decisions)

    assert counts == [
        DecisionCount("agent", "resolved", 3),
        DecisionCount("agent", None, 1),
        DecisionCount("greedy", "resolved", 2),
    ]
    assert costs == {"agent": LoggedCost(35, 4), "greedy": LoggedCost(7, 2)}


@pytest.mark.parametrize(
    ("success", "is_found"),
    [(372, False), (375, False), (376, True), (369, False), (368, True)],
)
def test_a_success_rate_is_contradicted_beyond_its_tolerance(success: int, is_found: bool) -> None:
    config = claiming({"metric": "success_rate", "value": "0.744"})  # 372 of 500, +-3.72
    measured = OutcomeCounts("agent", success, failure=0, unknown=500 - success)

    found = check_claims(config, [measured], {})

    assert [item.code for item in found] == ["claim_contradicted"] * is_found
    assert all(item.subject == "agent" for item in found)


def test_a_contradiction_names_both_figures() -> None:
    config = claiming({"metric": "success_rate", "value": "0.2104"})

    (found,) = check_claims(config, [OutcomeCounts("agent", 250, 250, 0)], {})

    assert found.detail == (
        "claimed success rate 21.04 % of 500 items from 2026-01-01; measured 250 of 500 = 50.00 %"
    )


@pytest.mark.parametrize(
    ("cost_nano", "items", "is_found"),
    [
        (100_000_000_000, 500, False),
        (101_000_000_000, 500, False),  # one percent: just within
        (101_000_000_001, 500, True),
        (98_999_999_999, 500, True),
        (20_000_000_000, 100, False),  # the same by item
        (0, 0, False),  # nothing measured yet
    ],
)
def test_a_cost_is_compared_by_item(cost_nano: int, items: int, is_found: bool) -> None:
    config = claiming({"metric": "cost_usd", "value": "100"})

    found = check_claims(config, [], {"agent": LoggedCost(cost_nano, items)})

    assert len(found) == is_found
    assert all(item.detail.startswith("claimed cost 100 USD for 500 items") for item in found)


def test_only_the_newest_claim_of_a_metric_is_held() -> None:
    config = claiming(
        {"metric": "success_rate", "value": "0.9", "from": "2026-02-01"},
        {"metric": "success_rate", "value": "0.5"},
    )

    assert check_claims(config, [OutcomeCounts("agent", 9, 1, 0)], {}) == ()


def test_what_was_not_measured_contradicts_nothing() -> None:
    config = claiming(
        {"metric": "success_rate", "value": "0.9"}, {"metric": "cost_usd", "value": "5"}
    )

    assert check_claims(config, [], {}) == ()


def test_a_cost_that_logs_tell_in_part_contradicts_nothing() -> None:
    config = claiming({"metric": "cost_usd", "value": "100"})

    assert check_claims(config, [], {"agent": LoggedCost(5, 500, uncosted=1)}) == ()
