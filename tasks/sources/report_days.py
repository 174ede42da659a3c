"""Daily reports as batches: buckets gathered by day, and which of the days are closed.

Anthropic and OpenAI answer in buckets of one UTC day. What a row means stays with
each vendor's module.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tasks.core.batches import Batch, Pulled, RawRow, Reject, Watermark
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.transport.client import Client
from tasks.transport.pages import cursor_pages

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One interval of a report page; `start` and `end` are aware."""

    start: datetime
    end: datetime
    results: Sequence[object]


@dataclass(slots=True)
class DayRows:
    """What the buckets of one day brought."""

    rows: list[RawRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set, repr=False)

    def has_repeats(self, results: Sequence[object]) -> bool:
        """Say whether an earlier bucket of the day held one of these rows; remember them."""
        texts = (json.dumps(row, sort_keys=True, default=str) for row in results)
        digests = {hashlib.sha256(text.encode()).digest() for text in texts}
        is_repeat = not digests.isdisjoint(self._seen)
        self._seen |= digests
        return is_repeat


#: Takes a decoded row, the place it came from and its position there.
ParseRow = Callable[[object, str, int], RawRow | Reject]


def gather_days(
    source: str, endpoint: str, pages: Iterable[Iterable[Bucket]], parse_row: ParseRow
) -> dict[date, DayRows]:
    """Parse the buckets of all pages and put their rows together by UTC day.

    Raises:
        SourceError: A bucket is not one whole UTC day, or two buckets bring the same row of
            a day, so that adding them up would count it twice.
    """
    days: dict[date, DayRows] = {}
    for number, buckets in enumerate(pages, start=1):
        for bucket in buckets:
            day = _whole_day(source, endpoint, bucket)
            gathered = days.setdefault(day, DayRows())
            if gathered.has_repeats(bucket.results):
                detail = f"page {number} of {endpoint} repeats rows of {day}; pull again later"
                raise SourceError(source, detail)
            for position, row in enumerate(bucket.results):
                parsed = parse_row(row, f"{endpoint} {day} page {number}", position)
                if isinstance(parsed, Reject):
                    gathered.rejects.append(parsed)
                else:
                    gathered.rows.append(parsed)
    return days


def with_known_keys(
    parse_row: ParseRow, known: Collection[str], keyed_digest: Callable[[str], str]
) -> ParseRow:
    """Keep the ids of declared keys only: any other key may be one person's.

    Args:
        parse_row: What parses a row; a key is its `api_key_id`.
        known: Ids of declared keys.
        keyed_digest: Digest under the installation's own key.
    """
    kept = frozenset(known)

    def parse(row: object, place: str, position: int) -> RawRow | Reject:
        parsed = parse_row(row, place, position)
        if isinstance(parsed, Reject):
            return parsed
        key = parsed.get("api_key_id")
        if key is None or key in kept:
            return parsed
        return {**parsed, "api_key_id": keyed_digest(str(key))}

    return parse


def pull_days(
    client: Client,
    path: str,
    params: Mapping[str, str | int | Sequence[str]],
    read_buckets: Callable[[object], Iterable[Bucket]],
    parse_row: ParseRow,
    *,
    source: str,
    window: tuple[date, date],
    now: datetime,
    empty_days: int,
) -> Pulled:
    """Read a paged report and make batches of its days.

    Args:
        client: Of the source.
        path: Of the report, below the source's base URL.
        params: The query; it stays the same for every page.
        read_buckets: Reads the frame of a page.
        parse_row: Reads a row of a bucket.
        source: Name of the source.
        window: First and last day wanted, both included.
        now: Aware business time.
        empty_days: See `close_days`.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    before = client.requests
    pages = (read_buckets(page.json) for page in cursor_pages(client, path, params=params))
    days = gather_days(source, path, pages, parse_row)
    batches = close_days(days, window, now, empty_days=empty_days)
    return Pulled(batches, read_to(batches, window), client.requests - before)


def close_days(
    days: Mapping[date, DayRows], window: tuple[date, date], now: datetime, *, empty_days: int
) -> list[Batch]:
    """Make one batch of each day of the window that the vendor answered for.

    A day without a bucket makes no batch: it is unknown, not zero. A day is complete once
    it has ended; an empty one only when it is older than the vendor's lag, because vendors
    answer with an empty bucket for days that they have not computed yet.

    Args:
        days: What was gathered.
        window: First and last day wanted, both included.
        now: Aware business time.
        empty_days: For how many days before today an empty bucket says nothing.
    """
    today = vendor_day(now)
    batches = []
    for day in window_days(*window):
        gathered = days.get(day)
        if gathered is None:
            continue
        has_content = bool(gathered.rows or gathered.rejects)
        is_complete = day < today and (has_content or day < today - empty_days * _ONE_DAY)
        batches.append(Batch(day, gathered.rows, tuple(gathered.rejects), is_complete))
    return batches


def read_to(
    batches: Iterable[Batch], window: tuple[date, date], offset_minutes: int = 0
) -> Watermark:
    """Say from which day of the window on the report is still to be read.

    Args:
        batches: What came of the window.
        window: First and last day, both included.
        offset_minutes: Start of the vendor's day, in minutes after 00:00 UTC.
    """
    complete = {batch.key for batch in batches if batch.is_complete}
    first_open = next(
        (day for day in window_days(*window) if day not in complete), window[1] + _ONE_DAY
    )
    return Watermark(read_to=day_bounds(first_open, offset_minutes)[0])


def _whole_day(source: str, endpoint: str, bucket: Bucket) -> date:
    day = vendor_day(bucket.start)
    if (bucket.start, bucket.end) != day_bounds(day):
        detail = (
            f"{endpoint} has a bucket from {bucket.start.isoformat()} to "
            f"{bucket.end.isoformat()}, which is not one UTC day"
        )
        raise SourceError(source, detail)
    return day
