"""Whose each work item is and what became of it: one fact an item, from logs and from systems.

The first workflow of the catalog that worked on an item owns its outcome; where no run names the
item, its own marks say whose it is. An item that two workflows worked on counts once.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from config.shapes.catalog import Catalog
from tasks.core.attribution import WorkItemRules
from tasks.core.globs import compiled
from tasks.core.work.item_facts import ItemFact, Outcome, Reason
from tasks.core.work.item_outcomes import Judged, decision_outcome, judge_decision, judge_item
from tasks.core.work.item_states import ItemState
from tasks.core.work.item_work import ItemWork, by_item, cost_of
from tasks.core.work.work_items import EventKind, ItemEvent, ItemType

_CHANGES_REQUESTED = "changes_requested"
#: Stands for the kind of work where neither a class nor a repository nor a project is known.
_NO_STRATUM = "-"
_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class KnownItems:
    """What systems tell of work items, by key.

    Attributes:
        states: As `item_states.current_items` gives them.
        incidents: When incidents opened that name the item as their cause.
        untyped: Items linked to an incident without saying how.
        names: `OPS-4`, or `owner/name#5`.
        review_rounds: As `review_rounds` counts them.
    """

    states: Mapping[str, ItemState] = field(default_factory=dict)
    incidents: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    untyped: Collection[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    review_rounds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item is: a repository, or the project of a ticket; None where nobody says."""

    repository: str | None
    project: str | None


def item_facts(
    work: Iterable[ItemWork],
    known: KnownItems,
    catalog: Catalog,
    *,
    cancelled_by: Collection[str],
    unlogged: Collection[date] = (),
) -> Iterator[ItemFact]:
    """Give one fact for each item that is a workflow's, in no order.

    An item that a log names and no system knows is unknown from its last run's end on, unless the
    catalog maps the logged decision. Incidents are no work, unless runs name them.

    Args:
        work: As the lake's `item_runs` give it: rows of one item side by side.
        known: What systems tell.
        catalog: In force.
        cancelled_by: Close reasons and resolutions that mean: cancelled by the business.
        unlogged: UTC days of which runs are missing: what was worked on from a day before its
            first run to its close has no known cost then, for a lower one would be wrong.
    """
    maker = _Maker(known, catalog, cancelled_by, unlogged)
    seen: set[str] = set()
    for group in by_item(work):
        seen.add(group[0].item)
        fact = maker.fact(group[0].item, group)
        if fact is not None:
            yield fact
    for item, state in known.states.items():
        if item not in seen and not state.is_incident:
            fact = maker.fact(item, ())
            if fact is not None:
                yield fact


def review_rounds(events: Iterable[ItemEvent]) -> dict[str, int]:
    """Count the reviews of each item that asked for changes, also those dismissed later."""
    reviews: dict[str, set[str | None]] = {}
    for event in events:
        asked = (event.value or "").partition(".")[0]
        if event.event is EventKind.REVIEWED and asked == _CHANGES_REQUESTED:
            reviews.setdefault(event.item, set()).add(event.ref)
    return {item: len(found) for item, found in reviews.items()}


class SquadLabels:
    """Names the squad that the catalog gives a repository or project; the first one wins."""

    def __init__(self, catalog: Catalog) -> None:
        self._repositories = _globs((one.id, one.repositories) for one in catalog.squads)
        self._projects = _globs((one.id, one.projects) for one in catalog.squads)
        self.squad_of = lru_cache(_REMEMBERED)(self._find)

    def _find(self, repository: str | None, project: str | None) -> str | None:
        for value, tests in ((repository, self._repositories), (project, self._projects)):
            if value is not None:
                for squad, matches in tests:
                    if matches(value):
                        return squad
        return None


