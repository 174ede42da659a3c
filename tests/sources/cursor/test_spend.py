"""Which days Cursor's spend of the current cycle is held against, and how members add up."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tasks.sources.cursor.spend import CycleSum, Spend, add_spends, days_to_now, spend_findings

SINCE = datetime(2026, 11, 17, 15, 20, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def day(number: int) -> date:
    return date(2026, 11, number)


def spend(cents: int = 0, overall: int | None = 0, since: datetime = SINCE) -> Spend:
    return Spend(since, Decimal(cents), None if overall is None else Decimal(overall))


@pytest.mark.parametrize(
    ("window", "left"),
    [
        ((day(17), day(21)), []),
        ((day(17), day(20)), [day(21)]),
        ((day(16), day(19)), [day(20), day(21)]),
        ((day(16), day(18)), None),  # a look at the past
        ((day(18), day(21)), None),  # the cycle began before
        ((day(1), day(22)), []),
    ],
)
def test_the_days_after_a_window_are_read_up_to_now(
    window: tuple[date, date], left: list[date] | None
) -> None:
    found = days_to_now(spend(), window, TODAY)

    assert (None if found is None else list(found)) == left


def test_a_cycle_that_begins_today_is_held_and_one_that_has_not_begun_is_not() -> None:
    today = datetime(2026, 11, 21, 0, 1, tzinfo=UTC)

    assert days_to_now(spend(since=today), (day(16), day(21)), TODAY) == ()
    assert days_to_now(spend(since=today), (day(16), day(21)), day(20)) is None


def test_pages_add_up_from_the_newest_beginning_that_one_of_them_tells() -> None:
    later = SINCE.replace(hour=16)

    both = add_spends([spend(10, 20), spend(1, 2, later)])

    assert both == spend(11, 22, later)
    assert add_spends([spend(10, 20), spend(1, None)]).overall_cents is None


def test_a_cent_a_day_is_no_difference_and_more_is_told_as_it_is() -> None:
    nothing = CycleSum(SINCE)

    (finding,) = spend_findings(spend(5, 6), nothing, "cursor", TODAY)

    assert finding.detail == (
        "since 2026-11-17 the team's overallSpendCents is 6.0000, its events come to 0.0000:"
        " -6.0000 apart"
    )
