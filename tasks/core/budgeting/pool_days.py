"""What is booked and what is pending of each budget pool, day by day (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tasks.core.books import DestinationKind


@dataclass(frozen=True, slots=True, order=True)
class PoolDay:
    """Postings of one charge day, without the payable side, as pools tell them apart.

    Attributes:
        origin_period: Set on a correction of a closed period: the period it belongs to.
        kind: Only `family` is spent by a pool; the rest is told beside them.
        pool: Pool that the work was entitled to; empty if neither.
        paid_from: Pool that paid; empty if none is declared.
    """

    day: date
    billing_period: str
    origin_period: str
    kind: DestinationKind
    portfolio: str
    family: str
    pool: str
    paid_from: str
    currency: str
    amount_nano: int


@dataclass(frozen=True, slots=True, order=True)
class PendingDay:
    """Logged runs of one pool on a day that is not booked yet, at card prices.

    Attributes:
        currency: Of the issuer that will bill them.
        unpriced_tokens: Tokens without a price; the amount lacks them.
    """

    day: date
    portfolio: str
    family: str
    pool: str
    currency: str
    amount_nano: int
    unpriced_tokens: int = 0


class PoolName(NamedTuple):
    """One budget pool of a family; of a whole portfolio where the family is empty."""

    portfolio: str
    family: str
    pool: str


@dataclass(frozen=True, slots=True)
class Spend:
    """What one pool spent in one currency.

    Attributes:
        booked: Nano units by (billing period, charge day), corrections of other periods left out.
        pending: Nano units by day.
    """

    booked: Mapping[tuple[str, date], int]
    pending: Mapping[date, int]

    def daily(self) -> dict[date, int]:
        """Sum what is booked for each day, and what is pending on it."""
        days = dict(self.pending)
        for (_, day), amount_nano in self.booked.items():
            days[day] = days.get(day, 0) + amount_nano
        return days

    def booked_in(self, period: str, through: date = date.max) -> int:
        """Sum what is booked in a period, for days through one."""
        return sum(
            amount_nano
            for (of, day), amount_nano in self.booked.items()
            if of == period and day <= through
        )
