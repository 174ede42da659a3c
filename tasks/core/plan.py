"""What a night will do: which days, which streams, and as of when.

Decided before any work, so that a wrong request fails at once and in words.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tasks.core.errors import GraduandError

#: Days that a night looks back where no source says; vendors revise reports for about a month.
TRAILING_DAYS = 31
#: A longer window is a sign of a typing error, and would read every source for hours.
MAX_WINDOW_DAYS = 366


class PlanError(GraduandError):
    """A run was asked for something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Order:
    """One stream to pull."""

    source: str
    stream: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A night, decided.

    Attributes:
        start, end: First and last vendor day of the window.
        as_of: Business time, aware UTC.
        is_past: Computed as of a past moment: nothing is pulled and nothing booked.
        orders: Streams to pull; empty for a past moment.
    """

    start: date
    end: date
    as_of: datetime
    is_past: bool
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A source, or a stream of it, that brought nothing this night.

    Attributes:
        wait_until: Aware UTC, where the source said when to come again.
    """

    source: str
    stream: str
    detail: str
    wait_until: datetime | None = None


def plan_night(
    streams: Mapping[str, Sequence[str]],
    *,
    window: tuple[date, date] | None,
    only: Collection[str] | None,
    as_of: datetime | None,
    now: datetime,
    trailing_days: int = TRAILING_DAYS,
    back_to: date | None = None,
) -> Plan:
    """Decide what a night does.

    Args:
        streams: Stream names by enabled source.
        window: First and last vendor day; None for the trailing days up to yesterday.
        only: Sources to pull; None for all.
        as_of: Past moment to compute for, aware; None for now.
        now: Aware UTC.
        trailing_days: Length of a window that is not given.
        back_to: First day that a window which is not given should reach: of the oldest period
            not closed. It reaches no further than `MAX_WINDOW_DAYS`.

    Raises:
        PlanError: The window or the moment lies in the future, or a source is unknown.
    """
    if as_of is not None and as_of > now:
        message = f"as_of {as_of.isoformat(timespec='seconds')} has not come yet: leave it empty"
        raise PlanError(message)
    moment = as_of or now
    start, end = window or _usual_window(moment.date(), trailing_days, back_to)
    if end > moment.date():
        message = (
            f"the window ends on {end}, after the day it is computed for ({moment.date()}): "
            "nothing can be billed yet for those days"
        )
        raise PlanError(message)
    unknown = sorted(set(only or ()) - set(streams))
    if unknown:
        message = f"unknown sources {unknown}; there are: {', '.join(sorted(streams))}"
        raise PlanError(message)
    chosen = [source for source in streams if only is None or source in only]
    orders = (
        ()
        if as_of is not None
        else tuple(Order(source, stream) for source in chosen for stream in streams[source])
    )
    return Plan(start=start, end=end, as_of=moment, is_past=as_of is not None, orders=orders)


def _usual_window(today: date, trailing_days: int, back_to: date | None) -> tuple[date, date]:
    end = today - timedelta(days=1)
    start = today - timedelta(days=trailing_days)
    if back_to is not None and back_to < start:
        start = max(back_to, today - timedelta(days=MAX_WINDOW_DAYS))
    return start, end
