"""Devin's days as batches: from the vendor's own totals, or else from what sessions tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from config.shapes.sources import DevinSource
from tasks.core.batches import Batch, RawRow, Reject
from tasks.core.days import vendor_day, window_days
from tasks.core.findings import Finding
from tasks.core.people import Door
from tasks.sources.devin.listing import (
    NOT_OPEN,
    Found,
    acus_by_day,
    read_addresses,
    read_consumption,
    read_sessions,
)
from tasks.sources.devin.payloads import DAY_STARTS_MINUTES, TOLERANCE
from tasks.sources.devin.rows import day_rows, price_on, run_rows, session_day_rows, use_rows
from tasks.sources.devin.sessions import Session
from tasks.sources.devin.told import added_up, dropped, unknown_products
from tasks.transport.client import Client
from tasks.transport.errors import StatusError

_ONE_DAY = timedelta(days=1)

#: What each session consumed on a day.
_Details = Mapping[date, Sequence[tuple[Session, Decimal]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days of which organisation are asked for."""

    client: Client
    config: DevinSource
    window: tuple[date, date]
    now: datetime
    door: Door

    @property
    def today(self) -> date:
        """Name the vendor's present day."""
        return vendor_day(self.now, DAY_STARTS_MINUTES)

    def days(self) -> tuple[date, ...]:
        """List the days of the window that have begun."""
        last = min(self.window[1], self.today)
        return window_days(self.window[0], last) if self.window[0] <= last else ()

    def is_old(self, day: date) -> bool:
        """Tell whether the vendor should have told everything of a day by now."""
        return day < self.today - self.config.lag_days * _ONE_DAY


def days_of_totals(asked: Asked) -> tuple[list[Batch], list[Finding]] | None:
    """Read the vendor's totals, with the sessions that are behind them.

    Returns:
        Batches of the days that are told, and what to say of them; None where the report is
        not open to the key or the plan.

    Raises:
        SourceError: An answer cannot be used.
    """
    uses = read_consumption(asked.client, asked.config, asked.window)
    if uses is None:
        return None
    details, findings = _details_if_open(asked)
    batches: list[Batch] = []
    for day in asked.days():
        use = uses.get(day)
        consumed = sum((acus for _, acus in details.get(day, ())), Decimal(0))
        if use is not None and use.reject is not None:
            # Its total is unknown: the day is not whole, and keeps what was booked.
            batches.append(Batch(day, (), (use.reject,), is_complete=False))
        elif use is None or use.acus is None or (not use.acus and consumed > TOLERANCE):
            if consumed > TOLERANCE:
                detail = f"{day} has no ACUs in the report, but sessions tell {consumed:f}"
                findings.append(_contradiction(asked, day, f"{detail}; it stays unknown"))
        else:
            rows, problem = day_rows(use, use.acus, details.get(day, ()))
            if problem is not None:
                what = f"on {day} {problem}: it is booked unsplit"
                findings.append(_contradiction(asked, day, what))
            batches.append(_batch(asked, day, rows, (), findings))
    findings += unknown_products(asked.config.name, uses.values())
    return batches, findings


def days_of_sessions(asked: Asked) -> tuple[list[Batch], list[Finding]]:
    """Add up what sessions tell, each on the day it began: all there is without the report.

    The day it began never changes; the one it was last changed on does, when it is resumed or
    archived, and its ACUs would stand on both.

    Raises:
        SourceError: An answer cannot be used.
    """
    found = read_sessions(asked.client, asked.config, asked.window, asked.door)
    begun: dict[date, list[Session]] = {}
    for session in found.sessions:
        begun.setdefault(session.first_day, []).append(session)
    findings = [added_up(asked.config.name, found.sessions, asked.window[0])]
    refused = _refused(asked, found)
    batches = [
        _batch(asked, day, session_day_rows(begun.get(day, ())), refused.get(day, ()), findings)
        for day in asked.days()
    ]
    return batches, findings


