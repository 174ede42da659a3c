"""What became of a workflow's work: items as their systems tell, decisions as its logs tell.

Nothing is judged here: what is open, undecided or unseen is counted as just that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.shapes.catalog import Catalog
from tasks.core.attribution import WorkItemRules
from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.ownership import stage_spans
from tasks.core.work.item_incidents import incident_causes
from tasks.core.work.item_states import ItemState, ItemStatus
from tasks.core.work.work_items import ItemType, jira_key_ref


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """The work items of a workflow, by where they stand.

    Attributes:
        open, merged, closed: Pull requests: undecided, accepted, closed without a merge.
        tickets_open, tickets_closed: Tickets; a closed one may be done or given up.
        untyped: Items of which only side events are known; they count nowhere else.
        reverted: Merged pull requests that something took back, for good so far.
        reopened: Items of any kind that were closed and opened again.
        incidents: Incidents that name one of the items as their cause.
        to_merge, to_close, to_ticket_close: Median time from opening, over the items counted in
            `merged`, `closed` and `tickets_closed`; None if no such item has both moments.
    """

    open: int = 0
    merged: int = 0
    closed: int = 0
    tickets_open: int = 0
    tickets_closed: int = 0
    untyped: int = 0
    reverted: int = 0
    reopened: int = 0
    incidents: int = 0
    to_merge: timedelta | None = None
    to_close: timedelta | None = None
    to_ticket_close: timedelta | None = None

    def pulls(self) -> int:
        """Count the pull requests, undecided ones included: what acceptance is a share of."""
        return self.open + self.merged + self.closed

    def tickets(self) -> int:
        """Count the tickets."""
        return self.tickets_open + self.tickets_closed

    def total(self) -> int:
        """Count all items."""
        return self.pulls() + self.tickets() + self.untyped


@dataclass(frozen=True, slots=True)
class WorkflowOutcomes:
    """One workflow's outcomes.

    Attributes:
        pool: What its stage entitles it to on the night's day; empty without a stage.
        decided: By logged decisions of the window; None where the catalog maps none of them, or
            no run of the window is the workflow's.
        cost: What the logs say the decided items cost; None with `decided`.
    """

    portfolio: str
    family: str
    workflow: str
    pool: str
    items: ItemCounts
    decided: OutcomeCounts | None
    cost: LoggedCost | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of every workflow of the catalog.

    Attributes:
        workflows: In file order of portfolios, families and workflows.
        unclaimed: Items that carry no mark of any workflow.
        incidents: All incidents known; none where no source tells of incidents.
        unplaced: Incidents with a cause that no source has told of.
    """

    workflows: tuple[WorkflowOutcomes, ...] = ()
    unclaimed: int = 0
    incidents: int = 0
    unplaced: int = 0


def outcomes_of(
    catalog: Catalog,
    items: Mapping[str, ItemState],
    decided: Iterable[OutcomeCounts],
    costs: Mapping[str, LoggedCost],
    *,
    names: Mapping[str, str],
    day: date,
) -> Outcomes:
    """Count what became of the work of every workflow.

    An item belongs to the workflow that its own marks name (`WorkItemRules`).

    Args:
        catalog: The catalog in force.
        items: All items known, by key.
        decided: As `claims.outcomes_by_decision` gives it.
        costs: As `claims.decided` gives them.
        names: Item key by reference, as `references` gives them.
        day: UTC day whose stage tells the pool.
    """
    rules = WorkItemRules(catalog)
    workflow_of = {
        key: rules.workflow_of(state.stamps, state.branch_prefix) for key, state in items.items()
    }
    mine: dict[str, list[ItemState]] = {}
    for key, workflow in workflow_of.items():
        if workflow is not None:
            mine.setdefault(workflow, []).append(items[key])
    causes = incident_causes(items, names)
    incidents: dict[str, int] = {}
    for found in causes.values():
        for workflow in {workflow_of[cause] for cause in found if cause in items} - {None}:
            incidents[str(workflow)] = incidents.get(str(workflow), 0) + 1
    by_decision = {one.workflow: one for one in decided}
    pools = {
        span.workflow: span.pool
        for span in stage_spans(catalog)
        if span.from_day <= day and (span.to_day is None or day <= span.to_day)
    }
    return Outcomes(
        workflows=tuple(
            WorkflowOutcomes(
                portfolio=portfolio,
                family=family,
                workflow=workflow,
                pool=pools.get(workflow, ""),
                items=_counts(mine.get(workflow, ()), incidents.get(workflow, 0)),
                decided=by_decision.get(workflow),
                cost=costs.get(workflow) if workflow in by_decision else None,
            )
            for portfolio, family, workflow in _in_file_order(catalog)
        ),
        unclaimed=sum(workflow is None for workflow in workflow_of.values()),
        incidents=sum(state.is_incident for state in items.values()),
        unplaced=sum(not all(one in items for one in found) for found in causes.values()),
    )


def references(labels: Mapping[str, str], pseudonym: Callable[[str], str]) -> dict[str, str]:
    """Give item keys by the names that links use where the other item's key was not known.

    Args:
        labels: Name by item key: `OPS-4`, or `owner/name#5`.
        pseudonym: Digest that stands for the name of a repository in such links.
    """
    found: dict[str, str] = {}
    digests: dict[str, str] = {}
    for key, name in labels.items():
        repository, is_github, number = name.rpartition("#")
        if is_github:
            if repository not in digests:
                digests[repository] = pseudonym(repository.lower())
            found[f"gh-name:{digests[repository]}#{number}"] = key
        else:
            found[jira_key_ref(name)] = key
    return found


def _in_file_order(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    for portfolio in catalog.portfolios:
        for family in catalog.families:
            if family.portfolio == portfolio.id:
                for workflow in catalog.workflows:
                    if workflow.family == family.id:
                        yield portfolio.id, family.id, workflow.id


def _counts(items: Sequence[ItemState], incidents: int) -> ItemCounts:
    pulls = [one for one in items if one.item_type is ItemType.PULL_REQUEST]
    tickets = [one for one in items if one.item_type is ItemType.ISSUE]
    merged = _standing(pulls, ItemStatus.MERGED)
    closed = _standing(pulls, ItemStatus.CLOSED)
    done = [one for one in tickets if one.status is not ItemStatus.OPEN]
    return ItemCounts(
        open=len(pulls) - len(merged) - len(closed),
        merged=len(merged),
        closed=len(closed),
        tickets_open=len(tickets) - len(done),
        tickets_closed=len(done),
        untyped=len(items) - len(pulls) - len(tickets),
        reverted=sum(one.reverted_at is not None for one in merged),
        reopened=sum(one.reopened > 0 for one in items),
        incidents=incidents,
        to_merge=_median(merged),
        to_close=_median(closed),
        to_ticket_close=_median(done),
    )


def _standing(items: Iterable[ItemState], status: ItemStatus) -> list[ItemState]:
    return [one for one in items if one.status is status]


def _median(items: Iterable[ItemState]) -> timedelta | None:
    """Give the median time from opening to merge or close, to the microsecond."""
    times = sorted(time for one in items if (time := one.time_to_outcome()) is not None)
    if not times:
        return None
    return (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
