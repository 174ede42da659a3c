"""Prepaid credits: bought, drawn in order, lost at their end, and conserved always (R13)."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import Finance, Prepaid
from tasks.core.books import (
    BookKey,
    Cause,
    DayBasis,
    Destination,
    DestinationKind,
    Entry,
    Method,
)
from tasks.core.cells import ChargeCell
from tasks.core.digests import joined_digest
from tasks.core.money import NANO
from tasks.core.month_end.posting import difference
from tasks.core.night import Books, IssuerDay
from tasks.core.reconciling.prepaid import Replay, replay
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import charge, legs, night, usage

FIRST = date(2026, 11, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(10)]
BOUGHT, DRAWN, EXPIRED = (
    Destination(DestinationKind.PREPAID, "platform", method=method)
    for method in (Method.BOUGHT, Method.DRAWN, Method.EXPIRED)
)
BREAKAGE = Destination(DestinationKind.BREAKAGE, "platform", method=Method.EXPIRED)
REST = Destination(DestinationKind.UNATTRIBUTED, "platform", paid_from="production")

Ledger = dict[tuple[BookKey, Destination], int]


def lot(number: int = 0, **fields: Any) -> Prepaid:
    """Make a lot of 100 units bought on the first day."""
    values = {"id": f"lot-{number}", "issuer": "anthropic", "account": "main", "bought": FIRST}
    return Prepaid.model_validate({**values, "amount": "100", **fields})


def billed(day: date, units: int, **fields: Any) -> ChargeCell:
    return charge(units * NANO, day=day, **fields)


def books_of(
    lots: Sequence[Prepaid],
    charges: Sequence[ChargeCell] = (),
    days: Sequence[date] = DAYS,
    **fields: Any,
) -> Books:
    values = {
        "legs": legs(*days),
        "bookable": {("anthropic", day) for day in days},
        "finance": Finance(prepaid=tuple(lots)),
        **fields,
    }
    return reconcile(night([], [], charges, **values))


def units(books: Books) -> dict[date, dict[Destination, int]]:
    """Give the books by day, in whole units."""
    return {
        key.day: {to: amount // NANO for to, amount in amounts.items()}
        for key, amounts in books.desired.items()
    }


def told(books: Books) -> list[tuple[str, int, int, int, int]]:
    """Give each lot as bought, drawn, expired and left, in whole units."""
    return [
        (
            row.lot,
            row.bought_nano // NANO,
            row.drawn_nano // NANO,
            row.expired_nano // NANO,
            row.left_nano // NANO,
        )
        for row in books.prepaid
    ]


def test_usage_draws_a_lot_down_and_families_keep_what_it_cost() -> None:
    charges = [billed(DAYS[0], 30), billed(DAYS[1], 90), billed(DAYS[2], 5)]

    books = books_of([lot()], charges)

    assert units(books) == {
        DAYS[0]: {BOUGHT: 100, DRAWN: -30, REST: 30},
        DAYS[1]: {DRAWN: -70, REST: 90},
        DAYS[2]: {REST: 5},
    }
    assert told(books) == [("lot-0", 100, 100, 0, 0)]


def test_what_is_left_is_lost_on_the_day_after_its_last() -> None:
    books = books_of([lot(expires=DAYS[1])], [billed(DAYS[1], 30), billed(DAYS[2], 30)])

    assert units(books)[DAYS[1]] == {DRAWN: -30, REST: 30}
    assert units(books)[DAYS[2]] == {EXPIRED: -70, BREAKAGE: 70, REST: 30}
    assert told(books) == [("lot-0", 100, 30, 70, 0)]


def test_a_lot_that_the_vendor_bills_rises_by_that_charge_but_draws_what_the_line_says() -> None:
    bought = billed(DAYS[2], 99, category="purchase", sku="credits", model=None, kind=None)
    fee = billed(DAYS[2], 1, category="purchase", sku="support", model=None, kind=None)

    books = books_of([lot(sku="credits")], [billed(DAYS[0], 120), bought, fee])

    assert units(books) == {
        DAYS[0]: {DRAWN: -100, REST: 120},
        DAYS[2]: {BOUGHT: 99, Destination(DestinationKind.FEE, "platform"): 1},
    }
    assert "prepaid main sku credits" in books.terms["anthropic", DAYS[2]]


def test_only_usage_of_the_lots_account_draws_it() -> None:
    others = [
        billed(FIRST, 7, account="other"),
        billed(FIRST, 5, category="tax", model=None, kind=None),
        billed(FIRST, 4, category="purchase", model=None, kind=None),
        billed(FIRST, -3, sku="adjusted", model=None, kind=None),  # a credit by another name
    ]

    assert told(books_of([lot()], others)) == [("lot-0", 100, 0, 0, 100)]


@pytest.mark.parametrize("amounts", [[-20], [30, -30], [10, -40]], ids=str)
def test_a_day_that_owes_nothing_draws_nothing(amounts: list[int]) -> None:
    charges = [billed(FIRST, amount, kind=f"kind-{amount}") for amount in amounts]

    assert told(books_of([lot()], charges)) == [("lot-0", 100, 0, 0, 100)]


@pytest.mark.parametrize(
    ("lots", "drawn"),
    [
        ([lot(0), lot(1, expires=DAYS[3])], {"lot-0": 50, "lot-1": 100}),
        ([lot(0, expires=DAYS[4]), lot(1, expires=DAYS[3])], {"lot-0": 50, "lot-1": 100}),
        ([lot(0, bought=DAYS[1]), lot(1)], {"lot-0": 50, "lot-1": 100}),
        ([lot(1), lot(0)], {"lot-0": 100, "lot-1": 50}),
        ([lot(0, bought=DAYS[3]), lot(1)], {"lot-0": 0, "lot-1": 100}),
        ([lot(0, expires=DAYS[1]), lot(1)], {"lot-0": 0, "lot-1": 100}),
    ],
    ids=["one without end last", "last day", "day bought", "id", "not bought yet", "over"],
)
def test_overlapping_lots_are_drawn_in_order(lots: list[Prepaid], drawn: dict[str, int]) -> None:
    books = books_of(lots, [billed(DAYS[2], 150)])

    assert {name: amount for name, _, amount, _, _ in told(books)} == drawn


def test_a_lot_until_the_end_of_time_is_no_fault() -> None:
    assert told(books_of([lot(expires=date.max)])) == [("lot-0", 100, 0, 0, 100)]


def test_lots_bought_after_the_last_day_are_not_told_yet() -> None:
    assert books_of([lot(bought=DAYS[-1] + timedelta(days=1))]).prepaid == ()


def test_nothing_moves_while_nothing_can_be_booked() -> None:
    books = books_of([lot()], [billed(FIRST, 30)], bookable=())

    assert units(books) == {FIRST: {REST: 30}}
    assert books.prepaid == ()


def _posted(day: date, to: Destination, amount: int, **fields: Any) -> Ledger:
    values = {"billing_period": "2026-11", "currency": "USD", **fields}
    return {(BookKey("anthropic", "main", day, **values), to): amount * NANO}


def test_a_day_that_cannot_be_booked_draws_what_is_posted_for_it() -> None:
    posted = {
        **_posted(DAYS[0], DRAWN, -40),
        **_posted(DAYS[0], DRAWN, 10, billing_period="2026-12", origin_period="2026-11"),
        **_posted(DAYS[1], DRAWN, -1),  # can be booked: computed again
        **_posted(DAYS[0], BOUGHT, 100),
    }

    books = books_of(
        [lot()], [billed(DAYS[0], 99), billed(DAYS[1], 90)], posted=posted, days=DAYS[1:]
    )

    assert units(books) == {DAYS[1]: {DRAWN: -70, REST: 90}}
    assert told(books) == [("lot-0", 100, 100, 0, 0)]


def test_what_is_posted_never_draws_more_than_there_is() -> None:
    posted = _posted(DAYS[0], DRAWN, -140)

    books = books_of([lot(), lot(1, bought=DAYS[1])], posted=posted, days=DAYS[1:])

    assert told(books) == [("lot-0", 100, 100, 0, 0), ("lot-1", 100, 0, 0, 100)]


def test_a_lot_that_ends_on_a_held_day_is_lost_in_the_books_once_the_day_is_released() -> None:
    ending = [lot(expires=DAYS[1])]
    released = {("anthropic", day) for day in DAYS}
    held = released - {("anthropic", DAYS[2])}

    while_held = books_of(ending, [billed(DAYS[3], 30)], bookable=held)
    afterwards = books_of(ending, [billed(DAYS[3], 30)], bookable=released)

    assert units(while_held) == {FIRST: {BOUGHT: 100}, DAYS[3]: {REST: 30}}
    assert units(afterwards) == {**units(while_held), DAYS[2]: {EXPIRED: -100, BREAKAGE: 100}}


def test_a_lot_whose_purchase_no_night_has_booked_is_named_until_one_has() -> None:
    lots = [lot(), lot(1, account="other", sku="credits"), lot(2, bought=DAYS[3])]
    posted = _posted(FIRST, DRAWN, -40)

    (finding,) = books_of(lots, posted=posted, days=DAYS[2:]).findings

    assert (finding.code, finding.subject) == ("lot_not_booked", "lot-0")
    posted |= _posted(FIRST, BOUGHT, 100)
    assert books_of(lots, posted=posted, days=DAYS[2:]).findings == ()
    assert books_of(lots, posted={}, days=DAYS).findings == ()
    assert books_of(lots, posted={}, days=DAYS, bookable=()).findings == ()


def test_coverage_and_breaks_do_not_hang_on_how_usage_is_paid() -> None:
    metered = [usage(1_000_000, day=FIRST)]
    charges = [billed(FIRST, 5)]
    plain = reconcile(night([], metered, charges, legs=legs(FIRST)))

    books = reconcile(
        night(
            [],
            metered,
            charges,
            legs=legs(FIRST),
            bookable={("anthropic", FIRST)},
            finance=Finance(prepaid=(lot(),)),
        )
    )

    assert (books.coverage, books.breaks, books.ties) == (plain.coverage, plain.breaks, plain.ties)
    assert books.families == plain.families


days_of = st.integers(0, len(DAYS) - 1)
some_lots = st.lists(
    st.tuples(days_of, st.none() | days_of, st.integers(0, 50), st.booleans()), max_size=5
).map(
    lambda rows: [
        lot(
            number,
            bought=DAYS[bought],
            expires=None if end is None else max(DAYS[end], DAYS[bought]),
            amount=amount,
            sku="credits" if is_billed else None,
        )
        for number, (bought, end, amount, is_billed) in enumerate(rows)
    ]
)
some_usage = st.dictionaries(st.sampled_from(DAYS), st.integers(-20, 60))


def _replayed(
    lots: Sequence[Prepaid], used: Mapping[date, int], bookable: Collection[date]
) -> Replay:
    wanted = {day: amount * NANO for day, amount in used.items()}
    posted = {day: amount for day, amount in wanted.items() if day not in bookable}
    return replay(lots, "USD", usage=wanted, posted=posted, bookable=bookable)


@given(some_lots, some_usage, st.sets(st.sampled_from(DAYS), min_size=1), st.randoms())
def test_bought_is_drawn_and_expired_and_left_always(
    lots: list[Prepaid], used: dict[date, int], bookable: set[date], noise: random.Random
) -> None:
    found = _replayed(lots, used, bookable)

    assert found == _replayed(noise.sample(lots, len(lots)), used, bookable)
    for row in found.rows:
        assert row.bought_nano == row.drawn_nano + row.expired_nano + row.left_nano
        assert min(row.drawn_nano, row.expired_nano, row.left_nano) >= 0
    for day, movement in found.movements.items():
        assert day in bookable
        wanted = max(0, used.get(day, 0)) * NANO
        assert movement.drawn_nano == min(wanted, movement.opening_nano)
        assert sum(movement.amounts("").values()) == movement.owed_nano()
    if bookable == set(DAYS):
        drawn = sum(row.drawn_nano for row in found.rows)
        assert drawn == sum(movement.drawn_nano for movement in found.movements.values())


class _Nights:
    """A small ledger over nights, with the bases that tell each difference its cause."""

    def __init__(self) -> None:
        self.ledger: Ledger = {}
        self.bases: dict[IssuerDay, DayBasis] = {}

    def run(
        self, lots: Sequence[Prepaid], used: Mapping[date, int], days: Sequence[date]
    ) -> list[Entry]:
        """Book some days; the others of the window are held."""
        charges = [billed(day, amount) for day, amount in used.items() if day in days]
        books = books_of(lots, charges, days, posted=self.ledger)
        now = {
            ("anthropic", day): DayBasis(
                *("anthropic", day, str(used.get(day)), str(used.get(day)), "", "", "", "", "", ""),
                joined_digest(books.terms.get(("anthropic", day), ())),
                "code",
            )
            for day in days
        }
        entries = difference(
            self.ledger, books.desired, days=now.keys(), previous=self.bases, now=now
        )
        self.bases |= now
        for entry in entries:
            for posting in entry.postings:
                place = (entry.key, posting.destination)
                self.ledger[place] = self.ledger.get(place, 0) + posting.amount_nano
        return entries

    def booked(self) -> Ledger:
        return {place: amount for place, amount in self.ledger.items() if amount}


def test_a_restatement_of_an_early_day_moves_later_draws_exactly() -> None:
    nights = _Nights()
    nights.run([lot()], {DAYS[0]: 30, DAYS[1]: 60, DAYS[2]: 40}, DAYS)

    entries = nights.run([lot()], {DAYS[0]: 45, DAYS[1]: 60, DAYS[2]: 40}, DAYS)

    moved = {
        (entry.key.day, entry.cause, one.destination): one.amount_nano // NANO
        for entry in entries
        for one in entry.postings
        if one.destination.kind is not DestinationKind.PAYABLE
    }
    assert moved == {
        (DAYS[0], Cause.RESTATED, REST): 15,
        (DAYS[0], Cause.RESTATED, DRAWN): -15,
        (DAYS[1], Cause.REPRICED, DRAWN): 5,
        (DAYS[2], Cause.REPRICED, DRAWN): 10,
    }


@given(
    some_lots,
    st.lists(
        st.tuples(some_usage, days_of, days_of, st.sets(st.sampled_from(DAYS), max_size=3)),
        max_size=5,
    ),
)
def test_whatever_was_late_held_or_restated_the_books_end_as_if_told_at_once(
    lots: list[Prepaid], nights: list[tuple[dict[date, int], int, int, set[date]]]
) -> None:
    used: dict[date, int] = {}
    booked = _Nights()
    for restated, start, end, held in nights:
        used |= restated
        booked.run(lots, used, [day for day in DAYS[start : end + 1] if day not in held])
    booked.run(lots, used, DAYS)

    assert booked.run(lots, used, DAYS) == []
    at_once = _Nights()
    at_once.run(lots, used, DAYS)
    assert booked.booked() == at_once.booked()


@given(some_lots, some_usage, days_of)
def test_a_window_that_moves_on_posts_nothing_for_the_days_it_still_sees(
    lots: list[Prepaid], used: dict[date, int], start: int
) -> None:
    nights = _Nights()
    nights.run(lots, used, DAYS)

    assert nights.run(lots, used, DAYS[start:]) == []


@given(some_lots, some_lots, some_usage)
def test_lots_that_finance_changes_later_are_explained_by_it(
    before: list[Prepaid], after: list[Prepaid], used: dict[date, int]
) -> None:
    nights = _Nights()
    nights.run(before, used, DAYS)

    entries = nights.run(after, used, DAYS)

    assert {entry.cause for entry in entries} <= {Cause.REPRICED, Cause.NEW}
    fresh = _Nights()
    fresh.run(after, used, DAYS)
    assert nights.booked() == fresh.booked()
