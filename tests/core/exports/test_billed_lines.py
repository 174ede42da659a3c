"""The bill behind the books: the newest one that says what is booked, or none at all."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import ExchangeRate
from tasks.core.books import DestinationKind
from tasks.core.cells import ChargeCell
from tasks.core.exports.billed_currency import in_books_currency
from tasks.core.exports.billed_lines import ExportError, booked_lines
from tasks.core.reconciling.currency import Rates, converted
from tests.core.exported import (
    BUMP,
    CREDIT,
    CURRENCIES,
    DAY,
    PLAIN,
    REST,
    SKU,
    bill,
    book,
    charge,
)


def cell_of(billed_nano: int) -> ChargeCell:
    one = charge(billed_nano, currency="EUR", lines=1)
    return ChargeCell(**{column.name: one[column.name] for column in fields(ChargeCell)})


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
        bill(charge(30, source="other", sku="web_search"), source="other", digest="two"),
    ]

    lines = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert sum(line.billed_nano for line in lines) == 100


def test_what_two_sources_bill_of_one_sku_counts_once_and_is_the_first_ones() -> None:
    again = charge(95, source="later"), charge(3, kind="output", source="later")
    bills = [
        bill(*again, charge(30, source="later", sku="web_search"), source="later", digest="two"),
        bill(charge(70), digest="one"),
    ]

    lines = booked_lines(POSTED, bills, CURRENCIES)[book()]

    found = {(line.key.sku, line.evidence): line.billed_nano for line in lines}
    assert found == {(SKU, "one"): 70, ("web_search", "two"): 30}


def test_a_source_that_came_after_the_day_was_booked_has_no_part_in_it() -> None:
    bills = [
        bill(charge(40, sku="promised", source="new"), source="new", digest="new"),
        bill(charge(100), digest="booked"),
    ]

    lines = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert [(line.evidence, line.billed_nano) for line in lines] == [("booked", 100)]


@pytest.mark.parametrize(("opinion", "evidence"), [("bill", "second"), ("second", "bill")])
def test_a_second_opinion_is_taken_only_where_the_books_are_made_of_it(
    opinion: str, evidence: str
) -> None:
    equal = [
        bill(charge(100, source=name), source=name, digest=name) for name in ("bill", "second")
    ]
    marked = [replace(one, is_opinion=one.source == opinion) for one in equal]

    both = booked_lines(POSTED, marked, CURRENCIES)[book()]
    alone = booked_lines(POSTED, [one for one in marked if one.source == opinion], CURRENCIES)[
        book()
    ]

    assert [line.evidence for line in both] == [evidence]
    assert [line.evidence for line in alone] == [opinion]


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


@given(
    amounts=st.lists(st.integers(-(10**15), 10**15).filter(bool), min_size=1, max_size=6),
    rate=st.decimals("0.000001", "999", places=6, allow_nan=False, allow_infinity=False),
)
def test_foreign_lines_sum_to_what_the_books_have_at_the_rate_of_their_day(
    amounts: list[int], rate: Decimal
) -> None:
    line = ExchangeRate(currency="EUR", into="USD", rate=rate, **{"from": DAY})
    rows = [charge(amount, currency="EUR") for amount in amounts]
    (cell,) = converted([cell_of(sum(amounts))], CURRENCIES, Rates([line]))

    found = in_books_currency([*rows, charge(5)], CURRENCIES, Rates([line]))

    assert sum(int(str(row["billed_nano"])) for row in found[:-1]) == cell.billed_nano
    assert {row["currency"] for row in found} == {"USD"}
    assert found[-1] == charge(5)


def test_converted_lines_are_found_in_the_books_of_the_issuers_currency() -> None:
    line = ExchangeRate(currency="EUR", into="USD", rate="1.1", **{"from": DAY})
    bills = [bill(charge(40, currency="EUR"), charge(50, currency="EUR", kind="output"), charge(1))]

    lines = booked_lines(POSTED, bills, CURRENCIES, rates=Rates([line]))[book()]

    assert sorted(one.billed_nano for one in lines) == [45, 55]


def test_corrections_of_other_periods_ask_for_no_bill() -> None:
    late = book(origin_period="2026-10", day=date(2026, 10, 30))

    assert late not in booked_lines({**POSTED, (late, BUMP): 5}, [bill(charge(100))], CURRENCIES)


def test_lines_that_differ_in_nothing_told_are_one() -> None:
    bills = [bill(charge(60, quantity=6, unit="tokens"), charge(40, quantity=4, unit="tokens"))]

    (line,) = booked_lines(POSTED, bills, CURRENCIES)[book()]

    assert (line.billed_nano, line.quantity) == (100, 10)
