"""How the breaks that stood became those that stand (R18)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sandbox.oracle.breaks import Break
from sandbox.organisation import CURRENCY, LOG_SOURCE

#: What identifies a break: everything but its size.
About = tuple[str, str, str, date, str]
Standing = dict[About, Break]


@dataclass(frozen=True, slots=True)
class Roll:
    """One class and currency; opening + new + remeasured - cleared = closing, in nano units."""

    opening_nano: int = 0
    new_nano: int = 0
    remeasured_nano: int = 0
    cleared_nano: int = 0
    closing_nano: int = 0


def about(one: Break) -> About:
    """Name a break by what it is about."""
    return one.break_class, one.issuer, one.account, one.day, one.sku


def standing_after(before: Standing, found: Iterable[Break], days: Iterable[date]) -> Standing:
    """Let a night's breaks replace those of the days it looked at."""
    looked_at = set(days)
    kept = {key: one for key, one in before.items() if one.day not in looked_at}
    return {**kept, **{about(one): one for one in found}}


def roll(before: Standing, after: Mapping[About, Break]) -> dict[tuple[str, str], Roll]:
    """Roll breaks forward, by class and currency."""
    groups: dict[tuple[str, str], set[About]] = {}
    for key, one in (*before.items(), *after.items()):
        groups.setdefault((one.break_class, currency_of(one)), set()).add(key)

    def total(standing: Mapping[About, Break], keys: Iterable[About]) -> int:
        return sum(standing[key].amount_nano for key in keys)

    found = {}
    for group, keys in groups.items():
        was, now = keys & before.keys(), keys & after.keys()
        found[group] = Roll(
            opening_nano=total(before, was),
            new_nano=total(after, now - was),
            remeasured_nano=total(after, was & now) - total(before, was & now),
            cleared_nano=total(before, was - now),
            closing_nano=total(after, now),
        )
    return found


def currency_of(one: Break) -> str:
    """Name the currency of a break's amount; none for what only counts lines of a log."""
    if one.break_class in ("invoice", "currency"):
        return one.sku
    return "XXX" if one.issuer == LOG_SOURCE else CURRENCY
