"""The sandbox with its ticket systems, and a ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tasks.ledger.ledger import Ledger
from tests.tickets.rig import SYSTEMS, Rig


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(seed=7, scale=0.02)


@pytest.fixture
def sandbox(world: World, tmp_path: Path) -> Iterator[Sandbox]:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with running(folder, world=world, now=NIGHTS[0], has_limits=False) as started:
        yield started


@pytest.fixture
def ledger(sqlite_template: Path, tmp_path: Path) -> Iterator[Ledger]:
    file = tmp_path / "ledger.db"
    file.write_bytes(sqlite_template.read_bytes())
    with Ledger.open(f"sqlite:///{file}", lake_id="lake-1") as opened:
        yield opened


@pytest.fixture
def rig(sandbox: Sandbox, ledger: Ledger) -> Rig:
    return Rig(sandbox, ledger)


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)
