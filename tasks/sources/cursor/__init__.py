"""Cursor: what its events were charged, the sessions they belong to, and what squads used.

Day by UTC day. Events have no id and are added up by the hour, so a day that is read again
replaces what was known of it. Not in the events: seats, and what another vendor bills for
people's own keys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from config.shapes.sources import CursorSource, Issuer
from tasks.core.batches import (
    Batch,
    Conformed,
    Pulled,
    RawRow,
    Stream,
    StreamKind,
    Watermark,
)
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.findings import Finding
from tasks.core.people import Door
from tasks.sources.cursor.commits import read_hints
from tasks.sources.cursor.listing import DayEvents, ParseEvent, had_use, read_day
from tasks.sources.cursor.payloads import Event, parse_event
from tasks.sources.cursor.rows import (
    Hints,
    charge_rows,
    conform_charges,
    is_nameless,
    session_rows,
    use_rows,
)
from tasks.sources.cursor.spend import CycleSum, days_to_now, read_spend, spend_findings
from tasks.sources.cursor.told import Told
from tasks.sources.report_days import read_to
from tasks.sources.squad_rows import conform_use, unread_days
from tasks.transport.client import Client

EVENTS = Stream("events", StreamKind.REPORT, "charges")
SESSIONS = Stream("sessions", StreamKind.REPORT, "runs")
USE = Stream("use", StreamKind.REPORT, "squad_use")
STREAMS: tuple[Stream, ...] = (EVENTS, SESSIONS, USE)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "cursor-1"

#: Events are added up by the hour: only then a day has all of its own.
_SETTLES = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)


def fetch(
    stream: Stream,
    client: Client,
    config: CursorSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    door: Door,
) -> Pulled:
    """Read the events of the days of the window, both bounds included, for one stream.

    Raises:
        SourceError: An answer cannot be used; nothing of it is taken.
    """
    if stream == USE and not door.has_directory:
        return Pulled(unread_days(window, now), None)
    before = client.requests
    events = _Events(client, config, window, now, door)
    if stream == EVENTS:
        batches, findings = _charges(events)
    elif stream == SESSIONS:
        hints, findings = _hints(events)
        batches = events.batches(
            lambda came, day: session_rows(
                came, day, door, issuer=config.issuer, account=config.account, hints=hints
            )
        )
    else:
        batches, findings = _use(events)
    return Pulled(batches, read_to(batches, window), client.requests - before, findings)


def conform(
    stream: Stream,
    config: CursorSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one UTC day the form of their table; runs are typed elsewhere."""
    if stream == USE:
        return conform_use(rows, source=config.name, issuer=config.issuer, day=key)
    return conform_charges(
        rows, source=config.name, issuer=config.issuer, account=config.account, day=key
    )


@dataclass(frozen=True, slots=True)
class _Events:
    """The events of a window, read a day at a time."""

    client: Client
    config: CursorSource
    window: tuple[date, date]
    now: datetime
    door: Door

    def day(self, day: date) -> DayEvents:
        """Read one day."""
        parse: ParseEvent = partial(
            parse_event,
            door=self.door,
            issuer=self.config.issuer,
            account=self.config.account,
            api_keys=frozenset(self.config.api_keys),
        )
        return read_day(self.client, day, parse)

    def batches(
        self,
        rows: Callable[[Sequence[Event], date], list[RawRow]],
        note: Callable[[date, DayEvents | None], None] = lambda _day, _came: None,
        *,
        keeps_rejects: bool = False,
    ) -> list[Batch]:
        """Make a batch of each day that has begun, but of those that contradict themselves.

        Args:
            rows: Makes raw rows of a day's events.
            note: Told what came of each day; None: no event, though there was use.
            keeps_rejects: A refused event is money, and told by the stream that charges it.
        """
        found = []
        for day in window_days(*self.window):
            if day > vendor_day(self.now):
                continue
            came = self.day(day)
            is_old = day < vendor_day(self.now) - self.config.lag_days * _ONE_DAY
            if came.is_empty and is_old and had_use(self.client, day):
                note(day, None)
                continue
            note(day, came)
            is_ended = day_bounds(day)[1] + _SETTLES <= self.now
            rejects = tuple(came.rejects) if keeps_rejects else ()
            is_complete = is_ended and (is_old or not came.is_empty)
            found.append(Batch(day, rows(came.events, day), rejects, is_complete))
        return found


def _charges(events: _Events) -> tuple[list[Batch], tuple[Finding, ...]]:
    """Read what is charged, and hold the current cycle against what the vendor says of it."""
    source, today = events.config.name, vendor_day(events.now)
    spend = read_spend(events.client)
    left = days_to_now(spend, events.window, today) if spend is not None else None
    told = Told(source)
    total = CycleSum(spend.since if spend is not None else events.now)

    def note(day: date, came: DayEvents | None) -> None:
        told.note(day, came)
        total.add(came.events if came is not None else ())

    batches = events.batches(
        lambda came, day: charge_rows(came, day, events.door), note, keeps_rejects=True
    )
    if spend is None or left is None:
        return batches, told.findings()
    for day in left:
        total.add(events.day(day).events)
    return batches, (*told.findings(), *spend_findings(spend, total, source, today))


def _use(events: _Events) -> tuple[list[Batch], tuple[Finding, ...]]:
    """Fold what people were charged into squads; an event that names nobody is no squad's."""
    nameless = 0

    def note(_day: date, came: DayEvents | None) -> None:
        nonlocal nameless
        nameless += sum(map(is_nameless, came.events)) if came is not None else 0

    config = events.config
    batches = events.batches(lambda came, day: use_rows(came, day, config.account), note)
    if not nameless:
        return batches, ()
    detail = f"{nameless} billed events name nobody; no squad has what they were charged"
    return batches, (Finding("hint_dropped", "userEmail", detail, config.name),)


def _hints(events: _Events) -> tuple[Mapping[str, Hints], tuple[Finding, ...]]:
    if not events.config.code_tracking:
        return {}, ()
    return read_hints(events.client, events.config, events.window, events.now, events.door)
