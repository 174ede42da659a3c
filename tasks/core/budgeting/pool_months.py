"""Budget, spent, pending, carry-over, headroom and forecast of each pool in a month (R17).

Amounts are integers of 1e-9 units of the portfolio's currency; what was billed in another one
stands apart and is never added. Nothing is ever blocked for lack of headroom.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from config.shapes.base import Pool
from config.shapes.catalog import Budget, Catalog
from tasks.core.books import DestinationKind
from tasks.core.budgeting.anomalies import Anomaly, anomalies
from tasks.core.budgeting.budgets import budget_of, carry_over, months_before
from tasks.core.budgeting.forecast import Forecast, forecast
from tasks.core.budgeting.pool_days import PendingDay, PoolDay, PoolName, Spend
from tasks.core.days import billing_period, period_days

_POOLS = frozenset(Pool)


@dataclass(frozen=True, slots=True, order=True)
class Apart:
    """What a pool spent in a currency that is not its portfolio's."""

    currency: str
    spent_nano: int
    pending_nano: int


@dataclass(frozen=True, slots=True)
class PoolMonth:
    """One pool in one month.

    Attributes:
        name: Of a whole portfolio where its family is empty.
        budget_nano: None if none is declared.
        basis: What the forecast rests on; None for a portfolio, whose forecast is a sum.
        unpriced_tokens: Pending tokens without a price; the pending amount lacks them.
    """

    name: PoolName
    period: str
    currency: str
    budget_nano: int | None
    carry_over_nano: int
    spent_nano: int
    pending_nano: int
    forecast_nano: int
    basis: Forecast | None = None
    anomalies: tuple[Anomaly, ...] = ()
    unpriced_tokens: int = 0
    apart: tuple[Apart, ...] = ()

    def available_nano(self) -> int:
        """Give what may be spent: budget and carry-over."""
        return (self.budget_nano or 0) + self.carry_over_nano

    def headroom_nano(self) -> int:
        """Give what is left of it; below zero it is overspent."""
        return self.available_nano() - self.spent_nano - self.pending_nano

    def is_short(self) -> bool:
        """Tell whether the forecast exceeds what is available."""
        return self.budget_nano is not None and self.forecast_nano > self.available_nano()


@dataclass(slots=True)
class _Gathered:
    """What is known of one pool, by currency."""

    booked: dict[str, dict[tuple[str, date], int]] = field(default_factory=dict)
    pending: dict[str, dict[date, int]] = field(default_factory=dict)
    unpriced: dict[str, int] = field(default_factory=dict)

    def currencies(self) -> list[str]:
        return sorted(self.booked.keys() | self.pending.keys())

    def spend(self, currency: str) -> Spend:
        return Spend(self.booked.get(currency, {}), self.pending.get(currency, {}))


def is_pooled(row: PoolDay) -> bool:
    """Tell whether a pool carries what was booked: a family's, and of no closed period."""
    is_family = row.kind is DestinationKind.FAMILY and row.pool in _POOLS
    return is_family and not row.origin_period


def family_pools(
    catalog: Catalog, days: Iterable[PoolDay], pending: Iterable[PendingDay], through: date
) -> tuple[PoolMonth, ...]:
    """State both pools of every family of the catalog, and of every other that spent.

    Args:
        catalog: The catalog in force.
        days: From `forecast.spend_needed_from(through)` on.
        pending: Of days through `through`.
        through: Last day that anything is known of; its month is stated.

    Returns:
        Sorted by portfolio, family and pool; always both pools of a family.
    """
    gathered = _gather(days, pending)
    budgets = {(one.portfolio, one.id): one.budgets for one in catalog.families}
    currencies = {one.id: one.currency for one in catalog.portfolios}
    homes = budgets.keys() | {(name.portfolio, name.family) for name in gathered}
    months = []
    for portfolio, family in sorted(homes):
        found = {
            pool: gathered.get(PoolName(portfolio, family, pool), _Gathered()) for pool in Pool
        }
        known = sorted(code for one in found.values() for code in one.currencies())
        currency = currencies.get(portfolio) or next(iter(known), "")
        months += [
            _month(
                PoolName(portfolio, family, pool),
                found[pool],
                currency,
                budgets.get((portfolio, family), ()),
                through,
            )
            for pool in Pool
        ]
    return tuple(months)


