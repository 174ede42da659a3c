"""Where amounts stand in the books of a year: place by place, corrections apart (R8, R16)."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.oracle.allocation import Books, Destination

#: Account of what an issuer's documents settle.
DOCUMENTS = "-"


class Place(NamedTuple):
    """One book: an account's day in a billing period and currency.

    Attributes:
        origin: Closed period that this is a correction of; else empty.
    """

    issuer: str
    account: str
    day: date
    period: str
    currency: str
    origin: str = ""

    def home(self) -> "Place":
        """Name the book that a correction belongs to."""
        return self._replace(period=self.origin or self.period, origin="")


Ledger = dict[Place, Books]


def period_of(day: date) -> str:
    """Name a day's billing period, the calendar month."""
    return f"{day:%Y-%m}"


def first_day(period: str) -> date:
    """Give the first day of a period."""
    return date.fromisoformat(f"{period}-01")


def last_day(period: str) -> date:
    """Give the last day of a period."""
    first = first_day(period)
    return first.replace(day=monthrange(first.year, first.month)[1])


def next_period(period: str) -> str:
    """Name the period after one."""
    return period_of(last_day(period) + timedelta(days=1))


def days_of(period: str) -> list[date]:
    """List the days of a period."""
    first, last = first_day(period), last_day(period)
    return [first + timedelta(days=after) for after in range((last - first).days + 1)]


def business_day(period: str, number: int) -> date:
    """Give the nth business day, Monday to Friday, of the month after a period."""
    day = first_day(next_period(period))
    while True:
        number -= day.isoweekday() <= 5  # noqa: PLR2004  # Friday
        if not number:
            return day
        day += timedelta(days=1)


def lines_of(ledger: Mapping[Place, Books]) -> Iterator[tuple[Place, Destination, int]]:
    """Walk over every amount."""
    for place, books in ledger.items():
        for destination, amount in books.items():
            yield place, destination, amount


def own_line(kind: str, portfolio: str, method: str) -> Destination:
    """Name a destination that is no workflow's."""
    return Destination(kind, portfolio, "", "", "", "", method, "none")


def add(books: Books, destination: Destination, amount: int) -> None:
    """Add an amount to a book."""
    books[destination] = books.get(destination, 0) + amount
