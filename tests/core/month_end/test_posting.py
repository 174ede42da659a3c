"""Books change by the difference, once, with the cause that explains it."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import BookKey, Cause, DayBasis, Destination, DestinationKind, Entry
from tasks.core.errors import OutOfRangeError, UnexplainedDifferenceError
from tasks.core.month_end.posting import PAYABLE, difference

DAY = date(2026, 11, 10)
OURS, THEIRS = ("anthropic", DAY), ("openai", DAY)
NOBODY = Destination(DestinationKind.UNATTRIBUTED)


def to(workflow: str, **fields: Any) -> Destination:
    return Destination(
        DestinationKind.FAMILY, "platform", "upgrades", workflow, "production", **fields
    )


def book(account: str = "main", **fields: Any) -> BookKey:
    values = {"issuer": "anthropic", "day": DAY, "billing_period": "2026-11", **fields}
    return BookKey(account=account, currency=values.pop("currency", "USD"), **values)


def basis(*, issuer: str = "anthropic", **fields: str) -> DayBasis:
    digests = {
        column.name: "same"
        for column in dataclasses.fields(DayBasis)
        if column.name not in ("issuer", "day")
    }
    return DayBasis(issuer, DAY, **{**digests, **fields})


Ledger = dict[tuple[BookKey, Destination], int]


def post(ledger: Mapping[tuple[BookKey, Destination], int], entries: list[Entry]) -> Ledger:
    """Add entries to what is posted, as the ledger would."""
    after = dict(ledger)
    for entry in entries:
        for posting in entry.postings:
            place = (entry.key, posting.destination)
            after[place] = after.get(place, 0) + posting.amount_nano
    return after


def entries_for(
    posted: Ledger,
    desired: Mapping[BookKey, Mapping[Destination, int]],
    was: DayBasis | None = None,
    now: DayBasis | None = None,
    **fields: Any,
) -> list[Entry]:
    return difference(
        posted,
        desired,
        days=fields.pop("days", {OURS}),
        previous={OURS: was} if was is not None else {},
        now={OURS: now or basis(), THEIRS: basis(issuer="openai")},
        **fields,
    )


def posted_as(desired: Mapping[BookKey, Mapping[Destination, int]]) -> Ledger:
    return post({}, entries_for({}, desired))


def test_a_day_that_was_never_posted_is_posted_as_new() -> None:
    (entry,) = entries_for({}, {book(): {to("alpha"): 70, NOBODY: 30}})

    assert entry.cause is Cause.NEW
    assert {item.destination: item.amount_nano for item in entry.postings} == {
        to("alpha"): 70,
        NOBODY: 30,
        PAYABLE: -100,
    }
    assert entry.imbalance_nano() == 0


def test_the_same_again_posts_nothing() -> None:
    desired = {book(): {to("alpha"): 70, NOBODY: 30}}

    assert entries_for(posted_as(desired), desired, basis(), basis(runs="other")) == []


def test_a_correction_posts_only_what_changed() -> None:
    posted = posted_as({book(): {to("alpha"): 70, to("beta"): 5, NOBODY: 30}})

    (entry,) = entries_for(
        posted,
        {book(): {to("alpha"): 90, to("beta"): 5}},
        basis(),
        basis(charges_raw="restated"),
    )

    assert entry.cause is Cause.RESTATED
    assert {item.destination: item.amount_nano for item in entry.postings} == {
        to("alpha"): 20,
        NOBODY: -30,
        PAYABLE: 10,
    }


def test_money_that_only_changes_hands_leaves_the_payable_alone() -> None:
    posted = posted_as({book(): {NOBODY: 30}})

    (entry,) = entries_for(posted, {book(): {to("alpha"): 30}}, basis(), basis(runs="more"))

    assert {item.destination for item in entry.postings} == {to("alpha"), NOBODY}
    assert entry.imbalance_nano() == 0


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"charges_raw": "x", "runs": "x", "code_version": "x"}, Cause.RESTATED),
        ({"runs": "x", "card": "x"}, Cause.RECLASS),
        ({"usage": "x"}, Cause.RECLASS),
        ({"catalog": "x"}, Cause.RECLASS),
        ({"policy": "x"}, Cause.RECLASS),
        ({"card": "x", "code_version": "x"}, Cause.REPRICED),
        ({"terms": "x", "runs": "x"}, Cause.REPRICED),
        ({"fx": "x", "card": "x", "charges": "x"}, Cause.FX),
        ({"charges": "x"}, Cause.SOFTWARE),
        ({"code_version": "x"}, Cause.SOFTWARE),
    ],
    ids=str,
)
def test_the_first_thing_that_changed_names_the_cause(
    changed: dict[str, str], cause: Cause
) -> None:
    posted = posted_as({book(): {NOBODY: 30}})

    (entry,) = entries_for(posted, {book(): {to("alpha"): 30}}, basis(), basis(**changed))

    assert entry.cause is cause


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"charges_raw": "x", "charges": "x"}, Cause.RESTATED),
        ({"terms": "x", "runs": "x"}, Cause.REPRICED),
        ({"fx": "x", "runs": "x"}, Cause.FX),
        ({"charges": "x", "runs": "x"}, Cause.SOFTWARE),
        ({"code_version": "x", "catalog": "x"}, Cause.SOFTWARE),
    ],
    ids=str,
)
def test_a_total_moves_only_with_the_charges_or_how_we_read_them(
    changed: dict[str, str], cause: Cause
) -> None:
    posted = posted_as({book(): {NOBODY: 30}})

    (entry,) = entries_for(posted, {book(): {NOBODY: 31}}, basis(), basis(**changed))

    assert entry.cause is cause


@pytest.mark.parametrize(
    ("was", "now", "amount"),
    [
        (basis(), basis(), 30),
        (basis(), basis(runs="x", catalog="x", card="x"), 31),
        (None, basis(runs="x"), 30),
    ],
    ids=["nothing changed", "a total moved without new charges", "the last basis is lost"],
)
def test_a_difference_that_nothing_explains_holds_the_night(
    was: DayBasis | None, now: DayBasis, amount: int
) -> None:
    posted = posted_as({book(): {NOBODY: 30}})

    with pytest.raises(UnexplainedDifferenceError, match=r"1 books .* anthropic main 2026-11-10"):
        entries_for(posted, {book(): {to("alpha"): amount}}, was, now)


def test_days_that_are_not_complete_stay_as_they_are() -> None:
    posted = posted_as({book(): {NOBODY: 30}})

    assert entries_for(posted, {}, basis(), basis(charges_raw=""), days=set()) == []
    both = {book(): {NOBODY: 30}, book(issuer="openai"): {NOBODY: 5}}
    assert entries_for(posted, both, basis()) == []
    (entry,) = entries_for(posted, both, basis(), days={OURS, THEIRS})
    assert entry.key.issuer == "openai"


def test_a_book_that_is_no_longer_billed_is_taken_back() -> None:
    posted = posted_as({book("gone"): {NOBODY: 30}, book(): {NOBODY: 1}})

    (entry,) = entries_for(posted, {book(): {NOBODY: 1}}, basis(), basis(charges_raw="restated"))

    assert entry.key == book("gone")
    assert [item.amount_nano for item in entry.postings] == [-30, 30]


def test_an_account_that_appears_on_a_posted_day_is_a_correction() -> None:
    posted = posted_as({book(): {NOBODY: 1}})
    desired = {book(): {NOBODY: 1}, book("late"): {NOBODY: 8}}

    (entry,) = entries_for(posted, desired, basis(), basis(charges_raw="restated"))

    assert (entry.key, entry.cause) == (book("late"), Cause.RESTATED)


def test_currencies_and_periods_are_entries_of_their_own() -> None:
    keys = [book(), book(currency="EUR"), book(billing_period="2026-12"), book("beta")]

    entries = entries_for({}, {key: {NOBODY: 1} for key in reversed(keys)})

    assert {entry.key for entry in entries} == set(keys)
    assert entries == entries_for({}, {key: {NOBODY: 1} for key in keys}), "order is stable"


def test_the_correction_of_a_closed_period_is_booked_in_the_open_one() -> None:
    posted = posted_as({book(): {NOBODY: 30}})
    desired = {book(): {to("alpha"): 42}}
    now = basis(charges_raw="restated")

    entries = entries_for(posted, desired, basis(), now, closed={"2026-11": "2026-12"})

    (entry,) = entries
    assert entry.key == book(billing_period="2026-12", origin_period="2026-11")
    corrected = post(posted, entries)
    assert entries_for(corrected, desired, now, now, closed={"2026-11": "2026-12"}) == []
    assert entries_for(corrected, desired, now, now) == [], "nor when it is opened again"


def test_an_amount_beyond_the_range_is_refused() -> None:
    limit = 9_199_999_999_999_999_999

    with pytest.raises(OutOfRangeError):
        entries_for({}, {book(): {to("alpha"): limit, NOBODY: limit}})


amounts = st.dictionaries(
    st.sampled_from([to("alpha"), to("beta"), to("alpha", paid_from="exploration"), NOBODY]),
    st.integers(-(10**17), 10**17).filter(bool),
)
books_of_a_day = st.dictionaries(
    st.sampled_from([book(), book("beta"), book(currency="EUR"), book(billing_period="2026-12")]),
    amounts,
)


@given(st.lists(books_of_a_day, min_size=1, max_size=4))
def test_after_any_nights_the_ledger_says_what_the_last_one_wanted(
    nights: list[dict[BookKey, dict[Destination, int]]],
) -> None:
    ledger: Ledger = {}
    now = basis()
    for number, desired in enumerate(nights):
        was, now = now, basis(charges_raw=str(number))
        entries = entries_for(ledger, desired, was, now)
        ledger = post(ledger, entries)
        assert all(entry.imbalance_nano() == 0 for entry in entries)
        assert entries_for(ledger, desired, now, dataclasses.replace(now, runs="later")) == []

    held = {place: amount for place, amount in ledger.items() if amount and place[1] != PAYABLE}
    assert held == {
        (key, destination): amount
        for key, lines in nights[-1].items()
        for destination, amount in lines.items()
    }
    assert sum(ledger.values()) == 0


def test_a_day_without_its_log_posts_provisionally_until_the_log_comes() -> None:
    desired = {book(): {NOBODY: 30}, book(issuer="openai"): {NOBODY: 5}}

    early = entries_for({}, desired, days={OURS, THEIRS}, provisional={OURS})

    flags = {(entry.key.issuer, one.is_provisional) for entry in early for one in entry.postings}
    assert flags == {("anthropic", True), ("openai", False)}
    posted = post({}, early)
    (late,) = entries_for(posted, {book(): {to("alpha"): 30}}, basis(), basis(runs="come"))
    assert late.cause is Cause.RECLASS
    assert not any(one.is_provisional for one in late.postings)
    assert entries_for(post(posted, [late]), {book(): {to("alpha"): 30}}, basis()) == []
