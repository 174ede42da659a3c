"""Several reports of one issuer about the same money: one is booked, others are held to it.

A report that is not booked adds nothing to the books. Where it differs from what is booked, that is
worth a look: one of the two is late, or sees what the other does not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tasks.core.findings import Finding
from tasks.core.money import NANO
from tasks.core.night import IssuerDay

_CENT = NANO // 100


class ToldCharges(NamedTuple):
    """What a source says an issuer billed on a day.

    Attributes:
        usage_nano: For usage; credits and taxes stand in some reports and not in others.
        repeated_usage_nano: Of it, what another source of equal rank has told, too.
        repeated_nano: Of all charges, the same.
    """

    source: str
    issuer: str
    day: date
    currency: str
    usage_nano: int
    repeated_usage_nano: int
    repeated_nano: int


def repeats(booked: Iterable[ToldCharges]) -> list[Finding]:
    """Tell of booked sources that repeat each other: what both say counts once."""
    found: dict[tuple[str, str], list[ToldCharges]] = defaultdict(list)
    for one in booked:
        if one.repeated_nano:
            found[one.source, one.currency].append(one)
    return [
        Finding(
            "seen_twice",
            source,
            f"{_money(sum(one.repeated_nano for one in told), currency)} of {_days(told)} stand in"
            " another source of the issuer, too; they are booked once",
            source,
        )
        for (source, currency), told in sorted(found.items())
    ]


def differences(
    booked: Iterable[ToldCharges], others: Iterable[ToldCharges], days: Collection[IssuerDay]
) -> list[Finding]:
    """Tell how second opinions differ from what is booked.

    They are compared on days that both tell of, and on those that the books take for whole
    although what is booked tells nothing of them.

    Args:
        booked: Of the sources whose charges are booked.
        others: Of those that are not.
        days: Those that the booked sources are complete for.
    """
    books: dict[tuple[str, date, str], int] = defaultdict(int)
    for one in booked:
        books[one.issuer, one.day, one.currency] += one.usage_nano - one.repeated_usage_nano
    told: dict[tuple[str, str, str], list[ToldCharges]] = defaultdict(list)
    for one in others:
        if (one.issuer, one.day, one.currency) in books or (one.issuer, one.day) in days:
            told[one.source, one.issuer, one.currency].append(one)
    found = []
    for (source, issuer, currency), compared in sorted(told.items()):
        theirs = sum(one.usage_nano for one in compared)
        ours = sum(books[issuer, one.day, currency] for one in compared)
        if abs(theirs - ours) >= _CENT:
            detail = (
                f"says {_money(theirs, currency)} for usage of {_days(compared)}, where"
                f" {_money(ours, currency)} are booked; only the booked report counts"
            )
            found.append(Finding("second_opinion", source, detail, source))
    return found


def _money(nano: int, currency: str) -> str:
    return f"{Decimal(nano) / NANO:,.2f} {currency}"


def _days(told: Sequence[ToldCharges]) -> str:
    days = sorted({one.day for one in told})
    return str(days[0]) if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"
