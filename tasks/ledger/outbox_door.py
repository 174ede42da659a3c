"""The ledger's methods about messages to the outside; each is one short transaction."""

from datetime import datetime

from tasks.core.review.delivery import OutboxRow, Progress
from tasks.ledger import outbox
from tasks.ledger.connect import reading, writing
from tasks.ledger.door import Door
from tasks.ledger.outbox import Message


class OutboxDoor(Door):
    """What is queued, how far it has come, and who is at work on it."""

    def unsent(self, kind: str) -> list[Message]:
        """Read the messages of a kind without a receipt, oldest first."""
        with reading(self._engine) as connection:
            return outbox.unsent(connection, kind)

    def outbox_rows(self, kind: str) -> list[OutboxRow]:
        """Read every message of a kind with its progress, oldest first, sent ones too."""
        with reading(self._engine) as connection:
            return outbox.read_rows(connection, kind)

    def lease(
        self, kind: str, key: str, holder: str, *, now: datetime, until: datetime
    ) -> OutboxRow | None:
        """Lease a message; None if another holds it. See `tasks.ledger.outbox.lease`."""
        with writing(self._engine) as connection:
            return outbox.lease(connection, kind, key, holder, now=now, until=until)

    def keep_progress(
        self, kind: str, key: str, holder: str, progress: Progress, at: datetime
    ) -> None:
        """Keep how far a leased message has come.

        Raises:
            LedgerError: The lease is another's by now.
        """
        with writing(self._engine) as connection:
            outbox.keep(connection, kind, key, holder, progress, at)

    def release(self, kind: str, key: str, holder: str) -> None:
        """Give a lease back, if it is still one's own."""
        with writing(self._engine) as connection:
            outbox.release(connection, kind, key, holder)
