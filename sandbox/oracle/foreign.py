"""Charges in other currencies (R11)."""

from collections.abc import Iterable
from dataclasses import replace

from sandbox.finance import Finance
from sandbox.oracle.shares import half_even
from sandbox.organisation import CURRENCY
from sandbox.records import ChargeRow


def convert(rows: Iterable[ChargeRow], finance: Finance) -> tuple[ChargeRow, ...]:
    """Give charges as they are booked; what no rate converts keeps its currency."""
    own: list[ChargeRow] = []
    sums: dict[ChargeRow, int] = {}
    for row in rows:
        if row.currency == CURRENCY:
            own.append(row)
        else:
            grain = replace(
                row, amount_nano=0, quantity=None, exact_nano=None, tier=None, context=None
            )
            sums[grain] = sums.get(grain, 0) + row.amount_nano
    for grain, billed in sums.items():
        rate = finance.rate(grain.currency, CURRENCY, grain.day)
        if rate is None:
            own.append(replace(grain, amount_nano=billed))
        else:
            booked = half_even(billed * rate.value())
            own.append(replace(grain, amount_nano=booked, currency=CURRENCY))
    return tuple(own)
