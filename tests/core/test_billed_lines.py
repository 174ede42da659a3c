"""The bill behind the books: the newest one that says what is booked, or none at all."""

from datetime import date

import pytest

from tasks.core.billed_lines import ExportError, booked_lines
from tasks.core.books import DestinationKind
from tests.core.exported import (
    BUMP,
    CREDIT,
    CURRENCIES,
    PLAIN,
    REST,
    bill,
    book,
    charge,
)

POSTED = {(book(), BUMP): 60, (book(), REST): 40}


def test_of_several_bills_the_newest_that_is_booked_counts() -> None:
    bills = [
        bill(charge(130), digest="newer and held"),
        bill(charge(70), charge(30, kind="output"), digest="booked"),
        bill(charge(100), digest="older and equal"),
    ]

    lines = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert {line.evidence for line in lines} == {"booked"}
    assert sorted(line.billed_nano for line in lines) == [30, 70]


def test_bills_of_several_sources_count_together() -> None:
    bills = [
        bill(charge(90), digest="too much"),
        bill(charge(70), digest="one"),
        bill(charge(30, source="other"), source="other", digest="two"),
    ]

    lines = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert sum(line.billed_nano for line in lines) == 100


def test_books_that_no_bill_says_are_refused_by_day() -> None:
    with pytest.raises(ExportError, match=r"1 booked days .* first anthropic 2026-11-20"):
        booked_lines(POSTED, [bill(charge(99))], CURRENCIES)


def test_equal_sums_on_another_side_are_no_agreement() -> None:
    bills = [bill(charge(100, category="tax"))]

    with pytest.raises(ExportError):
        booked_lines(POSTED, bills, CURRENCIES)


def test_money_back_without_a_model_is_a_credit_as_in_the_books() -> None:
    back = charge(-7, sku="promo", **PLAIN)
    posted = {**POSTED, (book(), CREDIT): -7}

    lines = booked_lines(posted, [bill(charge(100), back)], CURRENCIES)[book()]

    (credit,) = [line for line in lines if line.key.side is DestinationKind.CREDIT]
    assert (credit.key.category, credit.billed_nano) == ("credit", -7)


def test_a_foreign_currency_is_unattributed_in_a_book_of_its_own() -> None:
    euro = book(currency="EUR")
    posted = {**POSTED, (euro, REST): 9}
    bills = [bill(charge(100), charge(9, currency="EUR", category="tax"))]

    lines = booked_lines(posted, bills, CURRENCIES)

    assert [(line.billed_nano, line.key.side) for line in lines[euro]] == [
        (9, DestinationKind.FAMILY)
    ]


def test_corrections_of_other_periods_ask_for_no_bill() -> None:
    late = book(origin_period="2026-10", day=date(2026, 10, 30))

    assert late not in booked_lines({**POSTED, (late, BUMP): 5}, [bill(charge(100))], CURRENCIES)


def test_lines_that_differ_in_nothing_told_are_one() -> None:
    bills = [bill(charge(60, quantity=6, unit="tokens"), charge(40, quantity=4, unit="tokens"))]

    (line,) = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert (line.billed_nano, line.quantity) == (100, 10)
