"""What a night reads of bills beside its own days: older ones, and what others say of the same."""

from datetime import date

from config.load import Config
from config.shapes.finance import Finance
from tasks.core.cells import ChargeCell
from tasks.core.days import period_days
from tasks.core.findings import Finding
from tasks.core.plan import Plan
from tasks.core.reconciling.opinions import differences, repeats
from tasks.core.standing import Standing, second_opinions
from tasks.core.tables import CHARGES
from tasks.lake.queries import Queries
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import enabled_sources


def earliest_day(plan: Plan, finance: Finance) -> date:
    """Find the first day whose postings bear on the window: of a period to settle, or of a lot."""
    days = [day for period in _settled_periods(plan, finance) for day in period_days(period)[:1]]
    days += [lot.bought for lot in finance.prepaid if lot.bought <= plan.end]
    return min([plan.start, *days])


def _settled_periods(plan: Plan, finance: Finance) -> set[str]:
    """Name the invoiced periods that end in the window: only there they can be settled."""
    return {
        invoice.billing_period
        for invoice in finance.invoices
        if plan.start <= period_days(invoice.billing_period)[-1] <= plan.end
    }


def foreign_elsewhere(
    plan: Plan,
    finance: Finance,
    config: Config,
    query: Queries,
    ledger: Ledger,
    standing: Standing,
    seq: int,
) -> list[ChargeCell]:
    """Read what was billed in foreign currencies on days of periods to settle, but not of tonight.

    They lie before the window, or are held.
    """
    days = [day for period in _settled_periods(plan, finance) for day in period_days(period)]
    held = {day for _, day in standing.held}
    if not days or (min(days) >= plan.start and not held.intersection(days)):
        return []
    snapshots = ledger.snapshots_as_of(
        seq,
        layer="conformed",
        which=Which.NEWEST_COMPLETE,
        table=CHARGES.name,
        start=min(days),
        end=plan.end,
    )
    opinions = second_opinions(enabled_sources(config.sources))
    read = [
        one
        for one in snapshots
        if one.source not in opinions and (one.key < plan.start or one.key in held)
    ]
    # A day may be held because its file is lost: then what it was billed is not known.
    lost = set(query.lake.unreadable(read))
    read = [one for one in read if one not in lost]
    currencies = {issuer.id: issuer.currency for issuer in config.sources.issuers}
    return [
        cell
        for cell in query.charge_cells(read)
        if cell.currency != currencies.get(cell.issuer, cell.currency)
        and (cell.day < plan.start or (cell.issuer, cell.day) in standing.held)
    ]


def opinion_findings(standing: Standing, query: Queries) -> list[Finding]:
    """Hold the reports against each other where an issuer has several."""
    if not standing.opinions and len({one.source for one in standing.charges}) == 1:
        return []
    booked = query.told_charges(standing.charges)
    others = query.told_charges(standing.opinions)
    return [*repeats(booked), *differences(booked, others, standing.legs.charges)]
