"""Days as vendors count them: an instant's day, a day's bounds, a window's days."""

from datetime import UTC, date, datetime, timedelta


def vendor_day(instant: datetime, offset_minutes: int = 0) -> date:
    """Name the issuer's day that an instant falls on.

    Args:
        instant: Aware, any zone.
        offset_minutes: Start of the issuer's day, in minutes after 00:00 UTC; a day that
            starts at 08:00 UTC has 480, so 07:59 UTC still belongs to the day before.

    Raises:
        ValueError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        message = f"instant {instant.isoformat()} has no time zone; give it one"
        raise ValueError(message)
    return (instant.astimezone(UTC) - timedelta(minutes=offset_minutes)).date()


def day_bounds(day: date, offset_minutes: int = 0) -> tuple[datetime, datetime]:
    """Give the first instant of an issuer's day and of the next one, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    start = midnight + timedelta(minutes=offset_minutes)
    return start, start + timedelta(days=1)


def billing_period(day: date) -> str:
    """Name the calendar month of an issuer's day, as `YYYY-MM`."""
    return f"{day.year:04d}-{day.month:02d}"


def period_days(period: str) -> tuple[date, ...]:
    """List the days of a billing period, `YYYY-MM`."""
    first = date.fromisoformat(f"{period}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return window_days(first, after - timedelta(days=1))


def window_days(start: date, end: date) -> tuple[date, ...]:
    """List the days from `start` to `end`, both included.

    Raises:
        ValueError: The window ends before it starts.
    """
    count = (end - start).days + 1
    if count < 1:
        message = f"the window ends on {end} but starts on {start}; swap the two dates"
        raise ValueError(message)
    return tuple(start + timedelta(days=number) for number in range(count))
