"""`graduand check --deep` finds every damaged bit, and says where."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.damage import (
    DAMAGED,
    Stores,
    fill,
    flip_bytes_of_sqlite,
    flip_file,
    flip_row,
)
from tests.databases import Database, NewDatabase

_LAYERS = ("raw", "conformed")
only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def stores(tmp_path: Path, database: Database) -> Stores:
    return fill(tmp_path / "lake", database)


@pytest.fixture
def copy(stores: Stores, new_database: NewDatabase, tmp_path: Path) -> Callable[[], Stores]:
    """Copy the stores, to damage the copy."""
    made = 0

    def copied() -> Stores:
        nonlocal made
        made += 1
        lake = tmp_path / f"copy-{made}"
        shutil.copytree(stores.lake, lake)
        return Stores(lake, new_database(stores.database))

    return copied


def test_sound_stores_have_no_fault(stores: Stores) -> None:
    assert stores.faults() == []


@only_sqlite
def test_flipped_bits_of_files_are_found(stores: Stores) -> None:
    assert _missed_files(stores, random.Random(1), 20) == []


def test_a_flipped_bit_in_any_table_is_found(copy: Callable[[], Stores]) -> None:
    dice = random.Random(2)
    missed = []
    for table in DAMAGED:
        damaged = copy()
        where = flip_row(damaged, dice, table)
        if not damaged.faults():
            missed.append(where)

    assert missed == []


@only_sqlite
def test_every_column_of_every_table_is_covered(copy: Callable[[], Stores]) -> None:
    dice = random.Random(3)
    missed = _missed_rows(copy, dice, 20)

    assert missed == []


@only_sqlite
def test_bits_flipped_in_the_database_file_are_found(copy: Callable[[], Stores]) -> None:
    dice = random.Random(4)
    damaged = [copy() for _ in range(6)]
    flipped = [flip_bytes_of_sqlite(one, dice, dice.choice(DAMAGED)) for one in damaged]

    assert any(flipped)
    for one, where in zip(damaged, flipped, strict=True):
        assert where is None or one.faults(), where


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@only_sqlite
def test_a_thousand_flips_are_all_found(copy: Callable[[], Stores], stores: Stores) -> None:
    dice = random.Random(5)

    assert _missed_files(stores, dice, 400) + _missed_rows(copy, dice, 600) == []


@only_sqlite
def test_each_fault_names_its_place_and_what_to_do(copy: Callable[[], Stores]) -> None:
    damaged = copy()
    dice = random.Random(6)
    file = flip_file(damaged, dice, "raw").partition(" ")[0]
    told = " ".join(damaged.faults())

    assert file in told
    assert "restore it from a copy, or pull its day again" in told

    damaged = copy()
    flip_row(damaged, dice, "reconciliations")
    told = " ".join(damaged.faults())

    assert "reconciliation" in told
    assert "restore the ledger from a copy" in told


@only_sqlite
def test_a_removed_row_or_file_is_found(copy: Callable[[], Stores]) -> None:
    damaged = copy()
    next(iter((damaged.lake / "conformed").rglob("*.parquet"))).unlink()

    assert any("is missing" in fault for fault in damaged.faults())


@only_sqlite
def test_a_lake_of_another_ledger_is_refused(copy: Callable[[], Stores]) -> None:
    damaged = copy()
    (damaged.lake / "lake_id").write_text("another")

    assert any("belongs to lake" in fault for fault in damaged.faults())


def _missed_files(stores: Stores, dice: random.Random, times: int) -> list[str]:
    missed = []
    for number in range(times):
        before = {file: file.read_bytes() for file in stores.lake.rglob("*.*") if file.is_file()}
        where = flip_file(stores, dice, _LAYERS[number % 2])
        if not stores.faults():
            missed.append(where)
        for file, data in before.items():
            if file.read_bytes() != data:
                file.write_bytes(data)
    return missed


def _missed_rows(copy: Callable[[], Stores], dice: random.Random, times: int) -> list[str]:
    damaged = copy()
    file = Path(damaged.database.url.removeprefix("sqlite:///"))
    sound = file.read_bytes()
    missed = []
    for number in range(times):
        where = flip_row(damaged, dice, DAMAGED[number % len(DAMAGED)])
        if not damaged.faults():
            missed.append(where)
        for left in file.parent.glob(f"{file.name}-*"):
            left.unlink()
        file.write_bytes(sound)
    return missed