def days_of_runs(asked: Asked) -> tuple[list[Batch], list[Finding]]:
    """Read the sessions of a window as runs, on each day that they began or consumed on.

    Raises:
        SourceError: An answer cannot be used.
    """
    found = read_sessions(asked.client, asked.config, asked.window, asked.door)
    rows: dict[date, list[RawRow]] = {}
    for session in found.sessions:
        consumed = acus_by_day(asked.client, asked.config, session)
        for day, row in run_rows(session, consumed, asked.config, asked.window).items():
            rows.setdefault(day, []).append(row)
    refused = _refused(asked, found)
    batches = [
        Batch(
            day,
            rows.get(day, ()),
            tuple(refused.get(day, ())),
            is_complete=day < asked.today,
        )
        for day in asked.days()
    ]
    return batches, dropped(asked.config.name, found.sessions)


def days_of_use(asked: Asked) -> tuple[list[Batch], list[Finding]]:
    """Fold what people's sessions consumed into squads, day by day.

    Raises:
        SourceError: An answer cannot be used.
    """
    addresses = read_addresses(asked.client, asked.config)
    details, findings = _details(asked)
    batches = [
        Batch(
            day,
            use_rows(details.get(day, ()), day, asked.config.organization, asked.door, addresses),
            is_complete=day < asked.today,
        )
        for day in asked.days()
    ]
    return batches, findings


def _details_if_open(asked: Asked) -> tuple[_Details, list[Finding]]:
    """Say what sessions consumed by day; nothing where they may not be read."""
    try:
        return _details(asked)
    except StatusError as error:
        if error.status not in NOT_OPEN:
            raise
    source = asked.config.name
    detail = "sessions are not open to this key: what they consumed is nobody's"
    return {}, [Finding("report_unavailable", source, detail, source)]


def _details(asked: Asked) -> tuple[_Details, list[Finding]]:
    """Say what sessions consumed by day."""
    found = read_sessions(asked.client, asked.config, asked.window, asked.door)
    details: dict[date, list[tuple[Session, Decimal]]] = {}
    untold = 0
    for session in found.sessions:
        consumed = acus_by_day(asked.client, asked.config, session)
        untold += consumed is None
        for day, acus in (consumed or {}).items():
            details.setdefault(day, []).append((session, acus))
    if not untold:
        return details, []
    detail = f"of {untold} sessions over several days the days are not told; they are nobody's"
    return details, [Finding("report_unavailable", "sessions by day", detail, asked.config.name)]


def _refused(asked: Asked, found: Found) -> Mapping[date, Sequence[Reject]]:
    """File sessions that cannot be read on the day they began, or else on the last one."""
    filed: dict[date, list[Reject]] = {day: [] for day in asked.days()}
    for began, reject in found.refused if filed else ():
        filed[began if began in filed else max(filed)].append(reject)
    return filed


def _batch(
    asked: Asked,
    day: date,
    rows: Sequence[RawRow],
    rejects: Sequence[Reject],
    findings: list[Finding],
) -> Batch:
    """Close a day that has ended and has a price; without a price its money is unknown.

    A day of which nothing is told is closed only when it is old.
    """
    is_priced = price_on(asked.config, day) is not None
    if not is_priced and rows:
        detail = f"{day} has no price of an ACU in acu_prices; it is not booked"
        subject = f"{asked.config.name} {day}"
        findings.append(Finding("unpriced_day", subject, detail, asked.config.name))
    is_told = bool(rows or rejects) or asked.is_old(day)
    is_complete = day < asked.today and is_told and (is_priced or not rows)
    return Batch(day, rows, tuple(rejects), is_complete)


def _contradiction(asked: Asked, day: date, detail: str) -> Finding:
    subject = f"{asked.config.name} {day}"
    return Finding("report_contradicted", subject, detail, asked.config.name)
