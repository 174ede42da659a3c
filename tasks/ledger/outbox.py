"""Messages to the outside: queued with the books, sent after, receipted last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from tasks.core.errors import LedgerError
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


def settle(connection: Connection, kind: str, key: str, receipt: str, sent_at: datetime) -> None:
    """Keep the receipt of a message.

    Raises:
        LedgerError: No such message waits.
    """
    table = tables.outbox
    done = connection.execute(
        update(table)
        .where(table.c.kind == kind, table.c.key == key, table.c.receipt.is_(None))
        .values(receipt=receipt, sent_at=sent_at)
    )
    if done.rowcount != 1:
        message = f"ledger: no unsent {kind} {key!r} waits in the outbox"
        raise LedgerError(message)
