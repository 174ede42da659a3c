"""Langfuse's observations over its API (v2): one request a generation, by UTC day.

Prices are Langfuse's own and an estimate. Embeddings and tools are not asked for.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial

from pydantic import model_validator

from config.shapes.sources import LangfuseSource
from tasks.core.batches import Pulled, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds
from tasks.core.errors import SourceError
from tasks.core.instants import instant_text
from tasks.core.requests import Request
from tasks.sources.langfuse.nested import Nested
from tasks.sources.langfuse.rows import request_of
from tasks.sources.report_fields import Payload, read_page
from tasks.sources.request_days import RequestDay, id_of, pull_request_days
from tasks.sources.request_marks import RequestMarks
from tasks.sources.request_tallies import COPIES
from tasks.transport.client import Client

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "langfuse-1"

_PATH = "/api/public/v2/observations"
# The most that a page holds.
_PAGE_ROWS = 1000
# Neither `io` nor `prompt`: what people and models said is not even sent.
_FIELDS = "core,basic,time,metadata,model,usage,metrics,trace_context"


class _Meta(Payload):
    #: The last page may leave it out.
    cursor: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_known(cls, said: object) -> object:
        if isinstance(said, dict) and said and "cursor" not in said:
            message = "must tell a cursor, or nothing"
            raise ValueError(message)
        return said


class _Page(Payload):
    data: list[object]
    meta: _Meta


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client,
    config: LangfuseSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read the ended days of the window, both bounds included.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    read_day = partial(_read, client, config)
    return pull_request_days(client, config, window, now, keyed_digest, read_day)


def _read(client: Client, config: LangfuseSource, day: date, marks: RequestMarks) -> RequestDay:
    read, nested = RequestDay(day), Nested()
    for number, records in enumerate(_pages(client, config.name, day), start=1):
        for position, record in enumerate(records):
            if read.has_come(id_of(record, "id")):
                detail = f"page {number} of {_PATH} repeats observations of {day}; pull again later"
                raise SourceError(config.name, detail)
            place = f"{_PATH} {day} page {number}"
            parsed = request_of(record, place, position, marks)
            read.file(config.name, parsed)
            if isinstance(parsed, Request) and isinstance(record, dict):
                nested.add(record, parsed.run_id)
    marks.untold[COPIES] += read.drop(nested.copies())
    return read


def _pages(client: Client, source: str, day: date) -> Iterator[list[object]]:
    """Follow the cursor of one day; it is bound to its query, which stays the same."""
    start, end = day_bounds(day)
    query: dict[str, str | int] = {
        "type": "GENERATION",
        "fields": _FIELDS,
        "fromStartTime": instant_text(start),
        "toStartTime": instant_text(end),
        "limit": _PAGE_ROWS,
    }
    seen: set[str] = set()
    for _ in range(client.caps.pages):
        page = read_page(_Page, source, _PATH, client.get(_PATH, params=query).json)
        yield page.data
        cursor = page.meta.cursor
        if cursor is None:
            return
        if not cursor or cursor in seen:
            raise SourceError(source, f"{_PATH} of {day}: there is more, but no new cursor to it")
        seen.add(cursor)
        query["cursor"] = cursor
    raise SourceError(source, f"{_PATH} of {day} has more than {client.caps.pages} pages")
