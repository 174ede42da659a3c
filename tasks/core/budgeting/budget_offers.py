"""Offer a larger budget where a forecast says that one will not do, as a change of catalog.yaml.

An offer is a new dated line, never a changed one, and never a block: until somebody merges it,
everything goes on as before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from config.shapes.base import Pool
from config.shapes.catalog import Catalog
from tasks.core.budgeting.budgets import first_of_next
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.money import NANO, to_nano

#: Budgets are offered in whole hundreds of the currency.
STEP_NANO = 100 * NANO


@dataclass(frozen=True, slots=True, order=True)
class BudgetOffer:
    """A dated budget line that would be enough, for the first of next month.

    Attributes:
        name: Of the pool; of a whole portfolio where its family is empty.
        amount_nano: The forecast, rounded up to the next hundred.
        available_nano: What this month has: budget and carry-over.
    """

    name: PoolName
    currency: str
    from_day: date
    amount_nano: int
    forecast_nano: int
    available_nano: int

    def amount(self) -> Decimal:
        """Give the amount in whole currency units, with two digits, as the catalog writes it."""
        return (Decimal(self.amount_nano) / NANO).quantize(Decimal("0.01"))


def budget_offers(catalog: Catalog, pools: Iterable[PoolMonth]) -> tuple[BudgetOffer, ...]:
    """Offer a budget for every pool whose forecast exceeds what it has.

    A pool without a budget gets no offer: nobody has said that there should be one. Neither does
    one whose budget already changes later, or would be enough next month.
    """
    families = {(one.portfolio, one.id): one.budgets for one in catalog.families}
    budgets = families | {(one.id, ""): one.budgets for one in catalog.portfolios}
    offers = []
    for month in pools:
        pool = Pool(month.name.pool)
        of = (month.name.portfolio, month.name.family)
        lines = [line for line in budgets.get(of, ()) if line.pool is pool]
        from_day = first_of_next(month.period)
        amount_nano = -(-month.forecast_nano // STEP_NANO) * STEP_NANO
        if not month.is_short() or not lines or lines[-1].from_day >= from_day:
            continue
        if amount_nano <= to_nano(lines[-1].amount):
            continue
        offers.append(
            BudgetOffer(
                month.name,
                month.currency,
                from_day,
                amount_nano,
                month.forecast_nano,
                month.available_nano(),
            )
        )
    return tuple(sorted(offers))
