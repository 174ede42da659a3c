"""What the vendors billed in the year, in all the states their reports are ever seen in."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox import script
from sandbox.billing import canonical
from sandbox.organisation import ANTHROPIC, OPENAI
from sandbox.prices import billed_nano
from sandbox.records import ChargeRow, Published, UsageRow
from sandbox.year import calendar

Rows = tuple[ChargeRow, ...]
_NANO = 1_000_000_000
_OPEN_PROD = "proj_PlatformProd"
_LAB = "wrkspc_01PlatformLab"


def publish(usage: Sequence[UsageRow]) -> dict[tuple[str, date], tuple[Published, ...]]:
    """Make every (issuer, day)'s cost report."""
    by_day: dict[tuple[str, date], list[UsageRow]] = {}
    for row in usage:
        by_day.setdefault((row.issuer, row.day), []).append(row)
    return {
        (issuer, day): _versions(issuer, day, (*_metered(rows), *_scripted(issuer, day)))
        for (issuer, day), rows in sorted(by_day.items())
    }


def _metered(rows: Iterable[UsageRow]) -> Iterable[ChargeRow]:
    """Bill metered tokens, one line per account, model and kind; keys are not told."""
    tokens: dict[tuple[str, str, str, str, str, date, str], int] = {}
    for row in rows:
        for kind, count in row.tokens.items():
            key = (row.issuer, row.account, row.model, row.tier, row.context, row.day, kind)
            tokens[key] = tokens.get(key, 0) + count
    for (issuer, account, model, tier, context, day, kind), count in sorted(tokens.items()):
        is_openai = issuer == OPENAI
        billed, factor = count, Fraction(1)
        if account == _OPEN_PROD and day in calendar.VOLUME_DAYS:
            billed = count + count * 3 // 100
        if account == _OPEN_PROD and day in calendar.PRICE_DAYS:
            factor = Fraction(6, 5)
        price = billed_nano(canonical(model), kind, tier, day) * factor
        yield ChargeRow(
            issuer,
            account,
            day,
            "usage",
            model,
            None if is_openai else tier,
            None if is_openai else context,
            kind,
            "tokens",
            round(billed * price),
            quantity=billed if is_openai else None,
        )


def _scripted(issuer: str, day: date) -> Iterable[ChargeRow]:
    if issuer != ANTHROPIC:
        return
    for account, dollars in calendar.CREDITS.get(day, ()):
        yield _line(day, account, "credit", None, dollars * _NANO)
    if day in calendar.CODE_EXECUTION_DAYS:
        yield _line(day, _LAB, "usage", "code_execution", 3_750_000_000)


def _line(
    day: date, account: str, category: str, cost_type: str | None, amount_nano: int
) -> ChargeRow:
    return ChargeRow(
        ANTHROPIC, account, day, category, None, None, None, None, cost_type, amount_nano
    )


def _versions(issuer: str, day: date, rows: Rows) -> tuple[Published, ...]:
    """List the states of one report; all but the scripted days have one."""
    late = calendar.LATE_DAYS.get(day, 0) if issuer == ANTHROPIC else 0
    closed = datetime.combine(day, time(), UTC) + timedelta(days=1)
    first = Published(closed + script.COST_LAG[issuer] + timedelta(days=late), rows)
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
    return tuple(
        replace(row, amount_nano=row.amount_nano + row.amount_nano * thousandths // 1000)
        if row.account == account
        else row
        for row in rows
    )
