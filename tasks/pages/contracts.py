"""Seats and prepaid credits, as tables below the families."""

from collections.abc import Iterable

from tasks.core.reconciling.prepaid import PrepaidRow
from tasks.core.reconciling.seats import SeatRow
from tasks.pages.text import amount, markdown, table

_SEATS = ("Plan", "Account", "Accrued", "Families", "Ad-hoc", "In no log", "Idle", "At card prices")
_SEATS_NOTE = (
    "*Accrued* is what the seats cost. Their runs cost nothing by themselves: what they would have"
    " cost *at card prices* is told beside the books."
)
_PREPAID = ("Lot", "Account", "Bought", "Drawn", "Expired", "Left")


def seats_section(rows: Iterable[SeatRow]) -> list[str]:
    """Write the section; nothing if there are no seats."""
    rows = list(rows)
    if not rows:
        return []
    unpriced = [
        f"- {markdown(row.plan)}: {row.unpriced_tokens:,} tokens of its runs have no price."
        for row in rows
        if row.unpriced_tokens
    ]
    return [
        *("", "## Seats", ""),
        table(_SEATS, [_seat_line(row) for row in rows], right=frozenset(range(2, 8))),
        "",
        _SEATS_NOTE,
        *(["", *unpriced] if unpriced else []),
    ]


def prepaid_section(rows: Iterable[PrepaidRow]) -> list[str]:
    """Write the section; nothing if no credits were bought."""
    lines = [
        (
            markdown(row.lot),
            _place(row),
            *(
                amount(nano, row.currency)
                for nano in (row.bought_nano, row.drawn_nano, row.expired_nano, row.left_nano)
            ),
        )
        for row in rows
    ]
    if not lines:
        return []
    return ["", "## Prepaid credits", "", table(_PREPAID, lines, right=frozenset(range(2, 6)))]


def _seat_line(row: SeatRow) -> tuple[str, ...]:
    families_nano = sum(nano for _, nano in row.families)
    parts = (
        row.accrued_nano,
        families_nano,
        row.ad_hoc_nano,
        row.unnamed_nano,
        row.idle_nano,
    )
    return (
        markdown(row.plan),
        _place(row),
        *(amount(nano, row.currency) for nano in (*parts, row.shadow_nano)),
    )


def _place(row: SeatRow | PrepaidRow) -> str:
    return f"{markdown(row.issuer)} / {markdown(row.account)}"
