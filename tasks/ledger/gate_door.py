"""The ledger's methods about the gate: verdicts on frozen packets, and what people decided."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tasks.core.promotion.decisions import Decision
from tasks.ledger import outbox, verdicts
from tasks.ledger.connect import reading, writing
from tasks.ledger.door import Door
from tasks.ledger.outbox import Message
from tasks.ledger.verdicts import Frozen, Past

#: Moments of a look, in order; see `tasks.ledger.ledger.STEPS`.
LOOK_STEPS = ("look.begun", "look.judged", "look.queued", "look.committed")


class GateDoor(Door):
    """Verdicts and decisions; a look and the tickets that it asks for are one transaction."""

    def record_look(
        self,
        frozen: Sequence[Frozen],
        *,
        decisions: Iterable[Decision],
        messages: Sequence[Message],
        recorded_at: datetime,
    ) -> list[int]:
        """Record what one look at all workflows said, and queue the tickets it asks for.

        Args:
            frozen: Verdicts with their packets; on the same packet they are recorded once.
            decisions: As read back from tickets and catalog; known ones stay.
            messages: Tickets to open; a key that is known stays as it is.
            recorded_at: Aware UTC; a label.

        Returns:
            The verdicts' numbers.
        """
        self._steps("look.begun")
        with writing(self._engine) as connection:
            numbers = verdicts.add_verdicts(connection, frozen, recorded_at)
            verdicts.add_decisions(connection, decisions, recorded_at)
            self._steps("look.judged")
            outbox.queue(connection, messages, recorded_at)
            self._steps("look.queued")
        self._steps("look.committed")
        return numbers

    def verdicts(
        self, *, by: datetime | None = None, workflows: Iterable[str] | None = None
    ) -> list[Past]:
        """Read past verdicts in the order they were recorded."""
        with reading(self._engine) as connection:
            return verdicts.read_verdicts(connection, by=by, workflows=workflows)

    def packet(self, digest: str) -> str:
        """Read a frozen packet by its digest, or by how that begins.

        Raises:
            LedgerError: There is none, several begin so, or it was changed.
        """
        with reading(self._engine) as connection:
            return verdicts.read_packet_text(connection, digest)

    def packets(self, digests: Iterable[str]) -> dict[str, str]:
        """Read frozen packets by digest.

        Raises:
            LedgerError: One is missing, or was changed.
        """
        with reading(self._engine) as connection:
            return verdicts.read_packet_texts(connection, digests)

    def decisions(self, *, by: datetime | None = None) -> list[Decision]:
        """Read what people decided, oldest first."""
        with reading(self._engine) as connection:
            return verdicts.read_decisions(connection, by)
