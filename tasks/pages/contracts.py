"""Seats and prepaid credits, as tables below the families."""

from collections.abc import Iterable, Iterator

from tasks.core.prepaid import PrepaidRow
from tasks.core.seats import SeatRow
from tasks.pages.text import amount, markdown, table

_SEATS = (
    *("Plan", "Issuer", "Account", "Accrued", "Families", "Ad-hoc", "Named by no log", "Idle"),
    "Its runs at the card's prices",
)
_PREPAID = ("Lot", "Issuer", "Account", "Bought", "Drawn", "Expired", "Left")


def seats_section(rows: Iterable[SeatRow]) -> list[str]:
    """Write the section; nothing if there are no seats."""
    lines = [_seat_line(row) for row in rows]
    if not lines:
        return []
    return [
        *("", "## Seats", ""),
        table(_SEATS, lines, right=frozenset(range(3, 9))),
        "",
        "Runs on seats cost nothing by themselves: their last column is told beside the books.",
    ]


def prepaid_section(rows: Iterable[PrepaidRow]) -> list[str]:
    """Write the section; nothing if no credits were bought."""
    lines = [
        (
            markdown(row.lot),
            *_place(row),
            *(
                amount(nano, row.currency)
                for nano in (row.bought_nano, row.drawn_nano, row.expired_nano, row.left_nano)
            ),
        )
        for row in rows
    ]
    if not lines:
        return []
    return ["", "## Prepaid credits", "", table(_PREPAID, lines, right=frozenset(range(3, 7)))]


def _seat_line(row: SeatRow) -> tuple[str, ...]:
    families_nano = sum(nano for _, nano in row.families)
    parts = (
        row.accrued_nano,
        families_nano,
        row.ad_hoc_nano,
        row.unnamed_nano,
        row.idle_nano,
    )
    shadow = amount(row.shadow_nano, row.currency)
    if row.unpriced_tokens:
        shadow = f"{shadow} and {row.unpriced_tokens:,} tokens without a price"
    return (
        markdown(row.plan),
        *_place(row),
        *(amount(nano, row.currency) for nano in parts),
        shadow,
    )


def _place(row: SeatRow | PrepaidRow) -> Iterator[str]:
    yield markdown(row.issuer)
    yield markdown(row.account)
