"""Claude Code analytics: an estimate for each day, person or key, terminal and model.

One UTC day a request, and only of data that is older than an hour. It tells no session, and
of subscribers it may tell nothing at all: a last resort where no other log sees the work.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from config.shapes.sources import ClaudeCodeAnalyticsSource, Issuer
from tasks.core.batches import Batch, Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.issuers import issuer_of
from tasks.core.people import Door
from tasks.sources.claude_code_analytics.payloads import PROVIDER, DayOfUse, RowReader
from tasks.sources.report_days import read_to
from tasks.sources.report_fields import Payload, read_page
from tasks.sources.squad_rows import conform_use, folded_rows, unread_days
from tasks.transport.client import Client
from tasks.transport.pages import cursor_pages

RUNS = Stream("runs", StreamKind.REPORT, "runs")
USE = Stream("use", StreamKind.REPORT, "squad_use")
STREAMS: tuple[Stream, ...] = (RUNS, USE)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "claude_code_analytics-1"

_PATH = "/v1/organizations/usage_report/claude_code"
_ANY_MODEL = "claude-code"
# What is younger is left out of an answer.
_TOLD_AFTER = timedelta(hours=1)
# The most that a page holds.
_PAGE_ROWS = 1000


class _Page(Payload):
    data: list[object]


def fetch(
    stream: Stream,
    client: Client,
    config: ClaudeCodeAnalyticsSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    door: Door,
) -> Pulled:
    """Read the ended days of the window, both bounds included.

    Without a directory nobody's squad is known, and use by squad is not asked for.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    if stream == USE and not door.has_directory:
        unread = unread_days(window, now)
        return Pulled(unread, read_to(unread, window))
    before = client.requests
    reader = RowReader(config, door)
    days = [day for day in window_days(*window) if day < vendor_day(now)]
    batches = [_batch(stream, _read(client, reader, day), now) for day in days]
    # Told once, with the requests.
    findings = reader.marks.findings() if stream == RUNS else ()
    return Pulled(batches, read_to(batches, window), client.requests - before, findings)


def conform(
    stream: Stream,  # noqa: ARG001  # requests are typed set-wise
    config: ClaudeCodeAnalyticsSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],
) -> Conformed:
    """Give the folded use of one UTC day the form of `squad_use`."""
    issuer = issuer_of(PROVIDER, _ANY_MODEL, config.issuers, issuers)
    return conform_use(rows, source=config.name, issuer=issuer, day=key)


def _read(client: Client, reader: RowReader, day: date) -> DayOfUse:
    read = DayOfUse(day)
    params: dict[str, str | int] = {"starting_at": day.isoformat(), "limit": _PAGE_ROWS}
    for number, page in enumerate(cursor_pages(client, _PATH, params=params), start=1):
        rows = read_page(_Page, client.source, _PATH, page.json).data
        for position, row in enumerate(rows):
            reader.read(row, f"{_PATH} {day} page {number}", position, read)
    return read


def _batch(stream: Stream, read: DayOfUse, now: datetime) -> Batch:
    is_whole = now >= day_bounds(read.day)[1] + _TOLD_AFTER
    if stream == USE:
        return Batch(read.day, folded_rows(read.used), is_complete=is_whole)
    rows = [one.to_raw() for one in read.requests]
    return Batch(read.day, rows, tuple(read.rejects), is_complete=is_whole)
