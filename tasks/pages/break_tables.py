"""The breaks of a class: what they mean, and those of each issuer, the largest one by one."""

from collections.abc import Sequence
from itertools import groupby

from tasks.core.books import BreakClass
from tasks.core.night_report import KnownBreak, NightReport
from tasks.core.reconciling.break_ids import break_id
from tasks.pages.break_words import (
    class_name,
    counted,
    currency,
    days_of,
    decision,
    how_many,
    money,
    place_within,
    total,
    unbroken,
    weight,
)
from tasks.pages.meanings import BREAKS
from tasks.pages.rounding import in_cents
from tasks.pages.text import markdown, table

#: Breaks of a class and issuer that are listed one by one; all of them are in the ledger.
_EACH = 10
#: Accounts and skus that a table names where there are more breaks than that.
_PLACES = 15
#: Decisions that are told of a class and issuer.
_DECISIONS = 50


def class_section(night: NightReport, name: BreakClass, found: Sequence[KnownBreak]) -> list[str]:
    """Tell the breaks of a class: what they mean, then those of each issuer."""
    meaning = ". ".join(map(_capital, BREAKS[name]))
    lines = [f"## {_capital(class_name(name))}", "", f"{meaning}.", ""]

    def of(one: KnownBreak) -> tuple[str, str]:
        return one.item.issuer, currency(night, one)

    groups = [
        (issuer, code, list(group)) for (issuer, code), group in groupby(sorted(found, key=of), of)
    ]
    for issuer, code, group in sorted(groups, key=lambda one: -weight(one[2])):
        lines += [f"### {markdown(issuer)}: {total(group, code)}, {how_many(group)}", ""]
        listed = sorted(group, key=lambda one: (-abs(one.item.amount_nano), one.item.day))
        if len(group) > _EACH:
            lines += [_place_table(group, code), "", f"The {_EACH} largest:", ""]
        lines += [_break_table(listed[:_EACH], code), "", *_decisions(listed, code)]
    return lines


def _place_table(found: Sequence[KnownBreak], code: str) -> str:
    """Sum many breaks by account and sku, largest first; the lines sum to the heading's amount."""
    places: dict[str, list[KnownBreak]] = {}
    for one in found:
        places.setdefault(place_within(one), []).append(one)
    named = sorted(places.items(), key=lambda place: -weight(place[1]))
    rest = [one for _, group in named[_PLACES:] for one in group]
    shown = [*named[:_PLACES], *([(f"{len(named) - _PLACES} more", rest)] if rest else [])]
    rounded = in_cents([sum(one.item.amount_nano for one in group) for _, group in shown])
    rows = [
        (place, f"{len(group):,}", days_of(group), money(nano, code))
        for (place, group), nano in zip(shown, rounded, strict=True)
    ]
    return table(("Where", "Breaks", "Days", "Amount"), rows, right=frozenset({1, 3}))


def _break_table(found: Sequence[KnownBreak], code: str) -> str:
    rows = [
        (
            f"`{break_id(one.item)}`",
            "new" if one.is_new else unbroken(str(one.first_seen)),
            unbroken(str(one.item.day)),
            money(one.item.amount_nano, code),
            place_within(one) + counted(one),
        )
        for one in found
    ]
    return table(("Id", "Since", "Day", "Amount", "Where"), rows, right=frozenset({3}))


def _decisions(found: Sequence[KnownBreak], code: str) -> list[str]:
    lines = [
        f"- `{break_id(one.item)}`: {decision(one.decided, code)}" for one in found if one.decided
    ]
    more = [f"- {len(lines) - _DECISIONS} more"] if len(lines) > _DECISIONS else []
    return ["Decided:", "", *lines[:_DECISIONS], *more, ""] if lines else []


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
