"""Messages to the outside: queued with the books, sent after, receipted last.

Who works on a message leases it for a while: of two at once one gets it, and what a worker
that died had announced is still there for the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, or_, select, update

from tasks.core.errors import LedgerError
from tasks.core.review.delivery import OutboxRow, Progress
from tasks.core.review.delivery_text import progress_text, read_progress
from tasks.ledger import tables


@dataclass(frozen=True, slots=True)
class Message:
    """Something to write outside, once.

    Attributes:
        key: Unique within its kind; queueing it again does nothing.
    """

    kind: str
    key: str
    body: str


def queue(connection: Connection, messages: Sequence[Message], queued_at: datetime) -> None:
    """Queue messages whose key is new."""
    table = tables.outbox
    for message in messages:
        same = (table.c.kind == message.kind, table.c.key == message.key)
        if connection.execute(select(table.c.key).where(*same)).one_or_none() is None:
            connection.execute(
                insert(table).values(
                    kind=message.kind, key=message.key, body=message.body, queued_at=queued_at
                )
            )


def unsent(connection: Connection, kind: str) -> list[Message]:
    """Read the messages of a kind without a receipt, oldest first."""
    table = tables.outbox
    query = (
        select(table)
        .where(table.c.kind == kind, table.c.receipt.is_(None))
        .order_by(table.c.queued_at, table.c.key)
    )
    return [Message(row.kind, row.key, row.body) for row in connection.execute(query)]


def read_rows(connection: Connection, kind: str) -> list[OutboxRow]:
    """Read every message of a kind with its progress, oldest first, sent ones too."""
    table = tables.outbox
    query = select(table).where(table.c.kind == kind).order_by(table.c.queued_at, table.c.key)
    return [_row(row) for row in connection.execute(query)]


def lease(
    connection: Connection, kind: str, key: str, holder: str, *, now: datetime, until: datetime
) -> OutboxRow | None:
    """Lease a message, or lease it for longer.

    Args:
        connection: Of a writing transaction.
        kind: Of the message.
        key: Of the message.
        holder: Names who works on it; no two workers at once have the same name.
        now: Aware UTC; a lease that ended by now is free.
        until: Aware UTC; when this one ends.

    Returns:
        The message as it is now; None if another holds it, or there is none.
    """
    table = tables.outbox
    free = or_(table.c.lease.is_(None), table.c.lease == holder, table.c.leased_until <= now)
    same = (table.c.kind == kind, table.c.key == key)
    done = connection.execute(
        update(table).where(*same, free).values(lease=holder, leased_until=until)
    )
    if done.rowcount != 1:
        return None
    return _row(connection.execute(select(table).where(*same)).one())


def keep(
    connection: Connection, kind: str, key: str, holder: str, progress: Progress, at: datetime
) -> None:
    """Keep how far a leased message has come; a recorded ticket is its receipt.

    Raises:
        LedgerError: The lease is another's by now: nothing more may be sent for it.
    """
    table = tables.outbox
    mine = (table.c.kind == kind, table.c.key == key, table.c.lease == holder)
    done = connection.execute(update(table).where(*mine).values(progress=progress_text(progress)))
    if done.rowcount != 1:
        message = f"ledger: {kind} {key!r} of the outbox is leased by another run; leave it to that"
        raise LedgerError(message)
    if progress.ticket:
        connection.execute(
            update(table)
            .where(*mine, table.c.receipt.is_(None))
            .values(receipt=progress.name, sent_at=at)
        )


def release(connection: Connection, kind: str, key: str, holder: str) -> None:
    """Give a lease back, if it is still one's own."""
    table = tables.outbox
    mine = (table.c.kind == kind, table.c.key == key, table.c.lease == holder)
    connection.execute(update(table).where(*mine).values(lease=None, leased_until=None))


def _row(row: Row[tuple[object, ...]]) -> OutboxRow:
    try:
        progress = read_progress(row.progress)
    except (ValueError, TypeError, AttributeError) as error:
        message = (
            f"ledger: how far {row.kind} {row.key!r} of the outbox has come cannot be read:"
            " it was changed by hand, or by a newer version; look at the ticket system first"
        )
        raise LedgerError(message) from error
    return OutboxRow(row.key, row.body, row.queued_at, progress)
