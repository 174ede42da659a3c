"""Reads Devin's consumption by day, its sessions, and on which days a session consumed what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from pydantic import Field

from config.shapes.sources import DevinSource
from tasks.core.batches import Reject
from tasks.core.days import day_bounds
from tasks.core.people import Door
from tasks.sources.devin.payloads import DAY_STARTS_MINUTES, DayUse, parse_consumption
from tasks.sources.devin.sessions import Session, parse_sessions
from tasks.sources.report_fields import Payload, read_page
from tasks.transport.client import Client
from tasks.transport.errors import StatusError
from tasks.transport.numbered_pages import after_pages

#: Answers to a key, or a plan, that a report is not open to.
NOT_OPEN = frozenset({403, 404})
_PAGE_SIZE = 200


class _Member(Payload):
    user_id: str = Field(repr=False)
    email: str | None = Field(None, repr=False)


class _Members(Payload):
    items: list[_Member]


@dataclass(frozen=True, slots=True)
class Found:
    """The sessions that were at work in a window.

    Attributes:
        refused: Sessions that could not be read, with the day they began on, if told.
    """

    sessions: tuple[Session, ...]
    refused: tuple[tuple[date | None, Reject], ...]


def read_consumption(
    client: Client, config: DevinSource, window: tuple[date, date]
) -> dict[date, DayUse] | None:
    """Read what was consumed on each day of a window; None if the report is not open.

    Raises:
        SourceError: The answer cannot be used.
    """
    start, end = _bounds(window)
    path = f"{_root(config)}/consumption/daily"
    params = {"time_after": _seconds(start), "time_before": _seconds(end)}
    answer = client.get(path, params=params, accept=NOT_OPEN)
    if answer.status in NOT_OPEN:
        return None
    # Whether the ends are inclusive is not documented: what lies outside is left out.
    return {
        one.day: one
        for one in parse_consumption(config, path, answer.json)
        if window[0] <= one.day <= window[1]
    }


def read_sessions(
    client: Client, config: DevinSource, window: tuple[date, date], door: Door
) -> Found:
    """Read the sessions that began before the end of a window and changed after its start.

    Raises:
        StatusError: The list is not open to the key, among others.
        SourceError: An answer cannot be used.
    """
    start, end = _bounds(window)
    path = f"{_root(config)}/sessions"
    query = {
        "first": _PAGE_SIZE,
        "updated_after": _seconds(start) - 1,
        "created_before": _seconds(end),
    }
    found: dict[str, Session] = {}
    refused: list[tuple[date | None, Reject]] = []
    for number, page in enumerate(after_pages(client, path, query), start=1):
        for one in parse_sessions(config, path, page.json, number, door):
            if isinstance(one, Session):
                # One that changes while pages are read may come twice.
                if one.created_at < end and one.updated_at >= start:
                    found[one.id] = one
            else:
                refused.append(one)
    return Found(tuple(found.values()), tuple(refused))


def acus_by_day(
    client: Client, config: DevinSource, session: Session
) -> Mapping[date, Decimal] | None:
    """Say what a session consumed on which day.

    Within one day it is what the session tells; else the vendor is asked.

    Returns:
        None where the vendor does not tell.

    Raises:
        SourceError: The answer cannot be used.
    """
    if not session.acus:
        return {}
    if session.first_day == session.last_day:
        return {session.first_day: session.acus}
    path = f"{_root(config)}/consumption/daily/sessions"
    answer = client.get(f"{path}/{quote(session.id, safe='')}", accept=NOT_OPEN)
    if answer.status in NOT_OPEN:
        return None
    days = parse_consumption(config, f"{path}/*", answer.json)
    # Nobody consumes less than nothing: such a day is as good as not told.
    told = {one.day: one.acus for one in days if one.acus is not None and one.acus >= 0}
    return {day: acus for day, acus in told.items() if acus} if len(told) == len(days) else None


def read_addresses(client: Client, config: DevinSource) -> dict[str, str]:
    """Read the e-mail address of each member by id, to ask the directory with; never kept.

    Source: `GET .../members/users`, read 2026-11.

    Returns:
        Nothing where the list is not open to the key: then ids have to do.

    Raises:
        SourceError: An answer cannot be used.
    """
    path = f"{_root(config)}/members/users"
    try:
        members = [
            member
            for page in after_pages(client, path, {"first": _PAGE_SIZE})
            for member in read_page(_Members, config.name, path, page.json).items
        ]
    except StatusError as error:
        if error.status in NOT_OPEN:
            return {}
        raise
    return {member.user_id: member.email for member in members if member.email}


def _root(config: DevinSource) -> str:
    if config.enterprise:
        return "/v3/enterprise"
    return f"/v3/organizations/{quote(config.organization, safe='')}"


def _bounds(window: tuple[date, date]) -> tuple[datetime, datetime]:
    first, last = (day_bounds(day, DAY_STARTS_MINUTES) for day in window)
    return first[0], last[1]


def _seconds(instant: datetime) -> int:
    return round(instant.timestamp())
