"""Append-only, refused by the database itself: the triggers, and the proof that they stand.

SQLite: an insert over an existing key would quietly delete the old row, so it has a
trigger of its own, which does not depend on `recursive_triggers`. PostgreSQL: one
statement trigger a table, enabled ALWAYS so that replication mode does not pass it by.
"""

from sqlalchemy import Connection, text

from tasks.core.errors import LedgerError

#: Every append-only table with the keys that identify its rows.
APPEND_ONLY: dict[str, tuple[tuple[str, ...], ...]] = {
    "meta": (("key",),),
    "snapshots": (("seq",),),
    "pulls": (("id",),),
    "quarantine_sets": (("seq",),),
    "quarantine": (("seq", "ordinal"),),
    "config_versions": (("id",),),
    "reconciliations": (("id",),),
    "held_days": (("reconciliation_id", "issuer", "day"),),
    "day_bases": (("reconciliation_id", "issuer", "day"),),
    "entries": (
        ("id",),
        (
            *("reconciliation_id", "issuer", "account", "day"),
            *("billing_period", "currency", "origin_period", "cause"),
        ),
    ),
    "postings": (
        ("entry_id", "ordinal"),
        (
            *("entry_id", "kind", "portfolio", "family", "workflow"),
            *("pool", "paid_from", "method", "strength"),
        ),
    ),
    "chain_heads": (("reconciliation_id",), ("head",)),
    "break_observations": (("reconciliation_id", "break_id"),),
    "work_item_events": (("source", "event_id"),),
    "evidence": (("digest",),),
    "verdicts": (("id",),),
    "period_acts": (("id",),),
}

_PG_BODY = """
BEGIN
    RAISE EXCEPTION 'append-only: % of %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
"""

#: BEFORE (2), DELETE (8), UPDATE (16), TRUNCATE (32), and no ROW (1): see pg_trigger.h.
_PG_TYPE = 2 | 8 | 16 | 32


def install_guards(connection: Connection) -> None:
    """Make the triggers of every append-only table."""
    if connection.dialect.name == "sqlite":
        for statement in _sqlite_triggers().values():
            connection.exec_driver_sql(statement)
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION graduand_refuse() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = pg_catalog AS $${_PG_BODY.replace('%', '%%')}$$"
    )
    for table in APPEND_ONLY:
        connection.exec_driver_sql(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION graduand_refuse()"
        )
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")


def assert_guards(connection: Connection) -> None:
    """Prove that every trigger stands as it was made.

    Raises:
        LedgerError: One is missing, disabled or different.
    """
    sqlite = connection.dialect.name == "sqlite"
    damaged = _damaged_on_sqlite(connection) if sqlite else _damaged_on_postgresql(connection)
    if damaged:
        message = (
            f"ledger: the append-only trigger {damaged[0]!r} is missing, disabled or changed"
            f" ({len(damaged)} in all): find out who changed the database, verify the chain, and"
            " restore the triggers before booking"
        )
        raise LedgerError(message)


def _sqlite_triggers() -> dict[str, str]:
    triggers = {}
    for table, keys in APPEND_ONLY.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
        taken = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE "  # noqa: S608 our own names
            + " AND ".join(f"{name} = NEW.{name}" for name in key)
            + ")"
            for key in keys
        )
        for name, event in (
            (f"{table}_no_update", "BEFORE UPDATE"),
            (f"{table}_no_delete", "BEFORE DELETE"),
        ):
            triggers[name] = f"CREATE TRIGGER {name} {event} ON {table} {refuse}"
        name = f"{table}_no_replace"
        triggers[name] = f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {taken} {refuse}"
    return triggers


def _damaged_on_sqlite(connection: Connection) -> list[str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    found = {row.name: row.sql for row in rows}
    return sorted(
        name for name, statement in _sqlite_triggers().items() if found.get(name) != statement
    )


def _damaged_on_postgresql(connection: Connection) -> list[str]:
    rows = connection.execute(
        text(
            "SELECT c.relname FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgname = 'append_only' AND c.relnamespace = current_schema()::regnamespace"
            " AND t.tgenabled = 'A' AND t.tgtype = :type AND t.tgqual IS NULL"
            " AND cardinality(t.tgattr::int2[]) = 0"
            " AND p.proname = 'graduand_refuse' AND p.prosrc = :body"
        ),
        {"type": _PG_TYPE, "body": _PG_BODY},
    )
    return sorted(set(APPEND_ONLY) - {name for (name,) in rows})
