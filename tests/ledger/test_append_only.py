import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tasks.core.errors import LedgerError
from tasks.ledger.guards import APPEND_ONLY
from tasks.ledger.ledger import Ledger
from tasks.ledger.tables import MUTABLE, metadata
from tests.databases import Database
from tests.ledger.made import DAY, NOW, basis, conformed, entry, gap, night, reject

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
FILLED = (
    *("meta", "snapshots", "quarantine_sets", "quarantine", "config_versions", "reconciliations"),
    *("held_days", "day_bases", "entries", "postings", "chain_heads", "break_observations"),
    "work_item_events",
)


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    event = {
        "source": "git",
        "event_id": "e1",
        "item": "gh:1#2",
        "event": "merged",
        "occurred_at": NOW,
        "observed_at": NOW,
    }
    ledger.record_conformed(
        [conformed("c1")],
        rejects={("bill", "costs", DAY): [reject()]},
        events=[event],
        recorded_at=NOW,
    )
    ledger.store_config_version("catalog", "cat", "{}", NOW)
    ledger.book_night(
        night(entry(), breaks=[gap()], seq=2),
        books_at=0,
        bases=[basis()],
        held=[("openai", DAY)],
        recorded_at=NOW,
    )
    return ledger


def run(url: str, statement: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def _ways_to_change(table: str, kind: str) -> list[str]:
    column = metadata.tables[table].columns[0].name
    copy = f"INTO {table} SELECT * FROM {table} WHERE true LIMIT 1"
    change = f"DO UPDATE SET {column} = excluded.{column}"
    ways = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if kind == "postgresql":
        key = ", ".join(APPEND_ONLY[table][0])
        return [
            *ways,
            f"DELETE FROM {table} WHERE 1 = 0",
            f"TRUNCATE {table} CASCADE",
            f"INSERT {copy} ON CONFLICT ({key}) {change}",
        ]
    return [
        *ways,
        f"REPLACE {copy}",
        f"INSERT OR REPLACE {copy}",
        f"INSERT OR IGNORE {copy}",
        f"INSERT {copy} ON CONFLICT {change}",
        f"UPDATE OR REPLACE {table} SET {column} = {column}",
    ]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("table", FILLED)
def test_no_row_is_changed_or_removed_even_by_the_owner(database: Database, table: str) -> None:
    for statement in _ways_to_change(table, database.kind):
        with pytest.raises(DBAPIError, match="append-only: "):
            run(database.owner_url, statement)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("table", FILLED)
@only_postgresql
def test_the_writer_role_may_only_read_and_add(database: Database, table: str) -> None:
    column = metadata.tables[table].columns[0].name

    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER append_only",
        f"DROP TABLE {table}",
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            run(database.url, statement)
    with pytest.raises(DBAPIError, match="permission denied"):
        run(database.url, "SET session_replication_role = replica")


def test_the_writer_role_changes_what_is_mutable(database: Database) -> None:
    for table in MUTABLE:
        column = table.columns[0].name
        run(database.url, f"UPDATE {table.name} SET {column} = {column}")
        run(database.url, f"DELETE FROM {table.name}")


@pytest.mark.usefixtures("filled")
@only_postgresql
def test_replication_mode_does_not_pass_the_triggers_by(database: Database) -> None:

    with pytest.raises(DBAPIError, match="append-only: DELETE of postings"):
        run(database.owner_url, "SET session_replication_role = replica; DELETE FROM postings")


@pytest.mark.usefixtures("filled")
@only_sqlite
def test_replacing_needs_no_pragma_to_be_refused(database: Database) -> None:
    bare = sqlite3.connect(database.url.removeprefix("sqlite:///"))

    with pytest.raises(sqlite3.IntegrityError, match="append-only: postings"):
        bare.execute("REPLACE INTO postings SELECT * FROM postings LIMIT 1")
    bare.close()


def test_every_table_is_either_guarded_or_known_to_be_mutable(database: Database) -> None:
    engine = create_engine(database.url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()

    assert found == {*APPEND_ONLY, *(table.name for table in MUTABLE), "alembic_version"}


@pytest.mark.parametrize("damage", ["drop", "disable", "weaken"])
def test_a_damaged_guard_stops_the_night_and_the_next_start(
    database: Database, ledger: Ledger, open_ledger: Callable[[], Ledger], damage: str
) -> None:
    ledger.check_guards()
    run_damage(database, damage)

    with pytest.raises(LedgerError, match="append-only trigger 'postings"):
        ledger.check_guards()
    with pytest.raises(LedgerError, match="append-only trigger 'postings"):
        open_ledger()


def run_damage(database: Database, damage: str) -> None:
    if database.kind == "sqlite":
        run(database.owner_url, "DROP TRIGGER postings_no_update")
        if damage != "drop":  # there is no disabling: put another one in its place
            event = "BEFORE UPDATE OF kind" if damage == "weaken" else "AFTER UPDATE"
            run(
                database.owner_url,
                f"CREATE TRIGGER postings_no_update {event} ON postings BEGIN SELECT 1; END",
            )
        return
    statements = {
        "drop": "DROP TRIGGER append_only ON postings",
        "disable": "ALTER TABLE postings ENABLE TRIGGER append_only",  # no longer ALWAYS
        "weaken": "CREATE OR REPLACE TRIGGER append_only BEFORE DELETE ON postings"
        " FOR EACH STATEMENT EXECUTE FUNCTION graduand_refuse()",
    }
    run(database.owner_url, statements[damage])


@only_postgresql
def test_a_hollowed_out_trigger_function_is_noticed(database: Database, ledger: Ledger) -> None:
    run(
        database.owner_url,
        "CREATE OR REPLACE FUNCTION graduand_refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
    )

    with pytest.raises(LedgerError, match="append-only trigger"):
        ledger.check_guards()


def test_tables_are_strict_about_types(database: Database) -> None:
    with pytest.raises(DBAPIError):
        run(
            database.owner_url,
            "INSERT INTO held_days (reconciliation_id, issuer, day)"
            " VALUES ('one', 'anthropic', '2026-11-20')",
        )
    engine = create_engine(database.url)
    if database.kind == "sqlite":
        with engine.connect() as connection:
            loose = connection.execute(
                text("SELECT name FROM pragma_table_list WHERE strict = 0 AND type = 'table'")
            ).scalars()
            assert set(loose) <= {"alembic_version", "sqlite_schema", "sqlite_temp_schema"}
    engine.dispose()
