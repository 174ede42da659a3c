"""R14: an invoice meets what the books owe, and only what the policy lets pass is settled."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import ExchangeRate, Finance, Invoice
from config.shapes.policy import Periods, Rounding
from tasks.core.books import (
    BookKey,
    BreakClass,
    Cause,
    DayBasis,
    Destination,
    DestinationKind,
    Entry,
    Method,
)
from tasks.core.cells import ChargeCell
from tasks.core.digests import joined_digest
from tasks.core.errors import ConfigError
from tasks.core.invoicing.owed import Ledgered, debts_of
from tasks.core.invoicing.settlement import (
    FX,
    ROUNDING,
    Documents,
    Outcome,
    Settled,
    Settlement,
    settle,
)
from tasks.core.month_end.posting import NO_ACCOUNT, PAYABLE, difference
from tasks.core.night import Books
from tasks.core.reconciling.breaks import NOWHERE
from tasks.core.reconciling.currency import Rates
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import charge, legs, night, policy

PERIOD = "2026-11"
DAYS = tuple(date(2026, 11, number) for number in range(1, 31))
LAST = DAYS[-1]
DAY = DAYS[9]
ISSUERS = ("acme", "brio", "cent")
OWN = dict.fromkeys(ISSUERS, "USD")
#: One unit of currency, and the limits of the policy: 5 an invoice, 8 a month.
UNIT = 10**9
LIMITS = Rounding.model_validate({"from": "2026-01-01", "per_invoice": "5", "per_month": "8"})

Posted = dict[tuple[BookKey, Destination], int]


def invoice(*amounts: str, **fields: Any) -> Invoice:
    values = {
        "id": "inv-1",
        "issuer": "acme",
        "billing_period": PERIOD,
        "issued_on": "2026-12-03",
        "lines": [{"category": "usage", "amount": amount} for amount in amounts],
        **fields,
    }
    return Invoice.model_validate(values)


def book(issuer: str = "acme", day: date = DAY, **fields: Any) -> BookKey:
    values = {"account": "main", "billing_period": PERIOD, "currency": "USD", **fields}
    return BookKey(issuer=issuer, day=day, **values)


def kind(of: DestinationKind) -> Destination:
    return Destination(of)


FAMILY = kind(DestinationKind.UNATTRIBUTED)


@dataclass(frozen=True)
class Case:
    """A night in December that books all of November; a test names what differs."""

    invoices: Sequence[Invoice] = ()
    desired: Mapping[BookKey, Mapping[Destination, int]] = field(default_factory=dict)
    posted: Posted = field(default_factory=dict)
    bookable: Sequence[tuple[str, date]] = tuple((i, day) for i in ISSUERS for day in DAYS)
    booked_days: Sequence[tuple[str, date]] = ()
    closed: Mapping[str, str] = field(default_factory=dict)
    charges: Sequence[ChargeCell] = ()
    rates: Sequence[ExchangeRate] = ()
    rounding: Sequence[Rounding] = (LIMITS,)

    def settled(self) -> Settled:
        ledger = Ledgered(self.posted, self.desired, self.bookable, self.closed)
        wanted = {(one.issuer, one.billing_period) for one in self.invoices}
        debts = debts_of(wanted, ledger, self.charges, OWN, Rates(self.rates))
        documents = Documents(self.rounding, OWN, ledger, debts, self.booked_days)
        return settle(self.invoices, documents)

    def row(self, currency: str = "USD") -> Settlement:
        (row,) = (row for row in self.settled().rows if row.currency == currency)
        return row

    def posts(self, was: Settled | None = None) -> list[Entry]:
        """Post the night; `was` is how it settled when its days were last posted."""
        now = self.settled()
        before = _bases(self.bookable, was) if was is not None else {}
        return difference(
            self.posted,
            {**self.desired, **now.desired},
            days=self.bookable,
            previous=before,
            now=_bases(self.bookable, now),
            closed=self.closed,
        )

    def after(self) -> "Case":
        """Make the next night, which finds posted what this one posts."""
        posted = dict(self.posted)
        for entry in self.posts(self.settled() if self.posted else None):
            assert entry.imbalance_nano() == 0
            for posting in entry.postings:
                place = (entry.key, posting.destination)
                posted[place] = posted.get(place, 0) + posting.amount_nano
        return replace(self, posted=posted)


def _bases(days: Sequence[tuple[str, date]], settled: Settled) -> dict[tuple[str, date], DayBasis]:
    return {
        of: DayBasis(
            *of, "", "", "", "", "", "", "", "", joined_digest(settled.terms.get(of, ())), ""
        )
        for of in days
    }


def owing(units: str, *invoices: Invoice, **fields: Any) -> Case:
    """Make a night that finds the books of the first issuer owe some units."""
    nano = int(float(units) * UNIT)
    return Case(invoices, {book(): {FAMILY: nano}}, **fields)


def test_the_account_of_documents_is_the_one_that_posting_knows() -> None:
    assert NOWHERE == NO_ACCOUNT


@pytest.mark.parametrize(
    ("invoices", "outcome", "rounding", "left"),
    [
        ([invoice("100")], Outcome.AGREED, 0, 0),
        ([invoice("105")], Outcome.ROUNDING, 5 * UNIT, 0),
        ([invoice("95")], Outcome.ROUNDING, -5 * UNIT, 0),
        ([invoice("105.000000001")], Outcome.BREAK, 0, 5 * UNIT + 1),
        ([invoice("94.999999999")], Outcome.BREAK, 0, -5 * UNIT - 1),
        ([invoice("60"), invoice("48", id="inv-2")], Outcome.ROUNDING, 8 * UNIT, 0),
        ([invoice("60"), invoice("49", id="inv-2")], Outcome.BREAK, 0, 9 * UNIT),
        ([invoice("60"), invoice("39"), invoice("-2")], Outcome.ROUNDING, -3 * UNIT, 0),
        ([invoice("-100")], Outcome.BREAK, 0, -200 * UNIT),
        ([invoice("100", "-1", "1.5")], Outcome.ROUNDING, UNIT // 2, 0),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_small_enough_is_rounding_and_all_else_a_break(
    invoices: list[Invoice], outcome: Outcome, rounding: int, left: int
) -> None:
    case = owing("100", *invoices)
    found = case.settled()

    row = case.row()
    assert (row.outcome, row.rounding_nano) == (outcome, rounding)
    assert row.difference_nano == row.invoiced_nano - row.owed_nano == rounding + left
    key = BookKey("acme", "-", LAST, PERIOD, "USD")
    assert found.desired == ({key: {ROUNDING: rounding}} if rounding else {})
    named = [(one.break_class, one.account, one.day, one.sku) for one in found.breaks]
    assert named == ([(BreakClass.INVOICE, "-", LAST, "USD")] if left else [])
    assert sum(one.amount_nano for one in found.breaks) == left


def test_a_line_that_corrects_another_period_is_left_out() -> None:
    lines = [
        {"category": "usage", "amount": "100"},
        {"category": "credit", "amount": "-40", "origin_period": "2026-09"},
    ]

    assert owing("100", invoice(lines=lines)).row().outcome is Outcome.AGREED


def test_the_policys_own_line_for_an_issuer_decides_and_none_lets_nothing_pass() -> None:
    own = Rounding.model_validate(
        {"from": "2026-11-30", "issuer": "acme", "per_invoice": "1", "per_month": "1"}
    )
    later = Rounding.model_validate({"from": "2026-12-01", "per_invoice": "9", "per_month": "9"})
    one_more = owing("100", invoice("102"))

    assert one_more.row().outcome is Outcome.ROUNDING
    for lines in ([LIMITS, own], [own, later], [later], []):
        assert replace(one_more, rounding=lines).row().outcome is Outcome.BREAK


@pytest.mark.parametrize(
    ("asked", "outcomes"),
    [
        (("104", "95", "104"), ("rounding", "break", "rounding")),
        (("103", "97", "103"), ("rounding", "rounding", "break")),
        (("106", "95", "103"), ("break", "rounding", "rounding")),
    ],
)
def test_issuers_in_order_share_the_limit_of_a_month(
    asked: tuple[str, ...], outcomes: tuple[str, ...]
) -> None:
    invoices = [invoice(text, issuer=one) for text, one in zip(asked, ISSUERS, strict=True)]
    owed = {book(issuer): {FAMILY: 100 * UNIT} for issuer in ISSUERS}

    found = Case(invoices[::-1], owed).settled()

    assert tuple(row.outcome for row in sorted(found.rows)) == outcomes


def test_nothing_is_compared_before_every_day_is_booked() -> None:
    case = owing("100", invoice("200"), bookable=[("acme", day) for day in DAYS if day != DAY])

    (row,) = case.settled().rows
    assert (row.outcome, row.missing_days, row.difference_nano) == (Outcome.INCOMPLETE, 1, 0)
    assert case.settled().breaks == []
    booked = replace(case, posted={(book(), FAMILY): 200 * UNIT}, booked_days=[("acme", DAY)])
    assert booked.row().outcome is Outcome.AGREED


EARLY = date(2026, 10, 20)


@pytest.mark.parametrize(
    ("posted", "tonight", "left_alone"),
    [
        ({(book(), FAMILY): 5}, 100, 5),
        ({(book(), PAYABLE): -5}, 100, 0),
        ({(book(), kind(DestinationKind.ACCRUAL)): 5}, 100, 0),
        ({(book(), ROUNDING): 5, (book(), FX): 7}, 100, 0),
        ({(book(day=EARLY, billing_period="2026-10"), FAMILY): 5}, 100, 0),
        # Booked here, but about another period; and about this one, but booked elsewhere.
        ({(book(day=EARLY, origin_period="2026-10"), FAMILY): 5}, 100, 0),
        ({(book(billing_period="2026-12", origin_period=PERIOD), FAMILY): 5}, 95, 0),
        # Billed for this period on a day outside it.
        ({(book(day=EARLY), FAMILY): 5}, 105, 5),
    ],
    ids=[
        *("posted", "payable", "accrual", "settled", "other period"),
        *("corrects another", "corrected elsewhere", "other day"),
    ],
)
def test_owed_is_what_stands_in_the_period_after_tonight(
    posted: Posted, tonight: int, left_alone: int
) -> None:
    night = Case([invoice("1")], {book(): {FAMILY: 100}}, posted=posted)
    days = night.bookable

    assert night.row().owed_nano == tonight
    assert replace(night, bookable=[], booked_days=days).row().owed_nano == left_alone


def test_seats_credits_and_prepaid_lots_are_owed_as_they_are_booked() -> None:
    lot = Destination(DestinationKind.PREPAID, method=Method.DRAWN)
    lines = {FAMILY: 100 * UNIT, lot: -30 * UNIT, kind(DestinationKind.CREDIT): -10 * UNIT}

    assert Case([invoice("60")], {book(): lines}).row().outcome is Outcome.AGREED


def euros(units: int, **fields: Any) -> ChargeCell:
    return charge(
        units * UNIT, issuer="acme", day=DAY, billing_period=PERIOD, currency="EUR", **fields
    )


EURO = ExchangeRate.model_validate(
    {"currency": "EUR", "into": "USD", "from": "2026-01-01", "rate": "1.25"}
)


def abroad(*invoices: Invoice, **fields: Any) -> Case:
    """Make a night of 100 units billed at home and 80 abroad, which are booked as 100 more."""
    return owing("200", *invoices, **{"charges": [euros(80)], "rates": [EURO], **fields})


def test_converted_charges_are_compared_in_the_currency_of_the_invoice() -> None:
    case = abroad(invoice("101"), invoice("80", currency="EUR"))

    assert (case.row("USD").owed_nano, case.row("EUR").owed_nano) == (100 * UNIT, 80 * UNIT)
    assert [row.outcome for row in case.settled().rows] == [Outcome.AGREED, Outcome.ROUNDING]


def test_a_foreign_difference_is_never_rounding_and_an_invoice_that_lacks_is_a_break() -> None:
    found = abroad(invoice("81", currency="EUR")).settled()

    assert {one.sku: one.amount_nano for one in found.breaks} == {"EUR": UNIT, "USD": -100 * UNIT}
    assert found.desired == {}


@pytest.mark.parametrize(
    ("rates", "booked"), [(["1.5", "1.5"], 20), (["1.5", None], 0), (["1.5", "1.6"], 0)]
)
def test_only_one_settled_rate_of_all_invoices_books_what_the_rate_made(
    rates: list[str | None], booked: int
) -> None:
    parts = [
        invoice("40", currency="EUR", id=f"inv-{number}", settled_rate=value)
        for number, value in enumerate(rates)
    ]

    case = abroad(invoice("100"), *parts)

    lines = case.settled().desired.get(BookKey("acme", "-", LAST, PERIOD, "USD"), {})
    assert lines == ({FX: booked * UNIT} if booked else {})
    assert case.row("USD").fx_nano == booked * UNIT
    assert case.settled().breaks == []


def test_a_day_left_as_it_was_booked_before_there_was_a_rate_is_owed_as_billed() -> None:
    posted = {(book(), FAMILY): 100 * UNIT, (book(currency="EUR"), FAMILY): 80 * UNIT}
    case = abroad(
        invoice("100"),
        invoice("80", currency="EUR", settled_rate="2"),
        posted=posted,
        bookable=[("acme", day) for day in DAYS if day != DAY],
        booked_days=[("acme", DAY)],
    )

    assert [row.outcome for row in case.settled().rows] == [Outcome.AGREED, Outcome.AGREED]
    assert case.settled().desired == {}


def test_a_closed_period_stays_as_it_was_settled() -> None:
    key = book(account="-", day=LAST)
    posted: Posted = {(book(), FAMILY): 100 * UNIT, (key, ROUNDING): 2 * UNIT, (key, FX): UNIT}
    closed = {PERIOD: "2026-12"}

    for invoices in ([invoice("102")], [invoice("104")], []):
        case = owing("100", *invoices, posted=posted, closed=closed)
        assert case.settled().desired == {key: {ROUNDING: 2 * UNIT, FX: UNIT}}
        assert case.posts(case.settled()) == []
    changed = owing("300", invoice("104"), posted=posted, closed=closed)
    (row,) = changed.settled().rows
    assert (row.outcome, row.owed_nano, row.rounding_nano) == ("closed", 100 * UNIT, 2 * UNIT)
    # The invoice came to say more after the close: what is not settled has a name.
    assert [one.amount_nano for one in changed.settled().breaks] == [2 * UNIT]


def test_a_settlement_waits_for_its_day_and_is_a_break_until_then() -> None:
    without_last = [("acme", day) for day in DAYS[:-1]]
    waits = owing("100", invoice("103"), bookable=without_last, booked_days=[("acme", LAST)])

    assert waits.settled().desired == {}
    assert [one.amount_nano for one in waits.settled().breaks] == [3 * UNIT]
    booked = replace(waits, posted={(book(account="-", day=LAST), ROUNDING): 3 * UNIT})
    assert (booked.row().outcome, booked.settled().breaks) == (Outcome.ROUNDING, [])


def test_each_change_of_a_settlement_has_its_cause() -> None:
    night = owing("100", invoice("103"))
    (first,) = (entry for entry in night.posts() if entry.key.account == "-")
    assert (first.cause, len(first.postings)) == (Cause.NEW, 2)
    booked = night.after()
    assert booked.posts(booked.settled()) == []

    for changed in (
        replace(booked, invoices=[invoice("104")]),
        replace(booked, invoices=[invoice("120")]),
        replace(booked, rounding=[]),
        replace(booked, invoices=[]),
    ):
        (entry,) = changed.posts(booked.settled())
        assert (entry.key.account, entry.cause) == ("-", Cause.RESTATED)


def test_nothing_settled_leaves_the_terms_of_the_day_alone() -> None:
    assert owing("100", invoice("100")).settled().terms == {}
    assert owing("100", invoice("200")).settled().terms == {}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (Case([invoice(*["999999999"] * 10)]), "2026-11: the sum of its invoices in USD"),
        (
            Case(
                [invoice(*["-999999999"] * 9)],
                {book(): {FAMILY: 9 * 10**18}},
            ),
            "2026-11: invoiced less owed in USD",
        ),
        (
            abroad(invoice("80", currency="EUR", settled_rate="999999999"), charges=[euros(80)]),
            "2026-11: what goes to `fx`",
        ),
    ],
    ids=["invoiced", "difference", "fx"],
)
def test_an_invoice_beyond_the_range_is_left_as_it_was_settled_and_no_other(
    case: Case, message: str
) -> None:
    posted: Posted = {(book(account="-", day=LAST), ROUNDING): UNIT}
    other = replace(
        case,
        invoices=[*case.invoices, invoice("12", issuer="brio")],
        desired={**case.desired, book("brio"): {FAMILY: 10 * UNIT}},
        posted=posted,
    )

    found = other.settled()

    ((subject, detail),) = ((one.subject, one.detail) for one in found.findings)
    assert (subject, detail.startswith(message)) == ("acme", True)
    assert {row.issuer: row.outcome for row in found.rows} == {"brio": "rounding"}
    assert {key.issuer: lines for key, lines in found.desired.items()} == {
        "acme": {ROUNDING: UNIT},
        "brio": {ROUNDING: 2 * UNIT},
    }


def test_invoices_of_a_vendor_that_is_not_configured_are_a_fault() -> None:
    with pytest.raises(ConfigError, match="issuer 'unlisted' has invoices but is not in"):
        Case([invoice("1", issuer="unlisted")]).settled()


def random_case(seed: int) -> Case:
    """Make issuers whose invoices in two currencies are near what the books owe, or not."""
    noise = random.Random(seed)
    desired: dict[BookKey, dict[Destination, int]] = {}
    invoices: list[Invoice] = []
    for issuer in ISSUERS:
        for currency in ("USD", "EUR"):
            owed = 0
            for day in noise.sample(DAYS, 3):
                amount = noise.randrange(-100 * UNIT, 300 * UNIT)
                desired[book(issuer, day, currency=currency)] = {FAMILY: amount}
                owed += amount
            for number in range(noise.randrange(3)):
                off = noise.choice([0, noise.randrange(-6 * UNIT, 6 * UNIT), 900 * UNIT])
                part = owed if number == 0 else 0
                text = f"{(part + off) // UNIT}.{(part + off) % UNIT:09d}"
                fields = {"issuer": issuer, "currency": currency, "id": f"{currency}-{number}"}
                if (part + off) >= 0:
                    invoices.append(invoice(text, **fields))
    rates = [EURO] if noise.random() < 0.5 else []
    charges = [
        replace(euros(noise.randrange(1, 50)), issuer=noise.choice(ISSUERS), sku=str(number))
        for number in range(3)
    ]
    return Case(invoices, desired, charges=charges, rates=rates)


@given(st.integers(0, 10_000))
def test_every_unit_is_agreed_settled_or_named(seed: int) -> None:
    case = random_case(seed)
    found = case.settled()

    left = {(one.issuer, one.sku): one.amount_nano for one in found.breaks}
    for row in found.rows:
        assert row.difference_nano == row.invoiced_nano - row.owed_nano
        named = left.pop((row.issuer, row.currency), 0)
        assert row.difference_nano == row.rounding_nano + named
        assert abs(row.rounding_nano) <= 5 * UNIT * row.invoices
        assert not (row.currency == "EUR" and row.rounding_nano)
    assert left == {}
    assert sum(abs(row.rounding_nano) for row in found.rows) <= 8 * UNIT
    booked = sum(amount for lines in found.desired.values() for amount in lines.values())
    assert booked == sum(row.rounding_nano + row.fx_nano for row in found.rows)


@given(st.integers(0, 10_000))
def test_the_order_of_invoices_and_books_does_not_matter(seed: int) -> None:
    case = random_case(seed)
    noise = random.Random(seed)
    shuffled = replace(
        case,
        invoices=noise.sample(case.invoices, len(case.invoices)),
        desired=dict(noise.sample(sorted(case.desired.items()), len(case.desired))),
        charges=noise.sample(case.charges, len(case.charges)),
    )

    assert shuffled.settled() == case.settled()


@given(st.integers(0, 10_000))
def test_a_second_night_settles_the_same_and_posts_nothing(seed: int) -> None:
    case = random_case(seed)
    next_night = case.after()

    assert next_night.settled() == case.settled()
    assert next_night.posts(case.settled()) == []


@given(st.integers(0, 10_000))
def test_a_closed_period_is_left_alone_whatever_comes_later(seed: int) -> None:
    closed = replace(random_case(seed).after(), closed={PERIOD: "2026-12"})
    later = replace(closed, invoices=random_case(seed + 1).invoices, rounding=[])

    entries = later.posts(closed.settled())

    assert entries == []
    settled = {
        (key, to): amount
        for key, lines in later.settled().desired.items()
        for to, amount in lines.items()
    }
    assert settled == {of: at for of, at in closed.posted.items() if of[1] in (ROUNDING, FX)}


def test_a_night_tells_what_its_invoices_came_to() -> None:
    finance = Finance(
        invoices=(
            invoice("1", issuer="anthropic"),
            invoice("1", issuer="anthropic", billing_period="2026-09"),
        )
    )
    rounding = {"from": "2026-01-01", "per_invoice": "1", "per_month": "1"}
    limits = policy().model_copy(
        update={"periods": Periods.model_validate({"rounding": [rounding]})}
    )
    november = [("anthropic", day) for day in DAYS]

    books = reconcile(
        night(
            [],
            [],
            [charge(UNIT - 7)],
            finance=finance,
            policy=limits,
            bookable=november,
            legs=legs(*DAYS),
        )
    )

    # Of a period that ended before the window nothing is told.
    (row,) = books.settlements
    assert (row.issuer, row.outcome, row.rounding_nano) == ("anthropic", "rounding", 7)
    assert books.desired[BookKey("anthropic", "-", LAST, PERIOD, "USD")] == {ROUNDING: 7}
    assert dict(books.totals)["rounding:USD"] == 7
    assert books.terms.keys() == {("anthropic", LAST)}
    (share,) = books.coverage
    assert (share.gross_nano(), books.leaks) == (UNIT - 7, ())
    (tie,) = books.ties
    assert tie.billed_nano == UNIT - 7


def test_an_invoice_that_is_too_large_is_a_finding_and_the_night_goes_on() -> None:
    large = invoice(*["999999999"] * 10, issuer="anthropic")
    november = [("anthropic", day) for day in DAYS]

    books = reconcile(
        night([], [], [charge(UNIT)], finance=Finance(invoices=(large,)), bookable=november)
    )

    assert "invoice_too_large" in {one.code for one in books.findings}
    assert dict(books.totals)["booked:USD"] == UNIT


def test_an_invoice_that_differs_is_among_the_breaks_and_in_the_digest() -> None:
    def books_of(amount: str) -> Books:
        finance = Finance(invoices=(invoice(amount, issuer="anthropic"),))
        november = [("anthropic", day) for day in DAYS]
        return reconcile(
            night([], [], [charge(UNIT)], finance=finance, bookable=november, legs=legs(*DAYS))
        )

    agreed, differs = books_of("1"), books_of("3")

    (named,) = (one for one in differs.breaks if one.break_class is BreakClass.INVOICE)
    assert (named.account, named.day, named.amount_nano) == ("-", LAST, 2 * UNIT)
    assert agreed.desired == differs.desired
    assert agreed.digest != differs.digest
