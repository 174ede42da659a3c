"""Corrections of closed months, as a table of their own below the families."""

from collections.abc import Iterable

from tasks.core.month_end.corrections import Correction
from tasks.pages.text import amount, markdown, table


def corrections_section(corrections: Iterable[Correction]) -> list[str]:
    """Write the section; nothing if there are no corrections."""
    rows = [
        (
            one.origin_period,
            one.billing_period,
            markdown(one.portfolio) or "organisation",
            markdown(one.workflow or one.family or one.kind.replace("_", " ")),
            one.pool,
            amount(one.amount_nano, one.currency),
        )
        for one in corrections
    ]
    if not rows:
        return []
    head = ("Belongs to", "Booked in", "Portfolio", "What", "Entitled to", "Amount")
    return [
        *("", "## Corrections of closed months: outside every pool", ""),
        table(head, rows, right=frozenset({5})),
    ]
