"""A LiteLLM proxy's spend logs over its API: one request a row, by UTC day.

Pages are numbered, so a row that is written meanwhile shifts all after it: a day is taken
only if its total stood still from the first page to the last and no row came twice.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated

from pydantic import Field

from config.shapes.sources import LitellmSource
from tasks.core.batches import Pulled, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds
from tasks.core.errors import SourceError, SourceUnavailableError
from tasks.sources.litellm.rows import request_of
from tasks.sources.report_fields import Payload, read_page
from tasks.sources.request_days import RequestDay, pull_request_days
from tasks.sources.request_marks import RequestMarks
from tasks.transport.client import Client

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "litellm-1"

_PATH = "/spend/logs/v2"
# The most that a page holds.
_PAGE_ROWS = 100
# Times a day is read that changes while it is read.
_ATTEMPTS = 3
_Number = Annotated[int, Field(ge=0)]


class _Page(Payload):
    data: list[object]
    total: _Number
    page: _Number


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
    read_day = partial(_read_steady, client, config)
    return pull_request_days(client, config, window, now, keyed_digest, read_day)


def _read_steady(
    client: Client, config: LitellmSource, day: date, marks: RequestMarks
) -> RequestDay:
    """Read a day until it holds still; what was counted of a try that did not is forgotten."""
    for _ in range(_ATTEMPTS):
        untold = marks.untold.copy()
        read = _read(client, config, day, marks)
        if read is not None:
            return read
        marks.untold = untold
    detail = f"{_PATH} of {day} changed {_ATTEMPTS} times while it was read; pull again later"
    raise SourceUnavailableError(config.name, detail)


def _read(
    client: Client, config: LitellmSource, day: date, marks: RequestMarks
) -> RequestDay | None:
    """Read every page of a day; None where rows moved meanwhile."""
    read = RequestDay(day)
    came = 0
    total: int | None = None
    for number in range(1, client.caps.pages + 1):
        answer = client.get(_PATH, params={**_query(day), "page": number})
        page = read_page(_Page, config.name, _PATH, answer.json)
        if page.page != number:
            detail = f"{_PATH} answers page {page.page} where page {number} was asked for"
            raise SourceError(config.name, detail)
        total = page.total if total is None else total
        came += len(page.data)
        if page.total != total or came > total or (not page.data and came < total):
            return None
        for position, row in enumerate(page.data):
            if read.has_come(row, "request_id"):
                return None
            place = f"{_PATH} {day} page {number}"
            read.file(config.name, request_of(row, place, position, marks))
        if came == total:
            return read
    detail = f"{_PATH} of {day} has more than {client.caps.pages} pages"
    raise SourceError(config.name, detail)


def _query(day: date) -> dict[str, str | int]:
    """Ask for a whole day: the end is compared as it stands, so the last second would be cut."""
    start, end = day_bounds(day)
    return {
        "start_date": _text(start),
        "end_date": _text(end),
        "page_size": _PAGE_ROWS,
        "sort_by": "startTime",
        "sort_order": "asc",
    }


def _text(moment: datetime) -> str:
    """Write an instant as the proxy reads it: UTC, without an offset."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
