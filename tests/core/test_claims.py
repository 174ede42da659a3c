"""Published figures are held against the books, and a contradiction is said."""

from typing import Any

import pytest

from config.shapes.catalog import Catalog
from tasks.core.claims import (
    DecisionCount,
    LoggedCost,
    OutcomeCounts,
    check_claims,
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