def portfolio_pools(
    catalog: Catalog, families: Sequence[PoolMonth], days: Iterable[PoolDay]
) -> tuple[PoolMonth, ...]:
    """State the pools of portfolios that have a budget of their own, from their families'.

    Args:
        catalog: The catalog in force.
        families: As `family_pools` gives them.
        days: As there.
    """
    last: dict[tuple[str, str, str, str], int] = {}
    for row in days:
        if is_pooled(row):
            of = (row.portfolio, row.pool, row.billing_period, row.currency)
            last[of] = last.get(of, 0) + row.amount_nano
    months = []
    for portfolio in catalog.portfolios:
        for pool in Pool:
            rows = [row for row in families if row.name[::2] == (portfolio.id, pool)]
            period = rows[0].period if rows else ""
            budget = budget_of(portfolio.budgets, pool, period) if rows else None
            if budget is None:
                continue
            before = months_before(period, 1)
            spent_before = last.get((portfolio.id, pool, before, portfolio.currency), 0)
            months.append(
                PoolMonth(
                    PoolName(portfolio.id, "", pool),
                    period,
                    portfolio.currency,
                    budget,
                    carry_over(budget_of(portfolio.budgets, pool, before), spent_before, pool),
                    sum(row.spent_nano for row in rows),
                    sum(row.pending_nano for row in rows),
                    sum(row.forecast_nano for row in rows),
                )
            )
    return tuple(months)


def _gather(days: Iterable[PoolDay], pending: Iterable[PendingDay]) -> dict[PoolName, _Gathered]:
    found: dict[PoolName, _Gathered] = {}

    def of(row: PoolDay | PendingDay) -> _Gathered:
        return found.setdefault(PoolName(row.portfolio, row.family, row.pool), _Gathered())

    for row in days:
        if is_pooled(row):
            booked = of(row).booked.setdefault(row.currency, {})
            place = (row.billing_period, row.day)
            booked[place] = booked.get(place, 0) + row.amount_nano
    for waiting in pending:
        one = of(waiting)
        amounts = one.pending.setdefault(waiting.currency, {})
        amounts[waiting.day] = amounts.get(waiting.day, 0) + waiting.amount_nano
        period = billing_period(waiting.day)
        one.unpriced[period] = one.unpriced.get(period, 0) + waiting.unpriced_tokens
    return found


def _month(
    name: PoolName, found: _Gathered, currency: str, budgets: Sequence[Budget], through: date
) -> PoolMonth:
    period, pool = billing_period(through), Pool(name.pool)
    before = months_before(period, 1)
    spend = found.spend(currency)
    budget = budget_of(budgets, pool, period)
    expected = forecast(spend, through)
    days = [day for day in period_days(period) if day <= through]
    allowed = None if budget is None else Fraction(budget, 10 * len(period_days(period)))
    return PoolMonth(
        name=name,
        period=period,
        currency=currency,
        budget_nano=budget,
        carry_over_nano=carry_over(budget_of(budgets, pool, before), spend.booked_in(before), pool),
        spent_nano=spend.booked_in(period),
        pending_nano=_pending_in(spend, period),
        forecast_nano=expected.amount_nano(),
        basis=expected,
        anomalies=anomalies(spend.daily(), days, allowed),
        unpriced_tokens=found.unpriced.get(period, 0),
        apart=_apart(found, currency, period),
    )


def _apart(found: _Gathered, currency: str, period: str) -> tuple[Apart, ...]:
    apart = []
    for other in found.currencies():
        if other == currency:
            continue
        spend = found.spend(other)
        spent, pending = spend.booked_in(period), _pending_in(spend, period)
        if spent or pending:
            apart.append(Apart(other, spent, pending))
    return tuple(apart)


def _pending_in(spend: Spend, period: str) -> int:
    return sum(amount for day, amount in spend.pending.items() if billing_period(day) == period)
