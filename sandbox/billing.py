"""What the vendors billed, and when they said so: cost reports in all their versions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox import script
from sandbox.organisation import ANTHROPIC, ANTHROPIC_DEFAULT, OPENAI
from sandbox.prices import CONTRACT_FACTOR, KINDS, billed_nano
from sandbox.recipes import WIRE_MODEL
from sandbox.records import ChargeRow, Published, UsageRow

_PROD = "wrkspc_01PlatformProd"
_CLAIMS = "wrkspc_01ClaimsProd"
_OPEN_PROD = "proj_PlatformProd"
#: Usage tiers that the cost report leaves out: they are paid by commitment.
_UNBILLED_TIERS = frozenset({"priority"})
_CANONICAL = {wire: model for model, wire in WIRE_MODEL.items()}

Rows = tuple[ChargeRow, ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """How a day's bill is off what was metered, and off the price that was agreed."""

    more_percent: int = 0
    price_factor: Fraction = Fraction(1)


#: How the bill of an account, canonical model and day is off.
Slips = Callable[[str, str, date], Slip]


def publish(usage: Sequence[UsageRow]) -> dict[tuple[str, date], tuple[Published, ...]]:
    """Make every (issuer, day)'s cost report, with all states it is ever seen in."""
    reports = {}
    for (issuer, day), metered in by_issuer_day(usage):
        rows = _sorted([*metered_lines(issuer, day, metered, _slip), *_scripted(issuer, day)])
        reports[issuer, day] = _versions(issuer, day, rows)
    return reports


def by_issuer_day(usage: Iterable[UsageRow]) -> list[tuple[tuple[str, date], list[UsageRow]]]:
    """Group what was metered by issuer and day; sorted by both."""
    by_day: dict[tuple[str, date], list[UsageRow]] = {}
    for row in usage:
        by_day.setdefault((row.issuer, row.day), []).append(row)
    return sorted(by_day.items())


def canonical(wire_model: str) -> str:
    """Turn the vendor's spelling of a model into the one the books use."""
    return _CANONICAL[wire_model]


def metered_lines(
    issuer: str, day: date, metered: Iterable[UsageRow], slips: Slips
) -> Iterator[ChargeRow]:
    """Bill a day's tokens, one line per account, model, tier and kind; keys are not told."""
    tokens: dict[tuple[str, str, str, str, str], int] = {}
    for row in metered:
        if row.tier in _UNBILLED_TIERS:
            continue
        for kind, count in row.tokens.items():
            key = (row.account, row.model, row.tier, row.context, kind)
            tokens[key] = tokens.get(key, 0) + count
    for (account, model, tier, context, kind), count in sorted(tokens.items()):
        is_openai = issuer == OPENAI
        slip = slips(account, canonical(model), day)
        billed = count + count * slip.more_percent // 100
        price = billed_nano(canonical(model), kind, tier, day) * slip.price_factor
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
            _half_even(billed * price),
            quantity=billed if is_openai else None,
        )


def _slip(account: str, model: str, day: date) -> Slip:
    """Tell what is off: once OpenAI bills 3 % more than it metered, and two prices are wrong."""
    slips = {
        (_OPEN_PROD, "gpt-5", script.VOLUME_DAY): Slip(more_percent=3),
        (_OPEN_PROD, "gpt-5", script.PRICE_DAY): Slip(price_factor=Fraction(6, 5)),
        (_CLAIMS, "claude-sonnet-5", script.CONTRACT_SLIP_DAY): Slip(
            price_factor=1 / CONTRACT_FACTOR
        ),
    }
    return slips.get((account, model, day), Slip())


def _scripted(issuer: str, day: date) -> list[ChargeRow]:
    """List the lines that no token explains."""
    if issuer == OPENAI:
        return []
    lines = {
        script.CODE_EXECUTION_DAY: [
            unmetered_line(day, "wrkspc_01PlatformLab", "code_execution", 3_750_000_000)
        ],
        script.CODE_EXECUTION_OWNED_DAY: [
            unmetered_line(day, "wrkspc_01ClaimsLab", "code_execution", 1_250_000_000)
        ],
        script.WEB_SEARCH_DAY: [unmetered_line(day, _PROD, "web_search", 400_000_000)],
        script.CREDIT_DAY: [
            unmetered_line(day, _CLAIMS, None, -25_000_000_000),
            unmetered_line(day, ANTHROPIC_DEFAULT, None, -100_000_000_000),
        ],
    }
    return lines.get(day, [])


def unmetered_line(day: date, account: str, cost_type: str | None, amount_nano: int) -> ChargeRow:
    """Have Anthropic bill what no token explains; without a type it is a credit."""
    category = "usage" if cost_type else "credit"
    return ChargeRow(
        ANTHROPIC, account, day, category, None, None, None, None, cost_type, amount_nano
    )


def _versions(issuer: str, day: date, rows: Rows) -> tuple[Published, ...]:
    """List the states of one report; all but the scripted days have one."""
    first = first_shown(issuer, day)
    if (issuer, day) == (ANTHROPIC, script.LATE_DAY):
        return (Published(first, ()), Published(script.LATE_FILLED_AT, rows))
    if (issuer, day) == (ANTHROPIC, script.RESTATED_DAY):
        raised = changed(rows, _PROD, lambda nano: nano + nano // 25)
        return (Published(first, rows), Published(script.BETWEEN_SECOND_AND_THIRD, raised))
    if (issuer, day) == (OPENAI, script.FLAPPING_DAY):
        lowered = changed(rows, _OPEN_PROD, lambda nano: nano - nano // 10)
        return (
            Published(first, rows),
            Published(script.BETWEEN_FIRST_AND_SECOND, lowered),
            Published(script.BETWEEN_SECOND_AND_THIRD, rows),
        )
    if (issuer, day) == (ANTHROPIC, script.HALF_NANO_DAY):
        return (Published(first, _with_half_nano(rows)),)
    return (Published(first, rows),)


def first_shown(issuer: str, day: date) -> datetime:
    """Give the moment from which an issuer's report of a day shows."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1) + script.COST_LAG[issuer]


def changed(rows: Rows, account: str, change: Callable[[int], int]) -> Rows:
    """Change every amount of one account."""
    return tuple(
        replace(row, amount_nano=change(row.amount_nano)) if row.account == account else row
        for row in rows
    )


def _with_half_nano(rows: Rows) -> Rows:
    """Add one half and three halves of a nano unit: rounded half-even, 0 and 2 of them stay."""
    changed, halves = [], [Fraction(1, 2), Fraction(3, 2)]
    for row in rows:
        if halves and row.account == _PROD and row.amount_nano % 2 == 0:
            exact = row.amount_nano + halves.pop(0)
            changed.append(replace(row, amount_nano=_half_even(exact), exact_nano=exact))
        else:
            changed.append(row)
    return tuple(changed)


def _half_even(amount: Fraction) -> int:
    """Round to whole nano units; Fraction rounds half to even."""
    return round(amount)


def _sorted(rows: Iterable[ChargeRow]) -> Rows:
    order = {kind: position for position, kind in enumerate(KINDS)}
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                row.account,
                row.cost_type or "",
                row.model or "",
                row.tier or "",
                order.get(row.kind or "", 9),
            ),
        )
    )
