"""Invoices against the books (R14)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sandbox.finance import Finance, Invoice
from sandbox.oracle.allocation import Books
from sandbox.oracle.breaks import Break
from sandbox.oracle.places import DOCUMENTS, Ledger, add, last_day, lines_of, own_line
from sandbox.oracle.shares import half_even
from sandbox.organisation import CURRENCY

PER_INVOICE_NANO = 50_000_000
PER_MONTH_NANO = 500_000_000
_ROUNDING = own_line("rounding", "", "settled")
_FX = own_line("fx", "", "settled")


@dataclass(frozen=True, slots=True)
class Settled:
    """What a period's documents come to: by issuer what is booked, and what has a name."""

    books: dict[str, Books]
    breaks: list[Break]


@dataclass(frozen=True, slots=True)
class Foreign:
    """What an issuer billed in another currency in a period, and what it was booked at."""

    billed_nano: int
    booked_nano: int


def owed(ledger: Ledger, issuer: str, period: str) -> dict[str, int]:
    """Sum what the books owe an issuer for a period, by currency, corrections left out."""
    sums: dict[str, int] = {CURRENCY: 0}
    for place, to, amount in lines_of(ledger):
        is_here = (place.issuer, place.period, place.origin) == (issuer, period, "")
        if is_here and to.kind != "accrual" and to.method != "settled":
            sums[place.currency] = sums.get(place.currency, 0) + amount
    return sums


def settle(
    period: str,
    issuers: Iterable[str],
    finance: Finance,
    ledger: Ledger,
    foreign: Mapping[str, Mapping[str, Foreign]],
    kept: Mapping[str, Books],
) -> Settled:
    """Compare the documents of a period with the books.

    Args:
        period: Every day of it is booked.
        issuers: Those that may be compared.
        finance: With the documents of all periods.
        ledger: After tonight's books, without tonight's settlement.
        foreign: What was converted in the period, by issuer and currency billed.
        kept: What is posted, for issuers whose settlement stays as it is.
    """
    found = Settled({}, [])
    passed = 0
    for issuer in sorted(issuers):
        mine = [one for one in finance.invoices if (one.period, one.issuer) == (period, issuer)]
        invoiced = _invoiced(mine)
        due = due_of(ledger, issuer, period, foreign.get(issuer, {}))
        books: Books = {}
        difference = invoiced.get(CURRENCY, 0) - due[CURRENCY]
        allowed = PER_INVOICE_NANO * sum(one.currency == CURRENCY for one in mine)
        if 0 < abs(difference) <= allowed and passed + abs(difference) <= PER_MONTH_NANO:
            passed += abs(difference)
            add(books, _ROUNDING, difference)
        for currency, sums in foreign.get(issuer, {}).items():
            rates = {one.settled for one in mine if one.currency == currency}
            if len(rates) == 1 and (rate := rates.pop()):
                paid = half_even(sums.billed_nano * Fraction(rate, 1_000_000))
                add(books, _FX, paid - sums.booked_nano)
        books = {to: amount for to, amount in kept.get(issuer, books).items() if amount}
        found.books[issuer] = books
        for currency in sorted({*due, *invoiced}):
            left = invoiced.get(currency, 0) - due.get(currency, 0)
            left -= books.get(_ROUNDING, 0) if currency == CURRENCY else 0
            if left:
                found.breaks.append(
                    Break("invoice", issuer, DOCUMENTS, last_day(period), currency, left)
                )
    return found


def _invoiced(documents: Iterable[Invoice]) -> dict[str, int]:
    """Sum documents by currency, lines about other periods left out."""
    sums: dict[str, int] = {}
    for one in documents:
        total = sum(line.amount_nano for line in one.lines if not line.origin_period)
        sums[one.currency] = sums.get(one.currency, 0) + total
    return sums


def due_of(
    ledger: Ledger, issuer: str, period: str, foreign: Mapping[str, Foreign]
) -> dict[str, int]:
    """Give what is owed by currency, what was converted in the one it was billed in."""
    due = owed(ledger, issuer, period)
    for currency, sums in foreign.items():
        due[CURRENCY] -= sums.booked_nano
        due[currency] = due.get(currency, 0) + sums.billed_nano
    return due
