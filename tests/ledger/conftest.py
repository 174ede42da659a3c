"""Two databases, the same tests: a SQLite file, and PostgreSQL as the writer role."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade

_DEFAULT = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Database:
    """A migrated, empty ledger.

    Attributes:
        url: As flows use it: on PostgreSQL, as the writer role.
        owner_url: As the one who migrates uses it.
    """

    kind: str
    url: str
    owner_url: str


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
    server.execute(f"DROP DATABASE {server.template} WITH (FORCE)", f"DROP ROLE {server.role}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ledger") / "template.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], Database]]:
    """Make empty ledgers, as many as asked for."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def new_file() -> Database:
            file = tmp_path / f"{uuid.uuid4().hex[:8]}.db"
            file.write_bytes(template.read_bytes())
            return Database("sqlite", f"sqlite:///{file}", f"sqlite:///{file}")

        yield new_file
        return
    server: Server = request.getfixturevalue("postgres")
    made: list[str] = []

    def new_one() -> Database:
        name = f"{server.template}_{uuid.uuid4().hex[:8]}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {server.template}")
        made.append(name)
        return Database("postgresql", server.url_of(name, server.role), server.url_of(name))

    yield new_one
    server.execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in made))


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    return new_database()


@pytest.fixture
def open_ledger(database: Database) -> Iterator[Callable[[], Ledger]]:
    """Open the ledger as often as asked; all are closed at the end."""
    opened: list[Ledger] = []

    def open_one() -> Ledger:
        opened.append(Ledger.open(database.url, lake_id="lake-1"))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()
