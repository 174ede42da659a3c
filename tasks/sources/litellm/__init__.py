"""A LiteLLM proxy's spend logs over its API: one request a row, by UTC day.

Pages are numbered, so a row that is written meanwhile shifts all after it: a day is taken
only if its total stood still from the first page to the last and no row came twice. A proxy
counts to ten thousand at most: a day that has more is read in parts that have less.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import Field

from config.shapes.sources import LitellmSource
from tasks.core.batches import Pulled, Reject, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds
from tasks.core.errors import SourceError, SourceUnavailableError
from tasks.core.requests import Request
from tasks.sources.litellm.rows import request_of
from tasks.sources.report_fields import Payload, read_page
from tasks.sources.request_days import RequestDay, id_of, pull_request_days
from tasks.sources.request_marks import RequestMarks
from tasks.transport.client import Client

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "litellm-1"

_PATH = "/spend/logs/v2"
# The most that a page holds.
_PAGE_ROWS = 100
# Newer proxies count no further; pages beyond are there all the same.
_MOST_COUNTED = 10_000
# Times that rows are read which change while they are read.
_ATTEMPTS = 3
_Number = Annotated[int, Field(ge=0)]
# Rows with what the log calls them.
_Rows = list[tuple[str | None, Request | Reject | None]]


class _Page(Payload):
    data: list[object]
    total: _Number
    page: _Number
    #: Version 1.93 and later.
    total_is_capped: bool = False


class _MovedError(Exception):
    """Rows came or went while their pages were read."""


class _Span(NamedTuple):
    """A part of a day, in whole seconds."""

    start: datetime
    end: datetime

    def halves(self, source: str) -> "list[_Span]":
        """Cut it in two.

        Raises:
            SourceError: It is too short.
        """
        half = timedelta(seconds=(self.end - self.start) // timedelta(seconds=2))
        if not half:
            detail = (
                f"{_PATH} of {self} has {_MOST_COUNTED} rows or more, and counts no further;"
                " read an export of its database as `type: litellm_file`"
            )
            raise SourceError(source, detail)
        return [_Span(self.start, self.start + half), _Span(self.start + half, self.end)]

    def __str__(self) -> str:
        """Say which it is."""
        is_day = self.end - self.start == timedelta(days=1)
        return str(self.start.date()) if is_day else f"{_text(self.start)} to {_text(self.end)}"


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client,
    config: LitellmSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read the ended days of the window, both bounds included.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    read_day = partial(_read_day, client, config)
    return pull_request_days(client, config, window, now, keyed_digest, read_day)


def _read_day(client: Client, config: LitellmSource, day: date, marks: RequestMarks) -> RequestDay:
    """Read a day, in halves and halves of them where the proxy does not count all of it."""
    read = RequestDay(day)
    spans = [_Span(*day_bounds(day))]
    while spans:
        span = spans.pop()
        rows = _read_steady(client, config, span, marks)
        if rows is None:
            spans += reversed(span.halves(config.name))
            continue
        for name, parsed in rows:
            # Both ends of a span are part of it: what began as one ended, the next one tells too.
            if not read.has_come(name):
                read.file(config.name, parsed)
    return read


def _read_steady(
    client: Client, config: LitellmSource, span: _Span, marks: RequestMarks
) -> _Rows | None:
    """Read a span until it holds still; what was counted of a try that did not is forgotten."""
    for _ in range(_ATTEMPTS):
        untold = marks.untold.copy()
        try:
            return _read(client, config, span, marks)
        except _MovedError:
            marks.untold = untold
    detail = f"{_PATH} of {span} changed {_ATTEMPTS} times while it was read; pull again later"
    raise SourceUnavailableError(config.name, detail)


def _read(client: Client, config: LitellmSource, span: _Span, marks: RequestMarks) -> _Rows | None:
    """Read every page of a span.

    Returns:
        None where there are more rows than the proxy counts.

    Raises:
        _MovedError: Rows moved meanwhile.
    """
    read: _Rows = []
    seen: set[object] = set()
    total: int | None = None
    for number in range(1, client.caps.pages + 1):
        answer = client.get(_PATH, params={**_query(span), "page": number})
        page = read_page(_Page, config.name, _PATH, answer.json)
        if page.page != number:
            detail = f"{_PATH} answers page {page.page} where page {number} was asked for"
            raise SourceError(config.name, detail)
        total = page.total if total is None else total
        came = len(read) + len(page.data)
        if page.total != total or came > total or (not page.data and came < total):
            raise _MovedError
        if page.total_is_capped or total >= _MOST_COUNTED:
            return None
        for position, row in enumerate(page.data):
            name = id_of(row, "request_id")
            if name is not None and name in seen:
                raise _MovedError
            seen.add(name)
            place = f"{_PATH} {span} page {number}"
            read.append((name, request_of(row, place, position, marks)))
        if came == total:
            return read
    detail = f"{_PATH} of {span} has more than {client.caps.pages} pages"
    raise SourceError(config.name, detail)


def _query(span: _Span) -> dict[str, str | int]:
    """Ask for a span: the end is compared as it stands, so the last second would be cut."""
    return {
        "start_date": _text(span.start),
        "end_date": _text(span.end),
        "page_size": _PAGE_ROWS,
        "sort_by": "startTime",
        "sort_order": "asc",
    }


def _text(moment: datetime) -> str:
    """Write an instant as the proxy reads it: UTC, without an offset."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
