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

    (found,) = differences(booked, others)

    assert (found.code, found.subject) == ("second_opinion", "enterprise")
    assert found.detail == (
        "says 9.00 USD for usage of 2026-11-01, where 10.00 USD are booked; only the booked report"
        " counts"
    )


def test_less_than_a_cent_is_no_difference() -> None:
    assert differences([told("a", FIRST, 1)], [told("b", FIRST, 1.009)]) == []
    assert differences([told("a", FIRST, 1)], [told("b", FIRST, 1.01)]) != []


def test_what_two_booked_sources_repeat_is_told_and_counts_once() -> None:
    booked = [told("a", FIRST, 4), told("b", FIRST, 6, 4), told("b", SECOND, 1, 1)]

    (found,) = repeats(booked)

    assert (found.code, found.subject) == ("seen_twice", "b")
    assert found.detail.startswith("5.00 USD of 2 days from 2026-11-01 to 2026-11-02 ")
    assert differences(booked, [told("c", FIRST, 6)]) == []
