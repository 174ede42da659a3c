"""What one look at a source found: that it answers, with how much, and what will not last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: A credential that ends within this time is worth a word.
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Probe:
    """A source that can be read.

    Attributes:
        told: What it answered, in counts.
        warnings: What a person should change although the night can go on, one sentence each.
    """

    told: str
    warnings: tuple[str, ...] = ()


def expiry_warnings(expires: datetime | None, now: datetime) -> tuple[str, ...]:
    """Warn of a credential that ends soon.

    Args:
        expires: Aware UTC; None where the vendor does not tell.
        now: Aware UTC.
    """
    if expires is None or expires - now > SOON:
        return ()
    days = max((expires - now).days, 0)
    return (f"its credential ends on {expires.date()}, in {days} days: renew it",)


def surplus_warnings(surplus: tuple[str, ...]) -> tuple[str, ...]:
    """Warn of rights that reading does not need."""
    if not surplus:
        return ()
    return (f"its credential may do more than reading needs ({', '.join(surplus)}): take that off",)


def counted(count: int, one: str, many: str) -> str:
    """Say how many there are of something."""
    return f"{count} {one if count == 1 else many}"
