"""The budget pools of a month as a night tells them (R17): nothing here is ever blocked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from config.shapes.catalog import Catalog
from tasks.core.budgeting.budget_offers import BudgetOffer, budget_offers
from tasks.core.budgeting.catalog_diff import offers_diff
from tasks.core.budgeting.pool_days import PendingDay, PoolDay
from tasks.core.budgeting.pool_months import PoolMonth, family_pools, is_pooled, portfolio_pools
from tasks.core.budgeting.squad_money import SquadWithout, squads_without
from tasks.core.days import billing_period
from tasks.core.totals import Leak

#: What corrections of closed periods are called among the lines that no pool carries.
CORRECTIONS = "corrections of closed periods"


@dataclass(frozen=True, slots=True, order=True)
class Outside:
    """Money booked in the month that no pool carries.

    Attributes:
        portfolio: Empty for the organisation itself.
        what: The kind of posting, or `CORRECTIONS`.
    """

    portfolio: str
    what: str
    currency: str
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Pools:
    """All pools of a month, and what follows from them.

    What pools spent, what they spent in other currencies and what is outside sum, by currency,
    to what is booked in the month.

    Attributes:
        period: `YYYY-MM`; empty where pools were not computed.
        through: Last day that anything is known of.
        begun: First day with anything booked, of those that were read; None if nothing is. What
            last month carried over knows of no spend before it.
        families: Both pools of each family, sorted by portfolio, family and pool.
        portfolios: Pools of portfolios that have a budget of their own.
        leaks: Where one pool paid for the other's work; without a workflow.
        offer_diff: The offers as a unified diff of catalog.yaml.
    """

    period: str = ""
    through: date | None = None
    begun: date | None = None
    families: tuple[PoolMonth, ...] = ()
    portfolios: tuple[PoolMonth, ...] = ()
    outside: tuple[Outside, ...] = ()
    leaks: tuple[Leak, ...] = ()
    offers: tuple[BudgetOffer, ...] = ()
    offer_diff: str = ""
    squads: tuple[SquadWithout, ...] = ()


def pools_of(
    catalog: Catalog,
    days: Sequence[PoolDay],
    pending: Sequence[PendingDay],
    *,
    through: date,
    catalog_text: str = "",
) -> Pools:
    """State the pools of the month of a day.

    Args:
        catalog: The catalog in force.
        days: What is booked, from `forecast.spend_needed_from(through)` on.
        pending: What is not booked yet, through that day.
        through: Last day that anything is known of.
        catalog_text: The file that the catalog was read from; empty: offers without a diff.
    """
    period = billing_period(through)
    families = family_pools(catalog, days, pending, through)
    portfolios = portfolio_pools(catalog, families, days)
    offers = budget_offers(catalog, (*families, *portfolios))
    in_month = [row for row in days if row.billing_period == period]
    return Pools(
        period=period,
        through=through,
        begun=min((row.day for row in days), default=None),
        families=families,
        portfolios=portfolios,
        outside=_outside(in_month),
        leaks=_leaks(in_month),
        offers=offers,
        offer_diff=offers_diff(catalog_text, offers) if catalog_text and offers else "",
        squads=squads_without(catalog, (*families, *portfolios), through),
    )


def _outside(days: Iterable[PoolDay]) -> tuple[Outside, ...]:
    sums: dict[tuple[str, str, str], int] = {}
    for row in days:
        if not is_pooled(row):
            what = CORRECTIONS if row.origin_period else row.kind.value
            of = (row.portfolio, what, row.currency)
            sums[of] = sums.get(of, 0) + row.amount_nano
    return tuple(Outside(*of, amount) for of, amount in sorted(sums.items()) if amount)


def _leaks(days: Iterable[PoolDay]) -> tuple[Leak, ...]:
    sums: dict[tuple[str, str, str, str, str], int] = {}
    for row in days:
        if is_pooled(row) and row.paid_from and row.paid_from != row.pool:
            of = (row.portfolio, row.family, row.pool, row.paid_from, row.currency)
            sums[of] = sums.get(of, 0) + row.amount_nano
    return tuple(
        Leak(portfolio, family, "", pool, paid_from, currency, amount)
        for (portfolio, family, pool, paid_from, currency), amount in sorted(sums.items())
        if amount
    )
