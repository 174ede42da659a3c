"""What is booked for workflows since their epochs began: by pool, and how well logs tell whose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from config.shapes.base import Pool
from config.shapes.catalog import Catalog
from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.findings import Finding
from tasks.core.money import divide_half_even
from tasks.core.promotion.declared_metrics import REWORK_MINUTES, MetricRow, metric_sums
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.totals import PPM, explained_as, is_usage


@dataclass(frozen=True, slots=True)
class GateSpend:
    """What was booked for one workflow in its portfolio's currency.

    Attributes:
        exploration_nano, production_nano: Since its epoch began, by entitled pool.
        evidenced_ppm: Share of its usage charges that runs with its stamp or the charge itself
            tell; None if nothing was charged for usage.
    """

    exploration_nano: int = 0
    production_nano: int = 0
    evidenced_ppm: int | None = None


@dataclass(slots=True)
class _Sums:
    by_pool: dict[str, int]
    usage_nano: int = 0
    evidenced_nano: int = 0

    def spend(self) -> GateSpend:
        ppm = None
        if self.usage_nano > 0:
            ppm = divide_half_even(self.evidenced_nano * PPM, self.usage_nano)
        return GateSpend(
            exploration_nano=self.by_pool.get(Pool.EXPLORATION, 0),
            production_nano=self.by_pool.get(Pool.PRODUCTION, 0),
            evidenced_ppm=None if ppm is None else min(max(ppm, 0), PPM),
        )


def gate_spend(
    posted: Mapping[tuple[BookKey, Destination], int],
    since: Mapping[str, date],
    currencies: Mapping[str, str],
) -> dict[str, GateSpend]:
    """Sum what is booked for each workflow on charge days of its epoch.

    Args:
        posted: As the ledger sums it; nano units.
        since: First day of the epoch, by workflow.
        currencies: Of its portfolio, by workflow; currencies are never added together.
    """
    sums = {workflow: _Sums({}) for workflow in since}
    for (key, to), amount_nano in posted.items():
        first = since.get(to.workflow)
        if to.kind is not DestinationKind.FAMILY or first is None or key.day < first:
            continue
        if key.currency == currencies[to.workflow]:
            of = sums[to.workflow]
            of.by_pool[to.pool] = of.by_pool.get(to.pool, 0) + amount_nano
            if is_usage(to):
                of.usage_nano += amount_nano
                if explained_as(to) == "evidenced":
                    of.evidenced_nano += amount_nano
    return {workflow: found.spend() for workflow, found in sums.items()}


def completed(
    cards: Mapping[str, Scorecard],
    posted: Mapping[tuple[BookKey, Destination], int],
    metrics: Iterable[MetricRow],
    currencies: Mapping[str, str],
) -> dict[str, Scorecard]:
    """Add to scorecards what the books and declared metrics tell.

    Args:
        cards: By workflow.
        posted: As the ledger sums it; nano units.
        metrics: Declared ones, none of a day after the look.
        currencies: As `currency_of` gives them.
    """
    since = {of: card.epoch_from.date() for of, card in cards.items()}
    spend = gate_spend(posted, since, currencies)
    rework = metric_sums(metrics, REWORK_MINUTES, since)
    return {
        of: replace(
            card,
            rework_minutes=rework[of].whole() if of in rework else None,
            rework_items=rework[of].items if of in rework else None,
            exploration_nano=spend[of].exploration_nano,
            production_nano=spend[of].production_nano,
            cost=replace(card.cost, evidenced_ppm=spend[of].evidenced_ppm),
        )
        for of, card in cards.items()
    }


def currency_of(catalog: Catalog) -> dict[str, str]:
    """Name the currency of each workflow's portfolio."""
    portfolios = {one.id: one.currency for one in catalog.portfolios}
    families = {one.id: portfolios[one.portfolio] for one in catalog.families}
    return {one.id: families[one.family] for one in catalog.workflows}


def spent_in_exploration(
    posted: Mapping[tuple[BookKey, Destination], int],
) -> dict[str, dict[tuple[str, date], int]]:
    """Sum what is booked from exploration by workflow, then currency and charge day."""
    spent: dict[str, dict[tuple[str, date], int]] = {}
    for (key, to), amount_nano in posted.items():
        if to.kind is DestinationKind.FAMILY and to.pool == Pool.EXPLORATION:
            days = spent.setdefault(to.workflow, {})
            place = key.currency, key.day
            days[place] = days.get(place, 0) + amount_nano
    return spent


def currency_findings(
    posted: Mapping[tuple[BookKey, Destination], int], currencies: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Name workflows of which something is booked in another currency than their portfolio's."""
    others: dict[str, set[str]] = {}
    for key, to in posted:
        own = currencies.get(to.workflow)
        if to.kind is DestinationKind.FAMILY and own is not None and key.currency != own:
            others.setdefault(to.workflow, set()).add(key.currency)
    return tuple(
        Finding(
            "spend_in_other_currency",
            workflow,
            f"{workflow} has spent in {', '.join(sorted(found))}, too; its scorecard shows "
            f"{currencies[workflow]} alone",
        )
        for workflow, found in sorted(others.items())
    )
