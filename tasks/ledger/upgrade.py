"""Bringing a ledger database to this code's revision: on purpose, never from a flow."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select, text

from tasks.core.errors import LedgerError
from tasks.ledger.connect import open_engine, reading, writing
from tasks.ledger.guards import APPEND_ONLY, assert_guards
from tasks.ledger.tables import MUTABLE, REVISION

_VIEWS = ("current_breaks", "current_work_items", "booked")


def upgrade(url: str, *, writer_role: str | None = None) -> str:
    """Migrate a database, in one transaction, after a copy of a SQLite file.

    Args:
        url: Of the database, with the rights to change its tables.
        writer_role: PostgreSQL role that flows use; it gets SELECT and INSERT, and UPDATE and
            DELETE on the mutable tables only.

    Returns:
        The revision the database now has.

    Raises:
        LedgerError: The migration failed (nothing was changed), the role does not exist, or the
            database is of a newer revision than this code.
    """
    engine = open_engine(url)
    try:
        found = current_revision(engine)
        known = {script.revision for script in _scripts().walk_revisions()}
        if found is not None and found not in known:
            message = (
                f"ledger: the database is at revision {found!r}, which this code does not know:"
                " install the version that made it"
            )
            raise LedgerError(message)
        if engine.dialect.name == "sqlite":
            file = Path(str(engine.url.database))
            file.parent.mkdir(parents=True, exist_ok=True)
            if found not in {None, REVISION}:
                _copy_sqlite(file)
        with writing(engine) as connection:
            command.upgrade(_alembic(connection), "head")
            if writer_role is not None:
                _grant(connection, writer_role)
            assert_guards(connection)
        return REVISION
    finally:
        engine.dispose()


def current_revision(engine: Engine) -> str | None:
    """Read the revision a database is at; None if it holds no ledger yet.

    Raises:
        LedgerError: The database does not answer.
    """
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return None  # asking would create the file
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic(None))


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _copy_sqlite(file: Path) -> None:
    """Copy a SQLite ledger beside itself, with what its journal still holds."""
    copy = file.with_name(f"{file.name}.before-{REVISION}")
    with closing(sqlite3.connect(file)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)


def _grant(connection: Connection, role: str) -> None:
    if connection.dialect.name != "postgresql":
        message = f"ledger: SQLite has no roles: leave out the writer role {role!r}"
        raise LedgerError(message)
    known = connection.execute(
        select(text("1")).select_from(text("pg_roles")).where(text("rolname = :role")),
        {"role": role},
    ).scalar()
    if known is None:
        message = f"ledger: no PostgreSQL role {role!r}: create it with LOGIN, then upgrade again"
        raise LedgerError(message)
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    schema = connection.dialect.identifier_preparer.quote_identifier(
        str(connection.execute(text("SELECT current_schema()")).scalar())
    )
    mutable = ", ".join(table.name for table in MUTABLE)
    growing = ", ".join(APPEND_ONLY)
    readable = ", ".join(("alembic_version", *_VIEWS))
    for statement in (
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted}",
        f"REVOKE ALL ON {growing}, {mutable}, {readable} FROM {quoted}",
        f"GRANT SELECT, INSERT ON {growing} TO {quoted}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {mutable} TO {quoted}",
        f"GRANT SELECT ON {readable} TO {quoted}",
    ):
        connection.exec_driver_sql(statement)
