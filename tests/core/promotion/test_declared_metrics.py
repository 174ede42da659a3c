"""A declared metric is summed by workflow; what nobody declared is not zero."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.promotion.declared_metrics import (
    REWORK_MINUTES,
    MetricRow,
    MetricSum,
    metric_findings,
    metric_sums,
)

START = date(2026, 11, 1)


def row(
    workflow: str = "a", value: int = 1, items: int = 1, name: str = REWORK_MINUTES, day: int = 0
) -> MetricRow:
    return {
        "source": "metrics",
        "day": START + timedelta(days=day),
        "workflow": workflow,
        "name": name,
        "value_micro": value,
        "items": items,
    }


rows = st.lists(
    st.builds(
        row,
        st.sampled_from("abc"),
        st.integers(0, 10**18),
        st.integers(0, 9),
        st.sampled_from([REWORK_MINUTES, "calls"]),
        st.integers(0, 5),
    )
)


@given(rows)
def test_days_since_the_first_one_that_counts_are_summed(told: list[MetricRow]) -> None:
    since = {"a": START + timedelta(days=2), "b": START}
    expected = {}
    for workflow, first in since.items():
        mine = [
            one
            for one in told
            if (one["workflow"], one["name"]) == (workflow, REWORK_MINUTES) and one["day"] >= first
        ]
        if mine:
            value = sum(one["value_micro"] for one in mine)
            expected[workflow] = MetricSum(value, sum(one["items"] for one in mine))

    assert metric_sums(told, REWORK_MINUTES, since) == expected


@pytest.mark.parametrize(
    ("micro", "whole"), [(0, 0), (499_999, 0), (500_000, 0), (1_500_000, 2), (2_500_001, 3)]
)
def test_a_sum_is_told_in_whole_units_half_even(micro: int, whole: int) -> None:
    assert MetricSum(micro, 1).whole() == whole


def test_a_workflow_that_the_catalog_does_not_know_is_named_with_its_days() -> None:
    told = [row("a"), row("b"), row("b", day=1), row("b", name="calls")]

    findings = metric_findings(told, {"a"})

    assert [(one.code, one.subject, one.source) for one in findings] == [
        ("unknown_metric_workflow", "b", "metrics"),
        ("unknown_metric_workflow", "b", "metrics"),
    ]
    assert findings[1].detail.startswith("'rework_minutes' is declared on 2 days of 'b'")
