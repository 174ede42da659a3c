"""Read a bill's foreign lines as the books have them: in the issuer's own currency (R11).

The books convert sums of equal charges, an export tells every line: the lines of such a sum are
converted one by one, and the largest takes what rounding then leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.cells import ChargeCell
from tasks.core.money import split_exact
from tasks.core.reconciling.currency import Rates, conversions

#: What makes lines one sum to the books, but for the amounts.
_GRAIN = (
    *("issuer", "account", "day", "billing_period", "currency", "category", "charge_class"),
    *("sku", "model", "kind", "run_id"),
)


def in_books_currency(
    rows: Sequence[Mapping[str, Any]], currencies: Mapping[str, str], rates: Rates
) -> list[Mapping[str, Any]]:
    """Convert the foreign lines of one day's bills; others are given back as they are.

    Args:
        rows: Conformed rows of `charges`, of all bills that count together.
        currencies: Of each issuer.
        rates: In force.

    Raises:
        OutOfRangeError: A sum is larger, billed or converted, than the ledger can keep.
    """
    cells = [_cell(row) for row in rows]
    sums = {_grain(one.billed): one.booked for one in conversions(cells, currencies, rates)}
    found = list(rows)
    places: dict[tuple[object, ...], list[int]] = {}
    for place, cell in enumerate(cells):
        if sums.get(_grain(cell)) is not None:
            places.setdefault(_grain(cell), []).append(place)
    for grain, of_sum in places.items():
        booked = sums[grain]
        if booked is None:
            continue
        parts = _parts(booked.billed_nano, [cells[place].billed_nano for place in of_sum])
        for place, part in zip(of_sum, parts, strict=True):
            found[place] = {**rows[place], "currency": booked.currency, "billed_nano": part}
    return found


def _parts(total: int, amounts: Sequence[int]) -> list[int]:
    """Split a converted sum over its lines; of mixed signs the largest takes the rest."""
    billed = sum(amounts)
    if min(amounts) >= 0 or max(amounts) <= 0 or not billed:
        return split_exact(total, [abs(amount) for amount in amounts])
    parts = [amount * total // billed for amount in amounts]
    largest = max(range(len(amounts)), key=lambda place: abs(amounts[place]))
    parts[largest] += total - sum(parts)
    return parts


def _cell(row: Mapping[str, Any]) -> ChargeCell:
    named = {name: row[name] for name in _GRAIN}
    return ChargeCell(**named, billed_nano=row["billed_nano"], quantity=None, lines=1)


def _grain(cell: ChargeCell) -> tuple[object, ...]:
    return tuple(getattr(cell, name) for name in _GRAIN)
