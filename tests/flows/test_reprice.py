"""`graduand reprice`: the comparison of a past window, from the command line, posts nothing."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from cli.main import main
from tasks.core.books import DestinationKind
from tasks.ledger import tables
from tests.flows.nights import FIRST, WINDOW
from tests.flows.stores import Stores
from tests.flows.test_changed_rules import CONTRACT


def everything(stores: Stores) -> dict[str, list[str]]:
    """Read every row of every table."""
    engine = create_engine(stores.database.url)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in tables.metadata.sorted_tables
        }
    engine.dispose()
    return found


def other_sources(stores: Stores, folder: Path) -> Path:
    file = folder / "other-sources.yaml"
    file.write_text((stores.config / "sources.yaml").read_text().replace(*CONTRACT))
    return file


def repriced(stores: Stores, folder: Path, *words: str) -> int:
    window = ("--from", str(WINDOW[0]), "--to", str(WINDOW[1]))
    other = ("--sources", str(other_sources(stores, folder)))
    return main(["reprice", *window, *other, *words])


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUAND_NOW", FIRST.isoformat())


def test_it_writes_nothing_and_sums_to_what_is_booked(
    stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, costs = everything(stores), stores.costs()
    lake = sorted(stores.lake.rglob("*"))

    assert repriced(stores, tmp_path, "--csv", str(tmp_path / "out.csv")) == 0

    assert everything(stores) == before
    assert sorted(stores.lake.rglob("*")) == lake
    told = capsys.readouterr().out
    assert "a comparison; nothing is booked" in told
    assert "does not move" in told
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    booked = {
        to.workflow: sum(nano for (_, one), nano in costs.items() if one.workflow == to.workflow)
        for _, to in costs
        if to.kind is DestinationKind.FAMILY
    }
    for workflow, nano in booked.items():
        units = sum(Decimal(row["booked"]) for row in rows if row["workflow"] == workflow)
        assert units * 10**9 == nano
    assert any(Decimal(row["logged_difference"]) < 0 for row in rows)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_it_overwrites_no_file_and_refuses_what_is_no_sources_file(
    stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")

    assert repriced(stores, tmp_path, "--csv", str(out)) == 1
    assert "replace it with --force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 1\nsources: nobody\n")
    window = ("--from", str(WINDOW[0]), "--to", str(WINDOW[1]))
    assert main(["reprice", *window, "--sources", str(wrong)]) == 1
    assert "wrong.yaml" in capsys.readouterr().err
