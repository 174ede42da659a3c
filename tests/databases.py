"""Two databases, the same tests: a SQLite file, and PostgreSQL as the writer role.

A pytest plugin (see `tests/conftest.py`): its fixtures are there for every test.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tasks.ledger.upgrade import upgrade

_DEFAULT = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"

#: For a fixture's `params`: each test that asks for it runs on both.
BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@dataclass(frozen=True)
class Database:
    """A migrated ledger.

    Attributes:
        url: As flows use it: on PostgreSQL, as the writer role.
        owner_url: As the one who migrates uses it.
    """

    kind: str
    url: str
    owner_url: str


class NewDatabase(Protocol):
    """Makes a ledger: an empty one, or a copy of one that nobody is connected to."""

    def __call__(self, like: Database | None = None) -> Database: ...


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server with a template database and a writer role of this test session."""

    admin_url: str
    template: str
    role: str

    def execute(self, *statements: str) -> None:
        engine = create_engine(self.admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def drop_all(self) -> None:
        """Drop everything of this session; fixtures that outlive others may have left some."""
        engine = create_engine(self.admin_url)
        with engine.connect() as connection:
            known = text("SELECT datname FROM pg_database WHERE starts_with(datname, :mark)")
            names = connection.execute(known, {"mark": self.template}).scalars().all()
        engine.dispose()
        self.execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in names))
        self.execute(f"DROP ROLE {self.role}")

    def url_of(self, database: str, role: str | None = None) -> str:
        url = make_url(self.admin_url).set(database=database)
        if role is not None:
            url = url.set(username=role, password="writes-only")
        return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    mark = uuid.uuid4().hex[:8]
    admin = os.environ.get("GRADUAND_TEST_POSTGRES", _DEFAULT)
    server = Server(admin, f"graduand_test_{mark}", f"graduand_writer_{mark}")
    try:
        server.execute(
            f"CREATE ROLE {server.role} LOGIN PASSWORD 'writes-only'",
            f"CREATE DATABASE {server.template}",
        )
    except OperationalError:
        reason = "no PostgreSQL answers: start one, or set GRADUAND_TEST_POSTGRES to its URL"
        if os.environ.get("GRADUAND_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    upgrade(server.url_of(server.template), writer_role=server.role)
    yield server
    server.drop_all()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ledger") / "template.db"
    upgrade(f"sqlite:///{file}")
    return file


@contextmanager
def _files(template: Path, folder: Path) -> Iterator[NewDatabase]:
    def new_file(like: Database | None = None) -> Database:
        source = Path(str(make_url(like.url).database)) if like else template
        file = folder / f"{uuid.uuid4().hex[:8]}.db"
        file.write_bytes(source.read_bytes())
        return Database("sqlite", f"sqlite:///{file}", f"sqlite:///{file}")

    yield new_file


@contextmanager
def _server_databases(server: Server) -> Iterator[NewDatabase]:
    made: list[str] = []

    def new_one(like: Database | None = None) -> Database:
        source = make_url(like.url).database if like else server.template
        name = f"{server.template}_{uuid.uuid4().hex[:8]}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        made.append(name)
        return Database("postgresql", server.url_of(name, server.role), server.url_of(name))

    yield new_one
    server.execute(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in made))


@pytest.fixture(scope="session")
def lasting_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], NewDatabase]]:
    """Give, for a kind, a maker of ledgers that stay until the session ends."""
    with ExitStack() as stack:

        def maker(kind: str) -> NewDatabase:
            opened = (
                _server_databases(request.getfixturevalue("postgres"))
                if kind == "postgresql"
                else _files(
                    request.getfixturevalue("sqlite_template"), tmp_path_factory.mktemp("lasting")
                )
            )
            return stack.enter_context(opened)

        yield maker


@pytest.fixture(params=BOTH)
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> Iterator[NewDatabase]:
    """Make ledgers, as many as asked for; they go when the test ends."""
    opened = (
        _server_databases(request.getfixturevalue("postgres"))
        if database_kind == "postgresql"
        else _files(request.getfixturevalue("sqlite_template"), tmp_path)
    )
    with opened as maker:
        yield maker


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    return new_database()
