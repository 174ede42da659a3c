"""Scorecards of a family side by side: what is explored beside what is golden.

Markdown for a Prefect artifact; what nobody knows is a dash, never a zero.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from config.shapes.base import Stage
from tasks.core.promotion.scorecard_lines import Column, scorecard_lines
from tasks.core.review.promotion_report import PromotionReport
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.text import markdown, table

#: Workflows that fit beside each other; more of a family go into a further table.
_ABREAST = 3
#: Families of a page; the others are in the CSV.
_MOST_FAMILIES = 40
_STAGES = [stage.value for stage in Stage]


def scorecards(found: PromotionReport) -> str:
    """Show every workflow that was used, by family, exploration before golden."""
    used = [one for one in found.cases if one.card.first_at or one.card.items()]
    at = f"{found.asking.as_of:%Y-%m-%d %H:%M} UTC"
    scope = (
        f"As of {at}. Counts are of matured items since the workflow"
        " last changed; costs are at list prices, in USD."
    )
    parts = ["# Scorecards", "", scope]
    families = [list(group) for _, group in groupby(sorted(used, key=_place), _family)]
    for group in families[:_MOST_FAMILIES]:
        card = group[0].card
        parts += ["", f"## {markdown(card.family)} ({markdown(card.portfolio)})"]
        for abreast in _tables(group):
            parts += ["", _family_table(abreast)]
    rest = len(families) - _MOST_FAMILIES
    if rest > 0:
        parts += ["", f"{rest:,} more families are not shown."]
    silent = [markdown(one.card.workflow) for one in found.cases if one not in used]
    if silent:
        parts += ["", f"No work is known of: {', '.join(silent)}."]
    return "\n".join(parts)


def _family(one: TicketCase) -> tuple[str, str]:
    return one.card.portfolio, one.card.family


def _place(one: TicketCase) -> tuple[str, str, int, str]:
    stage = one.card.stage
    order = _STAGES.index(stage) if stage in _STAGES else len(_STAGES)
    return (*_family(one), order, one.card.workflow)


def _tables(group: Sequence[TicketCase]) -> Iterator[Sequence[TicketCase]]:
    """Part a family into tables, with its golden workflow as the last column of each."""
    golden = [one for one in group if one.card.stage == Stage.GOLDEN][:1]
    others = [one for one in group if one not in golden]
    width = _ABREAST - len(golden)
    for start in range(0, len(others), width):
        yield [*others[start : start + width], *golden]
    if not others:
        yield golden


def _family_table(abreast: Sequence[TicketCase]) -> str:
    head = [f"{markdown(one.card.workflow)} · {one.card.stage or 'no stage'}" for one in abreast]
    columns = [Column(one.card, one.verdict.rate, one.currency) for one in abreast]
    return table(("", *head), scorecard_lines(columns), right=frozenset(range(1, len(head) + 1)))
