"""What an enterprise was billed beyond its cost centres: the total less theirs, line by line."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tasks.core.money import to_nano
from tasks.sources.copilot.payloads import Item

#: In nano units. Each line is rounded on its own: so much may parts exceed the whole.
_ROUNDING = 1_000
_NANO_PLACES = 9

_Key = tuple[str, str | None, str | None]


@dataclass(slots=True)
class _Sum:
    """Lines of the same sku, unit and model, in 1e-9 units; None where a line does not tell."""

    net: int = 0
    gross: int | None = 0
    quantity: int | None = 0
    lines: int = 0

    def add(self, item: Item) -> None:
        self.net += to_nano(item.net)
        self.gross = _plus(self.gross, item.gross)
        self.quantity = _plus(self.quantity, item.quantity)
        self.lines += 1


def rest_of(total: Iterable[Item], centers: Iterable[Item]) -> list[Item] | None:
    """Take the lines of the cost centres off the enterprise's.

    The rest and the cost centres' lines sum to the total exactly.

    Returns:
        What is left; None where the cost centres were billed more than the whole, so that
        one of the answers cannot be right.
    """
    whole, parts = _sums(total), _sums(centers)
    rest: list[Item] = []
    for key in {**whole, **parts}:
        of_all, of_centers = whole.get(key, _Sum()), parts.get(key, _Sum())
        net = of_all.net - of_centers.net
        gross = _minus(of_all.gross, of_centers.gross)
        quantity = _minus(of_all.quantity, of_centers.quantity)
        slack = _ROUNDING * (of_all.lines + of_centers.lines)
        if _is_overdrawn(of_all.net, net, slack) or _is_overdrawn(of_all.gross, gross, slack):
            return None
        if net or gross or quantity:
            rest.append(Item(*key, quantity=_whole(quantity), net=_units(net), gross=_whole(gross)))
    return rest


def _sums(items: Iterable[Item]) -> dict[_Key, _Sum]:
    sums: dict[_Key, _Sum] = {}
    for item in items:
        sums.setdefault((item.sku, item.unit, item.model), _Sum()).add(item)
    return sums


def _is_overdrawn(whole: int | None, left: int | None, slack: int) -> bool:
    """Money back makes a whole negative, and its parts with it."""
    return whole is not None and left is not None and whole >= 0 and left < -slack


def _plus(sum_nano: int | None, amount: Decimal | None) -> int | None:
    return None if sum_nano is None or amount is None else sum_nano + to_nano(amount)


def _minus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def _whole(nano: int | None) -> Decimal | None:
    return None if nano is None else _units(nano)


def _units(nano: int) -> Decimal:
    return Decimal(nano).scaleb(-_NANO_PLACES)
