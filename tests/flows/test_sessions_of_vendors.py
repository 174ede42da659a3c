"""Cursor and Devin from their answers to the books: each session's money is its workflow's."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.load import load_config
from config.settings import settings_from_environment
from sandbox.oracle.seen import look
from sandbox.records import World
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tasks.core.books import DestinationKind, Method
from tasks.core.night_report import NightReport
from tasks.gate_inputs import gather_gate
from tasks.lake.store import Lake
from tests.databases import NewDatabase
from tests.flows.estate_stores import use_estate
from tests.flows.nights import FIRST, Night, run
from tests.flows.stores import Stores

ON = ("cursor", "devin")
#: Told by a service account, by the branch of commits, and by a tag.
WORKFLOWS = {"nightly-maintenance", "framework-migration", "schema-changes"}
BY_PULL = "coverage-writer"
DAYS = (FIRST.date() - timedelta(days=9), FIRST.date() - timedelta(days=3))


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=11, scale=0.2, estate=True)


@pytest.fixture(scope="module")
def estate(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
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


def night() -> NightReport:
    return run(Night(FIRST, window=DAYS, only=ON))


def charges(world: World) -> Iterator[tuple[str, date, str | None, int]]:
    """What was billed in the window as the oracle has it, with the workflow of its session.

    A session that only a pull request tells of is nobody's here: no source of work is read.
    """
    seen = look(world, FIRST)
    for (issuer, day), rows in seen.charges.items():
        if issuer in ON and DAYS[0] <= day <= DAYS[1]:
            for one in rows:
                line = seen.sessions.get((issuer, one.run))
                workflow = None if line is None else line.workflow
                yield issuer, day, "" if workflow == BY_PULL else workflow, one.amount_nano


def test_a_session_s_money_is_its_workflow_s_and_the_rest_is_the_vendor_s_total(
    stores: Stores, world: World
) -> None:
    report = night()
    costs = stores.costs()

    assert (report.status, report.failures, report.notices) == ("tied", (), ())
    wanted: Counter[tuple[str, date, str | None]] = Counter()
    for issuer, day, workflow, nano in charges(world):
        wanted[issuer, day, workflow] += nano
    got: Counter[tuple[str, date, str | None]] = Counter()
    for (key, to), nano in costs.items():
        is_direct = to.method is Method.DIRECT
        got[key.issuer, key.day, to.workflow if is_direct else None] += nano
    assert +got == +wanted
    assert {workflow for _, _, workflow in got} == {"", None, *WORKFLOWS}
    assert {to.kind for _, to in costs if to.method is not Method.DIRECT} == {
        DestinationKind.UNATTRIBUTED
    }
    again = night()
    assert (again.causes, again.books.digest) == ((), report.books.digest)
    assert stores.costs() == costs
    assert stores.verified()


def test_sessions_of_a_bill_count_at_the_gate_whatever_else_their_source_tells(
    stores: Stores,
) -> None:
    night()
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)

    with stores.ledger() as ledger:
        config = load_config(stores.config)
        inputs = gather_gate(FIRST, config, lake, ledger, settings, is_past=False)

    assert "runs_missing" not in {one.code for one in inputs.findings}
