"""Scorecards as people read them: one line a figure, workflows side by side."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasks.core.amount_text import amount_text
from tasks.core.money import divide_half_even
from tasks.core.promotion.gate_words import PROVEN_FROM
from tasks.core.promotion.rates import percent, zero_proves
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.verdict import Rate

#: What nobody knows; never a zero.
UNKNOWN = "—"


class Column(NamedTuple):
    """One workflow of a table; pool spend is in the portfolio's currency, all else in USD."""

    card: Scorecard
    rate: Rate | None
    currency: str = "USD"


def scorecard_lines(
    columns: Sequence[Column], *, is_deciding: bool | None = None
) -> list[tuple[str, ...]]:
    """Lay scorecards side by side: name and one cell a column; a dash is not known.

    A line that nothing is known of is left out.

    Args:
        columns: In order.
        is_deciding: Only the lines that a decision is taken by, or only the others; None: all.
    """
    lines = []
    for name, cell in _LINES:
        if is_deciding is not None and is_deciding == (name in _FURTHER):
            continue
        cells = [cell(one) for one in columns]
        if any(one != UNKNOWN for one in cells):
            lines.append((name, *cells))
    return lines


def _success(one: Column) -> str:
    rate = one.rate
    return f"{rate.successes:,} of {rate.items:,}" if rate and rate.items else UNKNOWN


def _rate(one: Column) -> str:
    return percent(one.rate.rate) if one.rate and one.rate.items else UNKNOWN


def _bounds(one: Column) -> str:
    if not one.rate or one.rate.items < PROVEN_FROM:
        return UNKNOWN
    return f"{percent(one.rate.lower)} to {percent(one.rate.upper, is_up=True)}"


def _capped(one: Column) -> str:
    cost = one.card.cost
    return UNKNOWN if cost.cap_nano is None else _each(cost.capped_nano, cost.successes)


def _uncapped(one: Column) -> str:
    return _each(one.card.cost.total_nano, one.card.cost.successes)


def _median(one: Column) -> str:
    nano = one.card.cost.median_nano
    return UNKNOWN if nano is None else amount_text(nano)


def _uncosted(one: Column) -> str:
    return f"{one.card.cost.uncosted:,}" if one.card.items() else UNKNOWN


def _escalated(one: Column) -> str:
    told = one.card.escalation_told
    return f"{one.card.escalated:,} of {told:,} that tell" if told else UNKNOWN


def _rework(one: Column) -> str:
    card = one.card
    if card.rework_minutes is None or not card.rework_items:
        return UNKNOWN
    return f"{_tenths(divide_half_even(10 * card.rework_minutes, card.rework_items))} minutes"


def _incidents(one: Column) -> str:
    return f"{one.card.incidents:,}" if one.card.items() else UNKNOWN


def _none_proves(one: Column) -> str:
    items = one.card.items()
    has_none = items >= PROVEN_FROM and not one.card.incidents
    return f"{zero_proves(items)} of items" if has_none else UNKNOWN


def _rounds(one: Column) -> str:
    return UNKNOWN if one.card.review_rounds is None else f"{one.card.review_rounds:,}"


def _merge(one: Column) -> str:
    minutes = one.card.merge_minutes
    return UNKNOWN if minutes is None else f"{_tenths(divide_half_even(minutes, 6))} hours"


def _each(nano: int, number: int) -> str:
    return amount_text(divide_half_even(nano, number)) if number else UNKNOWN


def _tenths(number: int) -> str:
    return f"{number // 10:,}.{number % 10}"


#: Lines that explain others, and decide nothing by themselves.
_FURTHER = frozenset(
    {
        "outcome unknown",
        "median cost of an item",
        "items without a known cost",
        "median review rounds",
        "median time to merge",
    }
)
_LINES: tuple[tuple[str, Callable[[Column], str]], ...] = (
    ("matured items", lambda one: f"{one.card.items():,}"),
    ("success", _success),
    ("success rate", _rate),
    ("proven", _bounds),
    ("outcome unknown", lambda one: f"{one.card.unknown:,}"),
    ("cost per success, dear items capped", _capped),
    ("cost per success, uncapped", _uncapped),
    ("median cost of an item", _median),
    ("items without a known cost", _uncosted),
    ("asked a human", _escalated),
    ("rework per item", _rework),
    ("incidents caused", _incidents),
    ("0 incidents prove at most", _none_proves),
    ("median review rounds", _rounds),
    ("median time to merge", _merge),
    ("spent from exploration", lambda one: amount_text(one.card.exploration_nano, one.currency)),
    ("spent from production", lambda one: amount_text(one.card.production_nano, one.currency)),
)
