"""Credits bought in advance: bought, drawn, expired, day by day (R13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.finance import Lot
from sandbox.oracle.allocation import Books
from sandbox.oracle.places import add, own_line


@dataclass(frozen=True, slots=True)
class Drawing:
    """What an account's day draws on its lots.

    Attributes:
        usage_nano: Its usage charges, where the day can be booked tonight.
        posted_nano: What is posted as drawn, where it cannot; not negative.
    """

    usage_nano: int | None
    posted_nano: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What credits did on a day.

    Attributes:
        terms: Lots bought, what could be drawn and what was lost: these decide the day (R8).
    """

    books: Books
    terms: tuple[object, ...]


def move(lots: Iterable[Lot], days: Mapping[date, Drawing], portfolio: str) -> dict[date, Moved]:
    """Book the credits of one account.

    Args:
        lots: All of the account, in any order.
        days: Every day from the first purchase to the night's eve.
        portfolio: The account's.

    Returns:
        Movements by day; days that cannot be booked tonight among them.
    """
    ordered = sorted(lots, key=lambda lot: (lot.expires or date.max, lot.bought, lot.id))
    left = {lot.id: lot.amount_nano for lot in ordered}
    moved: dict[date, Moved] = {}
    for day, drawing in sorted(days.items()):
        books: Books = {}
        lost = 0
        for lot in ordered:
            if lot.bought == day and not lot.sku:
                add(books, own_line("prepaid", portfolio, "bought"), lot.amount_nano)
            if lot.expires and lot.expires + timedelta(days=1) == day and left[lot.id]:
                add(books, own_line("prepaid", portfolio, "expired"), -left[lot.id])
                add(books, own_line("breakage", portfolio, "expired"), left[lot.id])
                lost += left[lot.id]
        open_lots = [
            lot for lot in ordered if lot.bought <= day and (not lot.expires or day <= lot.expires)
        ]
        terms = (
            tuple(lot for lot in ordered if lot.bought == day),
            sum(left[lot.id] for lot in open_lots),
            lost,
        )
        wanted = drawing.posted_nano if drawing.usage_nano is None else drawing.usage_nano
        drawn = 0
        for lot in open_lots:
            part = max(0, min(wanted - drawn, left[lot.id]))
            left[lot.id] -= part
            drawn += part
        if drawn:
            add(books, own_line("prepaid", portfolio, "drawn"), -drawn)
        moved[day] = Moved(books, terms if any(terms) else ())
    return moved
