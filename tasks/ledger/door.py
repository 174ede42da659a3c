"""What every group of the ledger's methods stands on."""

from collections.abc import Callable

from sqlalchemy import Engine


def no_step(_name: str) -> None:
    """Let a moment pass."""


class Door:
    """An engine, and who is told of each named moment."""

    def __init__(self, engine: Engine, steps: Callable[[str], None] = no_step) -> None:
        self._engine = engine
        self._steps = steps
