"""What a bill says of a day, line by line, and which bill of it the books were made from.

Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import product
from typing import Any, NamedTuple

from config.shapes.finance import Finance
from tasks.core.books import BookKey, Destination, DestinationKind, Method
from tasks.core.errors import GraduandError
from tasks.core.exports.billed_currency import in_books_currency
from tasks.core.reconciling.currency import Rates

#: Kinds of destination that usage is spread over; every other kind has lines of its own.
_SPREAD = frozenset({DestinationKind.FAMILY, DestinationKind.AD_HOC, DestinationKind.UNATTRIBUTED})
#: Methods behind which a contract, an estimate or a document stands, and no billed line.
_UNBILLED = frozenset({Method.SEAT, Method.ACCRUED, Method.DRAWN, Method.EXPIRED, Method.SETTLED})
#: What was bought in advance: the bill may say it, or only the contract does.
ADVANCES = frozenset({DestinationKind.PREPAID, DestinationKind.ACCRUED})
_OWN_LINES = {"credit": DestinationKind.CREDIT, "tax": DestinationKind.TAX}

#: Sums of postings by book and destination, without the payable side.
Posted = Mapping[tuple[BookKey, Destination], int]
#: Side of purchases that a seat plan or a lot of credits names, by (issuer, account, sku).
Advances = Mapping[tuple[str, str, str], DestinationKind]
#: A conformed row of `charges`.
ChargeRow = Mapping[str, Any]


class ExportError(GraduandError):
    """The books cannot be exported as they stand."""


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """Everything that tells one billed line from another; empty text where the bill is silent.

    Attributes:
        side: Kind of destination it is booked to; FAMILY for all that is spread.
        category: As the bill says; `credit` for money back that names no model.
    """

    book: BookKey
    side: DestinationKind
    category: str
    charge_class: str
    sku: str
    model: str
    tier: str
    context: str
    kind: str
    unit: str
    invoice_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """Billed lines that differ in nothing an export tells.

    Attributes:
        quantity: None if the bill does not say it of every line.
        evidence: Digest of the conformed file that says it.
    """

    key: LineKey
    billed_nano: int
    quantity: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Bill:
    """One snapshot of what a source said a day was billed.

    Attributes:
        digest: Of the conformed file.
        is_opinion: Its source is not booked now, for another is or none is any more; older books
            may be made of it.
    """

    source: str
    day: date
    digest: str
    rows: Sequence[ChargeRow] = field(repr=False)
    is_opinion: bool = False


class _Reading(NamedTuple):
    """How bills are read as the books have them."""

    currencies: Mapping[str, str]
    advances: Advances
    rates: Rates


def side_of(kind: DestinationKind) -> DestinationKind:
    """Name the side of a book that a kind of destination is on."""
    return DestinationKind.FAMILY if kind in _SPREAD else kind


def is_billed(to: Destination) -> bool:
    """Tell whether money got to its destination by a billed line."""
    return to.method not in _UNBILLED


def advances_of(finance: Finance) -> dict[tuple[str, str, str], DestinationKind]:
    """Find the skus under which vendors bill what the contracts of finance say."""
    plans = {
        (plan.issuer, plan.account, plan.sku): DestinationKind.ACCRUED
        for plan in finance.seats
        if plan.sku
    }
    lots = {
        (lot.issuer, lot.account, lot.sku): DestinationKind.PREPAID
        for lot in finance.prepaid
        if lot.sku
    }
    return plans | lots


def booked_lines(
    posted: Posted,
    bills: Iterable[Bill],
    currencies: Mapping[str, str],
    advances: Advances | None = None,
    rates: Rates | None = None,
) -> dict[BookKey, list[Line]]:
    """Find, for every book, the billed lines that it was made of.

    Of several bills of a day the newest one counts that says exactly what is booked: a newer
    one may be held, or be a correction of a closed period and booked elsewhere.

    Args:
        posted: Of one billing period; corrections of other periods among them are skipped.
        bills: Of all days posted, newest first.
        currencies: Currency by issuer.
        advances: What is bought in advance; see `advances_of`.
        rates: Exchange rates that foreign charges are booked at.

    Raises:
        ExportError: No bill says what is booked.
    """
    wanted: dict[tuple[str, date], dict[tuple[BookKey, DestinationKind], int]] = {}
    for (key, to), amount_nano in posted.items():
        if not key.origin_period and is_billed(to):
            sums = wanted.setdefault((key.issuer, key.day), {})
            side = key, side_of(to.kind)
            sums[side] = sums.get(side, 0) + amount_nano
    by_day: dict[date, dict[str, list[Bill]]] = {}
    for bill in bills:
        by_day.setdefault(bill.day, {}).setdefault(bill.source, []).append(bill)
    reading = _Reading(currencies, advances or {}, rates or Rates(()))
    lines: dict[BookKey, list[Line]] = {}
    unknown = []
    for (issuer, day), sums in sorted(wanted.items()):
        bills_of_day = by_day.get(day, {})
        found = _agreeing(issuer, sums, bills_of_day, reading)
        if found is None:
            unknown.append(f"{issuer} {day}")
            continue
        for line in found:
            lines.setdefault(line.key.book, []).append(line)
    if unknown:
        message = (
            f"{len(unknown)} booked days are not what any bill on file says, first {unknown[0]}:"
            " reconcile these days again, then export"
        )
        raise ExportError(message)
    return lines


def _agreeing(
    issuer: str,
    sums: Mapping[tuple[BookKey, DestinationKind], int],
    bills: Mapping[str, Sequence[Bill]],
    reading: _Reading,
) -> list[Line] | None:
    """Take the newest combination of sources' bills that sums to what is booked.

    A source may be in none of it: it came, went or changed its rank after the day was booked.
    """
    period = next(iter(sums))[0].billing_period
    of_issuer = [
        ((), *found) if found[0].is_opinion else (*found, ())
        for _, found in sorted(bills.items())
        if any(row["issuer"] == issuer for bill in found for row in bill.rows)
    ]
    booked = {side: amount for side, amount in sums.items() if amount}
    for chosen in product(*of_issuer):
        of_bills = _lines([one for one in chosen if isinstance(one, Bill)], issuer, reading)
        lines = [line for line in of_bills if _is_of(line, period)]
        billed: dict[tuple[BookKey, DestinationKind], int] = {}
        for line in lines:
            side = line.key.book, line.key.side
            billed[side] = billed.get(side, 0) + line.billed_nano
        # An advance that no bill says is the contract's own.
        told = {side: nano for side, nano in booked.items() if side[1] not in ADVANCES} | {
            side: booked[side] for side in billed if side[1] in ADVANCES and side in booked
        }
        if {side: amount for side, amount in billed.items() if amount} == told:
            return lines
    return None


def _is_of(line: Line, period: str) -> bool:
    return line.key.book.billing_period == period


def _lines(bills: Iterable[Bill], issuer: str, reading: _Reading) -> list[Line]:
    """Add up lines that differ in nothing an export tells, in a stable order.

    Bills come by name of their source: what two tell of one sku counts once, as in the books.
    """
    currency = reading.currencies.get(issuer, "")
    first: dict[tuple[str, date, str], str] = {}
    told = [
        (row, bill.digest)
        for bill in bills
        for row in bill.rows
        if row["issuer"] == issuer
        and first.setdefault((row["account"], row["day"], row["sku"]), bill.source) == bill.source
    ]
    booked = in_books_currency([row for row, _ in told], reading.currencies, reading.rates)
    keyed = [
        (_line_key(row, currency, reading.advances), row, digest)
        for row, (_, digest) in zip(booked, told, strict=True)
    ]
    nameless: dict[tuple[Any, ...], int] = {}
    for key, row, _ in keyed:
        of = _nameless(key)
        nameless[of] = nameless.get(of, 0) + row["billed_nano"]
    found: dict[LineKey, Line] = {}
    for key, row, digest in keyed:
        is_back = key.category == "usage" and not key.model and nameless[_nameless(key)] < 0
        if is_back and key.book.currency == currency:
            # As `tasks.core.reconciling.charges` books it: money back that names no model is a
            # credit.
            key = replace(key, side=DestinationKind.CREDIT, category="credit")  # noqa: PLW2901  # see above
        line = Line(key, row["billed_nano"], row["quantity"], digest)
        found[key] = _added(found[key], line) if key in found else line
    return [found[key] for key in sorted(found)]


def _nameless(key: LineKey) -> tuple[Any, ...]:
    return key.book, key.category, key.model, key.charge_class, key.sku, key.kind


def _line_key(row: ChargeRow, currency: str, advances: Advances) -> LineKey:
    book = BookKey(
        row["issuer"], row["account"], row["day"], row["billing_period"], row["currency"]
    )
    category = row["category"]
    is_spread = category == "usage" or row["currency"] != currency
    side = DestinationKind.FAMILY if is_spread else _OWN_LINES.get(category, DestinationKind.FEE)
    if category == "purchase" and not is_spread:
        side = advances.get((row["issuer"], row["account"], row["sku"]), side)
    names = ("charge_class", "sku", "model", "tier", "context", "kind", "unit", "invoice_id")
    texts: dict[str, Any] = {name: row[name] or "" for name in names}
    return LineKey(book, side, category, **texts, start=row["charge_start"], end=row["charge_end"])


def _added(line: Line, other: Line) -> Line:
    return Line(
        line.key,
        line.billed_nano + other.billed_nano,
        _sum(line.quantity, other.quantity),
        line.evidence,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