class _Maker:
    """Makes facts of one catalog and one moment."""

    def __init__(
        self,
        known: KnownItems,
        catalog: Catalog,
        cancelled_by: Collection[str],
        unlogged: Collection[date],
    ) -> None:
        self._known = known
        self._rules = WorkItemRules(catalog)
        self._squads = SquadLabels(catalog)
        self._family = {one.id: one.family for one in catalog.workflows}
        self._outcomes = {one.id: one.outcomes for one in catalog.workflows}
        self._cancelled_by = frozenset(cancelled_by)
        self._unlogged = sorted(set(unlogged))

    def fact(self, item: str, work: tuple[ItemWork, ...]) -> ItemFact | None:
        """Give the fact of an item; None if it is nobody's, or nobody knows when it began."""
        state = self._known.states.get(item)
        owned = next((one for one in work if one.workflow), None)
        workflow = owned.workflow if owned else self._marked(state)
        opened_at = state.opened_at if state else None
        first_at = work[0].first_at if work else opened_at
        if workflow is None or first_at is None:
            return None
        later = {one.workflow for one in work} - {workflow, ""}
        judged = self._judged(item, state, owned, work[-1].last_at if work else first_at)
        if judged.outcome is Outcome.SUCCESS and any(
            self._family[one] == self._family[workflow] for one in later
        ):
            judged = replace(judged, outcome=Outcome.FAILURE, reason=Reason.HANDED_OVER)
        place = self._place(item, work)
        task_class = min((one.task_class for one in work if one.task_class), default=None)
        told = [one.is_escalated for one in work if one.is_escalated is not None]
        is_pull = state is not None and state.item_type is ItemType.PULL_REQUEST
        return ItemFact(
            workflow=workflow,
            item=item,
            first_at=first_at,
            closed_at=judged.closed_at,
            known_at=judged.known_at,
            outcome=judged.outcome,
            reason=judged.reason,
            repository=place.repository,
            squad=self._squads.squad_of(place.repository, place.project),
            stratum=task_class or place.repository or place.project or _NO_STRATUM,
            runs=sum(one.runs for one in work),
            cost_nano=None if self._is_unlogged(first_at, judged) else cost_of(work),
            is_escalated=any(told) if told else None,
            review_rounds=self._known.review_rounds.get(item, 0) if is_pull else None,
            merge_minutes=_merge_minutes(state),
            incidents=len(self._known.incidents.get(item, ())),
            is_handed_over=bool(later),
        )

    def _marked(self, state: ItemState | None) -> str | None:
        if state is None:
            return None
        return self._rules.workflow_of(state.stamps, state.branch_prefix)

    def _judged(
        self, item: str, state: ItemState | None, owned: ItemWork | None, ended_at: datetime
    ) -> Judged:
        outcomes = self._outcomes.get(owned.workflow) if owned else None
        decided = decision_outcome(outcomes, owned.decision if owned else None)
        if state is None:
            return judge_decision(decided, owned.last_at if owned else ended_at)
        return judge_item(
            state,
            incidents=self._known.incidents.get(item, ()),
            is_untyped_incident=item in self._known.untyped,
            cancelled_by=self._cancelled_by,
            decided=decided,
        )

    def _is_unlogged(self, first_at: datetime, judged: Judged) -> bool:
        """Tell whether runs are missing of a day on which the item may have been worked on."""
        at = bisect_left(self._unlogged, first_at.date() - timedelta(days=1))
        if at == len(self._unlogged):
            return False
        return judged.closed_at is None or self._unlogged[at] <= judged.closed_at.date()

    def _place(self, item: str, work: tuple[ItemWork, ...]) -> _Place:
        name = self._known.names.get(item)
        logged = min((one.repository for one in work if one.repository), default=None)
        if item.startswith("gh:"):
            named = name.rpartition("#")[0] if name else ""
            return _Place(named or logged or item.partition("#")[0], None)
        if item.startswith("jira:"):
            return _Place(None, name.rpartition("-")[0] if name else None)
        return _Place(logged, None)


def _globs(
    declared: Iterable[tuple[str, tuple[str, ...]]],
) -> list[tuple[str, Callable[[str], object]]]:
    return [(squad, compiled(glob)) for squad, globs in declared for glob in globs]


def _merge_minutes(state: ItemState | None) -> int | None:
    if state is None or state.merged_at is None or state.opened_at is None:
        return None
    return (state.merged_at - state.opened_at) // timedelta(minutes=1)
