"""Requests of gateways and use by squad, from the vendors' answers to the night's pages."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.estate import claude_code_report
from sandbox.estate.directory import FILE
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tasks.core.night_report import NightReport
from tasks.core.squad_use import FLOOR, OTHERS, Measure
from tasks.pages.night import families
from tests.databases import NewDatabase
from tests.flows.estate_stores import use_estate
from tests.flows.nights import FIRST, Night, run
from tests.flows.stores import Stores

ON = ("gateway", "traces", "claude-code-analytics", "anthropic")
DAYS = (FIRST.date() - timedelta(days=6), FIRST.date() - timedelta(days=3))


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    world = make_world(seed=11, scale=0.2, estate=True)
    folder = tmp_path_factory.mktemp("estate")
    with running(folder, world=world, now=FIRST, has_limits=False) as started:
        yield started


@pytest.fixture
def database_kind() -> str:
    """Use one database: what is told here is not the ledger's."""
    return "sqlite"


@pytest.fixture
def stores(
    estate: Sandbox, tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> Stores:
    """Give empty stores in use, with the sources of `ON`."""
    return use_estate(estate, new_database(), tmp_path, ON, monkeypatch)


def night(only: tuple[str, ...] = ON) -> NightReport:
    return run(Night(FIRST, window=DAYS, only=only))


def test_use_is_told_of_squads_only_where_a_directory_is_set(
    stores: Stores, estate: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = night()
    monkeypatch.setenv("GRADUAND_DIRECTORY", str(estate.folder / FILE))
    with_it = night()

    assert [one.detail for one in (*without.failures, *with_it.failures)] == []
    assert without.squad_use == ()
    assert {one.source for one in with_it.squad_use} == {"claude-code-analytics"}
    assert {one.measure for one in with_it.squad_use} == {Measure.ESTIMATE_NANO}
    assert all(one.most_actors is None or one.most_actors >= FLOOR for one in with_it.squad_use)
    assert OTHERS in {one.squad for one in with_it.squad_use}
    assert "Use by squad" not in families(without)
    assert "Use by squad (people counted, never named)" in families(with_it)
    # It stands beside the books, and moves nothing in them.
    assert with_it.books.digest == without.books.digest
    # What was metered is explained by the requests of the gateway.
    (tie,) = [one for one in with_it.books.ties if one.issuer == "anthropic"]
    assert tie.logged_nano > 0
    assert "shipment-answers" in {row.workflow for row in with_it.books.workflows}
    assert stores.verified()


def test_a_directory_that_cannot_be_read_stops_use_by_squad_alone(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = tmp_path / "directory.csv"
    directory.write_text("person,squad\nada@acme.example,claims\nADA@acme.example,search\n")
    monkeypatch.setenv("GRADUAND_DIRECTORY", str(directory))
    broken = night()

    assert [(one.source, one.stream) for one in broken.failures] == [
        ("claude-code-analytics", "use")
    ]
    assert "line 3 of the directory gives somebody a second squad" in broken.failures[0].detail
    assert broken.status == "partial"
    assert broken.books.missing == ()
    assert stores.costs()


def test_a_report_that_comes_to_be_empty_takes_no_use_away_but_no_directory_does(
    stores: Stores, estate: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = ("claude-code-analytics",)
    monkeypatch.setenv("GRADUAND_DIRECTORY", str(estate.folder / FILE))
    told = night(only=only)
    # The vendor says that nothing is old enough to be told.
    monkeypatch.setattr(claude_code_report, "_AGE", timedelta(days=999))
    emptied = night(only=only)
    monkeypatch.delenv("GRADUAND_DIRECTORY")
    without = night(only=only)

    assert told.squad_use
    assert emptied.squad_use == told.squad_use
    assert {(one.code, one.subject) for one in emptied.notices} == {("log_lost", *only)}
    assert emptied.books.digest == told.books.digest
    assert without.squad_use == ()
    assert stores.verified()
