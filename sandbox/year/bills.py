"""What the vendors billed in the year, in all the states their reports are ever seen in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox.billing import (
    Rows,
    Slip,
    by_issuer_day,
    changed,
    first_shown,
    metered_lines,
    unmetered_line,
)
from sandbox.organisation import ANTHROPIC, OPENAI
from sandbox.records import ChargeRow, Published, UsageRow
from sandbox.year import calendar

_NANO = 1_000_000_000
_OPEN_PROD = "proj_PlatformProd"
_LAB = "wrkspc_01PlatformLab"


def publish(usage: Sequence[UsageRow]) -> dict[tuple[str, date], tuple[Published, ...]]:
    """Make every (issuer, day)'s cost report."""
    return {
        (issuer, day): _versions(
            issuer, day, (*metered_lines(issuer, day, rows, _slip), *_scripted(issuer, day))
        )
        for (issuer, day), rows in by_issuer_day(usage)
    }


def _slip(account: str, _: str, day: date) -> Slip:
    is_off = account == _OPEN_PROD
    return Slip(
        more_percent=3 if is_off and day in calendar.VOLUME_DAYS else 0,
        price_factor=Fraction(6, 5) if is_off and day in calendar.PRICE_DAYS else Fraction(1),
    )


def _scripted(issuer: str, day: date) -> Iterable[ChargeRow]:
    if issuer != ANTHROPIC:
        return
    for account, dollars in calendar.CREDITS.get(day, ()):
        yield unmetered_line(day, account, None, dollars * _NANO)
    if day in calendar.CODE_EXECUTION_DAYS:
        yield unmetered_line(day, _LAB, "code_execution", 3_750_000_000)


def _versions(issuer: str, day: date, rows: Rows) -> tuple[Published, ...]:
    """List the states of one report; all but the scripted days have one."""
    late = calendar.LATE_DAYS.get(day, 0) if issuer == ANTHROPIC else 0
    first = Published(first_shown(issuer, day) + timedelta(days=late), rows)
    if issuer == ANTHROPIC and day in calendar.RESTATED:
        after, account, thousandths = calendar.RESTATED[day]
        return (first, Published(noon(day, after), grown(rows, account, thousandths)))
    if issuer == OPENAI and day in calendar.FLAPPING:
        there, back = calendar.FLAPPING[day]
        lower = grown(rows, _OPEN_PROD, -100)
        return (first, Published(noon(day, there), lower), Published(noon(day, back), rows))
    return (first,)


def noon(day: date, after: int) -> datetime:
    """Give the noon of some days after a day."""
    return datetime.combine(day + timedelta(days=after), time(12), UTC)


def grown(rows: Rows, account: str, thousandths: int) -> Rows:
    """Change every amount of one account by a part of it."""
    return changed(rows, account, lambda nano: nano + nano * thousandths // 1000)
