"""Hold published figures about a workflow against what the books measure.

Where no system can tell the outcome of an item, the catalog says which logged
decisions count as success or failure; every other decision is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from config.shapes.catalog import Catalog, Claim, DecisionOutcomes
from tasks.core.cells import Candidate, DecisionCell, Dimension
from tasks.core.findings import Finding
from tasks.core.money import NANO


@dataclass(frozen=True, slots=True, order=True)
class DecisionCount:
    """How often runs of a workflow ended in one decision.

    Attributes:
        decision: None where the log names none.
    """

    workflow: str
    decision: str | None
    count: int


@dataclass(frozen=True, slots=True, order=True)
class OutcomeCounts:
    """Outcomes of a workflow's work, by its logged decisions."""

    workflow: str
    success: int
    failure: int
    unknown: int

    def total(self) -> int:
        """Count all of them."""
        return self.success + self.failure + self.unknown


@dataclass(frozen=True, slots=True)
class LoggedCost:
    """What logs say a workflow's runs cost.

    Attributes:
        cost_nano: Sum of the runs' own estimates, nano-USD.
        items: Work items they were for; runs, where a log names no items.
        uncosted: Those of them of which a run's cost was not logged, so that the sum lacks it.
    """

    cost_nano: int
    items: int
    uncosted: int = 0


def decided(
    candidates: Iterable[Candidate], decisions: Iterable[DecisionCell]
) -> tuple[list[DecisionCount], dict[str, LoggedCost]]:
    """Give stamped decisions to the workflows that the stamps name.

    Args:
        candidates: Resolved hints; the strongest of a stamp counts.
        decisions: Work items by stamp and decision.

    Returns:
        Decisions and logged costs by workflow.
    """
    workflow_of: dict[str, str] = {}
    for candidate in sorted(candidates, key=lambda one: (one.rank, one.workflow)):
        if candidate.dimension is Dimension.STAMP:
            workflow_of.setdefault(candidate.value, candidate.workflow)
    counts: list[DecisionCount] = []
    costs: dict[str, LoggedCost] = {}
    for cell in decisions:
        workflow = workflow_of.get(cell.stamp)
        if workflow is not None:
            counts.append(DecisionCount(workflow, cell.decision, cell.items))
            before = costs.get(workflow, LoggedCost(0, 0))
            costs[workflow] = LoggedCost(
                before.cost_nano + cell.cost_nano,
                before.items + cell.items,
                before.uncosted + cell.uncosted,
            )
    return counts, costs


def outcomes_by_decision(
    catalog: Catalog, decisions: Iterable[DecisionCount]
) -> tuple[OutcomeCounts, ...]:
    """Count outcomes of the workflows whose decisions the catalog maps."""
    maps = {
        workflow.id: workflow.outcomes
        for workflow in catalog.workflows
        if workflow.outcomes is not None
    }
    counts: dict[str, list[int]] = {}
    for given in decisions:
        if given.workflow in maps:
            place = _place(maps[given.workflow], given.decision)
            counts.setdefault(given.workflow, [0, 0, 0])[place] += given.count
    return tuple(OutcomeCounts(workflow, *found) for workflow, found in sorted(counts.items()))


def check_claims(
    catalog: Catalog, outcomes: Iterable[OutcomeCounts], costs: Mapping[str, LoggedCost]
) -> tuple[Finding, ...]:
    """List the claims of the catalog that the measured figures contradict.

    A claim is contradicted if the measured figure differs from it by more than its
    relative tolerance. Success is measured over all items, so that unknown outcomes do
    not count as success. Cost is claimed for all `n` items together, and compared by item;
    where the logs lack the cost of a run, it is not known and contradicts nothing.

    Args:
        catalog: With the claims; only the newest claim of a metric is held.
        outcomes: Measured outcomes by workflow.
        costs: Measured costs by workflow.
    """
    measured_outcomes = {outcome.workflow: outcome for outcome in outcomes}
    findings: list[Finding] = []
    for workflow in catalog.workflows:
        newest = {
            claim.metric: claim for claim in sorted(workflow.claims, key=lambda it: it.from_day)
        }
        for metric, claim in sorted(newest.items()):
            if metric == "success_rate":
                outcome = measured_outcomes.get(workflow.id)
                measured = (outcome.success, outcome.total()) if outcome is not None else None
                claimed = Fraction(claim.value)
            else:
                cost = costs.get(workflow.id)
                is_known = cost is not None and not cost.uncosted
                measured = (cost.cost_nano, cost.items) if cost and is_known else None
                claimed = Fraction(claim.value) * NANO / claim.n
            if measured is not None and measured[1]:
                detail = _contradiction(claim, claimed, *measured)
                if detail:
                    findings.append(Finding("claim_contradicted", workflow.id, detail))
    return tuple(findings)


def _place(mapping: DecisionOutcomes, decision: str | None) -> int:
    if decision in mapping.success:
        return 0
    return 1 if decision in mapping.failure else 2


def _contradiction(claim: Claim, claimed: Fraction, measured: int, items: int) -> str:
    """Say how a claim and its measure disagree; empty if they agree."""
    of_items = Fraction(measured, items)
    if abs(of_items - claimed) > Fraction(claim.tolerance) * claimed:
        if claim.metric == "success_rate":
            return (
                f"claimed success rate {_percent(claimed)} % of {claim.n} items from "
                f"{claim.from_day}; measured {measured} of {items} = {_percent(of_items)} %"
            )
        return (
            f"claimed cost {claim.value} USD for {claim.n} items from {claim.from_day}; "
            f"measured {_usd(measured)} USD for {items}"
        )
    return ""


def _percent(share: Fraction) -> str:
    return f"{Decimal(share.numerator * 100) / share.denominator:.2f}"


def _usd(amount_nano: int) -> str:
    return f"{Decimal(amount_nano) / NANO:.2f}"
