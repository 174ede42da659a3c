"""A small organisation behind real sockets, and stores that already hold its first night."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.rehearse import environment
from sandbox.faults import SOURCES
from sandbox.server import Sandbox, running
from tests.base_config import write_base_config
from tests.databases import NewDatabase
from tests.flows.killed import Killer
from tests.flows.nights import EVERY, FIRST, Night, environment_of, run
from tests.flows.stores import Stores
from tests.flows.weekly import MONDAY, Week, weekly_organisation

_SCALE = 0.05
_DIGEST_KEY = "the key of the flow tests, the same for every copy of a store"


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("organisation")
    with running(folder, scale=_SCALE, now=FIRST, has_limits=False) as started:
        yield started


@pytest.fixture
def sandbox(organisation: Sandbox) -> Iterator[Sandbox]:
    """Give the organisation at its first night, with nothing wrong."""
    organisation.move_to(FIRST)
    yield organisation
    for source in SOURCES:
        organisation.faults.fail(source, "ok")


@pytest.fixture(scope="session")
def common_environment(organisation: Sandbox) -> dict[str, str]:
    """Give what all stores of the session share: sources, secrets and the digest key."""
    named = environment(organisation, organisation.folder)
    ours = {name: value for name, value in named.items() if name.startswith("GRADUAND_")}
    return {**ours, "GRADUAND_DIGEST_KEY": _DIGEST_KEY}


def settings_of(stores: Stores, common: dict[str, str]) -> dict[str, str]:
    """Name the settings with which a night uses these stores."""
    return environment_of(
        common, database_url=stores.database.url, lake_dir=stores.lake, config_dir=stores.config
    )


@pytest.fixture(scope="session")
def begun(
    organisation: Sandbox,
    common_environment: dict[str, str],
    lasting_databases: Callable[[str], NewDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], tuple[Stores, Stores]]:
    """Give, for a kind of database, empty stores and stores with the first night booked."""
    made: dict[str, tuple[Stores, Stores]] = {}

    def stores(kind: str) -> tuple[Stores, Stores]:
        if kind not in made:
            new_database = lasting_databases(kind)
            folder = tmp_path_factory.mktemp("stores")
            empty = Stores(folder / "empty", new_database())
            write_base_config(empty.config)
            first = empty.copy_to(folder / "first", new_database)
            with pytest.MonkeyPatch.context() as patch:
                for name, value in settings_of(first, common_environment).items():
                    patch.setenv(name, value)
                organisation.move_to(FIRST)
                run(Night(FIRST, only=EVERY))
            made[kind] = empty, first
        return made[kind]

    return stores


@pytest.fixture
def use(
    monkeypatch: pytest.MonkeyPatch, common_environment: dict[str, str]
) -> Callable[[Stores], Stores]:
    """Point the settings of this process at some stores."""

    def point(stores: Stores) -> Stores:
        for name, value in settings_of(stores, common_environment).items():
            monkeypatch.setenv(name, value)
        return stores

    # Whoever runs the tests may have settings of their own.
    for name in [name for name in os.environ if name.startswith("GRADUAND_")]:
        if name not in {"GRADUAND_SHARED", "GRADUAND_REQUIRE_POSTGRES", "GRADUAND_TEST_POSTGRES"}:
            monkeypatch.delenv(name)
    return point


@pytest.fixture
def new_stores(
    begun: Callable[[str], tuple[Stores, Stores]],
    database_kind: str,
    new_database: NewDatabase,
    tmp_path: Path,
) -> Callable[..., Stores]:
    """Make stores of a test's own: with the first night booked, or empty."""
    made = 0

    def make(*, is_empty: bool = False) -> Stores:
        nonlocal made
        made += 1
        empty, first = begun(database_kind)
        return (empty if is_empty else first).copy_to(tmp_path / f"stores-{made}", new_database)

    return make


@pytest.fixture
def stores(
    new_stores: Callable[..., Stores], use: Callable[[Stores], Stores], sandbox: Sandbox
) -> Stores:
    """Give stores with the first night booked, in use."""
    _ = sandbox  # whoever has stores wants the organisation at rest
    return use(new_stores())


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    with Killer() as started:
        yield started


@pytest.fixture(scope="session")
def week_begun(
    lasting_databases: Callable[[str], NewDatabase], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Week]]:
    """Give, for a kind of database, a week whose first Monday has read its sources."""
    made: dict[str, Week] = {}
    with weekly_organisation(tmp_path_factory.mktemp("weekly")) as started:

        def week(kind: str) -> Week:
            if kind not in made:
                stores = Stores(tmp_path_factory.mktemp("week"), lasting_databases(kind)())
                write_base_config(stores.config)
                with pytest.MonkeyPatch.context() as patch:
                    made[kind] = Week(started, stores, patch)
                    made[kind].begin()
                    made[kind].night(MONDAY)
            return made[kind]

        yield week


@pytest.fixture
def week(
    week_begun: Callable[[str], Week],
    database_kind: str,
    new_database: NewDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Week:
    """Give a week of a test's own, in use, on its first Monday; nothing can write tickets yet."""
    begun = week_begun(database_kind)
    for name in [name for name in os.environ if name.startswith("GRADUAND_SECRET_TICKETS")]:
        monkeypatch.delenv(name)
    own = Week(begun.sandbox, begun.stores.copy_to(tmp_path / "week", new_database), monkeypatch)
    own.begin()
    return own
