"""R11: foreign charges are converted once, exactly, at the rate of their own day."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import ExchangeRate, Finance
from tasks.core.books import BreakClass, Cause, DayBasis, DestinationKind
from tasks.core.cells import ChargeCell
from tasks.core.errors import OutOfRangeError
from tasks.core.money import MAX_NANO
from tasks.core.month_end.posting import difference
from tasks.core.night import Books
from tasks.core.reconciling.currency import Rates, converted, fx_digests
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import DAY, charge, legs, night, run, usage

NEXT = DAY + timedelta(days=1)
OWN = {"anthropic": "USD"}


def rate(value: str = "1.25", from_day: date = date(2026, 1, 1), **fields: Any) -> ExchangeRate:
    return ExchangeRate.model_validate(
        {"currency": "EUR", "into": "USD", "from": from_day, "rate": value, **fields}
    )


def euros(billed_nano: int, **fields: Any) -> ChargeCell:
    return charge(billed_nano, currency="EUR", **fields)


def booked(charges: Sequence[ChargeCell], *rates: ExchangeRate) -> list[ChargeCell]:
    return converted(charges, OWN, Rates(rates))


def test_a_foreign_charge_is_booked_at_the_rate_of_its_day() -> None:
    lines = [rate("1.25"), rate("1.5", NEXT), rate("9", NEXT + timedelta(days=1))]

    before, after = booked([euros(100), euros(100, day=NEXT)], *lines)

    assert (before.currency, before.billed_nano) == ("USD", 125)
    assert (after.currency, after.billed_nano) == ("USD", 150)


@pytest.mark.parametrize(
    ("billed_nano", "expected"), [(2, 2), (6, 8), (-2, -2), (-6, -8), (3, 4), (-3, -4)]
)
def test_half_a_unit_goes_to_the_even_side(billed_nano: int, expected: int) -> None:
    (one,) = booked([euros(billed_nano)], rate("1.25"))

    assert one.billed_nano == expected


def test_lines_that_differ_in_nothing_are_converted_as_one_sum() -> None:
    parts = [euros(1, quantity=4, lines=2), euros(1, quantity=6), euros(1, quantity=None, kind="x")]

    same, other = booked(parts, rate("1.5"))

    assert (same.billed_nano, same.quantity, same.lines) == (3, 10, 3)
    assert (other.billed_nano, other.quantity, other.lines) == (2, None, 1)


def test_without_a_rate_that_has_begun_a_charge_stays_as_billed() -> None:
    charges = [euros(7), charge(5), charge(3, issuer="unlisted", currency="EUR")]

    found = booked(charges, rate(from_day=NEXT), rate(currency="GBP"), rate(into="CHF"))

    assert sorted(one.billed_nano for one in found) == [3, 5, 7]
    assert set(charges) == set(found)


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1), st.integers(1, 10**12))
def test_a_sum_is_within_half_a_unit_of_exact_in_any_order(parts: list[int], nano: int) -> None:
    of_one = Fraction(nano, 10**9)
    charges = [euros(part) for part in parts]

    (found,) = booked(charges, rate(str(Decimal(nano).scaleb(-9))))

    assert abs(Fraction(found.billed_nano) - sum(parts) * of_one) <= Fraction(1, 2)
    shuffled = random.Random(nano).sample(charges, len(charges))
    assert booked(shuffled, rate(str(Decimal(nano).scaleb(-9)))) == [found]


@pytest.mark.parametrize(
    ("billed_nano", "value"), [(MAX_NANO - 1, "1.01"), (1 - MAX_NANO, "2"), (10**10, "999999999")]
)
def test_a_conversion_beyond_the_range_names_charge_and_rate(billed_nano: int, value: str) -> None:
    with pytest.raises(OutOfRangeError) as caught:
        booked([euros(billed_nano)], rate(value))

    text = str(caught.value)
    assert f"anthropic main 2026-11-10: {billed_nano} nano EUR at {value} USD" in text
    assert "correct the rate in finance.yaml" in text


def test_a_sum_of_lines_beyond_the_range_is_refused_although_it_converts() -> None:
    with pytest.raises(OutOfRangeError, match="reach the limit"):
        booked([euros(MAX_NANO - 1), euros(MAX_NANO - 1)], rate("0.1"))


def test_only_the_rates_that_convert_a_days_charges_are_in_its_digest() -> None:
    charges = [charge(5), euros(5), euros(5, day=NEXT), euros(9, day=NEXT, kind="output")]

    def digests(*lines: ExchangeRate) -> dict[tuple[str, date], str]:
        return fx_digests(charges, OWN, Rates(lines))

    of_both = digests(rate("1.25"))
    assert of_both.keys() == {("anthropic", DAY), ("anthropic", NEXT)}
    assert digests(rate("1.250"), rate("7", currency="GBP")) == of_both
    assert digests() == {}
    later = digests(rate("1.25"), rate("1.3", NEXT))
    assert later["anthropic", DAY] == of_both["anthropic", DAY]
    assert later["anthropic", NEXT] != of_both["anthropic", NEXT]


def books_of(billed: Sequence[ChargeCell], *rates: ExchangeRate, **fields: Any) -> Books:
    return reconcile(
        night(
            [run("alpha", input=50)],
            [usage(100)],
            billed,
            finance=Finance(exchange_rates=rates),
            **fields,
        )
    )


def test_a_converted_charge_is_allocated_and_tied_as_if_billed_in_the_issuers_currency() -> None:
    found = books_of([euros(400_000)], rate("1.25"))

    assert found.desired == books_of([charge(500_000)]).desired
    assert found.ties == books_of([charge(500_000)]).ties
    assert found.breaks == books_of([charge(500_000)]).breaks
    assert found.fx.keys() == {("anthropic", DAY)}


def test_without_a_rate_it_is_unattributed_in_its_own_currency_and_a_break() -> None:
    found = books_of([euros(400_000)])

    ((key, lines),) = found.desired.items()
    assert (key.currency, {to.kind for to in lines}) == ("EUR", {DestinationKind.UNATTRIBUTED})
    (currency,) = (one for one in found.breaks if one.break_class is BreakClass.CURRENCY)
    assert (currency.sku, currency.amount_nano) == ("EUR", 400_000)
    assert found.fx == {}


def test_a_restatement_keeps_the_rate_of_its_day() -> None:
    found = books_of(
        [euros(420_000)],
        rate("1.25"),
        rate("2", NEXT),
        first_charges=[euros(400_000)],
        revised={("anthropic", DAY): BreakClass.RESTATED},
        legs=legs(DAY, NEXT),
    )

    (restated,) = (one for one in found.breaks if one.break_class is BreakClass.RESTATED)
    assert restated.amount_nano == 25_000


def test_another_rate_is_the_cause_of_what_it_moves() -> None:
    def based_on(books: Books, charges: str) -> dict[tuple[str, date], DayBasis]:
        of = ("anthropic", DAY)
        digests = [charges, charges, *[""] * 5, books.fx.get(of, ""), "", ""]
        return {of: DayBasis(*of, *digests)}

    def posts(charges: str) -> list[Cause]:
        entries = difference(
            {(key, to): nano for key, lines in was.desired.items() for to, nano in lines.items()},
            now.desired,
            days=[("anthropic", DAY)],
            previous=based_on(was, "told"),
            now=based_on(now, charges),
        )
        assert all(entry.imbalance_nano() == 0 for entry in entries)
        return [entry.cause for entry in entries]

    was, now = books_of([euros(400_000)], rate("1.25")), books_of([euros(400_000)], rate("1.5"))
    assert (posts("told"), posts("told anew")) == ([Cause.FX], [Cause.RESTATED])

    # A rate that is known late moves the money out of the foreign book into the issuer's.
    was = books_of([euros(400_000)])
    assert posts("told") == [Cause.FX, Cause.FX]
