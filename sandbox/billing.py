"""What the vendors billed, and when they said so: cost reports in all their versions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
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


def publish(usage: Sequence[UsageRow]) -> dict[tuple[str, date], tuple[Published, ...]]:
    """Make every (issuer, day)'s cost report, with all states it is ever seen in."""
    by_day: dict[tuple[str, date], list[UsageRow]] = {}
    for row in usage:
        by_day.setdefault((row.issuer, row.day), []).append(row)
    reports = {}
    for (issuer, day), metered in sorted(by_day.items()):
        rows = _sorted([*_charges(metered), *_scripted(issuer, day)])
        reports[issuer, day] = _versions(issuer, day, rows)
    return reports


def canonical(wire_model: str) -> str:
    """Turn the vendor's spelling of a model into the one the books use."""
    return _CANONICAL[wire_model]


def _charges(metered: Iterable[UsageRow]) -> list[ChargeRow]:
    """Bill metered tokens, one line per account, model, tier and kind; keys are not told."""
    tokens: dict[tuple[str, str, str, str, str], int] = {}
    issuer, day = "", script.FIRST_DAY
    for row in metered:
        issuer, day = row.issuer, row.day
        if row.tier in _UNBILLED_TIERS:
            continue
        for kind, count in row.tokens.items():
            key = (row.account, row.model, row.tier, row.context, kind)
            tokens[key] = tokens.get(key, 0) + count
    lines = []
    for (account, model, tier, context, kind), count in tokens.items():
        is_openai = issuer == OPENAI
        billed = _billed_tokens(account, model, day, count)
        price = billed_nano(canonical(model), kind, tier, day) * _slip(account, model, day)
        lines.append(
            ChargeRow(
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
        )
    return lines


def _billed_tokens(account: str, model: str, day: date, count: int) -> int:
    """Give the tokens on the bill: once, OpenAI bills 3 % more than it metered."""
    if (account, canonical(model), day) == (_OPEN_PROD, "gpt-5", script.VOLUME_DAY):
        return count + count * 3 // 100
    return count


def _slip(account: str, model: str, day: date) -> Fraction:
    """Give the factor by which one day's bill is off the price that was agreed."""
    subject = (account, canonical(model), day)
    if subject == (_OPEN_PROD, "gpt-5", script.PRICE_DAY):
        return Fraction(6, 5)
    if subject == (_CLAIMS, "claude-sonnet-5", script.CONTRACT_SLIP_DAY):
        return 1 / CONTRACT_FACTOR
    return Fraction(1)


def _scripted(issuer: str, day: date) -> list[ChargeRow]:
    """List the lines that no token explains."""
    if issuer == OPENAI:
        return []
    lines = {
        script.CODE_EXECUTION_DAY: [
            _line(day, "wrkspc_01PlatformLab", "code_execution", 3_750_000_000)
        ],
        script.CODE_EXECUTION_OWNED_DAY: [
            _line(day, "wrkspc_01ClaimsLab", "code_execution", 1_250_000_000)
        ],
        script.WEB_SEARCH_DAY: [_line(day, _PROD, "web_search", 400_000_000)],
        script.CREDIT_DAY: [
            _line(day, _CLAIMS, None, -25_000_000_000),
            _line(day, ANTHROPIC_DEFAULT, None, -100_000_000_000),
        ],
    }
    return lines.get(day, [])


def _line(day: date, account: str, cost_type: str | None, amount_nano: int) -> ChargeRow:
    category = "usage" if cost_type else "credit"
    return ChargeRow(
        ANTHROPIC, account, day, category, None, None, None, None, cost_type, amount_nano
    )


def _versions(issuer: str, day: date, rows: Rows) -> tuple[Published, ...]:
    """List the states of one report; all but the scripted days have one."""
    closed = datetime.combine(day, time(), UTC) + timedelta(days=1)
    first = closed + script.COST_LAG[issuer]
    if (issuer, day) == (ANTHROPIC, script.LATE_DAY):
        return (Published(first, ()), Published(script.LATE_FILLED_AT, rows))
    if (issuer, day) == (ANTHROPIC, script.RESTATED_DAY):
        raised = _changed(rows, _PROD, lambda nano: nano + nano // 25)
        return (Published(first, rows), Published(script.BETWEEN_SECOND_AND_THIRD, raised))
    if (issuer, day) == (OPENAI, script.FLAPPING_DAY):
        lowered = _changed(rows, _OPEN_PROD, lambda nano: nano - nano // 10)
        return (
            Published(first, rows),
            Published(script.BETWEEN_FIRST_AND_SECOND, lowered),
            Published(script.BETWEEN_SECOND_AND_THIRD, rows),
        )
    if (issuer, day) == (ANTHROPIC, script.HALF_NANO_DAY):
        return (Published(first, _with_half_nano(rows)),)
    return (Published(first, rows),)


def _changed(rows: Rows, account: str, change: Callable[[int], int]) -> Rows:
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
