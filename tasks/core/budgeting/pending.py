"""What logged runs will cost on days whose charges are not booked yet (R17).

An estimate at card prices, told beside the books and never in them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from config.shapes.base import Pool
from config.shapes.finance import SeatPlan
from tasks.core.budgeting.pool_days import PendingDay
from tasks.core.cells import RunCell
from tasks.core.night import IssuerDay
from tasks.core.prices import PriceCard

_POOLS = frozenset(Pool)
#: Portfolio, family, pool, issuer, day, model, place of the token kind.
_Line = tuple[str, str, str, str, date, str, int]


def pending_days(
    runs: Iterable[RunCell],
    card: PriceCard,
    *,
    booked: Collection[IssuerDay],
    currencies: Mapping[str, str],
    seats: Sequence[SeatPlan] = (),
) -> list[PendingDay]:
    """Value the runs of families on days that are not booked, sorted.

    Args:
        runs: Of the window.
        card: Compiled for at least these runs.
        booked: (issuer, day)s that are.
        currencies: Currency of each issuer; runs of others are nobody's bill.
        seats: Runs under a plan are paid by it, and pend nowhere (R12).
    """
    tokens: dict[_Line, int] = {}
    for cell in runs:
        is_open = (cell.issuer, cell.day) not in booked and cell.issuer in currencies
        if is_open and cell.pool in _POOLS and not _is_seated(cell, seats):
            for place, counted in enumerate(cell.tokens):
                if counted.tokens:
                    of = (cell.issuer, cell.day, cell.model, place)
                    line: _Line = (cell.portfolio, cell.family, cell.pool, *of)
                    tokens[line] = tokens.get(line, 0) + counted.tokens
    sums: dict[tuple[date, str, str, str, str], list[int]] = {}
    for (portfolio, family, pool, issuer, day, model, place), count in tokens.items():
        row = sums.setdefault((day, portfolio, family, pool, currencies[issuer]), [0, 0])
        rate = card.run_rates(issuer, model, day)[place]
        if rate is None:
            row[1] += count
        else:
            row[0] += rate.value(count)
    return [PendingDay(*key, *row) for key, row in sorted(sums.items())]


def _is_seated(cell: RunCell, seats: Iterable[SeatPlan]) -> bool:
    return any(
        (plan.issuer, plan.account) == (cell.issuer, cell.account)
        and plan.from_day <= cell.day <= (plan.to_day or date.max)
        for plan in seats
    )
