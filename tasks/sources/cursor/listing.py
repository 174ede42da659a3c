"""Reads Cursor's usage events, one UTC day at a time, until a day comes whole.

Both ends of the period asked for are inclusive: a day ends at its last millisecond, else an
event at midnight would count twice. Pages shift when events arrive meanwhile, so their number
and the total must stay the same; else the day is read again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tasks.core.batches import Reject
from tasks.core.days import day_bounds
from tasks.sources.cursor.payloads import Event, Whole, parse_page
from tasks.sources.report_fields import Payload, read_page
from tasks.transport.client import Client
from tasks.transport.errors import ShiftedPagesError, StatusError
from tasks.transport.numbered_pages import numbered_pages

EVENTS_PATH = "/teams/filtered-usage-events"
_DAILY_PATH = "/teams/daily-usage-data"
_PAGE_SIZE = 1000
_TRIES = 3
#: Answers to a key, or a plan, that this report is not open to.
NOT_OPEN = frozenset({403, 404})
_MILLISECOND = timedelta(milliseconds=1)

#: Takes a decoded event, the place it came from and its position there.
ParseEvent = Callable[[object, str, int], Event | Reject]


@dataclass(frozen=True, slots=True)
class DayEvents:
    """What the vendor told of one day.

    Attributes:
        strays: Events of another day, which are left to that day.
    """

    events: Sequence[Event]
    rejects: Sequence[Reject]
    strays: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing came at all."""
        return not self.events and not self.rejects


class _Member(Payload):
    """Requests of one member on one day; who it is stays unread."""

    subscriptionIncludedReqs: Whole | None = None  # noqa: N815  # the vendor's spelling
    usageBasedReqs: Whole | None = None  # noqa: N815


class _DailyPage(Payload):
    data: list[_Member]


def read_day(client: Client, day: date, parse: ParseEvent) -> DayEvents:
    """Read the events of one UTC day.

    Raises:
        SourceError: An answer cannot be used, or the day changes each time it is read.
    """
    for _ in range(_TRIES - 1):
        try:
            return _read_once(client, day, parse)
        except ShiftedPagesError:
            continue
    return _read_once(client, day, parse)


def had_use(client: Client, day: date) -> bool:
    """Tell whether the vendor's other report counts requests on a day without events.

    Raises:
        SourceError: An answer cannot be used.
    """
    page_count = _member("pagination", "totalPages")
    pages = numbered_pages(
        client, _DAILY_PATH, _period(day), items="data", page_count=page_count, is_post=True
    )
    try:
        return any(count_requests(client.source, page.json) for page in pages)
    except StatusError as error:
        if error.status in NOT_OPEN:
            return False
        raise


def count_requests(source: str, payload: object) -> int:
    """Count the requests that the plan or the team pays for, on a page of daily usage.

    Source: `POST /teams/daily-usage-data`, read 2026-11. They are raw requests, no billed units.

    Raises:
        SourceError: The page has another shape.
    """
    page = read_page(_DailyPage, source, _DAILY_PATH, payload)
    return sum((one.subscriptionIncludedReqs or 0) + (one.usageBasedReqs or 0) for one in page.data)


def _read_once(client: Client, day: date, parse: ParseEvent) -> DayEvents:
    events: list[Event] = []
    rejects: list[Reject] = []
    strays = came = 0
    total = -1
    start, end = day_bounds(day)
    pages = numbered_pages(
        client,
        EVENTS_PATH,
        _period(day),
        items="usageEvents",
        page_count=_member("pagination", "numPages"),
        is_post=True,
    )
    for number, page in enumerate(pages, start=1):
        told, rows = parse_page(client.source, EVENTS_PATH, page.json)
        if total not in {-1, told}:
            raise ShiftedPagesError(client.source, f"{EVENTS_PATH}: the events of {day} change")
        total, came = told, came + len(rows)
        for position, row in enumerate(rows):
            parsed = parse(row, f"{EVENTS_PATH} {day} page {number}", position)
            if isinstance(parsed, Reject):
                rejects.append(parsed)
            elif start <= parsed.at < end:
                events.append(parsed)
            else:
                strays += 1
    if came != total:
        detail = f"{EVENTS_PATH} tells of {total} events on {day}, but lists {came}"
        raise ShiftedPagesError(client.source, f"{detail}; pull again later")
    return DayEvents(events, rejects, strays)


def _period(day: date) -> dict[str, int]:
    start, end = day_bounds(day)
    return {
        "startDate": _milliseconds(start),
        "endDate": _milliseconds(end - _MILLISECOND),
        "pageSize": _PAGE_SIZE,
    }


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _member(outer: str, inner: str) -> Callable[[Mapping[str, object]], object]:
    def read(body: Mapping[str, object]) -> object:
        within = body.get(outer)
        return within.get(inner) if isinstance(within, Mapping) else None

    return read
