"""Several reports of one issuer: what differs is told, and nothing is added."""

from datetime import date

from tasks.core.reconciling.opinions import ToldCharges, differences, repeats

FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)
DOLLAR = 1_000_000_000


def told(source: str, day: date, dollars: float, repeated: float = 0) -> ToldCharges:
    usage, again = (round(value * DOLLAR) for value in (dollars, repeated))
    return ToldCharges(source, "anthropic", day, "USD", usage, again, again)


def test_a_second_opinion_is_held_to_what_is_booked_on_days_that_both_tell() -> None:
    booked = [told("admin", FIRST, 10), told("admin", SECOND, 5)]
    others = [told("enterprise", FIRST, 9), told("enterprise", date(2026, 11, 3), 7)]

    (found,) = differences(booked, others, ())

    assert (found.code, found.subject) == ("second_opinion", "enterprise")
    assert found.detail == (
        "says 9.00 USD for usage of 2026-11-01, where 10.00 USD are booked; only the booked report"
        " counts"
    )


def test_a_day_that_is_booked_as_nothing_is_held_to_what_the_other_says_of_it() -> None:
    booked = [told("admin", FIRST, 10)]
    others = [told("enterprise", FIRST, 10), told("enterprise", SECOND, 7)]

    (found,) = differences(booked, others, {("anthropic", FIRST), ("anthropic", SECOND)})

    assert found.detail.startswith("says 17.00 USD for usage of 2 days from 2026-11-01 to")
    assert "where 10.00 USD are booked" in found.detail
    assert differences(booked, others, {("anthropic", FIRST)}) == [], "not complete yet"


def test_less_than_a_cent_is_no_difference() -> None:
    assert differences([told("a", FIRST, 1)], [told("b", FIRST, 1.009999999)], ()) == []
    assert differences([told("a", FIRST, 1)], [told("b", FIRST, 1.01)], ()) != []


def test_what_two_booked_sources_repeat_is_told_and_counts_once() -> None:
    booked = [told("a", FIRST, 4), told("b", FIRST, 6, 4), told("b", SECOND, 1, 1)]

    (found,) = repeats(booked)

    assert (found.code, found.subject) == ("seen_twice", "b")
    assert found.detail.startswith("5.00 USD of 2 days from 2026-11-01 to 2026-11-02 ")
    assert differences(booked, [told("c", FIRST, 6)], ()) == []


def test_days_and_sources_are_told_in_order_whichever_came_first() -> None:
    days = [SECOND, date(2026, 11, 4), FIRST]
    booked = [told(name, day, 2, 1) for name in ("b", "c", "a") for day in days]
    others = [told(name, day, 9) for name in ("y", "z", "x") for day in days]

    of_days = " of 3 days from 2026-11-01 to 2026-11-04"
    assert [one.subject for one in repeats(booked)] == ["a", "b", "c"]
    differing = differences(booked, others, ())
    assert [one.subject for one in differing] == ["x", "y", "z"]
    assert all(of_days in one.detail for one in (*repeats(booked), *differing))
