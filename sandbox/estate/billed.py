"""What further vendors billed at Meridian Freight: made once, shown as of a moment.

Quantities are integers of the vendor's finest unit, so that every amount is exact; a record
says from when on it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sandbox import script

#: One cent in nano-USD, and the millionth of a cent that Cursor bills by.
CENT_NANO = 10_000_000
MICRO_CENT_NANO = 10
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of money as the books should have it.

    Attributes:
        day: The vendor's own day.
        category: `usage` or `purchase`.
        run: Session that the line names; empty: none.
    """

    issuer: str
    account: str
    day: date
    category: str
    sku: str
    amount_nano: int
    run: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One session as its vendor tells of it, for the question whose it is.

    Attributes:
        stamp: Workflow that a tag names; empty: none.
        api_key: Service account; empty: none.
        item: Pull request, `owner/name#number`; empty: none.
        repo: `owner/name`; empty: not told.
        branch: Empty: not told.
    """

    id: str
    issuer: str
    started_at: datetime
    stamp: str = ""
    api_key: str = ""
    item: str = ""
    repo: str = ""
    branch: str = ""


def days() -> Iterator[date]:
    """List every generated day."""
    for offset in range((script.LAST_DAY - script.FIRST_DAY).days + 1):
        yield script.FIRST_DAY + timedelta(days=offset)


def midnight(day: date) -> datetime:
    """Give the start of a UTC day."""
    return datetime.combine(day, time(), UTC)


def is_workday(day: date) -> bool:
    """Tell whether people work."""
    return day.weekday() < 5  # noqa: PLR2004  # Monday to Friday


def decimal_of(millionths: int) -> float:
    """Write millionths as a JSON number with at most six decimals.

    Fifteen significant digits survive a float unchanged; no quantity here has more.
    """
    sign = "-" if millionths < 0 else ""
    whole, rest = divmod(abs(millionths), _MICRO)
    return float(f"{sign}{whole}.{rest:06d}")
