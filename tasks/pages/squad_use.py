"""Use by squad, as vendors indicate it: people are counted, never named."""

from collections.abc import Sequence

from tasks.core.money import divide_half_even
from tasks.core.squad_use import FLOOR, OTHERS, Measure, SquadTotal
from tasks.pages.text import amount, markdown, table

_MICRO_PER_CENTI = 10_000
_UNITS = {Measure.CREDITS_MICRO: "AI credits", Measure.ACU_MICRO: "ACUs"}
_WORDS = {
    Measure.CREDITS_MICRO: "credits",
    Measure.SPEND_NANO: "spend",
    Measure.ESTIMATE_NANO: "estimate at list price",
    Measure.ACU_MICRO: "compute units",
}
_SCOPE = (
    "What the vendors indicate by person, added up by the squads of the directory. Indications,"
    " not bills: they do not sum to what is booked, and several sources may tell of the same"
    f" use. Squads of fewer than {FLOOR} people, and people in no squad, are folded into"
    f" *{OTHERS}*."
)


def squad_use_section(totals: Sequence[SquadTotal]) -> list[str]:
    """Show what squads used in the window; nothing where no source tells of any."""
    if not totals:
        return []
    rows = [
        (
            markdown(one.source),
            markdown(one.squad),
            _WORDS[one.measure],
            _figure(one),
            f"{one.days:,}",
            _people(one.most_actors),
        )
        for one in sorted(totals, key=_order)
    ]
    head = ("Source", "Squad", "Measure", "Used", "Days", "People a day, at most")
    shown = table(head, rows, right=frozenset({3, 4, 5}))
    return ["", "## Use by squad (people counted, never named)", "", _SCOPE, "", shown]


def _order(one: SquadTotal) -> tuple[object, ...]:
    """Put a source's squads by size, what is folded last."""
    return one.source, one.measure, one.squad == OTHERS, -one.value, one.squad


def _figure(one: SquadTotal) -> str:
    unit = _UNITS.get(one.measure)
    if unit is None:
        return amount(one.value)  # vendors of agents report in dollars
    hundredths = divide_half_even(abs(one.value), _MICRO_PER_CENTI)
    sign = "-" if one.value < 0 else ""
    return f"{sign}{hundredths // 100:,}.{hundredths % 100:02d} {unit}"


def _people(most: int | None) -> str:
    return f"fewer than {FLOOR}, folded" if most is None else f"{most:,}"
