"""Copilot's usage metrics: AI credits by person, folded by squad while they are read.

Source: GitHub REST, `GET .../copilot/metrics/reports/users-1-day`, read 2026-11. The answer
names signed links, whose files hold one record a line. Of a record only `ai_credits_used` is
kept, in sums of squads; opted-out clients make it too low, and it is no bill.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from config.shapes.sources import CopilotSource
from tasks.core.batches import Batch, Pulled, Reject
from tasks.core.days import vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.core.findings import Finding
from tasks.core.people import Door
from tasks.core.refusals import refused
from tasks.core.squad_use import Measure, Used
from tasks.sources.copilot.bills import CREDITS_FROM, account_of
from tasks.sources.copilot.rows import to_micro
from tasks.sources.report_days import read_to
from tasks.sources.report_fields import AmountField, Payload, read_page
from tasks.sources.squad_rows import folded_rows, unread_days
from tasks.transport.client import Client
from tasks.transport.downloads import Line, signed_lines
from tasks.transport.errors import StatusError

_REPORT = "users-1-day"
_NOT_FOUND = 404


class _Links(Payload):
    download_links: list[str]
    report_day: str


class _Record(Payload):
    """What one person used on one day."""

    day: str
    user_id: int | str | None = Field(None, repr=False)
    user_login: str | None = Field(None, repr=False)
    organization_id: int | str | None = None
    ai_credits_used: Annotated[AmountField, Field(ge=0)]


@dataclass(slots=True)
class _Read:
    """What the files of one day hold, while people are still told apart."""

    used: list[Used] = field(default_factory=list, repr=False)
    rejects: list[Reject] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set, repr=False)


def pull_metrics(
    client: Client,
    config: CopilotSource,
    window: tuple[date, date],
    now: datetime,
    door: Door,
) -> Pulled:
    """Read what squads used on the ended days of a window.

    A day that GitHub does not tell of yet is unknown, not zero. Before AI credits existed,
    and where nobody has a squad, there is nothing to ask for.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    nothing = unread_days(window, now)
    if not (config.metrics and door.has_directory):
        return Pulled(nothing, read_to(nothing, window))
    before = client.requests
    today = vendor_day(now)
    batches = [batch for batch in nothing if batch.key < CREDITS_FROM]
    asked = [day for day in window_days(*window) if CREDITS_FROM <= day < today]
    batches += [_day(client, config, day, today, door) for day in asked]
    silent = [one.key for one in batches if _is_silent(one, today, config.lag_days)]
    findings = (_silence(silent, config.name),) if silent else ()
    return Pulled(batches, read_to(batches, window), client.requests - before, findings)


def _is_silent(batch: Batch, today: date, lag_days: int) -> bool:
    return not batch.is_complete and batch.key < today - timedelta(days=lag_days)


def _silence(days: list[date], source: str) -> Finding:
    detail = (
        f"usage metrics tell nothing of {len(days)} days between {min(days)} and {max(days)}: "
        "their policy may be off, or the credential may not read them"
    )
    return Finding("use_untold", source, detail, source)


def _day(client: Client, config: CopilotSource, day: date, today: date, door: Door) -> Batch:
    """Read a day; files without a record count once they are older than the vendor's lag."""
    read = _Read()
    links = _links(client, config, day)
    for number, link in enumerate(links, start=1):
        place = f"{_REPORT} {day} file {number}"
        for line in _lines(client, config, link, place):
            _take(read, line, place, day, account_of(config), door)
    is_settled = day < today - timedelta(days=config.lag_days)
    is_told = bool(links) and bool(read.used or read.rejects or is_settled)
    return Batch(day, folded_rows(read.used), tuple(read.rejects), is_told)


def _lines(client: Client, config: CopilotSource, link: str, place: str) -> Iterator[Line]:
    try:
        yield from signed_lines(client, link)
    except StatusError as error:
        detail = f"{place} was refused with {error.status}: its link may have expired; pull again"
        raise SourceError(config.name, detail) from None


def _links(client: Client, config: CopilotSource, day: date) -> list[str]:
    """Give the links of a day's files; none where the day is not told of yet."""
    owner = (
        f"enterprises/{config.enterprise}" if config.enterprise else f"orgs/{config.organization}"
    )
    path = f"/{owner}/copilot/metrics/reports/{_REPORT}"
    answer = client.get(path, params={"day": day.isoformat()}, accept=(_NOT_FOUND,))
    if answer.json is None:  # 204, or a 404: not computed yet, or no longer kept
        return []
    links = read_page(_Links, config.name, _REPORT, answer.json)
    if links.report_day != day.isoformat():
        detail = f"{_REPORT} was asked for {day} and answers for another day"
        raise SourceError(config.name, detail)
    return links.download_links


def _take(read: _Read, line: Line, place: str, day: date, account: str, door: Door) -> None:
    """Read one record; the person in it ends here."""
    if not line.is_readable:
        read.rejects.append(Reject(place, line.number, line.length, line.digest, "", "bad_json"))
        return
    try:
        record = _Record.model_validate(line.value)
    except ValidationError as error:
        read.rejects.append(refused(line.value, error, place, line.number))
        return
    number = None if record.user_id is None else str(record.user_id)
    person = number or record.user_login or ""
    key = (person, str(record.organization_id or ""))
    fault = _fault(record, day, is_repeated=bool(person) and key in read.seen)
    if fault:
        where = "day" if fault == "out_of_range" else "user_id"
        read.rejects.append(Reject(place, line.number, line.length, line.digest, where, fault))
        return
    read.seen.add(key)
    squad = door.squad_of(record.user_login, number)
    credits_micro = to_micro(record.ai_credits_used)
    read.used.append(Used(account, day, person, squad, Measure.CREDITS_MICRO, credits_micro))


def _fault(record: _Record, day: date, *, is_repeated: bool) -> str:
    """Say why a readable record cannot count: of another day, or told twice."""
    if record.day != day.isoformat():
        return "out_of_range"
    return "duplicate" if is_repeated else ""
