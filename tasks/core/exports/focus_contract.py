"""What a FOCUS export tells of contracts: seats, prepaid credits, settlement of invoices.

As the specification wants commitments told: buying in advance is billed and has no effective
cost, and what then uses it has an effective cost and is not billed again. So billed cost sums to
what is owed, effective cost to what was used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.core.books import Destination, DestinationKind, Method
from tasks.core.money import split_exact

_SEATS = frozenset({Method.SEAT, Method.ACCRUED})
#: Kinds that are no cost by themselves: bought before, or used before it is billed.
ASSETS = frozenset({DestinationKind.PREPAID, DestinationKind.ACCRUED})
#: Kinds that no export tells: an estimate is not a charge.
UNTOLD = frozenset({DestinationKind.ACCRUAL, DestinationKind.PAYABLE})

Amounts = Mapping[Destination, int]


@dataclass(frozen=True, slots=True)
class ContractCharge:
    """What one destination has by contract or document.

    Attributes:
        category: Of FOCUS.
        frequency: Of FOCUS.
        billed_nano: Part of what is owed.
        effective_nano: Part of what was used.
    """

    to: Destination
    category: str
    frequency: str
    billed_nano: int
    effective_nano: int


def contract_charges(amounts: Amounts, told: frozenset[DestinationKind]) -> list[ContractCharge]:
    """Make the charges of one book that no billed line stands behind, in a stable order.

    Args:
        amounts: All that is posted in the book.
        told: Kinds of advances that billed lines tell already.
    """
    is_accrued = any(to.kind is DestinationKind.ACCRUED for to in amounts if _is_taken(to))
    charges = []
    for to, nano in sorted(amounts.items()):
        if to.kind in UNTOLD or _is_taken(to):
            continue
        if to.method is Method.BOUGHT:
            if to.kind not in told:
                charges.append(ContractCharge(to, "Purchase", "One-Time", nano, 0))
        elif to.method in _SEATS:
            billed = 0 if is_accrued else nano
            charges.append(ContractCharge(to, "Usage", "Recurring", billed, nano))
        elif to.method is Method.EXPIRED:
            charges.append(ContractCharge(to, "Adjustment", "One-Time", 0, nano))
        elif to.method is Method.SETTLED:
            charges.append(ContractCharge(to, "Adjustment", "One-Time", nano, nano))
    return charges


def drawn_nano(amounts: Amounts) -> int:
    """Give how much of a book's usage was paid from credits bought before."""
    return -sum(
        nano
        for to, nano in amounts.items()
        if to.kind is DestinationKind.PREPAID and to.method is Method.DRAWN
    )


def billed_after_draw(usage: Sequence[int], drawn: int) -> list[int]:
    """Give what is owed of each amount of usage once credits have paid their part.

    Args:
        usage: Amounts of one book, in nano units; credits drawn are at most their sum.
        drawn: What credits have paid.
    """
    if not drawn:
        return list(usage)
    parts = split_exact(drawn, [max(0, amount) for amount in usage])
    return [amount - part for amount, part in zip(usage, parts, strict=True)]


def _is_taken(to: Destination) -> bool:
    """Tell the side of an asset that falls as it is used: its use is told where it went."""
    return to.kind in ASSETS and to.method is not Method.BOUGHT
