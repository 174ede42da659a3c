"""Versions of the configuration and of the rates that nights were computed with."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from tasks.core.errors import LedgerError
from tasks.ledger import tables


def add_version(
    connection: Connection, kind: str, digest: str, body: str, recorded_at: datetime
) -> None:
    """Record a version unless it is the newest of its kind; going back is a version too."""
    if newest_version(connection, kind) == digest:
        return
    table = tables.config_versions
    last = connection.execute(select(func.max(table.c.id))).scalar() or 0
    connection.execute(
        insert(table).values(
            id=last + 1, kind=kind, digest=digest, body=body, recorded_at=recorded_at
        )
    )


def newest_version(connection: Connection, kind: str) -> str | None:
    """Give the digest of the newest version of a kind; None if there is none."""
    table = tables.config_versions
    query = select(table.c.digest).where(table.c.kind == kind)
    return connection.execute(query.order_by(table.c.id.desc()).limit(1)).scalar()


def version_body(connection: Connection, kind: str, digest: str) -> str:
    """Read what a digest stands for.

    Raises:
        LedgerError: It was never recorded.
    """
    table = tables.config_versions
    query = select(table.c.body).where(table.c.kind == kind, table.c.digest == digest)
    body: str | None = connection.execute(query.limit(1)).scalar()
    if body is None:
        message = f"ledger: no {kind} with digest {digest!r} was ever recorded"
        raise LedgerError(message)
    return body
