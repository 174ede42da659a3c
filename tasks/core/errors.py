"""The faults that graduand raises: one base, one short class per area.

A fault says what happened, which value, and what to do. What is merely wrong
with the data (a bad row, an unexplained difference) is not a fault: it is
returned as a `Finding`, a `Reject` or a break.
"""

from datetime import datetime

from config.errors import ConfigError, GraduandError

__all__ = [
    "AllocationError",
    "AmbiguousWriteError",
    "AmountError",
    "ConfigError",
    "GraduandError",
    "LakeError",
    "LedgerError",
    "OutOfRangeError",
    "SourceError",
    "SourceUnavailableError",
    "StaleNightError",
    "UnexpectedError",
    "UnexplainedDifferenceError",
    "WaitUntilError",
]


class AmountError(GraduandError, ValueError):
    """A value is not an amount of money.

    Attributes:
        code: How a `Reject` names the fault.
    """

    code = "bad_amount"


class OutOfRangeError(AmountError):
    """An amount is larger than the ledger can keep."""

    code = "out_of_range"


class AllocationError(GraduandError):
    """An amount was asked to be split in a way that would lose or invent money."""


class SourceError(GraduandError):
    """A source answered in a way that cannot be used; other sources go on."""

    def __init__(self, source: str, detail: str) -> None:
        self.source = source
        self.detail = detail
        super().__init__(f"source {source!r}: {detail}")


class SourceUnavailableError(SourceError):
    """A source did not answer, or answered with a passing failure."""

    is_transient = True


class WaitUntilError(SourceError):
    """A source wants no request before a moment that lies past the deadline.

    Attributes:
        wait_until: Aware UTC; the earliest moment of the next request.
    """

    is_transient = True

    def __init__(self, source: str, wait_until: datetime) -> None:
        self.wait_until = wait_until
        super().__init__(source, f"rate limited until {wait_until.isoformat(timespec='seconds')}")


class AmbiguousWriteError(SourceError):
    """A write got no usable answer: it may have happened, so it is not sent again."""

    is_transient = True


class LakeError(GraduandError):
    """A file of the lake is missing, short, or not what its name says."""


class LedgerError(GraduandError):
    """The ledger database refuses or fails its own checks."""


class StaleNightError(LedgerError):
    """Newer snapshots or configuration arrived while this night was computed."""

    is_transient = True


class UnexplainedDifferenceError(LedgerError):
    """The books would change although nothing they are made of did; the night is held."""


class UnexpectedError(GraduandError):
    """Something failed that should not have; told without the values it failed on."""

    def __init__(self, doing: str, kind: str, calls: str) -> None:
        super().__init__(f"{doing}: unexpected {kind} in {calls}; report it, this is a mistake")
