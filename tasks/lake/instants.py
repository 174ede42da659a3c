"""Instants as the engine counts them: whole microseconds, whatever the machine's time zone."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_instant(microseconds: int) -> datetime:
    """Give the aware UTC instant of microseconds since 1970, to the microsecond."""
    return _EPOCH + timedelta(microseconds=microseconds)
