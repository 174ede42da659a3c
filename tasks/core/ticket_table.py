"""A workflow beside the golden one of its family, as the table of a ticket; a dash is not known."""

import math
from collections.abc import Callable
from typing import NamedTuple

from tasks.core.amount_text import amount_text
from tasks.core.money import divide_half_even
from tasks.core.rates import percent
from tasks.core.scorecard import Scorecard
from tasks.core.ticket_case import TicketCase
from tasks.core.ticket_content import TableBlock
from tasks.core.ticket_words import text
from tasks.core.verdict import Rate

#: What a count of zero leaves possible is told at this chance of being wrong.
_ZERO_ALPHA = 0.05
_UNKNOWN = "—"
_PPM = 1_000_000


def beside_golden(case: TicketCase) -> TableBlock:
    """Lay this workflow and the family's golden one side by side; a dash is not known."""
    columns = [_Column(case.card, case.verdict.rate, case.currency)]
    head = ["", case.card.workflow]
    if case.golden is not None:
        head.append(f"{case.golden.workflow} (golden)")
        columns.append(_Column(case.golden, case.verdict.golden, case.currency))
    rows = []
    for name, cell in _LINES:
        cells = [cell(one) for one in columns]
        if any(one != _UNKNOWN for one in cells):
            rows.append((text(name), *map(text, cells)))
    return TableBlock(tuple(head), tuple(rows))


def zero_proves(items: int) -> str:
    """Say what no incident in so many items leaves possible; empty without items."""
    if not items:
        return ""
    return percent(math.ceil(_PPM * (1 - _ZERO_ALPHA ** (1 / items))), is_up=True)


class _Column(NamedTuple):
    """One workflow of the table; pool spend is in the portfolio's currency, all else in USD."""

    card: Scorecard
    rate: Rate | None
    currency: str


def _success(one: _Column) -> str:
    rate = one.rate
    if rate is None or not rate.items:
        return _UNKNOWN
    found = f"{rate.successes:,} of {rate.items:,}, {percent(rate.rate)}"
    return f"{found}; proven {percent(rate.lower)} to {percent(rate.upper, is_up=True)}"


def _capped(one: _Column) -> str:
    cost = one.card.cost
    return _UNKNOWN if cost.cap_nano is None else _each(cost.capped_nano, cost.successes)


def _uncapped(one: _Column) -> str:
    return _each(one.card.cost.total_nano, one.card.cost.successes)


def _median(one: _Column) -> str:
    nano = one.card.cost.median_nano
    return _UNKNOWN if nano is None else amount_text(nano)


def _uncosted(one: _Column) -> str:
    return f"{one.card.cost.uncosted:,}" if one.card.items() else _UNKNOWN


def _escalated(one: _Column) -> str:
    told = one.card.escalation_told
    return f"{one.card.escalated:,} of {told:,} that tell" if told else _UNKNOWN


def _rework(one: _Column) -> str:
    card = one.card
    if card.rework_minutes is None or not card.rework_items:
        return _UNKNOWN
    return f"{_tenths(divide_half_even(10 * card.rework_minutes, card.rework_items))} minutes"


def _incidents(one: _Column) -> str:
    items = one.card.items()
    if not items:
        return _UNKNOWN
    if one.card.incidents:
        return f"{one.card.incidents:,}"
    return f"0, which proves at most {zero_proves(items)} of items"


def _rounds(one: _Column) -> str:
    return _UNKNOWN if one.card.review_rounds is None else f"{one.card.review_rounds:,}"


def _merge(one: _Column) -> str:
    minutes = one.card.merge_minutes
    return _UNKNOWN if minutes is None else f"{_tenths(divide_half_even(minutes, 6))} hours"


def _each(nano: int, number: int) -> str:
    return amount_text(divide_half_even(nano, number)) if number else _UNKNOWN


def _tenths(number: int) -> str:
    return f"{number // 10:,}.{number % 10}"


_LINES: tuple[tuple[str, Callable[[_Column], str]], ...] = (
    ("matured items", lambda one: f"{one.card.items():,}"),
    ("success", _success),
    ("outcome unknown", lambda one: f"{one.card.unknown:,}"),
    ("cost per success, dear items capped", _capped),
    ("cost per success, uncapped", _uncapped),
    ("median cost of an item", _median),
    ("items without a known cost", _uncosted),
    ("asked a human", _escalated),
    ("rework per item", _rework),
    ("incidents caused", _incidents),
    ("median review rounds", _rounds),
    ("median time to merge", _merge),
    ("spent from exploration", lambda one: amount_text(one.card.exploration_nano, one.currency)),
    ("spent from production", lambda one: amount_text(one.card.production_nano, one.currency)),
)
