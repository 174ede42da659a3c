"""Versions of the configuration and of the rates that nights were computed with."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from tasks.core.books import Inputs
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


def version_as_of(connection: Connection, kind: str, instant: datetime) -> tuple[str, str] | None:
    """Read digest and body of the newest version of a kind recorded by an instant, if any."""
    table = tables.config_versions
    query = (
        select(table.c.digest, table.c.body)
        .where(table.c.kind == kind, table.c.recorded_at <= instant)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.digest, row.body)


def bodies_as_of(connection: Connection, kind: str, instant: datetime) -> Iterator[str]:
    """Read each body of a kind recorded by an instant, newest first, as long as it is asked for."""
    table = tables.config_versions
    query = select(table.c.id).where(table.c.kind == kind, table.c.recorded_at <= instant)
    for number in connection.execute(query.order_by(table.c.id.desc())).scalars().all():
        yield connection.execute(select(table.c.body).where(table.c.id == number)).scalar_one()


def dated_bodies_as_of(
    connection: Connection, kind: str, instant: datetime
) -> Iterator[tuple[datetime, str]]:
    """Read each body of a kind recorded by an instant, with when, oldest first."""
    table = tables.config_versions
    query = select(table.c.id).where(table.c.kind == kind, table.c.recorded_at <= instant)
    for number in connection.execute(query.order_by(table.c.id)).scalars().all():
        columns = select(table.c.recorded_at, table.c.body).where(table.c.id == number)
        row = connection.execute(columns).one()
        yield row.recorded_at, row.body


def night_inputs_as_of(
    connection: Connection, window: tuple[date, date], instant: datetime
) -> Inputs | None:
    """Read what the newest night of one exact window, booked by an instant, was computed from."""
    table = tables.reconciliations
    names = [field.name for field in fields(Inputs)]
    query = (
        select(*(table.c[name] for name in names))
        .where(
            table.c.window_start == window[0],
            table.c.window_end == window[1],
            table.c.recorded_at <= instant,
        )
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Inputs(*row)
