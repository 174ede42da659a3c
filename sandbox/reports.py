"""What vendors' reports share: windows, grouping, pages bound to queries."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sandbox import script
from sandbox.organisation import ANTHROPIC
from sandbox.records import ChargeRow, UsageRow, World

Row = TypeVar("Row")


class BadQueryError(ValueError):
    """A query that the vendor refuses; the message is the vendor's."""


def days_between(start: datetime, end: datetime) -> list[date]:
    """List the whole UTC days from a start (its day) to an end, the latter excluded."""
    days = []
    day = start.date()
    while datetime.combine(day, time(), UTC) + timedelta(days=1) <= end:
        days.append(day)
        day += timedelta(days=1)
    return days


def metered_days(world: World, issuer: str, now: datetime) -> dict[date, list[UsageRow]]:
    """Give the usage that a vendor shows at a moment; a day it leaves out is absent."""
    shown: dict[date, list[UsageRow]] = {}
    day = world.first_day
    while day <= world.last_day:
        closed = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if closed + script.USAGE_LAG <= now and (issuer, day) not in world.missing_usage:
            shown[day] = []
        day += timedelta(days=1)
    for row in world.usage:
        if row.issuer == issuer and row.day in shown:
            shown[row.day].append(row)
    return shown


def billed_days(world: World, issuer: str, now: datetime) -> dict[date, tuple[ChargeRow, ...]]:
    """Give the charges that a vendor shows at a moment; a day it leaves out is absent."""
    shown = {}
    for (whose, day), versions in world.charges.items():
        visible = [version for version in versions if version.visible_from <= now]
        if whose == issuer and visible and visible[-1].rows is not None:
            shown[day] = visible[-1].rows
    return shown


def grouped(
    rows: Iterable[Row], key: Callable[[Row], Mapping[str, object]]
) -> list[tuple[dict[str, object], list[Row]]]:
    """Put rows together that share a key, in order of appearance."""
    groups: dict[str, tuple[dict[str, object], list[Row]]] = {}
    for row in rows:
        values = dict(key(row))
        groups.setdefault(json.dumps(values), (values, []))[1].append(row)
    return list(groups.values())


def page_of(
    rows: Sequence[Row], limit: int, token: str, query: Iterable[tuple[str, str]]
) -> tuple[Sequence[Row], str | None]:
    """Cut one page of days or rows, and name the next one.

    Args:
        rows: All of the query.
        limit: How many are on a page.
        token: As received; empty for the first page.
        query: All parameters but the token: a token holds for the query it came from only.

    Raises:
        BadQueryError: The token belongs to another query, or to none.
    """
    stamp = hashlib.sha256(json.dumps(sorted(query)).encode()).hexdigest()[:12]
    start = 0
    if token:
        text = _decoded(token)
        position, _, bound_to = text.partition(".")
        if bound_to != stamp or not position.isdigit():
            message = "page: the token does not belong to this query"
            raise BadQueryError(message)
        start = int(position)
    after = start + limit
    following = f"page_{_encoded(f'{after}.{stamp}')}" if after < len(rows) else None
    return rows[start:after], following


def workspace_or_null(issuer: str, account: str) -> str | None:
    """Write an account as the vendor does: the default workspace is null."""
    return None if account == f"{ANTHROPIC}:default" and issuer == ANTHROPIC else account


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.removeprefix("page_").encode()).decode()
    except ValueError:
        return ""
