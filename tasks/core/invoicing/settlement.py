"""Hold invoices against what the books owe, and settle what may be settled.

Rule R14 of `docs/arithmetic.md`. A difference within the policy's limits is booked as
rounding, one of exchange rates as `fx`, and every other one is a break: nothing else is
ever made to fit. Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from config.shapes.finance import Invoice
from config.shapes.policy import Rounding
from tasks.core.books import BookKey, Break, BreakClass, Destination, DestinationKind, Method
from tasks.core.days import period_days
from tasks.core.errors import ConfigError, OutOfRangeError
from tasks.core.findings import Finding
from tasks.core.invoicing.documents import Asked, asked_for, limits_of
from tasks.core.invoicing.owed import IssuerPeriod, Ledgered, Owed
from tasks.core.money import divide_half_even, in_range
from tasks.core.reconciling.breaks import NOWHERE

ROUNDING = Destination(DestinationKind.ROUNDING, method=Method.SETTLED)
FX = Destination(DestinationKind.FX, method=Method.SETTLED)


class Outcome(StrEnum):
    """How an invoice and the books stand to each other."""

    INCOMPLETE = "incomplete"  # days of the period are not booked: nothing is compared
    AGREED = "agreed"
    ROUNDING = "rounding"  # settled within the policy's limits
    BREAK = "break"
    CLOSED = "closed"  # of a closed period: as it was settled


@dataclass(frozen=True, slots=True, order=True)
class Settlement:
    """One issuer's invoices of one billing period in one currency, against the books.

    Attributes:
        invoices: How many there are in this currency; 0 where only the books owe it.
        invoiced_nano: What they ask for, without corrections of other periods.
        owed_nano: What the books owe for the period, after tonight.
        difference_nano: Invoiced less owed; 0 while incomplete.
        rounding_nano: The part of the difference that is booked as rounding. What is left of
            it is a break.
        fx_nano: In the issuer's currency: paid at the settled rate, less what was booked.
        missing_days: Days of the period that are not booked yet.
    """

    issuer: str
    billing_period: str
    currency: str
    outcome: Outcome
    invoices: int
    invoiced_nano: int
    owed_nano: int
    difference_nano: int = 0
    rounding_nano: int = 0
    fx_nano: int = 0
    missing_days: int = 0


@dataclass(frozen=True, slots=True)
class Documents:
    """What invoices are held against.

    Attributes:
        rounding: Lines of the policy.
        currencies: Of each issuer's books.
        ledger: What is booked, and what tonight will add.
        debts: What the books owe after tonight, by currency, for every (issuer, period) with
            an invoice.
        booked_days: (issuer, day)s of these periods that were ever booked.
    """

    rounding: Sequence[Rounding]
    currencies: Mapping[str, str]
    ledger: Ledgered
    debts: Mapping[IssuerPeriod, Mapping[str, Owed]]
    booked_days: Collection[tuple[str, date]]


@dataclass(slots=True)
class Settled:
    """What comes of all invoices.

    Attributes:
        desired: Books of account `-`, for (issuer, day)s that tonight books.
        terms: What decided them, by (issuer, last day of the period), as texts to digest.
        findings: Documents that are too large to be settled; all others are.
    """

    rows: list[Settlement] = field(default_factory=list)
    desired: dict[BookKey, dict[Destination, int]] = field(default_factory=dict)
    breaks: list[Break] = field(default_factory=list)
    terms: dict[tuple[str, date], tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


_NOT_ASKED, _NOTHING_OWED = Asked(), Owed()

#: Sums of the differences that pass as rounding so far, by period and currency.
_Passed = dict[tuple[str, str], int]


def settle(invoices: Iterable[Invoice], documents: Documents) -> Settled:
    """Settle every (issuer, period) with an invoice.

    Args:
        invoices: In any order.
        documents: What they are held against.

    Raises:
        ConfigError: An issuer has invoices but is not configured.
    """
    ledger = documents.ledger
    posted = _posted(ledger)
    found = Settled()
    for key, lines in posted.items():
        if key.billing_period in ledger.closed and (key.issuer, key.day) in ledger.bookable:
            found.desired[key] = lines  # also where its invoice is no longer there
    passed: _Passed = {}
    for (issuer, period), asked in sorted(asked_for(invoices).items()):
        key = _book_of(issuer, period, documents)
        missing = _missing_days(issuer, period, documents)
        is_bookable = (issuer, key.day) in ledger.bookable
        lines = posted.get(key, {})
        try:
            if not missing:
                decided = _decide(key, asked, documents, passed, found.terms)
                lines = decided if is_bookable and period not in ledger.closed else lines
            found.rows += [*_rows(key, asked, documents, lines, missing)]
        except OutOfRangeError as error:
            found.findings.append(Finding("invoice_too_large", issuer, f"{period}: {error}"))
            lines = posted.get(key, {})
        if lines and is_bookable:
            found.desired[key] = lines
    found.breaks = [
        Break(
            BreakClass.INVOICE,
            row.issuer,
            NOWHERE,
            period_days(row.billing_period)[-1],
            row.currency,
            left,
        )
        for row in found.rows
        if (left := row.difference_nano - row.rounding_nano) and not row.missing_days
    ]
    return found


def _decide(
    key: BookKey,
    asked: Mapping[str, Asked],
    documents: Documents,
    passed: _Passed,
    terms: dict[tuple[str, date], tuple[str, ...]],
) -> dict[Destination, int]:
    """Decide what is settled; take note of what passes, and of what decided it."""
    owed = documents.debts[key.issuer, key.billing_period]
    fx_nano = 0
    decided_by: list[str] = []
    for currency in sorted(asked.keys() - {key.currency}):
        rate, debt = asked[currency].settled_rate(), owed.get(currency, _NOTHING_OWED)
        if rate is not None:
            numerator, denominator = rate.as_integer_ratio()
            settled_nano = divide_half_even(debt.converted_nano * numerator, denominator)
            fx_nano += settled_nano - debt.booked_nano
            decided_by.append(
                f"{debt.converted_nano} {currency} at {rate}, booked {debt.booked_nano}"
            )
    _kept(fx_nano, "what goes to `fx`")
    rounding_nano, limited_by = _rounding(
        key,
        asked.get(key.currency, _NOT_ASKED),
        owed.get(key.currency, _NOTHING_OWED),
        documents,
        passed,
    )
    amounts = {ROUNDING: rounding_nano, FX: fx_nano}
    lines = {to: amount_nano for to, amount_nano in amounts.items() if amount_nano}
    if lines:
        # Where nothing is settled nothing decided it, and no other book of the day depends on it.
        terms[key.issuer, key.day] = ("; ".join((key.billing_period, limited_by, *decided_by)),)
    return lines


def _rounding(
    key: BookKey, asked: Asked, owed: Owed, documents: Documents, passed: _Passed
) -> tuple[int, str]:
    """Give what may be settled as rounding, and what decided it."""
    difference = asked.nano - owed.nano
    limits = limits_of(documents.rounding, key.issuer, key.day)
    so_far = passed.get((key.billing_period, key.currency), 0)
    is_small = abs(difference) <= limits.per_invoice_nano * asked.invoices
    if not difference or not is_small or so_far + abs(difference) > limits.per_month_nano:
        return 0, f"nothing {key.currency}"
    passed[key.billing_period, key.currency] = so_far + abs(difference)
    return difference, (
        f"{asked.invoices} for {asked.nano} {key.currency}, owed {owed.nano}, "
        f"{limits.per_invoice_nano} each, {so_far} of {limits.per_month_nano}"
    )


def _rows(
    key: BookKey,
    asked: Mapping[str, Asked],
    documents: Documents,
    lines: Mapping[Destination, int],
    missing: int,
) -> Iterator[Settlement]:
    owed = documents.debts[key.issuer, key.billing_period]
    for currency in sorted({*asked, *owed, key.currency}):
        document, debt = asked.get(currency, _NOT_ASKED), owed.get(currency, _NOTHING_OWED)
        booked = lines if currency == key.currency else {}
        row = Settlement(
            issuer=key.issuer,
            billing_period=key.billing_period,
            currency=currency,
            outcome=Outcome.INCOMPLETE,
            invoices=document.invoices,
            invoiced_nano=_kept(document.nano, f"the sum of its invoices in {currency}"),
            owed_nano=_kept(debt.nano, f"what is owed in {currency}"),
            difference_nano=0
            if missing
            else _kept(document.nano - debt.nano, f"invoiced less owed in {currency}"),
            rounding_nano=booked.get(ROUNDING, 0),
            fx_nano=booked.get(FX, 0),
            missing_days=missing,
        )
        if any((row.invoices, row.owed_nano, row.rounding_nano, row.fx_nano)):
            yield replace(row, outcome=_outcome(row, documents.ledger))


def _outcome(row: Settlement, ledger: Ledgered) -> Outcome:
    if row.billing_period in ledger.closed:
        return Outcome.CLOSED
    if row.missing_days:
        return Outcome.INCOMPLETE
    if row.difference_nano != row.rounding_nano:
        return Outcome.BREAK
    return Outcome.ROUNDING if row.rounding_nano else Outcome.AGREED


def _posted(ledger: Ledgered) -> dict[BookKey, dict[Destination, int]]:
    """Gather the settlements of the books, by the period that they settle."""
    found: dict[BookKey, dict[Destination, int]] = {}
    for (key, to), amount_nano in ledger.posted.items():
        if to in (ROUNDING, FX):
            home = replace(
                key, billing_period=key.origin_period or key.billing_period, origin_period=""
            )
            lines = found.setdefault(home, {})
            lines[to] = lines.get(to, 0) + amount_nano
    kept = ((key, _not_zero(lines)) for key, lines in found.items())
    return {key: lines for key, lines in kept if lines}


def _not_zero(lines: Mapping[Destination, int]) -> dict[Destination, int]:
    return {to: amount_nano for to, amount_nano in lines.items() if amount_nano}


def _missing_days(issuer: str, period: str, documents: Documents) -> int:
    """Count the days of a period that are not booked, not even tonight."""
    booked, bookable = documents.booked_days, documents.ledger.bookable
    return sum(
        (issuer, day) not in booked and (issuer, day) not in bookable for day in period_days(period)
    )


def _book_of(issuer: str, period: str, documents: Documents) -> BookKey:
    if issuer not in documents.currencies:
        message = f"issuer {issuer!r} has invoices but is not in sources.yaml: add it there"
        raise ConfigError(message)
    last_day = period_days(period)[-1]
    return BookKey(issuer, NOWHERE, last_day, period, documents.currencies[issuer])


def _kept(amount_nano: int, what: str) -> int:
    try:
        return in_range(amount_nano)
    except OutOfRangeError as error:
        message = f"{what} cannot be kept: {error}; it stays as it was settled"
        raise OutOfRangeError(message) from error
