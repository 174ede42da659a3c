"""Prepaid credits: lots bought, drawn by usage and lost at their end (R13).

Amounts are integers of 1e-9 units of the issuer's currency. The state of an account's lots
is never kept: it is replayed, from what is posted for days that cannot be booked tonight and
from their charges for days that can.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from config.shapes.finance import Prepaid
from tasks.core.books import BookKey, Destination, DestinationKind, Method
from tasks.core.findings import Finding
from tasks.core.money import to_nano

#: Issuer, account, day.
_Place = tuple[str, str, date]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Movement:
    """What an account's lots do on one day that can be booked.

    Attributes:
        opening_nano: What can be drawn on the day, lots bought on it included.
        bought_nano: Bought by the line itself, not by a charge of the vendor's.
        drawn_nano: Used, never more than `opening_nano`.
        expired_nano: Lost: the day before was a lot's last.
        lots: Texts of the lots bought on the day.
    """

    opening_nano: int
    bought_nano: int
    drawn_nano: int
    expired_nano: int
    lots: tuple[str, ...] = ()

    def is_still(self) -> bool:
        """Tell that nothing moves, and nothing could."""
        return not (self.opening_nano or self.expired_nano or self.lots)

    def owed_nano(self) -> int:
        """Give what the day owes more, or less, than its charges say."""
        return self.bought_nano - self.drawn_nano

    def amounts(self, portfolio: str) -> dict[Destination, int]:
        """Spell the movement by destination, without what came to nothing."""
        prepaid, breakage = DestinationKind.PREPAID, DestinationKind.BREAKAGE
        amounts = {
            Destination(prepaid, portfolio, method=Method.BOUGHT): self.bought_nano,
            Destination(prepaid, portfolio, method=Method.DRAWN): -self.drawn_nano,
            Destination(prepaid, portfolio, method=Method.EXPIRED): -self.expired_nano,
            Destination(breakage, portfolio, method=Method.EXPIRED): self.expired_nano,
        }
        return {to: amount_nano for to, amount_nano in amounts.items() if amount_nano}

    def terms(self, account: str) -> tuple[str, ...]:
        """Spell what of the lots decides the day's books."""
        texts = list(self.lots)
        if self.opening_nano:
            texts.append(f"prepaid {account} can draw {self.opening_nano}")
        if self.expired_nano:
            texts.append(f"prepaid {account} lost {self.expired_nano}")
        return tuple(texts)


@dataclass(frozen=True, slots=True, order=True)
class PrepaidRow:
    """A lot as it stands after the window's last day: bought = drawn + expired + left.

    Attributes:
        drawn_nano: From the day it was bought on.
    """

    issuer: str
    account: str
    lot: str
    currency: str
    bought_nano: int
    drawn_nano: int
    expired_nano: int
    left_nano: int


@dataclass(slots=True)
class _Lot:
    line: Prepaid
    amount_nano: int
    drawn_nano: int = 0
    expired_nano: int = 0

    def left_nano(self) -> int:
        return self.amount_nano - self.drawn_nano - self.expired_nano

    def can_draw(self, day: date) -> bool:
        return self.line.bought <= day and (self.line.expires is None or day <= self.line.expires)


@dataclass(slots=True)
class Replay:
    """An account's lots, day by day.

    Attributes:
        movements: By day that can be booked tonight and on which something can move.
        rows: Lots bought by the last day.
    """

    movements: dict[date, Movement] = field(default_factory=dict)
    rows: tuple[PrepaidRow, ...] = ()


def replay(
    lots: Iterable[Prepaid],
    currency: str,
    *,
    usage: Mapping[date, int],
    posted: Mapping[date, int],
    bookable: Collection[date],
) -> Replay:
    """Draw an account's lots, days ascending.

    Args:
        lots: Of one account, in any order.
        currency: The issuer's.
        usage: Sum of usage charges of days that can be booked.
        posted: What is posted as drawn, by day; counts for days that cannot be booked.
        bookable: Days of the issuer that tonight may book; nothing after the last is looked at.
    """
    ordered = [_Lot(line, to_nano(line.amount)) for line in sorted(lots, key=_drawing_order)]
    found = Replay()
    if not bookable:
        return found
    days = set(bookable)
    last = max(days)
    ends = {lot.line.expires for lot in ordered if lot.line.expires and lot.line.expires < last}
    drawing = {day for day in posted if day <= last}
    for day in sorted(days | drawing | {end + _DAY for end in ends}):
        wanted_nano = usage.get(day, 0) if day in days else posted.get(day, 0)
        movement = _move(ordered, day, max(0, wanted_nano))
        if day in days and not movement.is_still():
            found.movements[day] = movement
    found.rows = tuple(sorted(_row(lot, currency) for lot in ordered if lot.line.bought <= last))
    return found


