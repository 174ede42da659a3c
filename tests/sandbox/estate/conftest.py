"""A small organisation with its estate, and its vendors on small pages."""

from collections.abc import Iterator

import pytest

from sandbox.estate.records import Estate
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.world import make_world


@pytest.fixture(scope="session")
def billing_world() -> World:
    return make_world(7, 0.3, estate=True)


@pytest.fixture(scope="session")
def billed(billing_world: World) -> Estate:
    assert billing_world.estate is not None
    return billing_world.estate


@pytest.fixture(scope="session")
def _running(billing_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("billing")
    with running(folder, world=billing_world, has_limits=False, page_items=7) as started:
        yield started


@pytest.fixture
def vendors(_running: Sandbox) -> Sandbox:
    """All vendors, at the first night."""
    if _running.now != NIGHTS[0]:
        _running.move_to(NIGHTS[0])
    return _running
