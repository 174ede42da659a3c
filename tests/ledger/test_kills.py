import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from tasks.lake.files import STEPS as LAKE_STEPS
from tasks.ledger.gate_door import LOOK_STEPS
from tasks.ledger.ledger import STEPS as LEDGER_STEPS
from tasks.ledger.period_door import ACT_STEPS
from tasks.ledger.tables import evidence, metadata
from tasks.ledger.tables import pulls as pull_rows
from tests.databases import Database, NewDatabase
from tests.ledger.killed import WORKS, run_and_kill, run_night


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Read every table; a pull repeated after a kill is one more row of `pulls`, and no more."""
    engine = create_engine(database.url)
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table)).all()
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    engine.dispose()
    found[pull_rows.name] = sorted({row[1:] for row in found[pull_rows.name]}, key=repr)
    found[evidence.name] = [
        (row[1], _without_pulls(str(row[3])) if row[1] == "seal" else row[3])
        for row in found[evidence.name]
    ]
    return found


def _without_pulls(body: str) -> str:
    """Leave out of a seal that it covers one more pull; its digest differs for that."""
    told = json.loads(body)
    del told["marks"]["pulls"], told["rows"]["pulls"]
    return json.dumps(told)


def files(place: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(place)): file.read_bytes()
        for file in place.rglob("*")
        if file.is_file() and ".aside" not in file.parts
    }


def moments(place: Path, url: str) -> list[str]:
    seen: list[str] = []
    run_night(str(place), url, seen.append)
    return seen


def test_a_night_passes_every_named_moment(database: Database, tmp_path: Path) -> None:
    seen = moments(tmp_path / "lake", database.url)

    assert set(seen) == {*LAKE_STEPS, *LEDGER_STEPS}
    assert [name for name in seen if name in LEDGER_STEPS] == list(LEDGER_STEPS)


def test_a_night_killed_at_any_moment_and_run_again_leaves_the_same_stores(
    new_database: Callable[[], Database], tmp_path: Path
) -> None:
    calm = new_database()
    names = moments(tmp_path / "calm", calm.url)
    expected, kept = contents(calm), files(tmp_path / "calm")

    for at, name in enumerate(names):
        if calm.kind == "postgresql" and name in LAKE_STEPS:
            continue  # no database is involved, and SQLite has shown it
        database, place = new_database(), tmp_path / f"killed-{at}"
        assert run_and_kill(str(place), database.url, at) == -signal.SIGKILL, name
        run_night(str(place), database.url, lambda _name: None)

        assert contents(database) == expected, name
        assert files(place) == kept, name


@pytest.mark.parametrize(
    ("work", "steps"), [("close", (*ACT_STEPS, *ACT_STEPS)), ("look", LOOK_STEPS)]
)
def test_a_close_or_a_look_killed_at_any_moment_and_made_again_leaves_the_same_books(
    new_database: NewDatabase, tmp_path: Path, work: str, steps: tuple[str, ...]
) -> None:
    begun = new_database()
    run_night(str(tmp_path), begun.url, lambda _name: None)
    calm, passed = new_database(begun), list[str]()
    WORKS[work](str(tmp_path), calm.url, passed.append)
    assert [name for name in passed if name in steps] == list(steps)
    expected = contents(calm)

    for at, name in enumerate(passed):
        database = new_database(begun)
        assert run_and_kill(str(tmp_path), database.url, at, work) == -signal.SIGKILL, name
        WORKS[work](str(tmp_path), database.url, lambda _name: None)

        assert contents(database) == expected, f"{at} {name}"


@pytest.mark.parametrize(
    ("moment", "tables_left_empty"),
    [
        ("pull.watermark", {"snapshots", "quarantine_sets", "quarantine", "pulls"}),
        ("conform.labels", {"work_item_events", "labels"}),
        (
            "night.queued",
            {"reconciliations", "entries", "postings", "break_observations", "chain_heads"}
            | {"held_days", "day_bases", "outbox"},
        ),
    ],
)
def test_a_transaction_killed_before_its_end_leaves_no_trace(
    database: Database, tmp_path: Path, moment: str, tables_left_empty: set[str]
) -> None:
    in_order = ["lake.aside", "lake.flushed", "lake.published", "lake.settled"]
    before_it = [*in_order, *in_order, *LEDGER_STEPS[: LEDGER_STEPS.index(moment)]]
    if moment != "pull.watermark":
        before_it += in_order  # the conformed file

    assert run_and_kill(str(tmp_path), database.url, len(before_it)) == -signal.SIGKILL

    left = contents(database)
    assert {name for name in tables_left_empty if left[name]} == set()
