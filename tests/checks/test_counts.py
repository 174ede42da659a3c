"""Judging by counts, held against judging row by row on the same rows."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from tasks.checks.counts import held_batches
from tasks.checks.run import check
from tasks.checks.suites import suite_of
from tasks.core.run_rules import RUN_RULES, RuleCount
from tasks.core.tables import RUNS
from tasks.lake.parquet import arrow_schema
from tasks.lake.rule_counts import count_violations
from tests.checks.rows import DAY, good

Row = dict[str, object]
Change = Callable[[Row], Row]

FAULTS: dict[str, Row] = {
    "present source": {"source": None},
    "present run_id": {"run_id": None},
    "present purpose": {"purpose": None},
    "present model": {"model": None},
    "no_e_mail": {"model": "ada@acme.example"},
    "no_e_mail in a stamp": {"stamp": "ada@acme.example"},
    "day_of_batch": {"day": DAY + timedelta(days=2)},
    "range": {"output_tokens": -1},
    "range of a cost": {"reported_cost_nano": -5},
    "pattern": {"issuer": "No Slug"},
    "pattern of an actor": {"actor": "somebody"},
    "known_value": {"purpose": "play"},
    "order": {"started_at": datetime(2026, 11, 17, 2, 0, 0, 1, tzinfo=UTC)},
}
HARMLESS: dict[str, Row] = {
    "a neighbouring day": {"day": DAY - timedelta(days=1)},
    "no e-mail": {"model": "claude@2026", "stamp": None},
    "nulls": {"actor": None, "started_at": None, "output_tokens": None},
    "zero": {"output_tokens": 0},
}


def counted(days: dict[date, Sequence[Row]]) -> tuple[list[RuleCount], dict[str, str]]:
    """Count violations, and name the first rule that each failing row breaks."""
    rows = [(key, row) for key, batch in days.items() for row in batch]
    # Without the promise that a column is never null: that it is not is to be checked.
    schema = pa.schema([field.with_nullable(nullable=True) for field in arrow_schema(RUNS)])
    table = pa.table(
        [pa.array([row[field.name] for _, row in rows], field.type) for field in schema],
        schema=schema,
    )
    table = table.append_column("_key", pa.array([key for key, _ in rows], pa.date32()))
    table = table.append_column("_row", pa.array(range(len(rows)), pa.int64()))
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("made", table)
        counts = count_violations(engine, "made")
        failed = dict(engine.execute("SELECT _row, _rule FROM failed").fetchall())
    return counts, {
        str(at): f"{RUN_RULES[rule].name} {RUN_RULES[rule].field}" for at, rule in failed.items()
    }


def verdicts(days: dict[date, Sequence[Row]]) -> None:
    """Both ways must hold the same days for the same reasons, and refuse the same rows."""
    by_row = check(RUNS, "logs", days)
    counts, failed = counted(days)
    by_count = held_batches(RUNS, "logs", counts)
    by_key = {key: result.findings for key, result in by_row.items() if result.is_critical}
    assert by_key.keys() == by_count.keys()
    if len(days) == 1:  # row by row, keys told twice are counted over all days together
        assert by_key == {key: (finding,) for key, finding in by_count.items()}
    at = 0
    for key, batch in days.items():
        expected = [
            f"{one.code.removeprefix('failed_check:')} {one.field_path}"
            for one in by_row[key].rejects
        ]
        found = [failed[str(at + n)] for n in range(len(batch)) if str(at + n) in failed]
        assert found == expected
        at += len(batch)


def rows(count: int, *changes: Row, key: date = DAY) -> list[Row]:
    made = [good(RUNS) | {"run_id": f"run-{number}", "day": key} for number in range(count)]
    for number, change in enumerate(changes):
        made[number] |= change
    return made


@pytest.mark.parametrize("name", FAULTS)
def test_one_bad_row_is_refused_alone(name: str) -> None:
    days: dict[date, Sequence[Row]] = {DAY: rows(5, FAULTS[name])}
    verdicts(days)
    counts, failed = counted(days)
    assert len(failed) == 1
    assert held_batches(RUNS, "logs", counts) == {}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_allowed_passes(name: str) -> None:
    days: dict[date, Sequence[Row]] = {DAY: rows(3, HARMLESS[name])}
    verdicts(days)
    assert counted(days)[1] == {}


@pytest.mark.parametrize(
    ("count", "bad", "is_held"),
    [
        (20, 20, False),
        (21, 1, False),
        (21, 2, True),
        (40, 2, False),
        (40, 3, True),
        (100, 5, False),
    ],
)
def test_more_than_one_in_twenty_holds_the_day(count: int, bad: int, is_held: bool) -> None:
    days: dict[date, Sequence[Row]] = {DAY: rows(count, *[FAULTS["range"]] * bad)}
    verdicts(days)
    assert bool(held_batches(RUNS, "logs", counted(days)[0])) is is_held


def test_a_key_twice_holds_its_day_and_no_other() -> None:
    other = DAY + timedelta(days=1)
    days: dict[date, Sequence[Row]] = {
        DAY: rows(30, {"run_id": "run-1"}),
        other: rows(30, key=other),
    }
    verdicts(days)
    assert list(held_batches(RUNS, "logs", counted(days)[0])) == [DAY]


def test_both_ways_know_the_same_rules_in_the_same_order() -> None:
    suite = [one.meta or {} for one in suite_of(RUNS)]
    told = [(one["name"], one["field"]) for one in suite]
    assert told == [(rule.name, rule.field) for rule in RUN_RULES]


def test_no_rows_hold_nothing() -> None:
    assert held_batches(RUNS, "logs", counted({DAY: []})[0]) == {}


@pytest.mark.parametrize("seed", range(4))
def test_random_days_are_judged_alike(seed: int) -> None:
    rng = random.Random(seed)
    days: dict[date, Sequence[Row]] = {}
    for number in range(4):
        key = DAY + timedelta(days=3 * number)
        batch = rows(rng.randrange(5, 120), key=key)
        for row in batch:
            # Of two faults of one row, which is told first is not settled.
            if rng.random() < 0.04:
                row.update(FAULTS[rng.choice(sorted(FAULTS))])
        if rng.random() < 0.3:
            batch[0]["run_id"] = batch[1]["run_id"]
        days[key] = batch
    verdicts(days)
