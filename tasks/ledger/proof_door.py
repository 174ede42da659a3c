"""The ledger's methods that prove what it holds."""

from tasks.ledger import deep
from tasks.ledger.connect import reading
from tasks.ledger.door import Door
from tasks.ledger.guards import assert_guards
from tasks.ledger.verify import Verified, verify_books


class ProofDoor(Door):
    """Proofs of guards, balance, chain and seals; nothing is changed."""

    def check_guards(self) -> None:
        """Prove that the database still refuses changes; before each night.

        Raises:
            LedgerError: It does not.
        """
        with reading(self._engine) as connection:
            assert_guards(connection)

    def verify(self) -> Verified:
        """Prove guards, balance and chain. See `tasks.ledger.verify`."""
        with reading(self._engine) as connection:
            return verify_books(connection)

    def deep_faults(self) -> dict[str, list[str]]:
        """Prove every row, and say what is wrong, by check. See `tasks.ledger.deep`."""
        with reading(self._engine) as connection:
            return deep.faults(connection)

    def unsealed_rows(self) -> int:
        """Count rows that no booked night has sealed yet."""
        with reading(self._engine) as connection:
            return deep.unsealed_rows(connection)

    def stored_events(self) -> list[tuple[object, ...]]:
        """Read events of work items as the database holds them, to compare with the lake's."""
        with reading(self._engine) as connection:
            return deep.stored_events(connection)
