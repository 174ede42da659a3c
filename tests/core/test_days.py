"""A day is the vendor's own; windows include both ends."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tasks.core.days import billing_period, day_bounds, vendor_day, window_days

EIGHT_OCLOCK = 480


@pytest.mark.parametrize(
    ("instant", "offset", "day"),
    [
        (datetime(2026, 11, 10, 0, 0, tzinfo=UTC), 0, date(2026, 11, 10)),
        (datetime(2026, 11, 10, 23, 59, 59, 999_999, tzinfo=UTC), 0, date(2026, 11, 10)),
        (datetime(2026, 11, 10, 7, 59, tzinfo=UTC), EIGHT_OCLOCK, date(2026, 11, 9)),
        (datetime(2026, 11, 10, 8, 0, tzinfo=UTC), EIGHT_OCLOCK, date(2026, 11, 10)),
        (datetime(2026, 11, 10, 22, 0, tzinfo=UTC), -120, date(2026, 11, 11)),
        (datetime(2026, 11, 10, 1, tzinfo=timezone(timedelta(hours=2))), 0, date(2026, 11, 9)),
    ],
)
def test_an_instant_falls_on_the_issuers_day(instant: datetime, offset: int, day: date) -> None:
    assert vendor_day(instant, offset) == day


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        vendor_day(datetime(2026, 11, 10))  # noqa: DTZ001  # without a zone: the point


@pytest.mark.parametrize("offset", [0, EIGHT_OCLOCK, -1439])
def test_a_days_bounds_lie_on_that_day_and_the_next(offset: int) -> None:
    day = date(2026, 12, 31)

    first, end = day_bounds(day, offset)

    assert vendor_day(first, offset) == day
    assert vendor_day(end - timedelta(microseconds=1), offset) == day
    assert vendor_day(end, offset) == date(2027, 1, 1)


def test_a_billing_period_is_the_month_of_the_day() -> None:
    assert billing_period(date(2026, 1, 31)) == "2026-01"


def test_a_window_lists_both_its_ends() -> None:
    days = window_days(date(2026, 2, 27), date(2026, 3, 1))

    assert days == (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))
    assert window_days(days[0], days[0]) == (days[0],)


def test_a_window_that_ends_before_it_starts_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="ends on 2026-11-01 but starts on 2026-11-02; swap"):
        window_days(date(2026, 11, 2), date(2026, 11, 1))
