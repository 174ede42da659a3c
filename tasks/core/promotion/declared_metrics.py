"""Metrics that people declare for what no system has, such as the minutes of rework."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tasks.core.findings import Finding
from tasks.core.money import divide_half_even

#: Minutes that people spent on the work of a workflow, to put it right.
REWORK_MINUTES = "rework_minutes"
#: A value is kept as an integer of this part of its unit.
MICRO = 10**6

#: A conformed row of `metrics`.
MetricRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MetricSum:
    """A metric of one workflow, summed over days.

    Attributes:
        value_micro: In millionths of the metric's unit.
        items: That the sum is about.
    """

    value_micro: int
    items: int

    def whole(self) -> int:
        """Give the value in whole units, half-even."""
        return divide_half_even(self.value_micro, MICRO)


def metric_sums(
    rows: Iterable[MetricRow], name: str, since: Mapping[str, date]
) -> dict[str, MetricSum]:
    """Sum a metric by workflow.

    Args:
        rows: In any order.
        name: Of the metric, as declared.
        since: First day that counts, by workflow; others are left out.

    Returns:
        By workflow; one of which no day is told is absent, which is not zero.
    """
    sums: dict[str, MetricSum] = {}
    for row in rows:
        first = since.get(row["workflow"])
        if row["name"] == name and first is not None and row["day"] >= first:
            before = sums.get(row["workflow"], MetricSum(0, 0))
            sums[row["workflow"]] = MetricSum(
                before.value_micro + row["value_micro"], before.items + row["items"]
            )
    return sums


def metric_findings(rows: Iterable[MetricRow], workflows: Collection[str]) -> tuple[Finding, ...]:
    """Name what is declared of workflows that the catalog does not know.

    Args:
        rows: In any order.
        workflows: Ids of the catalog.
    """
    days: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row["workflow"] not in workflows:
            key = row["source"], row["workflow"], row["name"]
            days[key] = days.get(key, 0) + 1
    return tuple(
        Finding(
            "unknown_metric_workflow",
            workflow,
            f"{name!r} is declared on {count} days of {workflow!r}, which is no workflow of the "
            "catalog; correct its id there or in the file",
            source,
        )
        for (source, workflow, name), count in sorted(days.items())
    )
