"""What became of a work item: one outcome and its reason, in a fixed order (`docs/outcomes.md`).

A system's sign of failure beats everything, a merge or a resolution comes next, and where no
system tells, a logged decision decides, and then a person's tag. The state of an item is rebuilt
from all events each time, so a revert that comes late turns its outcome over.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.shapes.catalog import DecisionOutcomes
from tasks.core.work.item_facts import Outcome, Reason
from tasks.core.work.item_states import ItemState, ItemStatus, Reopening
from tasks.core.work.work_items import ItemType, Tag


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome.

    Attributes:
        closed_at: Its age counts from here: merge, close or done; of a reopened ticket the close
            that was taken back. None: not closed.
        known_at: When the failure that counts was known: the revert, the incident, the red
            check, the reopening; of every other outcome the close. None: not known yet.
    """

    outcome: Outcome
    reason: Reason
    closed_at: datetime | None
    known_at: datetime | None


_TAGGED = {
    Tag.SUCCESS: (Outcome.SUCCESS, Reason.TAGGED_SUCCESS),
    Tag.FAILURE: (Outcome.FAILURE, Reason.TAGGED_FAILURE),
    Tag.CANCELLED: (Outcome.CANCELLED, Reason.CANCELLED),
}
_DECIDED = {
    Outcome.SUCCESS: (Outcome.SUCCESS, Reason.DECIDED),
    Outcome.FAILURE: (Outcome.FAILURE, Reason.GAVE_UP),
}
_UNTOLD = (Outcome.UNKNOWN, Reason.UNTOLD)


def judge_item(
    state: ItemState,
    *,
    incidents: Sequence[datetime],
    is_untyped_incident: bool,
    cancelled_by: Collection[str],
    decided: Outcome = Outcome.UNKNOWN,
) -> Judged:
    """Say what became of an item; the first that holds, in the order of `Reason`.

    Args:
        state: As all events that were observed by then describe it.
        incidents: When the incidents opened that name it as their cause
            (`item_incidents.incident_moments`).
        is_untyped_incident: It is linked to an incident, and nobody says how.
        cancelled_by: Close reasons and `resolution.<id>` that mean: cancelled by the business.
        decided: As logged decisions of its runs say (`decision_outcome`): counts only where no
            system tells.
    """
    failure = _failure(state, incidents, cancelled_by)
    if failure is not None:
        return failure
    if state.closed_at is None:
        return Judged(Outcome.OPEN, Reason.OPEN, None, None)
    outcome, reason = _without_failure(
        state, cancelled_by, decided, is_untyped_incident=is_untyped_incident
    )
    return Judged(outcome, reason, state.closed_at, state.closed_at)


def decision_outcome(outcomes: DecisionOutcomes | None, decision: str | None) -> Outcome:
    """Say what a logged decision means, as the catalog maps it; unknown if it does not."""
    if outcomes is not None and decision in outcomes.success:
        return Outcome.SUCCESS
    if outcomes is not None and decision in outcomes.failure:
        return Outcome.FAILURE
    return Outcome.UNKNOWN


def judge_decision(decided: Outcome, ended_at: datetime) -> Judged:
    """Say what became of work that no system knows, only its runs' log.

    Args:
        decided: Of its last run, as `decision_outcome` gives it.
        ended_at: End of that run; aware UTC.
    """
    outcome, reason = _DECIDED.get(decided, _UNTOLD)
    return Judged(outcome, reason, ended_at, ended_at)


def _failure(
    state: ItemState, incidents: Sequence[datetime], cancelled_by: Collection[str]
) -> Judged | None:
    """Give the first system's sign of failure; None if there is none."""
    closed_at = state.closed_at
    if state.merged_at is not None and state.reverted_at is not None:
        return Judged(Outcome.FAILURE, Reason.REVERTED, closed_at, state.reverted_at)
    if incidents:
        return Judged(Outcome.FAILURE, Reason.INCIDENT, closed_at, min(incidents))
    if state.red_at is not None:
        return Judged(Outcome.FAILURE, Reason.CI_RED, closed_at, state.red_at)
    undone = _undone_outcome(state, cancelled_by)
    if undone is not None:
        return Judged(Outcome.FAILURE, Reason.REOPENED, undone.closed_at, undone.at)
    if state.item_type is ItemType.PULL_REQUEST and state.status is ItemStatus.CLOSED:
        return Judged(Outcome.FAILURE, Reason.ABANDONED, closed_at, closed_at)
    return None


def _undone_outcome(state: ItemState, cancelled_by: Collection[str]) -> Reopening | None:
    """Give the first close of a ticket that claimed a result and was taken back.

    A pull request that was closed unmerged, and a ticket that was cancelled, had claimed none.
    """
    if state.item_type is ItemType.PULL_REQUEST:
        return None
    return next((one for one in state.reopenings if one.reason not in cancelled_by), None)


def _without_failure(
    state: ItemState,
    cancelled_by: Collection[str],
    decided: Outcome,
    *,
    is_untyped_incident: bool,
) -> tuple[Outcome, Reason]:
    """Judge a closed item that no system says has failed."""
    # Two tags that contradict each other say nothing.
    tag = state.tags[0] if len(state.tags) == 1 else None
    if state.close_reason in cancelled_by or tag is Tag.CANCELLED:
        return _TAGGED[Tag.CANCELLED]
    if is_untyped_incident:
        return _TAGGED[tag] if tag else (Outcome.UNKNOWN, Reason.UNTYPED_INCIDENT)
    if state.status is ItemStatus.MERGED:
        return Outcome.SUCCESS, Reason.MERGED
    if state.item_type is ItemType.ISSUE:
        return Outcome.SUCCESS, Reason.RESOLVED
    # Only side events and a close are known: it may have been merged, or given up.
    return _DECIDED.get(decided) or (_TAGGED[tag] if tag else _UNTOLD)
