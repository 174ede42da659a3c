"""Billing periods: their states, what acts made of them, and who takes their corrections.

Rule R16 of `docs/arithmetic.md`. A period is a calendar month, `YYYY-MM`; such texts order as
the months do.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from config.shapes.finance import Close, Reopening
from tasks.core.books import Entry
from tasks.core.days import billing_period, period_days
from tasks.core.month_end.entry_text import entry_text

_SATURDAY = 5


class PeriodState(StrEnum):
    """What may still happen to a period."""

    OPEN = "open"
    SOFT_CLOSED = "soft-closed"  # accruals are booked; charges still restate
    CLOSED = "closed"  # nothing is booked in it any more
    REOPENED = "reopened"  # corrections go to it again


class Act(StrEnum):
    """What was done to a period, on record."""

    SOFT_CLOSED = "soft_closed"
    CLOSED = "closed"
    REOPENED = "reopened"


_STATE_AFTER = {
    Act.SOFT_CLOSED: PeriodState.SOFT_CLOSED,
    Act.CLOSED: PeriodState.CLOSED,
    Act.REOPENED: PeriodState.REOPENED,
}


@dataclass(frozen=True, slots=True)
class PeriodAct:
    """One act upon a period, as the ledger keeps it.

    Attributes:
        as_of: Business time, aware UTC.
        by, on, reason: Of the signed line; empty on a soft close, which nobody signs.
        digest: On a close: of the period's postings.
        night: On a soft close: the reconciliation that booked its accruals; 0 if there were none.
        named: On a close: what was never booked, in words.
        head: Newest head of the ledger's chain then; the ledger fills it in.
        number: Order of acts, from 1; 0 before it is recorded.
    """

    period: str
    act: Act
    as_of: datetime
    by: str = ""
    on: date | None = None
    reason: str = ""
    digest: str = ""
    night: int = 0
    named: tuple[str, ...] = ()
    head: str = ""
    number: int = 0


def business_day(period: str, number: int) -> date:
    """Give the nth day from Monday to Friday of the month after a period."""
    days = [day for day in period_days(next_period(period)) if day.weekday() < _SATURDAY]
    return days[number - 1]


def next_period(period: str) -> str:
    """Name the month after."""
    return billing_period(period_days(period)[-1] + timedelta(days=1))


def newest_ended(today: date) -> str:
    """Name the newest month that has ended."""
    return billing_period(today.replace(day=1) - timedelta(days=1))


def states_of(acts: Iterable[PeriodAct]) -> dict[str, PeriodState]:
    """Give the state of every period that was ever acted upon; all others are open.

    Args:
        acts: In the order in which they were recorded.
    """
    return {act.period: _STATE_AFTER[act.act] for act in acts}


def state_of(period: str, acts: Iterable[PeriodAct]) -> PeriodState:
    """Give the state of one period."""
    return states_of(acts).get(period, PeriodState.OPEN)


def closed_map(acts: Iterable[PeriodAct]) -> dict[str, str]:
    """Map each closed period to the first later one that is not: it takes the corrections."""
    closed = {period for period, is_in in states_of(acts).items() if is_in is PeriodState.CLOSED}
    takes_over: dict[str, str] = {}
    for period in sorted(closed, reverse=True):
        after = next_period(period)
        takes_over[period] = takes_over.get(after, after)
    return dict(sorted(takes_over.items()))


def newest_number(acts: Sequence[PeriodAct]) -> int:
    """Give the number of the newest act; 0 if there is none."""
    return max((act.number for act in acts), default=0)


def look_back(acts: Sequence[PeriodAct]) -> date | None:
    """Give the first day that a night should read: of the oldest period that is not closed.

    Looked at are the period after the newest closed one and those that were soft-closed or
    reopened since the first close ever. None before it: whoever never closes a month does not
    read ever more of the past each night.
    """
    ever_closed = {act.period for act in acts if act.act is Act.CLOSED}
    if not ever_closed:
        return None
    states = states_of(acts)
    closed = [period for period, is_in in states.items() if is_in is PeriodState.CLOSED]
    waiting = [period for period in states if period not in closed and period >= min(ever_closed)]
    if closed:
        waiting.append(next_period(max(closed)))
    return period_days(min(waiting))[0]


def due_periods(
    acts: Sequence[PeriodAct], reopenings: Iterable[Reopening], today: date
) -> list[str]:
    """Name the periods that ask for something, oldest first.

    The newest month that has ended, every one that was soft-closed or reopened and is not closed,
    and closed ones with a line that reopens them.
    """
    states = states_of(acts)
    waiting = {period for period, is_in in states.items() if is_in is not PeriodState.CLOSED}
    reopened = {
        line.billing_period
        for line in reopenings
        if states.get(line.billing_period) is PeriodState.CLOSED
        and is_new_reopening(line, acts, today)
    }
    return sorted(waiting | reopened | {newest_ended(today)})


def is_new_close(line: Close, acts: Iterable[PeriodAct], today: date) -> bool:
    """Tell whether a signed line holds already and has not been acted upon: each acts once."""
    return line.on <= today and not any(
        (act.act, act.period, act.digest, act.by, act.on)
        == (Act.CLOSED, line.billing_period, line.digest, line.by, line.on)
        for act in acts
    )


def is_new_reopening(line: Reopening, acts: Iterable[PeriodAct], today: date) -> bool:
    """Tell the same of a line that reopens."""
    return line.on <= today and not any(
        (act.act, act.period, act.by, act.on, act.reason)
        == (Act.REOPENED, line.billing_period, line.by, line.on, line.reason)
        for act in acts
    )


def period_digest(entries: Iterable[Entry]) -> str:
    """Digest the postings of a period, as SHA-256 hex: equal books give equal digests.

    Args:
        entries: Every entry that was booked in it, in the order of booking.
    """
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry_text(entry).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def ranges(days: Collection[tuple[str, date]]) -> tuple[str, ...]:
    """Write (issuer, day)s for people, adjacent days of an issuer as one range."""
    runs: list[tuple[str, date, date]] = []
    for issuer, day in sorted(set(days)):
        last = runs[-1] if runs else None
        if last is not None and last[0] == issuer and last[2] + timedelta(days=1) == day:
            runs[-1] = (issuer, last[1], day)
        else:
            runs.append((issuer, day, day))
    return tuple(
        f"{issuer} {first}" if first == last else f"{issuer} {first} to {last}"
        for issuer, first, last in runs
    )


def is_final(period: str, final_after_days: int, today: date) -> bool:
    """Tell whether issuers restate a period no more."""
    return today > period_days(period)[-1] + timedelta(days=final_after_days)


def last_acts(acts: Iterable[PeriodAct]) -> Mapping[str, PeriodAct]:
    """Give the newest act of each period."""
    return {act.period: act for act in acts}
