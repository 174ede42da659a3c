"""Reads the ways in which servers say when to come back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,12}(\.\d{1,9})?")
_DURATION = re.compile(
    r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?"
)
_NO_SECONDS = re.compile(r"T\d{2}:\d{2}(?!:?\d)")
#: A `Date` further off than this is a replay or a broken server, no skewed clock.
_MAX_SKEW = timedelta(days=1)
_FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)


class UnreadableError(ValueError):
    """A header that should say when to come back says nothing we understand."""


def server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """Tell the server's own present, by which its absolute moments are meant.

    Its `Date` header, so that a skewed clock on either side does no harm; `now` if
    the header is missing or more than a day off.
    """
    try:
        there = read_http_date(headers.get("date", ""))
    except UnreadableError:
        return now
    return there if abs(there - now) <= _MAX_SKEW else now


def read_retry_after(text: str, now: datetime, there: datetime) -> datetime:
    """Read `Retry-After` (RFC 9110 §10.2.3): seconds or a date; fractions are tolerated."""
    stripped = text.strip()
    if _SECONDS.fullmatch(stripped):
        return _after(now, float(stripped))
    return now + (read_http_date(stripped) - there)


def read_http_date(text: str) -> datetime:
    """Read an HTTP date in any of its three forms, aware UTC; a missing zone means UTC."""
    try:
        moment = parsedate_to_datetime(text.strip())
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableError from error
    return _utc(moment)


def read_epoch(text: str, now: datetime, there: datetime) -> datetime:
    """Read seconds since 1970, as in GitHub's `x-ratelimit-reset`."""
    if not _SECONDS.fullmatch(text.strip()):
        raise UnreadableError
    seconds = min(float(text), _FAR_FUTURE.timestamp())
    return now + (datetime.fromtimestamp(seconds, UTC) - there)


def read_iso(text: str, now: datetime, there: datetime) -> datetime:
    """Read an ISO 8601 moment; one without seconds (Jira) means the end of its minute."""
    stripped = text.strip()
    try:
        moment = _utc(datetime.fromisoformat(stripped))
    except (ValueError, OverflowError) as error:
        raise UnreadableError from error
    slack = timedelta(minutes=1) if _NO_SECONDS.search(stripped) else timedelta()
    return now + (min(moment, _FAR_FUTURE) - there) + slack


def read_duration(text: str, now: datetime, _there: datetime) -> datetime:
    """Read a duration such as `6m0s`, `1.5s` or `20ms`, as in OpenAI's reset headers."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise UnreadableError
    hours, minutes, seconds, millis = (float(group or 0) for group in found.groups())
    return _after(now, hours * 3600 + minutes * 60 + seconds + millis / 1000)


def read_seconds(text: str, now: datetime, _there: datetime) -> datetime:
    """Read a plain number of seconds."""
    if not _SECONDS.fullmatch(text.strip()):
        raise UnreadableError
    return _after(now, float(text))


def _after(now: datetime, seconds: float) -> datetime:
    return now + min(timedelta(seconds=seconds), _FAR_FUTURE - now)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise UnreadableError from error
