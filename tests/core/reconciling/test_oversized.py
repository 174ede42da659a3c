"""A day too large for the ledger is held by itself, with the reason; the others are booked."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import Finance
from tasks.core.errors import OutOfRangeError
from tasks.core.money import MAX_NANO
from tasks.core.reconciling.oversized import (
    MOST_A_DAY_NANO,
    MOST_A_WINDOW_NANO,
    oversized_days,
    size_findings,
    without_days,
)
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import DAY, charge, legs, night, run, usage

NEXT = DAY + timedelta(days=1)
LARGEST_CELL = MAX_NANO - 1
AT = ("anthropic", DAY)
AT_NEXT = ("anthropic", NEXT)


def test_a_day_of_ordinary_size_is_not_held() -> None:
    assert oversized_days(night([run(input=50)], [usage()], [charge()])) == {}


def test_a_sum_beyond_the_range_holds_its_day_and_no_other() -> None:
    charges = [charge(LARGEST_CELL), charge(LARGEST_CELL, sku="other"), charge(7, day=NEXT)]
    inputs = night(charges=charges, legs=legs(DAY, NEXT))
    with pytest.raises(OutOfRangeError):
        reconcile(inputs)

    days = oversized_days(inputs)
    books = reconcile(without_days(inputs, days))

    assert days == {AT: 2 * LARGEST_CELL}
    assert {key.day for key in books.desired} == {NEXT}
    (finding,) = size_findings(days)
    assert f"{2 * LARGEST_CELL} nano" in finding.detail
    assert finding.subject == f"anthropic {DAY}"


def test_a_charge_and_its_refund_are_not_small_together() -> None:
    inputs = night(charges=[charge(LARGEST_CELL), charge(-LARGEST_CELL, sku="other")])

    assert set(oversized_days(inputs)) == {AT}


def test_a_charge_that_a_rate_makes_too_large_holds_its_day() -> None:
    line = {"currency": "EUR", "into": "USD", "from": "2026-01-01", "rate": "2"}
    finance = Finance.model_validate({"exchange_rates": [line]})
    charges = [charge(MOST_A_DAY_NANO // 2 + 1, currency="EUR"), charge(5, day=NEXT)]
    inputs = night(charges=charges, legs=legs(DAY, NEXT), finance=finance)

    days = oversized_days(inputs)

    assert days == {AT: MOST_A_DAY_NANO + 2}
    assert {key.day for key in reconcile(without_days(inputs, days)).desired} == {NEXT}
    assert oversized_days(night(charges=charges, legs=legs(DAY, NEXT))) == {}


def test_tokens_that_are_worth_too_much_hold_their_day() -> None:
    metered = night(usage=[usage(10**16)], charges=[charge(5)])
    logged = night([run(input=10**16)], charges=[charge(5)])

    assert set(oversized_days(metered)) == set(oversized_days(logged)) == {AT}


def test_of_a_window_that_is_too_large_the_largest_day_goes_first() -> None:
    most = MOST_A_DAY_NANO
    days = [DAY + timedelta(days=n) for n in range(3)]
    charges = [charge(most - n, day=day) for n, day in enumerate(days)]

    assert set(oversized_days(night(charges=charges, legs=legs(*days)))) == {AT}


@given(
    st.lists(
        st.tuples(st.sampled_from([DAY, NEXT]), st.integers(-LARGEST_CELL, LARGEST_CELL)),
        max_size=6,
    )
)
def test_what_is_not_held_can_be_computed_and_added(lines: list[tuple[object, int]]) -> None:
    charges = [charge(nano, day=day, sku=f"s{n}") for n, (day, nano) in enumerate(lines)]
    inputs = night(charges=charges, legs=legs(DAY, NEXT))

    books = reconcile(without_days(inputs, oversized_days(inputs)))

    totals = [sum(amounts.values()) for amounts in books.desired.values()]
    assert sum(map(abs, totals)) <= MOST_A_WINDOW_NANO
    assert all(abs(nano) <= MAX_NANO for _, nano in books.totals)
