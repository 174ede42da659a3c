"""What people spent, folded by squad while it is read.

Source: Anthropic, `GET /v1/organizations/analytics/user_cost_report`, read 2026-11. It holds
only what is due to somebody with a seat, never what keys and automation cost: it is no bill.
Of a row only the amount is kept, in sums of squads.
"""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field, ValidationError

from config.shapes.sources import AnthropicEnterpriseSource
from tasks.core.batches import Batch, Pulled, Reject
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.people import Door
from tasks.core.refusals import refused, refused_as
from tasks.core.squad_use import Measure, Used
from tasks.sources.anthropic_enterprise.reports import (
    is_ended,
    refreshed,
    span_params,
    spans,
)
from tasks.sources.report_days import read_to
from tasks.sources.report_fields import (
    AmountField,
    Instant,
    Payload,
    cents_to_nano,
    read_page,
    salvage,
)
from tasks.sources.squad_rows import folded_rows, unread_days
from tasks.transport.client import Client
from tasks.transport.pages import cursor_pages

_PATH = "/v1/organizations/analytics/user_cost_report"
_PAGE_ROWS = 1000


class _Page(Payload):
    data: list[object]
    data_refreshed_at: Instant


class _Actor(Payload):
    user_id: str | None = Field(None, repr=False)
    email: str | None = Field(None, repr=False)  # null where the account was deleted


class _Bounds(Payload):
    """The day that a row is about; both are null where only one was asked for."""

    starting_at: Instant | None
    ending_at: Instant | None


class _Row(_Bounds):
    """What one person was charged for on one day."""

    actor: _Actor
    amount: AmountField


class DayUse:
    """What people used on one day, while they are still told apart."""

    def __init__(self) -> None:
        self.used: list[Used] = []
        self.rejects: list[Reject] = []
        self._people: set[str] = set()

    def __repr__(self) -> str:
        """Tell nothing of people."""
        return f"DayUse({len(self.used)} rows)"

    def is_new(self, person: str) -> bool:
        """Tell whether a person comes for the first time; a repeat would count twice."""
        is_new = not person or person not in self._people
        self._people.add(person)
        return is_new


def pull_use(
    client: Client,
    config: AnthropicEnterpriseSource,
    account: str,
    window: tuple[date, date],
    now: datetime,
    door: Door,
) -> Pulled:
    """Read what squads spent on the ended days of a window.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    if not door.has_directory:
        nothing = unread_days(window, now)
        return Pulled(nothing, read_to(nothing, window))
    before = client.requests
    batches: list[Batch] = []
    for span in spans(window, now):
        days = {day: DayUse() for day in window_days(*span)}
        told: list[datetime] = []
        params = span_params(span) | {"limit": _PAGE_ROWS}
        for number, answer in enumerate(cursor_pages(client, _PATH, params=params), start=1):
            page = read_page(_Page, config.name, _PATH, answer.json)
            told.append(page.data_refreshed_at)
            take_rows(page.data, days, f"{_PATH} page {number}", account, door)
        refreshed_at = refreshed(config.name, told)
        for day, use in days.items():
            is_told = bool(use.used or use.rejects)
            is_final = is_ended(day, refreshed_at, now, config.lag_days, is_told=is_told)
            batches.append(Batch(day, folded_rows(use.used), tuple(use.rejects), is_final))
    return Pulled(batches, read_to(batches, window), client.requests - before)


def take_rows(
    rows: list[object], days: Mapping[date, DayUse], place: str, account: str, door: Door
) -> None:
    """Put the rows of a page to their days; the people in them end here.

    A row that cannot be put to a day is refused on the first one asked for.
    """
    first = next(iter(days))
    for position, said in enumerate(rows):
        bounds = salvage(_Bounds, said)
        day = _day_of(bounds, days) if bounds is not None else None
        use = days[first if day is None else day]
        try:
            row = _Row.model_validate(said)
        except ValidationError as error:
            use.rejects.append(refused(said, error, place, position))
            continue
        person = row.actor.user_id or row.actor.email or ""
        if day is None:
            reject = refused_as(said, place, position, "starting_at", "out_of_range")
            use.rejects.append(reject)
        elif not use.is_new(person):
            use.rejects.append(refused_as(said, place, position, "actor", "duplicate"))
        else:
            squad = door.squad_of(row.actor.email, row.actor.user_id)
            nano = cents_to_nano(row.amount)
            use.used.append(Used(account, day, person, squad, Measure.SPEND_NANO, nano))


def _day_of(bounds: _Bounds, days: Mapping[date, DayUse]) -> date | None:
    """Find the day asked for that a row is about; None for any other stretch of time."""
    start, end = bounds.starting_at, bounds.ending_at
    if start is None and end is None:
        return next(iter(days)) if len(days) == 1 else None
    if start is None:
        return None
    day = vendor_day(start)
    return day if (start, end) == day_bounds(day) and day in days else None
