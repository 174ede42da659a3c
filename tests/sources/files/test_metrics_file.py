"""Declared metrics: strict numbers, one row for each day, workflow and metric, nothing lost."""

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.people import SEEDED_NAMES
from tasks.core.batches import RawRow
from tasks.core.errors import SourceError
from tasks.core.tables import METRICS
from tasks.sources import metrics_file
from tests.sources.files.stores import Stores
from tests.sources.files.writing import (
    DAY,
    codes,
    csv_text,
    metric,
    metrics,
    metrics_source,
    rows_of,
)

LAST = date(2026, 11, 19)


def conformed(folder: Path, *rows: dict[str, str]) -> list[dict[str, object]]:
    pulled = metrics(folder, *rows)
    config = metrics_source(folder)
    return [
        row
        for batch in pulled.batches
        for row in metrics_file.conform(metrics_file.METRICS, config, batch.rows, batch.key).rows
    ]


def test_a_metric_is_kept_in_millionths_by_day(tmp_path: Path) -> None:
    (row,) = conformed(tmp_path, metric(value="12.5", n="3"))

    assert row == {
        "source": "metrics",
        "day": DAY,
        "workflow": "claims-router",
        "name": "rework_minutes",
        "value_micro": 12_500_000,
        "items": 3,
    }
    assert tuple(row) == METRICS.column_names()


def test_a_day_without_items_may_have_a_value(tmp_path: Path) -> None:
    (row,) = conformed(tmp_path, metric(value="0.0", n="0"))

    assert (row["value_micro"], row["items"]) == (0, 0)


@given(st.decimals(0, 10**12, places=9), st.integers(0, 10**12))
def test_a_value_is_rounded_once_half_even(value: Decimal, count: int) -> None:
    config = metrics_source(Path())
    raw: RawRow = {"workflow": "a", "name": "b", "value": f"{value:f}", "items": count}

    (row,) = metrics_file.conform(metrics_file.METRICS, config, [raw], DAY).rows

    expected = value.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    assert (row["value_micro"], row["items"]) == (int(expected * 10**6), count)


@pytest.mark.parametrize(
    ("changes", "day", "column", "code"),
    [
        ({"value": "NaN"}, DAY, "value", "bad_number"),
        ({"value": "Infinity"}, DAY, "value", "bad_number"),
        ({"value": "1e9"}, DAY, "value", "bad_number"),
        ({"value": "-3"}, DAY, "value", "bad_number"),
        ({"value": "1,5"}, DAY, "value", "bad_number"),
        ({"value": "=1+2"}, DAY, "value", "bad_number"),
        ({"value": ""}, DAY, "value", "bad_number"),
        ({"value": "٣"}, DAY, "value", "bad_number"),
        ({"value": "9" * 41}, DAY, "value", "bad_number"),
        ({"value": "1000000000000.1"}, DAY, "value", "out_of_range"),
        ({"n": "2.5"}, DAY, "n", "bad_number"),
        ({"n": "-1"}, DAY, "n", "bad_number"),
        ({"n": "9" * 20}, DAY, "n", "out_of_range"),
        ({"workflow": "=cmd|' /C calc'!A0"}, DAY, "workflow", "bad_word"),
        ({"workflow": "Claims Router"}, DAY, "workflow", "bad_word"),
        ({"workflow": ""}, DAY, "workflow", "bad_word"),
        ({"name": "x" * 65}, DAY, "name", "bad_word"),
        ({"day": "05.11.2026"}, LAST, "day", "bad_instant"),
        ({"day": "2026-02-30"}, LAST, "day", "bad_instant"),
        ({"day": ""}, LAST, "day", "bad_instant"),
    ],
)
def test_a_bad_row_is_refused_alone(
    tmp_path: Path, changes: dict[str, str], day: date, column: str, code: str
) -> None:
    pulled = metrics(tmp_path, metric(), metric(**changes))

    assert codes(pulled) == [(day, column, code)]
    assert len(rows_of(pulled)) == 1


def test_a_row_with_too_few_cells_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("workflow,day,name,value,n\nclaims-router,2026-11-06\n")

    assert codes(metrics(tmp_path, metric())) == [(LAST, "", "ragged_row")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "duplicate"),
        ({"value": "12.50"}, "duplicate"),
        ({"value": "12.6"}, "conflicting_duplicate"),
        ({"n": "4"}, "conflicting_duplicate"),
    ],
)
@pytest.mark.parametrize("is_other_file", [True, False])
def test_of_two_rows_about_the_same_the_first_one_holds(
    tmp_path: Path, changes: dict[str, str], code: str, *, is_other_file: bool
) -> None:
    first, second = metric(), metric(**changes)
    if is_other_file:
        (tmp_path / "b.csv").write_text(csv_text([second]))
        pulled = metrics(tmp_path, first)
    else:
        pulled = metrics(tmp_path, first, second)

    assert codes(pulled) == [(DAY, "", code)]
    assert [row["value"] for row in rows_of(pulled)] == ["12.5"]


def test_rows_that_differ_in_day_workflow_or_metric_are_not_the_same(tmp_path: Path) -> None:
    others = [{"day": "2026-11-06"}, {"workflow": "fare-finder"}, {"name": "calls"}]

    pulled = metrics(tmp_path, metric(), *(metric(**changes) for changes in others))

    assert (len(rows_of(pulled)), codes(pulled)) == (4, [])


def test_a_day_to_come_is_left_for_its_night(tmp_path: Path) -> None:
    assert rows_of(metrics(tmp_path, metric(day="2026-11-20"))) == []


def test_people_are_in_nothing_that_is_kept_or_refused(tmp_path: Path) -> None:
    # A login that is a slug cannot be told from the id of a workflow that nobody catalogued.
    names = [name for name in SEEDED_NAMES if not re.fullmatch(r"[a-z0-9_.-]+", name)]
    broken = [
        metric(**{column: name})
        for name in names
        for column in ("workflow", "day", "name", "value", "n")
    ]

    pulled = metrics(tmp_path, metric(), *broken)

    assert len(codes(pulled)) == len(broken) > 0
    assert not [name for name in names if name in repr(pulled)]


@pytest.mark.parametrize("column", ["workflow", "day", "name", "value", "n"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    row = metric()
    del row[column]

    with pytest.raises(SourceError, match=f"once: {column}"):
        metrics(tmp_path, row)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("workflow,day,name,value,n,n\na,2026-11-05,b,1,1,1\n")

    with pytest.raises(SourceError, match="once: n"):
        metrics(tmp_path, metric())


def test_a_night_keeps_metrics_and_quarantines_what_it_cannot_read(stores: Stores) -> None:
    rows = [metric(), metric(day="2026-11-06", value="x"), metric(day="2026-11-07", n="0")]
    stores.write("metrics/a.csv", csv_text(rows))

    stores.night("metrics")

    assert [(row["day"], row["value_micro"]) for row in stores.rows("metrics")] == [
        (date(2026, 11, 5), 12_500_000),
        (date(2026, 11, 7), 12_500_000),
    ]
    assert stores.quarantined() == ["bad_number"]


def test_a_row_that_is_taken_back_is_gone_after_the_next_night(stores: Stores) -> None:
    stores.write("metrics/a.csv", csv_text([metric(), metric(day="2026-10-02")]))
    stores.night("metrics")
    stores.write("metrics/a.csv", csv_text([metric()]))

    stores.night("metrics")

    assert [row["day"] for row in stores.rows("metrics")] == [DAY]
