import sqlite3
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tasks.core.errors import LedgerError
from tasks.core.review.delivery import Progress
from tasks.ledger import upgrade as upgrading
from tasks.ledger.connect import open_engine, writing
from tasks.ledger.ledger import Ledger
from tasks.ledger.tables import REVISION, metadata
from tests.databases import Database, Server
from tests.ledger.made import NOW, entry, night

LAKE = "lake-1"


def run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_the_code_knows_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "tasks/ledger/migrations")
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_the_tables_in_code_are_those_of_a_migrated_database(database: Database) -> None:
    engine = create_engine(database.url)
    found = inspect(engine)

    for table in metadata.sorted_tables:
        columns = [column["name"] for column in found.get_columns(table.name)]
        assert columns == [column.name for column in table.columns], table.name
    engine.dispose()


def test_upgrading_again_changes_nothing(database: Database, ledger: Ledger) -> None:
    ledger.book_night(night(entry()), books_at=0, bases=[], recorded_at=NOW)

    assert upgrading.upgrade(database.owner_url) == REVISION

    assert ledger.verify().entries == 1


@pytest.fixture
def older(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """Make a ledger as the revision before this one left it, with a message in its outbox."""
    if database_kind == "sqlite":
        _migrated_to("0002", f"sqlite:///{tmp_path / 'older.db'}")
        yield f"sqlite:///{tmp_path / 'older.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    name = f"{server.template}_older"
    server.execute(f"CREATE DATABASE {name}")
    _migrated_to("0002", server.url_of(name))
    yield server.url_of(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrated_to(revision: str, url: str) -> None:
    engine = open_engine(url)
    with writing(engine) as connection:
        command.upgrade(upgrading._alembic(connection), revision)
    engine.dispose()
    run(
        url,
        "INSERT INTO outbox (kind, key, body, queued_at)"
        " VALUES ('review_ticket', 'bumps@1', 'asks', '2026-11-20T04:00:00.000000+00:00')",
    )


def test_the_revision_before_is_upgraded_with_what_it_holds_and_under_guard(older: str) -> None:
    with pytest.raises(LedgerError, match="revision 0002, this code needs"):
        Ledger.open(older, lake_id=LAKE)

    assert upgrading.upgrade(older) == REVISION

    with Ledger.open(older, lake_id=LAKE) as ledger:
        (row,) = ledger.outbox_rows("review_ticket")
    assert (row.key, row.body, row.progress) == ("bumps@1", "asks", Progress())
    with pytest.raises(DBAPIError, match="append-only"):
        run(older, "DELETE FROM meta")


def test_a_ledger_of_no_revision_is_not_opened_and_not_migrated(tmp_path: Path) -> None:
    file = tmp_path / "new.db"

    with pytest.raises(LedgerError, match="revision none, this code needs 0003"):
        Ledger.open(f"sqlite:///{file}", lake_id=LAKE)

    assert not file.exists()


def test_a_ledger_of_another_revision_is_neither_opened_nor_upgraded(database: Database) -> None:
    run(database.owner_url, "UPDATE alembic_version SET version_num = '0042'")

    with pytest.raises(LedgerError, match="revision 0042, this code needs 0003"):
        Ledger.open(database.url, lake_id=LAKE)
    with pytest.raises(LedgerError, match="'0042', which this code does not know"):
        upgrading.upgrade(database.owner_url)


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def fail(_connection: object) -> None:
        message = "no trigger stands"
        raise LedgerError(message)

    monkeypatch.setattr(upgrading, "assert_guards", fail)
    with pytest.raises(LedgerError, match="no trigger stands"):
        upgrading.upgrade(url)

    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_copy_holds_what_the_journal_still_held(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(sqlite_template.read_bytes())
    with Ledger.open(f"sqlite:///{file}", lake_id=LAKE) as ledger:
        ledger.book_night(night(entry()), books_at=0, bases=[], recorded_at=NOW)
        upgrading._copy_sqlite(file)

    copy = sqlite3.connect(tmp_path / f"ledger.db.before-{REVISION}")
    assert copy.execute("SELECT count(*) FROM postings").fetchone() == (2,)
    copy.close()


def test_a_ledger_belongs_to_the_first_lake_it_sees(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    open_ledger()
    open_ledger()

    with pytest.raises(LedgerError, match="belongs to lake 'lake-1', the lake in use is 'lake-2'"):
        Ledger.open(database.url, lake_id="lake-2")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "cannot be read"),
        ("mysql://root:hidden-word@db/x", "cannot use a 'mysql' database"),
        ("sqlite://", "a file of its own"),
        ("sqlite:///:memory:", "a file of its own"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said) as refused:
        Ledger.open(url, lake_id=LAKE)

    assert "hidden-word" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    url = "postgresql+psycopg://someone:hidden-word@127.0.0.1:9/none?connect_timeout=2"

    with pytest.raises(LedgerError, match="refused") as refused:
        Ledger.open(url, lake_id=LAKE)

    assert "hidden-word" not in str(refused.value)


def test_a_refused_row_is_not_repeated_in_the_error_or_its_trace(ledger: Ledger) -> None:
    secret = "hidden-word"

    with pytest.raises(LedgerError, match="refused") as refused:
        ledger.store_config_version("no-such-kind", "d", secret, NOW)

    assert secret not in "".join(traceback.format_exception(refused.value))


def test_sqlite_loses_nothing_at_a_power_cut_and_checks_its_references(
    sqlite_template: Path,
) -> None:
    engine = open_engine(f"sqlite:///{sqlite_template}")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    engine.dispose()

    full = 2
    assert settings == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }


@pytest.mark.postgres
def test_an_unknown_writer_role_is_named(postgres: Server) -> None:
    with pytest.raises(LedgerError, match="no PostgreSQL role 'nobody'"):
        upgrading.upgrade(postgres.url_of(postgres.template), writer_role="nobody")


def test_sqlite_has_no_writer_role(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="SQLite has no roles"):
        upgrading.upgrade(f"sqlite:///{tmp_path / 'new.db'}", writer_role="writer")
