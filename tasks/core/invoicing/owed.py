"""Sum what the books owe an issuer for a billing period, as its invoices would say it.

The first half of rule R14 of `docs/arithmetic.md`: the records that an invoice is held
against. Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.cells import ChargeCell
from tasks.core.reconciling.currency import Conversion, Rates, conversions

#: An issuer and one of its billing periods.
IssuerPeriod = tuple[str, str]

#: What is no part of a debt that an invoice could name, or is its own settlement.
_NOT_OWED = frozenset(
    {
        *(DestinationKind.PAYABLE, DestinationKind.ACCRUAL),
        *(DestinationKind.ROUNDING, DestinationKind.FX),
    }
)


@dataclass(frozen=True, slots=True)
class Ledgered:
    """What is booked, and what tonight will add.

    Attributes:
        posted: Sums of all postings of every period in question, wherever they were entered.
        desired: What each book should hold after tonight.
        bookable: (issuer, day)s that tonight books.
        closed: Closed billing periods; tonight enters nothing in them.
    """

    posted: Mapping[tuple[BookKey, Destination], int]
    desired: Mapping[BookKey, Mapping[Destination, int]]
    bookable: Collection[tuple[str, date]]
    closed: Collection[str]


@dataclass(slots=True)
class Owed:
    """What is owed in one currency.

    Attributes:
        nano: All of it, as billed.
        converted_nano: The part of it that is booked in the issuer's currency.
        booked_nano: What that part is booked at.
    """

    nano: int = 0
    converted_nano: int = 0
    booked_nano: int = 0


class _Debts:
    """What is owed, by issuer and period, then by currency."""

    def __init__(self, wanted: Iterable[IssuerPeriod]) -> None:
        self.owed: dict[IssuerPeriod, dict[str, Owed]] = {of: {} for of in wanted}

    def add(self, key: BookKey, period: str, to: Destination, amount_nano: int) -> None:
        of = (key.issuer, period)
        if of in self.owed and to.kind not in _NOT_OWED:
            self.of(of, key.currency).nano += amount_nano

    def of(self, of: IssuerPeriod, currency: str) -> Owed:
        return self.owed[of].setdefault(currency, Owed())


def debts_of(
    wanted: Iterable[IssuerPeriod],
    books: Ledgered,
    charges: Iterable[ChargeCell],
    currencies: Mapping[str, str],
    rates: Rates,
) -> dict[IssuerPeriod, dict[str, Owed]]:
    """Sum what is owed after tonight.

    Args:
        wanted: For what.
        books: What `payable` is made of.
        charges: As billed, of all days of these periods; only foreign ones matter.
        currencies: Of each issuer.
        rates: That converted them.

    Returns:
        By currency, for each that was wanted.

    Raises:
        OutOfRangeError: A charge cannot be converted.
    """
    debts = _Debts(wanted)
    if not debts.owed:
        return {}
    for key, lines in books.desired.items():
        if _is_open(key.issuer, key.day, key.billing_period, books):
            for to, amount_nano in lines.items():
                debts.add(key, key.billing_period, to, amount_nano)
    for (key, to), amount_nano in books.posted.items():
        home = key.origin_period or key.billing_period
        is_replaced = _is_open(key.issuer, key.day, home, books)
        if key.origin_period and is_replaced:
            # Booked in another period already, and so not once more in its own.
            debts.add(key, home, to, -amount_nano)
        elif not key.origin_period and not is_replaced:
            debts.add(key, home, to, amount_nano)
    concerned = [one for one in charges if (one.issuer, one.billing_period) in debts.owed]
    _take_out_converted(debts, books, conversions(concerned, currencies, rates))
    return debts.owed


def _take_out_converted(debts: _Debts, books: Ledgered, converted: Iterable[Conversion]) -> None:
    """Put converted charges back into the currency that they were billed in."""
    as_billed = {
        (key.issuer, key.account, key.day, key.billing_period, key.currency)
        for key, _ in books.posted
    }
    for billed, booked in converted:
        place = (billed.issuer, billed.account, billed.day, billed.billing_period, billed.currency)
        # A day that is left alone stands as it was booked: before there was a rate, perhaps.
        is_left = (billed.issuer, billed.day) not in books.bookable and place in as_billed
        if booked is not None and not is_left:
            of = (billed.issuer, billed.billing_period)
            debts.of(of, booked.currency).nano -= booked.billed_nano
            owed = debts.of(of, billed.currency)
            owed.nano += billed.billed_nano
            owed.converted_nano += billed.billed_nano
            owed.booked_nano += booked.billed_nano


def _is_open(issuer: str, day: date, period: str, books: Ledgered) -> bool:
    """Tell whether tonight makes a book what it should be."""
    return (issuer, day) in books.bookable and period not in books.closed
