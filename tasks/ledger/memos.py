"""Digests of what is kept in the lake to save computing: nothing else is taken for such a memo."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from tasks.ledger import tables

_KIND = "memo"


def add_memo(connection: Connection, key: str, digest: str, recorded_at: datetime) -> None:
    """Record a memo within a writing transaction; one that is known stays as it is.

    Args:
        connection: Of the transaction.
        key: Digest of what the memo was made of.
        digest: SHA-256 hex over the key and the memo's text.
        recorded_at: Aware UTC; a label.
    """
    if not knows_memo(connection, key, digest):
        connection.execute(
            insert(tables.evidence).values(
                digest=digest, kind=_KIND, subject=key, body="", recorded_at=recorded_at
            )
        )


def knows_memo(connection: Connection, key: str, digest: str) -> bool:
    """Tell whether this ledger recorded exactly this memo."""
    table = tables.evidence
    query = select(table.c.digest).where(
        table.c.digest == digest, table.c.kind == _KIND, table.c.subject == key
    )
    return connection.execute(query).one_or_none() is not None
