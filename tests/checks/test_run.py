from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from tasks.checks import engine
from tasks.checks.frames import frame_of
from tasks.checks.run import check
from tasks.core.tables import CHARGES, RUNS, TABLES, Table
from tests.checks.rows import DAY, START, good

NEXT = DAY + timedelta(days=1)


def runs(count: int, key: date = DAY, **changes: object) -> list[dict[str, object]]:
    return [good(RUNS, run_id=f"run-{key}-{at}", day=key, **changes) for at in range(count)]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_day_without_rows_passes(table: Table) -> None:
    result = check(table, "s", {DAY: []})[DAY]

    assert (list(result.rows), result.rejects, result.is_critical) == ([], (), False)


def test_days_are_judged_apart_in_one_pass() -> None:
    bad = good(RUNS, run_id="bad", day=NEXT, purpose="fun")

    results = check(RUNS, "s", {DAY: runs(2), NEXT: [*runs(1, NEXT), bad], DAY - (NEXT - DAY): []})

    assert {key: len(result.rows) for key, result in results.items()} == {
        DAY: 2,
        NEXT: 1,
        DAY - timedelta(days=1): 0,
    }
    (reject,) = results[NEXT].rejects
    assert (reject.place, reject.position) == (f"runs {NEXT}", 1)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_key_twice_holds_its_day_and_no_other(table: Table) -> None:
    twice = [good(table), good(table)]
    once = [good(table, day=NEXT)]

    results = check(table, "s", {DAY: twice, NEXT: once})

    assert (results[DAY].is_critical, list(results[DAY].rows)) == (True, [])
    assert {reject.code for reject in results[DAY].rejects} == {"failed_check:unique_key"}
    assert (results[NEXT].is_critical, len(results[NEXT].rows)) == (False, 1)


def test_keys_that_differ_only_in_a_null_are_two_keys() -> None:
    rows = [good(CHARGES, kind=None), good(CHARGES, kind="input")]

    assert len(check(CHARGES, "s", {DAY: rows})[DAY].rows) == 2


def test_two_null_keys_are_one_key_twice() -> None:
    rows = [good(CHARGES, kind=None), good(CHARGES, kind=None)]

    assert check(CHARGES, "s", {DAY: rows})[DAY].is_critical


@pytest.mark.parametrize(
    ("rows", "bad", "is_held"), [(20, 10, False), (100, 5, False), (100, 6, True), (21, 2, True)]
)
def test_a_day_is_held_when_more_than_one_row_in_twenty_fails(
    rows: int, bad: int, is_held: bool
) -> None:
    good_ones = runs(rows - bad)
    bad_ones = [good(RUNS, run_id=f"bad-{at}", purpose="fun") for at in range(bad)]

    result = check(RUNS, "s", {DAY: [*good_ones, *bad_ones]})[DAY]

    assert result.is_critical is is_held
    assert len(result.rows) == (0 if is_held else rows - bad)
    assert len(result.rejects) == bad


def test_a_missing_column_holds_its_day_and_names_it() -> None:
    row = good(RUNS)
    del row["purpose"]

    results = check(RUNS, "logs", {DAY: [row], NEXT: runs(1, NEXT)})

    assert results[DAY].is_critical
    assert [(one.code, one.source) for one in results[DAY].findings] == [("check_critical", "logs")]
    assert "purpose" in results[DAY].findings[0].detail
    assert not results[NEXT].is_critical


def test_a_column_of_another_table_holds_its_day_without_being_named() -> None:
    result = check(RUNS, "s", {DAY: [good(RUNS) | {"jo doe": "x"}]})[DAY]

    assert result.is_critical
    assert "jo" not in repr(result)


def test_a_value_of_another_type_is_refused_and_never_converted() -> None:
    wrong: list[tuple[str, object]] = [
        ("input_tokens", 1.0),
        ("input_tokens", "1"),
        ("input_tokens", True),
        ("input_tokens", 2**63),
        ("reported_cost_nano", float("nan")),
        ("stamp", 7),
        ("inputs", "half a pair: \ud800"),
        ("human_escalation", 1),
        ("ended_at", "2026-11-17T02:00:00Z"),
        ("ended_at", datetime(2026, 11, 17, 2)),  # noqa: DTZ001  # naive is what must fail
        ("ended_at", datetime.max.replace(tzinfo=UTC)),
        ("day", START),
        ("day", "2026-11-17"),
    ]
    rows = [
        good(RUNS, run_id=f"bad-{at}", **{column: value})
        for at, (column, value) in enumerate(wrong)
    ]

    result = check(RUNS, "s", {DAY: [*rows, good(RUNS, run_id="good")]})[DAY]

    assert [row["run_id"] for row in result.rows] == ["good"]
    assert [(one.code, one.field_path) for one in result.rejects] == [
        ("failed_check:type", column) for column, _ in wrong
    ]


def test_amounts_stay_integers_in_the_frame() -> None:
    rows = [good(CHARGES, billed_nano=2**62 + 1), good(CHARGES, billed_nano=None)]

    frame = frame_of(CHARGES, [(DAY, row) for row in rows])

    assert str(frame["billed_nano"].dtype) == "Int64"
    assert frame["billed_nano"][0] == 2**62 + 1
    assert not any(pd.api.types.is_float_dtype(kind) for kind in frame.dtypes)


def test_a_refused_charge_keeps_its_amount_issuer_and_account() -> None:
    row = good(CHARGES, currency="usd", billed_nano=-17)

    (reject,) = check(CHARGES, "s", {DAY: [row]})[DAY].rejects

    assert (reject.issuer, reject.account, reject.amount_nano) == (
        "anthropic",
        "anthropic:default",
        -17,
    )


def test_an_address_is_in_no_part_of_the_answer() -> None:
    row = good(CHARGES, account="jo.doe@example.com")

    result = check(CHARGES, "s", {DAY: [row]})[DAY]

    assert [reject.code for reject in result.rejects] == ["failed_check:no_e_mail"]
    assert "jo.doe" not in repr(result)


def test_an_expectation_that_breaks_holds_every_day_it_was_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = engine.failures

    def without_a_column(table: Table, frame: pd.DataFrame) -> list[engine.Failure]:
        return real(table, frame.drop(columns=["purpose"]))

    monkeypatch.setattr(engine, "failures", without_a_column)

    results = check(RUNS, "s", {DAY: runs(1), NEXT: runs(1, NEXT)})

    assert all(result.is_critical and not result.rows for result in results.values())
    assert "purpose" in results[DAY].findings[0].detail
