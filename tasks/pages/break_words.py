"""Breaks in words: where they stand, how many they are, what they come to, what was decided."""

from collections.abc import Sequence

from tasks.core.books import BreakClass
from tasks.core.money import to_nano
from tasks.core.month_end.dispositions import Decided, Lapse
from tasks.core.night_report import KnownBreak, NightReport
from tasks.core.reconciling.break_ids import NO_CURRENCY, break_currency
from tasks.pages.text import amount, markdown

_NOTHING = "—"


def currency(night: NightReport, one: KnownBreak) -> str:
    """Name the currency of a break: its issuer's, unless another one is what broke."""
    if one.currency != NO_CURRENCY:
        return one.currency
    return break_currency(one.item, {tie.issuer: tie.currency for tie in night.books.ties})


def weight(found: Sequence[KnownBreak]) -> int:
    """Give the size of what breaks come to, in nano units, to order them by."""
    return abs(sum(one.item.amount_nano for one in found))


def total(found: Sequence[KnownBreak], code: str) -> str:
    """Print what breaks of one class and currency come to: money, or a count where none moves."""
    nano = sum(one.item.amount_nano for one in found)
    things = sum(one.item.count for one in found)
    return money(nano, code) if nano or not things else count(things, _unit(found[0]))


def how_many(found: Sequence[KnownBreak]) -> str:
    """Count breaks and the new ones among them, e.g. `12 breaks, 3 new`."""
    new = sum(one.is_new for one in found)
    if len(found) == 1:
        return "1 new break" if new else "1 break"
    of_them = "all" if new == len(found) else f"{new:,}" if new else "none"
    return f"{count(len(found), 'break')}, {of_them} new"


def decision(decided: Decided, code: str) -> str:
    """Say what a role has decided about a break, or why that no longer holds."""
    one = decided.disposition
    verdict = f"{one.verdict.replace('_', ' ')} by {markdown(one.by)}"
    until = f" until {one.until}" if one.until else ""
    if decided.lapse is Lapse.ENDED:
        return f"no longer {verdict}: ended on {one.until}"
    if decided.lapse is Lapse.ABOVE_LIMIT:
        return f"no longer {verdict}: above the limit of {amount(to_nano(one.limit), code)}"
    return f"{verdict}{until}: {markdown(one.reason)}"


def money(nano: int, code: str) -> str:
    """Print an amount of breaks; nothing where they are counted and not weighed."""
    # Where no issuer is known, there is no currency either.
    return amount(nano, code) if nano or code != NO_CURRENCY else _NOTHING


def place(one: KnownBreak) -> str:
    """Say where a break stands: issuer, account and sku, as far as it has them."""
    within = place_within(one)
    issuer = markdown(one.item.issuer)
    return issuer if within == _NOTHING else f"{issuer} / {within}"


def place_within(one: KnownBreak) -> str:
    """Say where a break stands with its issuer: account and sku; a dash if it has neither."""
    item = one.item
    account = "" if item.account in {"-", item.issuer} else item.account.removeprefix(item.issuer)
    parts = (account.lstrip(":"), "" if item.sku == "-" else item.sku)
    return " / ".join(markdown(part) for part in parts if part) or _NOTHING


def counted(one: KnownBreak) -> str:
    """Say how many rows or tokens a break is about, to follow its place; empty if it has none."""
    return f", {count(one.item.count, _unit(one))}" if one.item.count else ""


def days_of(found: Sequence[KnownBreak]) -> str:
    """Give the days of breaks, first to last."""
    first, last = (bound(one.item.day for one in found) for bound in (min, max))
    return unbroken(str(first) if first == last else f"{first} to {last}")


def class_name(name: BreakClass) -> str:
    """Spell a class of breaks in words."""
    return name.value.replace("_", " ")


def unbroken(day: str) -> str:
    """Keep a date in one line: one that wraps at its hyphens is hard to read in a column."""
    return day.replace("-", "\u2011")


def count(number: int, one: str) -> str:
    """Count things by their name in the singular."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def _unit(one: KnownBreak) -> str:
    return "token" if one.item.break_class is BreakClass.UNPRICED_MODEL else "row"
