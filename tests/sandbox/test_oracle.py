from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import script
from sandbox.oracle.nights import Night, run_nights
from sandbox.oracle.seen import look, window
from sandbox.oracle.shares import split, tolerance
from sandbox.oracle.truth import truth
from sandbox.people import SEEDED_NAMES
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.world import make_world


@settings(max_examples=60, derandomize=True)
@given(
    st.integers(-(10**15), 10**15),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any),
)
def test_a_split_is_exact_and_fair_to_the_unit(total: int, weights: list[int]) -> None:
    shares = split(total, weights)

    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert split(5, [1, 1, 1]) == [2, 2, 1]
    assert split(-5, [1, 1, 1]) == [-2, -2, -1]


def test_tolerance_is_the_larger_of_cent_and_half_per_cent() -> None:
    assert tolerance(1_000_000_000) == 10_000_000
    assert tolerance(-100_000_000_199) == 500_000_000


@pytest.mark.parametrize("position", [0, 1, 2])
def test_books_add_up_to_the_charges_of_every_account_and_day(
    nights: list[Night], position: int
) -> None:
    night = nights[position]

    for (issuer, account, day), books in night.desired.items():
        rows = [row for row in night.seen.charges[issuer, day] if row.account == account]
        assert sum(books.values()) == sum(row.amount_nano for row in rows)
    booked = sum(sum(books.values()) for books in night.desired.values())
    assert booked == sum(row.amount_nano for rows in night.seen.charges.values() for row in rows)


def test_the_ledger_is_the_sum_of_what_every_night_posted(nights: list[Night]) -> None:
    posted = sum(entry.amount_nano for night in nights for entry in night.entries)

    assert posted == sum(sum(books.values()) for books in nights[-1].ledger.values())


def test_days_that_left_the_window_stay_as_they_were(nights: list[Night]) -> None:
    gone = set(window(NIGHTS[0])) - set(window(NIGHTS[2]))

    kept = {place: books for place, books in nights[2].ledger.items() if place[2] in gone}
    assert kept
    assert kept == {place: nights[0].ledger[place] for place in kept}


def test_a_night_again_posts_nothing(world: World) -> None:
    again = run_nights(world, [NIGHTS[0], NIGHTS[0].replace(second=30)])

    assert again[0].entries
    assert again[1].entries == ()


def test_nights_out_of_order_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match="in order"):
        run_nights(world, [NIGHTS[1], NIGHTS[0]])


def test_corrections_name_their_cause(nights: list[Night]) -> None:
    causes = {
        (position, entry.day, entry.cause)
        for position, night in enumerate(nights)
        for entry in night.entries
    }

    assert {cause for position, _, cause in causes if position == 0} == {"new"}
    assert (1, script.FLAPPING_DAY, "restated") in causes
    assert (1, script.HALF_LINE_DAY, "reclass") in causes
    assert (2, script.FLAPPING_DAY, "restated") in causes
    assert (2, script.RESTATED_DAY, "restated") in causes
    assert (2, script.LATE_DAY, "new") in causes


def test_a_reclassification_moves_money_and_makes_none(nights: list[Night]) -> None:
    moved = [entry for entry in nights[1].entries if entry.cause == "reclass"]

    assert moved
    assert all(entry.amount_nano == 0 < entry.moved_nano for entry in moved)


def test_the_day_that_flapped_is_back_where_it_was(nights: list[Night]) -> None:
    place = ("openai", "proj_PlatformProd", script.FLAPPING_DAY)

    first, second, third = (night.ledger[place] for night in nights)

    assert first == third != second


def test_the_same_seed_tells_the_same_truth(world: World) -> None:
    assert truth(make_world(7, 0.3), NIGHTS[1]) == truth(world, NIGHTS[1])


def test_another_seed_tells_another(world: World) -> None:
    other = truth(make_world(8, 0.3), NIGHTS[0])

    assert other["totals"] != truth(world, NIGHTS[0])["totals"]


@pytest.mark.parametrize("scale", [0.02, 0.1, 2.0])
def test_any_scale_makes_a_world_whose_nights_tie_out(scale: float) -> None:
    night = run_nights(make_world(3, scale), NIGHTS)[-1]

    booked = sum(sum(books.values()) for books in night.desired.values())
    assert booked == sum(row.amount_nano for rows in night.seen.charges.values() for row in rows)


def test_scale_one_has_the_promised_size() -> None:
    world = make_world(7, 1.0)

    assert 1300 <= len(look(world, NIGHTS[0]).runs) <= 1900
    assert len(world.pulls) == 174
    assert len(world.tickets) == 42


def test_items_can_grow_alone() -> None:
    world = make_world(7, 0.1, items=3.0)

    assert len(world.pulls) == 516
    assert len(look(world, NIGHTS[0]).runs) < 500


@pytest.mark.parametrize("scale", [0, -1.0])
def test_a_scale_that_is_not_positive_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        make_world(7, scale)


def test_the_truth_names_nobody() -> None:
    text = str(truth(make_world(7, 0.1), NIGHTS[2])).lower()

    assert not [name for name in SEEDED_NAMES if name.lower() in text]
