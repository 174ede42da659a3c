"""From a frozen verdict to what people decide about: the patch, the money that moves, the days."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from config.shapes.base import Pool, Stage
from config.shapes.catalog import Catalog, Family
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.errors import ConfigError
from tasks.core.promotion.deadlines import business_days_after
from tasks.core.promotion.packets import Packet, packet_digest
from tasks.core.promotion.stages import PROMOTED
from tasks.core.promotion.verdict import Kind, Verdict
from tasks.core.review.budget_move import BudgetMove, budget_move
from tasks.core.review.promotion_patch import (
    Patch,
    StageLine,
    first_day,
    promotion_patch,
    provisional_line,
)
from tasks.core.review.ticket_case import TicketCase
from tasks.core.work.item_facts import ItemFact

#: How long a workflow that is retired may still run: what depends on it needs a way out.
_WAY_OUT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a case is told with, beside its packet.

    Attributes:
        catalog_text: Of catalog.yaml, to patch; empty for the past, which is not patched.
        production: Production pool by family, in the month of `through`.
        spent: Booked from exploration by workflow: nano by currency and charge day.
        through: Last day that is booked.
        items: Matured items that failed or are unknown, by workflow.
        names: What people call an item, by its key.
    """

    catalog: Catalog
    catalog_text: str
    through: date
    production: Mapping[str, PoolMonth] = field(default_factory=dict)
    spent: Mapping[str, Mapping[tuple[str, date], int]] = field(default_factory=dict)
    items: Mapping[str, tuple[ItemFact, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    chain_head: str = ""


def production_pools(months: Iterable[PoolMonth]) -> dict[str, PoolMonth]:
    """Find the production pool of each family."""
    return {one.name.family: one for one in months if one.name.pool == Pool.PRODUCTION}


def ticket_case(packet: Packet, around: Surroundings) -> TicketCase:
    """Make of a packet what is shown and asked.

    Args:
        packet: As frozen.
        around: Of the same look.
    """
    case = packet.case
    workflow, verdict = case.workflow, packet.verdict
    families = {family.id: family for family in around.catalog.families}
    portfolios = {one.id: one for one in around.catalog.portfolios}
    decide_by = business_days_after(case.day, case.rules.decide_within_days)
    from_day = first_day(workflow, decide_by)
    items = around.items.get(workflow.id, ())
    family = families[workflow.family]
    move = _move(family, around, workflow.id, from_day)
    return TicketCase(
        packet=packet,
        digest=packet_digest(packet),
        items=items,
        decide_by=decide_by,
        names={item.item: around.names[item.item] for item in items if item.item in around.names}
        | {key: around.names[key] for key in packet.succeeded if key in around.names},
        currency=portfolios[family.portfolio].currency,
        move=move if asks_for_promotion(verdict) else None,
        chain_head=around.chain_head,
    )


def with_patch(case: TicketCase, around: Surroundings) -> TicketCase:
    """Add the change that a verdict proposes; each takes reading the whole catalog again.

    Args:
        case: As `ticket_case` made it.
        around: The same as then.
    """
    workflow = case.workflow
    family = next(one for one in around.catalog.families if one.id == workflow.family)
    from_day = first_day(workflow, case.decide_by)
    move = case.move or _move(family, around, workflow.id, from_day)
    patch, refusal, others = _patches(case.packet, around, from_day, move)
    return replace(case, patch=patch, patch_refusal=refusal, others=others)


def asks_for_promotion(verdict: Verdict) -> bool:
    """Tell whether a verdict asks people to promote: it qualifies, or proof alone is pending."""
    return verdict.kind is Kind.QUALIFIED or verdict.is_review_ready


def _move(family: Family, around: Surroundings, workflow: str, from_day: date) -> BudgetMove:
    month = around.production.get(family.id)
    if month is None:
        portfolio = next(one for one in around.catalog.portfolios if one.id == family.portfolio)
        name = PoolName(family.portfolio, family.id, Pool.PRODUCTION.value)
        period = f"{around.through:%Y-%m}"
        month = PoolMonth(name, period, portfolio.currency, None, 0, 0, 0, 0)
    return budget_move(
        family,
        month,
        around.spent.get(workflow, {}),
        through=around.through,
        from_day=from_day,
    )


def _patches(
    packet: Packet, around: Surroundings, from_day: date, move: BudgetMove
) -> tuple[Patch | None, str, tuple[tuple[str, Patch], ...]]:
    """Write the change that a verdict proposes, and what may be merged instead."""
    verdict = packet.verdict
    line = _line(verdict, packet.case.card.stage, from_day)
    if line is None or not around.catalog_text:
        return None, "", ()
    budget = move if line.stage is Stage.GOLDEN else None
    try:
        patch = _patch(packet, around, line, budget)
    except ConfigError as error:
        return None, str(error), ()
    others: list[tuple[str, Patch]] = []
    if packet.case.card.stage == Stage.EXPLORATION:
        provisional = provisional_line(move, from_day)
        title = f"Or provisional until {provisional.until}, with a cap"
        others.append((title, _patch(packet, around, provisional, None)))
    return patch, "", tuple(others)


def _patch(
    packet: Packet, around: Surroundings, line: StageLine, budget: BudgetMove | None
) -> Patch:
    return promotion_patch(
        around.catalog_text,
        packet.case.workflow.id,
        from_day=line.from_day,
        stage=line.stage,
        until=line.until,
        cap=line.cap,
        budget=budget,
    )


def _line(verdict: Verdict, stage: str, from_day: date) -> StageLine | None:
    """Give the stage that a verdict proposes; None where it proposes none."""
    if asks_for_promotion(verdict):
        return StageLine(from_day, Stage.GOLDEN)
    if verdict.kind is Kind.REGRESSING and stage in PROMOTED:
        return StageLine(from_day, Stage.EXPLORATION)
    if verdict.kind in {Kind.RETIRE, Kind.DECISION_DUE}:
        # A sunset stage is paid by production: what was only explored gets one day of it.
        way_out = _WAY_OUT if stage in PROMOTED else timedelta()
        return StageLine(from_day, Stage.SUNSET, until=from_day + way_out)
    return None
