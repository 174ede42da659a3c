"""Book every account's day: its charges allocated, its three legs brought together.

One account and one of its issuer's days at a time; lots of credits last, because they
carry over from day to day. Breaks and documents start from what is gathered here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from config.shapes.finance import Prepaid
from tasks.core.books import BookKey, Break, BreakClass, Destination, DestinationKind
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.days import billing_period
from tasks.core.errors import AllocationError, ConfigError
from tasks.core.night import NightInputs
from tasks.core.ownership import Ownership
from tasks.core.reconciling.allocation import Account, allocate
from tasks.core.reconciling.breaks import NOWHERE, amount_breaks
from tasks.core.reconciling.buckets import Bucket, buckets_of
from tasks.core.reconciling.charges import BOUGHT, DayCharges, sort_charges
from tasks.core.reconciling.matching import Line, match
from tasks.core.reconciling.prepaid import PrepaidRow, by_account, posted_draws, replay
from tasks.core.reconciling.seats import SeatDay, Seats, seat_day, seat_terms
from tasks.core.reconciling.tolerance import Tolerances

#: Issuer, account, day.
Place = tuple[str, str, date]
_Row = TypeVar("_Row", RunCell, UsageCell, ChargeCell)


@dataclass(slots=True)
class Found:
    """What is gathered account by account and day by day.

    Attributes:
        owed: What each book owes, from charges and finance's terms; `desired` sums to it.
        usage: Sum of usage charges, of accounts with prepaid credits.
        terms: What finance has signed that bears on a day's books, as texts.
        direct: Whose the runs are that a day's charges name, as texts.
    """

    desired: dict[BookKey, dict[Destination, int]] = field(default_factory=dict)
    owed: dict[BookKey, int] = field(default_factory=dict)
    buckets: list[Bucket] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    seats: list[SeatDay] = field(default_factory=list)
    prepaid: list[PrepaidRow] = field(default_factory=list)
    usage: dict[Place, int] = field(default_factory=dict)
    terms: dict[tuple[str, date], list[str]] = field(default_factory=dict)
    direct: dict[tuple[str, date], list[str]] = field(default_factory=dict)

    def add(self, key: BookKey, amounts: Mapping[Destination, int], owed_nano: int) -> None:
        """Book further amounts, and what they make the book owe."""
        book = self.desired.setdefault(key, {})
        for to, amount_nano in amounts.items():
            book[to] = book.get(to, 0) + amount_nano
            if not book[to]:
                del book[to]
        self.owed[key] = self.owed.get(key, 0) + owed_nano

    def tell(self, issuer: str, day: date, *texts: str) -> None:
        """Add texts of what finance has signed for a day."""
        self.terms.setdefault((issuer, day), []).extend(texts)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What every account's day is booked by."""

    inputs: NightInputs
    currencies: Mapping[str, str]
    ownership: Ownership
    tolerances: Tolerances
    direct: Mapping[str, Mapping[str, Line]]
    seats: Seats
    lots: Mapping[tuple[str, str], Sequence[Prepaid]]

    def account(self, place: Place) -> Account:
        issuer, account, day = place
        return Account(
            issuer,
            account,
            day,
            ownership=self.ownership,
            tolerance=self.tolerances.at(issuer, day),
            far_beyond=self.inputs.policy.matching.far_beyond,
        )

    def bought_skus(self, place: Place) -> dict[str, DestinationKind]:
        """Name the skus under which the vendor bills an account's seats and lots of credits."""
        issuer, account, _ = place
        lots = self.lots.get((issuer, account), ())
        named = {lot.sku: DestinationKind.PREPAID for lot in lots if lot.sku is not None}
        return named | dict.fromkeys(self.seats.skus(issuer, account), DestinationKind.ACCRUED)


def book_account_days(inputs: NightInputs) -> Found:
    """Book each account's day by itself, and its lots of credits over all days.

    Raises:
        ConfigError: An issuer has charges or seats but is not configured.
        AllocationError: Money would appear or vanish; a fault of this program.
        OutOfRangeError: A sum is larger than the ledger can keep.
    """
    terms = _terms(inputs)
    runs = _by_place(inputs.runs)
    usage = _by_place(row for row in inputs.usage if (row.issuer, row.day) in inputs.legs.usage)
    charges = _by_place(
        row for row in inputs.charges if (row.issuer, row.day) in inputs.legs.charges
    )
    seated = set(terms.seats.places(inputs.legs.charges))
    found = Found()
    for place in sorted(runs.keys() | usage.keys() | charges.keys() | seated):
        billed = charges.get(place, [])
        if place[0] not in terms.currencies and (billed or place in seated):
            message = f"issuer {place[0]!r} has charges but is not in sources.yaml: add it there"
            raise ConfigError(message)
        logged = runs.get(place, [])
        if terms.seats.plan(*place) is not None:
            if place in seated:
                _book_seats(found, terms, place, logged)
            logged = []  # shadow: a seat has paid for them
        _book_usage(found, terms, place, (logged, usage.get(place, []), billed))
    _book_prepaid(found, terms)
    check_conserved(found.owed, found.desired)
    found.desired = {key: amounts for key, amounts in found.desired.items() if amounts}
    return found


def _terms(inputs: NightInputs) -> _Terms:
    direct: dict[str, dict[str, Line]] = {}
    for (issuer, run_id), line in inputs.direct_runs.items():
        direct.setdefault(issuer, {})[run_id] = line
    return _Terms(
        inputs=inputs,
        currencies={issuer.id: issuer.currency for issuer in inputs.issuers},
        ownership=Ownership(inputs.catalog),
        tolerances=Tolerances(inputs.policy.matching.tolerances),
        direct=direct,
        seats=Seats(inputs.finance.seats),
        lots=by_account(inputs.finance.prepaid),
    )


