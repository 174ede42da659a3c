"""Instants as outside systems write them, and as raw rows keep them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds would reach this in the year 5138, milliseconds did in 1973.
_FIRST_MILLISECONDS = 100_000_000_000


def parse_instant(value: object) -> datetime:
    """Read ISO 8601 text with an offset (`Z`, `+00:00`, `+0800`) as aware UTC.

    Raises:
        ValueError: Not text, not an instant, or without an offset.
    """
    if isinstance(value, datetime):
        instant = value
    elif isinstance(value, str):
        instant = datetime.fromisoformat(value)
    else:
        message = "must be ISO 8601 text"
        raise ValueError(message)  # noqa: TRY004  # pydantic turns ValueError into a finding
    if instant.tzinfo is None:
        message = "must say its offset from UTC"
        raise ValueError(message)
    return instant.astimezone(UTC)


def parse_instant_or_epoch(value: object) -> datetime:
    """Read ISO 8601 text, or a count of seconds or milliseconds since 1970, as aware UTC.

    Jira's `POST /rest/api/3/changelog/bulkfetch` gives `created` as a number, while
    `GET /issue/{key}/changelog` gives text (official description, read 2026-11).

    Raises:
        ValueError: As `parse_instant`, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return parse_instant(value)
    unit = timedelta(milliseconds=1 if abs(value) >= _FIRST_MILLISECONDS else 1000)
    try:
        return _EPOCH + value * unit
    except OverflowError:
        message = "is out of range for an instant"
        raise ValueError(message) from None


def instant_text(instant: datetime) -> str:
    """Write an aware instant as raw rows keep it: `2026-11-20T08:30:00Z`, UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
