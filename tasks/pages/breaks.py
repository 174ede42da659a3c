"""Breaks as people read them: what asks for something, how old it is, what was decided.

Markdown for a Prefect artifact; every word that came from outside is escaped.
"""

from collections import Counter

from tasks.core.books import BreakClass
from tasks.core.break_ages import AgeBand, age_band
from tasks.core.break_ids import NO_CURRENCY, break_currency, break_id
from tasks.core.dispositions import Decided, Lapse
from tasks.core.money import to_nano
from tasks.core.night_report import KnownBreak, NightReport
from tasks.core.roll_forward import Roll
from tasks.pages.meanings import BREAKS
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, markdown, table

#: Breaks in the breaks table; all of them are in the ledger.
_ROWS = 200
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
_NOTHING = "—"


def breaks(night: NightReport) -> str:
    """List every named difference, largest first, with its age and what was decided about it."""
    plan = night.plan
    window = f"{plan.start} to {plan.end}, as of {plan.as_of:%Y-%m-%d %H:%M} UTC."
    rows = [_row(night, one) for one in night.breaks[:_ROWS]]
    head = ("Since", "Break", "Day", "Where", "Amount", "Decided", "Id")
    parts = ["# Breaks", "", window, "", table(head, rows, right=frozenset({4}))]
    if len(night.breaks) > _ROWS:
        parts += ["", f"{len(night.breaks) - _ROWS} smaller ones are in the ledger."]
    if night.breaks:
        parts += ["", _how_to_decide(), "", "## By age", "", _age_table(night)]
    if night.roll_forward:
        parts += ["", "## What this night changed", "", _roll_table(night.roll_forward), ""]
        parts.append(
            "Opening + new + remeasured - cleared = closing. These are all breaks that stand, also"
            " of days before the window."
        )
    seen = sorted({one.item.break_class for one in night.breaks})
    meanings = [(_words(name), *BREAKS[name]) for name in seen]
    if meanings:
        words = ("Break", "What it is", "What to do")
        parts += ["", "## What they mean", "", table(words, meanings, right=frozenset())]
    return "\n".join(parts)


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


def currency(night: NightReport, one: KnownBreak) -> str:
    """Name the currency of a break: its issuer's, unless another one is what broke."""
    if one.currency != NO_CURRENCY:
        return one.currency
    return break_currency(one.item, {tie.issuer: tie.currency for tie in night.books.ties})


def _task(name: BreakClass, code: str, found: list[KnownBreak]) -> str:
    nano = sum(one.item.amount_nano for one in found)
    rows = sum(one.item.count for one in found)
    total = amount(nano, code) if nano else _count(rows, "row")
    new = sum(one.is_new for one in found)
    lapsed = Counter(one.decided.lapse for one in found if one.decided and one.decided.lapse)
    what, action = BREAKS[name]
    many = f"{_count(len(found), 'break')}, {new} new"
    first = amount(found[0].item.amount_nano, code)
    largest = f"; largest {first}" if nano and len(found) > 1 else ""
    again = "".join(
        f"; decided before, but {_LAPSES[why]}: {lapsed[why]}" for why in sorted(lapsed)
    )
    where = f"on {found[0].item.day}, {_place(found[0])}"
    return f"**{total}** {what} ({many}{largest} {where}{again}): {action}."


def _row(night: NightReport, one: KnownBreak) -> tuple[str, ...]:
    code = currency(night, one)
    return (
        "new" if one.is_new else _day(str(one.first_seen)),
        _words(one.item.break_class),
        _day(str(one.item.day)),
        _place(one),
        _money(one.item.amount_nano, code),
        _decided(one.decided, code),
        f"`{break_id(one.item)}`",
    )


def _decided(decided: Decided | None, code: str) -> str:
    if decided is None:
        return _NOTHING
    one = decided.disposition
    verdict = f"{one.verdict.replace('_', ' ')} by {markdown(one.by)}"
    until = f" until {_day(str(one.until))}" if one.until else ""
    if decided.lapse is Lapse.ENDED:
        return f"no longer {verdict}: ended on {_day(str(one.until))}"
    if decided.lapse is Lapse.ABOVE_LIMIT:
        return f"no longer {verdict}: above the limit of {amount(to_nano(one.limit), code)}"
    return f"{verdict}{until}: {markdown(one.reason)}"


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
        (_words(name), *(f"{bands[band]:,}" for band in AgeBand), f"{bands.total():,}")
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
            _money(nano, roll.currency) + ("" if number is None else f" ({number:,})")
            for nano, number in zip(shown, numbers, strict=True)
        ]
        rows.append((_words(roll.break_class), *cells))
    head = ("Break", "Opening", "New", "Remeasured", "Cleared", "Closing")
    return table(head, rows, right=frozenset(range(1, len(head))))


def _money(nano: int, code: str) -> str:
    # What is counted and not weighed has no amount, and where no issuer is known no currency.
    return amount(nano, code) if nano or code != NO_CURRENCY else _NOTHING


def _place(one: KnownBreak) -> str:
    """Say where a break stands: issuer, account and sku, as far as it has them."""
    item = one.item
    account = "" if item.account in {"-", item.issuer} else item.account.removeprefix(item.issuer)
    words = (item.issuer, account.lstrip(":"), "" if item.sku == "-" else item.sku)
    unit = "token" if item.break_class is BreakClass.UNPRICED_MODEL else "row"
    count = f", {_count(item.count, unit)}" if item.count else ""
    return " / ".join(markdown(word) for word in words if word) + count


def _words(name: BreakClass) -> str:
    return name.value.replace("_", " ")


def _day(text: str) -> str:
    # A date that wraps at its hyphens is hard to read in a column.
    return text.replace("-", "\u2011")


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"