def _book_usage(
    found: Found,
    terms: _Terms,
    place: Place,
    legs: tuple[Sequence[RunCell], Sequence[UsageCell], Sequence[ChargeCell]],
) -> None:
    """Allocate what was billed, and bring the legs of an account's day together."""
    logged, metered, billed = legs
    issuer, account_id, day = place
    account = terms.account(place)
    currency = terms.currencies.get(issuer, "")
    direct_runs = terms.direct.get(issuer, {})
    bought = terms.bought_skus(place)
    day_charges = sort_charges(billed, currency, frozenset(direct_runs), bought)
    matched = match(logged, metered, account.is_owned)
    booked = allocate(
        account,
        day_charges,
        matched,
        currency=currency,
        card=terms.inputs.card,
        is_metered=(issuer, day) in terms.inputs.legs.usage,
        direct_runs=direct_runs,
    )
    owed: dict[tuple[str, str], int] = {}
    for charge in billed:
        of = (charge.billing_period, charge.currency)
        owed[of] = owed.get(of, 0) + charge.billed_nano
    for (period, unit), owed_nano in owed.items():
        found.add(BookKey(issuer, account_id, day, period, unit), {}, owed_nano)
    for key, amounts in booked.items():
        found.add(key, amounts, 0)
    found.buckets += buckets_of(
        issuer,
        account_id,
        day,
        usage=metered,
        billed=day_charges.by_sku(),
        matched=matched,
        card=terms.inputs.card,
    )
    found.breaks += _own_line_breaks(place, day_charges)
    if (issuer, account_id) in terms.lots:
        found.usage[place] = day_charges.usage_nano()
    for charge in day_charges.direct:
        run_id = charge.run_id or ""
        text = f"{run_id} {' '.join(direct_runs[run_id])}"
        found.direct.setdefault((issuer, day), []).append(text)
    if any(kind in BOUGHT for _, kind in day_charges.own_lines):
        named = (f"{kind} {account_id} sku {sku}" for sku, kind in sorted(bought.items()))
        found.tell(issuer, day, *named)


def _book_seats(found: Found, terms: _Terms, place: Place, logged: Sequence[RunCell]) -> None:
    plan = terms.seats.plan(*place)
    if plan is None:
        return
    issuer, account_id, day = place
    seats = seat_day(plan, terms.account(place), logged, terms.inputs.card)
    key = BookKey(issuer, account_id, day, billing_period(day), terms.currencies[issuer])
    found.seats.append(seats)
    found.add(key, seats.amounts, seats.owed_nano)
    found.tell(issuer, day, seat_terms(plan, day))


def _book_prepaid(found: Found, terms: _Terms) -> None:
    """Draw every account's lots, from the first one's day on."""
    drawn = posted_draws(terms.inputs.posted) if terms.lots else {}
    for (issuer, account), lots in sorted(terms.lots.items()):
        bookable = {day for of_issuer, day in terms.inputs.bookable if of_issuer == issuer}
        replayed = replay(
            lots,
            terms.currencies.get(issuer, ""),
            usage={day: found.usage.get((issuer, account, day), 0) for day in bookable},
            posted=drawn.get((issuer, account), {}),
            bookable=bookable,
        )
        portfolio = terms.ownership.portfolio(issuer, account)
        for day, movement in replayed.movements.items():
            key = BookKey(issuer, account, day, billing_period(day), terms.currencies[issuer])
            found.add(key, movement.amounts(portfolio), movement.owed_nano())
            found.tell(issuer, day, *movement.terms(account))
        found.prepaid += replayed.rows


def _by_place(rows: Iterable[_Row]) -> dict[Place, list[_Row]]:
    """Group cells by issuer, account and day; runs without an account are nowhere's."""
    places: dict[Place, list[_Row]] = {}
    for row in rows:
        places.setdefault((row.issuer, row.account or NOWHERE, row.day), []).append(row)
    return places


def check_conserved(
    owed: Mapping[BookKey, int], booked: Mapping[BookKey, Mapping[Destination, int]]
) -> None:
    """Hold what every book says against what it owes.

    Owed is what was billed, lots of credits bought by contract, less credits drawn, and seats
    that no charge of the vendor's will clear.

    Raises:
        AllocationError: Money would appear or vanish.
    """
    for key in owed.keys() | booked.keys():
        left_nano = owed.get(key, 0) - sum(booked.get(key, {}).values())
        if left_nano:
            message = (
                f"{key.issuer} {key.account} on {key.day} in {key.billing_period}: {left_nano} "
                f"nano {key.currency} of what is owed went nowhere; this is a fault of graduand: "
                "report it"
            )
            raise AllocationError(message)


def _own_line_breaks(place: Place, charges: DayCharges) -> list[Break]:
    breaks: list[Break] = []
    for kind, break_class in (
        (DestinationKind.CREDIT, BreakClass.CREDIT),
        (DestinationKind.TAX, BreakClass.TAX),
    ):
        amount_nano = sum(amount for (_, of), amount in charges.own_lines.items() if of is kind)
        breaks += amount_breaks(break_class, {place: amount_nano})
    issuer, account, day = place
    in_currency: dict[str, int] = {}
    for (_, currency), amount_nano in charges.foreign.items():
        in_currency[currency] = in_currency.get(currency, 0) + amount_nano
    breaks += (
        Break(BreakClass.CURRENCY, issuer, account, day, currency, amount_nano)
        for currency, amount_nano in in_currency.items()
        if amount_nano
    )
    return breaks
