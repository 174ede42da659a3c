"""Breaks as people read them: what asks for something, how old it is, what was decided.

Markdown for a Prefect artifact; every word that came from outside is escaped.
"""

from collections import Counter

from tasks.core.books import BreakClass
from tasks.core.month_end.break_ages import AgeBand, age_band
from tasks.core.month_end.dispositions import Lapse
from tasks.core.month_end.roll_forward import Roll
from tasks.core.night_report import KnownBreak, NightReport
from tasks.pages.break_tables import class_section
from tasks.pages.break_words import (
    class_name,
    counted,
    currency,
    how_many,
    money,
    place,
    total,
    weight,
)
from tasks.pages.meanings import BREAKS
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, table

#: Breaks that ask nobody for anything.
_QUIET = frozenset(
    {
        BreakClass.PENDING,
        BreakClass.TIMING,
        BreakClass.CREDIT,
        BreakClass.TAX,
        BreakClass.RESTATED,
        BreakClass.REPARSED,
        BreakClass.DUPLICATE,
    }
)
_LAPSES = {Lapse.ENDED: "it has ended", Lapse.ABOVE_LIMIT: "the break is above its limit"}


def breaks(night: NightReport) -> str:
    """Tell every named difference by class and issuer, with age and what was decided about it."""
    plan = night.plan
    window = f"{plan.start} to {plan.end}, as of {plan.as_of:%Y-%m-%d %H:%M} UTC."
    parts = ["# Breaks", "", window, ""]
    parts += [_how_to_decide() if night.breaks else "There is none.", ""]
    classes: dict[BreakClass, list[KnownBreak]] = {}
    for one in night.breaks:
        classes.setdefault(one.item.break_class, []).append(one)
    for name in sorted(classes, key=lambda name: (name in _QUIET, -weight(classes[name]), name)):
        parts += class_section(night, name, classes[name])
    if night.breaks:
        parts += ["## By age", "", _age_table(night), ""]
    if night.roll_forward:
        parts += ["## What this night changed", "", _roll_table(night.roll_forward), ""]
        parts.append(
            "Opening + new + remeasured - cleared = closing. These are all breaks that stand, also"
            " of days before the window."
        )
    return "\n".join(parts).rstrip("\n")


def break_tasks(night: NightReport) -> list[str]:
    """Ask for what breaks want done, by class; not for those that a disposition settles."""
    groups: dict[tuple[BreakClass, str], list[KnownBreak]] = {}
    for one in night.breaks:
        if one.item.break_class not in _QUIET and not one.is_settled():
            of = (one.item.break_class, currency(night, one))
            groups.setdefault(of, []).append(one)

    def total_of(group: tuple[tuple[BreakClass, str], list[KnownBreak]]) -> int:
        return -abs(sum(one.item.amount_nano for one in group[1]))

    return [
        _task(name, code, found) for (name, code), found in sorted(groups.items(), key=total_of)
    ]


def _task(name: BreakClass, code: str, found: list[KnownBreak]) -> str:
    what, action = BREAKS[name]
    first = found[0]
    is_weighed = any(one.item.amount_nano for one in found)
    where = f"on {first.item.day}, {place(first)}{counted(first) if is_weighed else ''}"
    if len(found) > 1:
        which = f"the largest {amount(first.item.amount_nano, code)}" if is_weighed else "one"
        where = f"; {which} {where}"
    lapsed = Counter(one.decided.lapse for one in found if one.decided and one.decided.lapse)
    again = "".join(
        f"; decided before, but {_LAPSES[why]}: {lapsed[why]}" for why in sorted(lapsed)
    )
    about = f"{how_many(found)}{where if len(found) > 1 else f' {where}'}{again}"
    return f"**{total(found, code)}** {what} ({about}): {action}."


def _how_to_decide() -> str:
    return (
        "A break that is known and may stay is settled by a line under `dispositions` of"
        " finance.yaml, by its id, with a role, a reason and a limit. It then asks no more, as long"
        " as it stays within the limit; its amount stays in every figure."
    )


def _age_table(night: NightReport) -> str:
    """Count breaks by class and by the time since they were first detected."""
    today = night.plan.as_of.date()
    counts: dict[BreakClass, Counter[AgeBand]] = {}
    for one in night.breaks:
        band = age_band(one.first_seen, today)
        counts.setdefault(one.item.break_class, Counter())[band] += 1
    rows = [
        (class_name(name), *(f"{bands[band]:,}" for band in AgeBand), f"{bands.total():,}")
        for name, bands in sorted(counts.items())
    ]
    every = sum(counts.values(), Counter[AgeBand]())
    totals = (*(every[band] for band in AgeBand), every.total())
    rows.append(("**Together**", *(f"**{number:,}**" for number in totals)))
    head = ("Break", *(band.value for band in AgeBand), "Together")
    return table(head, rows, right=frozenset(range(1, len(head))))


def _roll_table(rolls: tuple[Roll, ...]) -> str:
    rows = []
    for roll in rolls:
        # Rounded together, so that the printed line adds up; cleared is taken away.
        parts = in_cents(
            (roll.opening_nano, roll.new_nano, roll.remeasured_nano, -roll.cleared_nano)
        )
        shown = (*parts[:3], -parts[3], sum(parts))
        numbers = (roll.opening, roll.new, None, roll.cleared, roll.closing())
        cells = [
            money(nano, roll.currency) + ("" if number is None else f" ({number:,})")
            for nano, number in zip(shown, numbers, strict=True)
        ]
        rows.append((class_name(roll.break_class), *cells))
    head = ("Break", "Opening", "New", "Remeasured", "Cleared", "Closing")
    return table(head, rows, right=frozenset(range(1, len(head))))
