"""Connections to the ledger: one writer at a time, exact settings, errors without values."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from tasks.core.errors import LedgerError

#: Advisory lock that every writing transaction takes first; the number only has to be ours.
_WRITER_LOCK = 7_204_120_461_839_522_817
_BUSY_MS = 60_000
_WRITES = "graduand_writes"


def open_engine(url: str) -> Engine:
    """Make an engine; nothing is connected yet.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://...`; never repeated in an error.

    Raises:
        LedgerError: The URL is of another kind.
    """
    parsed = _parse(url)
    # Values of statements stay out of errors and logs: they may hold names.
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed, hide_parameters=True, isolation_level="READ COMMITTED")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open the one writing transaction of the moment: committed whole, or not at all.

    Raises:
        LedgerError: The database refuses.
    """
    with _telling_faults(), engine.connect() as plain:
        connection = plain.execution_options(**{_WRITES: True})
        with connection.begin():
            if connection.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                connection.execute(lock, {"key": _WRITER_LOCK})
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads, and sees the books of one moment throughout.

    Raises:
        LedgerError: The database refuses.
    """
    with _telling_faults(), engine.connect() as plain:
        connection = plain
        if engine.dialect.name == "postgresql":  # a SQLite transaction in WAL mode is one already
            connection = plain.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "ledger: the URL cannot be read: write sqlite:///<file> or postgresql+psycopg://"
        raise LedgerError(message) from None
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        message = (
            f"ledger: cannot use a {parsed.drivername!r} database: write sqlite:///<file> or"
            " postgresql+psycopg://"
        )
        raise LedgerError(message)
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        message = "ledger: SQLite needs a file of its own: write sqlite:///<file>"
        raise LedgerError(message)
    return parsed


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        # A label that is erased is overwritten, not only unlinked.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _telling_faults() -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        # First line only, and no cause to be printed: PostgreSQL repeats values in detail lines.
        said = str(fault.orig).partition("\n")[0]
        message = f"ledger: the database refused ({type(fault.orig).__name__}: {said})"
        raise LedgerError(message) from None
    except SQLAlchemyError as fault:
        message = f"ledger: {type(fault).__name__}: {str(fault).partition(chr(10))[0]}"
        raise LedgerError(message) from None