def posted_draws(
    posted: Mapping[tuple[BookKey, Destination], int],
) -> dict[tuple[str, str], dict[date, int]]:
    """Sum what is posted as drawn by (issuer, account), then by day, wherever it was entered."""
    drawn: dict[tuple[str, str], dict[date, int]] = {}
    for (key, to), amount_nano in posted.items():
        if to.kind is DestinationKind.PREPAID and to.method is Method.DRAWN:
            days = drawn.setdefault((key.issuer, key.account), {})
            days[key.day] = days.get(key.day, 0) - amount_nano
    return drawn


def unbooked_lots(
    lots: Iterable[Prepaid],
    posted: Mapping[tuple[BookKey, Destination], int],
    bookable: Collection[tuple[str, date]],
) -> list[Finding]:
    """List lots of which only draws are booked: their purchase lies before what a night reads.

    Args:
        lots: Of all accounts.
        posted: As `NightInputs.posted`.
        bookable: (issuer, day)s that tonight may book.
    """
    first: dict[str, date] = {}
    for issuer, day in bookable:
        first[issuer] = min(day, first.get(issuer, day))
    bought = {
        (key.issuer, key.account, key.day)
        for key, to in posted
        if to.kind is DestinationKind.PREPAID and to.method is Method.BOUGHT
    }
    return [
        Finding(
            "lot_not_booked",
            lot.id,
            f"{lot.id} was bought on {lot.bought}, and no night has booked that day since it "
            "is in finance.yaml: what is drawn of it is booked, the purchase is not",
        )
        for lot in lots
        if lot.sku is None
        and lot.bought < first.get(lot.issuer, lot.bought)
        and (lot.issuer, lot.account, lot.bought) not in bought
    ]


def by_account(lots: Iterable[Prepaid]) -> dict[tuple[str, str], list[Prepaid]]:
    """Group lots by (issuer, account)."""
    accounts: dict[tuple[str, str], list[Prepaid]] = {}
    for lot in lots:
        accounts.setdefault((lot.issuer, lot.account), []).append(lot)
    return accounts


def _move(lots: Sequence[_Lot], day: date, wanted_nano: int) -> Movement:
    """Move one day's credits: lots are bought, drawn in their order, and lost."""
    new = [lot for lot in lots if lot.line.bought == day]
    opening_nano = sum(lot.left_nano() for lot in lots if lot.can_draw(day))
    drawn_nano = 0
    for lot in lots:
        if lot.can_draw(day):
            part_nano = min(lot.left_nano(), wanted_nano - drawn_nano)
            lot.drawn_nano += part_nano
            drawn_nano += part_nano
    expired_nano = 0
    for lot in lots:
        if lot.line.expires == day - _DAY:
            lost_nano = lot.left_nano()
            lot.expired_nano += lost_nano
            expired_nano += lost_nano
    return Movement(
        opening_nano=opening_nano,
        bought_nano=sum(lot.amount_nano for lot in new if lot.line.sku is None),
        drawn_nano=drawn_nano,
        expired_nano=expired_nano,
        lots=tuple(_text(lot) for lot in new),
    )


def _drawing_order(lot: Prepaid) -> tuple[date, date, str]:
    return lot.expires or date.max, lot.bought, lot.id


def _text(lot: _Lot) -> str:
    line = lot.line
    return f"prepaid {line.account} bought {line.id} {lot.amount_nano} sku {line.sku or ''}"


def _row(lot: _Lot, currency: str) -> PrepaidRow:
    line = lot.line
    return PrepaidRow(
        issuer=line.issuer,
        account=line.account,
        lot=line.id,
        currency=currency,
        bought_nano=lot.amount_nano,
        drawn_nano=lot.drawn_nano,
        expired_nano=lot.expired_nano,
        left_nano=lot.left_nano(),
    )
