"""What became of each pull request and ticket by a moment, the way the gate asks: good or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox.oracle.outcomes import relations
from sandbox.organisation import INCIDENT_TYPE, PROJECTS
from sandbox.records import Change, Check, PullRequest, Ticket, World
from sandbox.tickets import STATUSES


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an item.

    Attributes:
        outcome: `success`, `failure`, `unknown` or `open`. Nothing here is cancelled: the policy
            counts `Won't Do` as done.
        reason: `reverted`, `incident`, `ci_red`, `reopened`, `abandoned`, `handed_over`, `merged`,
            `resolved`, `decided`, `gave_up`, `untold` or `open`.
        closed_at: None: not closed.
    """

    outcome: str
    reason: str
    closed_at: datetime | None


OPEN = Fate("open", "open", None)


def blamed(world: World, now: datetime) -> dict[str, int]:
    """Count, by item, the incidents that name it as their cause."""
    counts: dict[str, int] = {}
    for relation, _, item in relations(world, now):
        if relation == "caused_by":
            counts[item] = counts.get(item, 0) + 1
    return counts


def fate_of_pull(world: World, pull: PullRequest, incidents: int, now: datetime) -> Fate:
    """Judge a pull request by what GitHub shows."""
    merged = pull.merged_at if pull.merged_at is not None and pull.merged_at <= now else None
    closed = merged or _last_close(pull, now)
    if merged and _is_taken_back(world.pulls, pull, now):
        return Fate("failure", "reverted", closed)
    if incidents:
        return Fate("failure", "incident", closed)
    # What was pending at the close counts by what it came to: nothing here is run again.
    if closed and any(
        check.sha == pull.head_sha() and check.conclusion != "success" and _has_ended(check, now)
        for check in pull.checks
    ):
        return Fate("failure", "ci_red", closed)
    if merged:
        return Fate("success", "merged", closed)
    return Fate("failure", "abandoned", closed) if closed else OPEN


def fate_of_ticket(ticket: Ticket, incidents: int, now: datetime) -> Fate:
    """Judge a ticket by its history: done once, and still done."""
    moves = [one for one in ticket.changes if one.field == "status" and one.at <= now]
    done = [one for one in moves if _ends_done(one)]
    undone = [one for one in moves if one.from_id and _is_done(one.from_id) and not _ends_done(one)]
    closed = done[-1].at if done and not (undone and undone[-1].at > done[-1].at) else None
    if incidents:
        return Fate("failure", "incident", closed)
    if undone:
        taken_back = max(one.at for one in done if one.at < undone[0].at)
        return Fate("failure", "reopened", taken_back)
    return Fate("success", "resolved", closed) if closed else OPEN


def is_incident(ticket: Ticket) -> bool:
    """Tell whether a ticket reports an incident."""
    return ticket.issue_type == INCIDENT_TYPE and ticket.project in PROJECTS


def _last_close(pull: PullRequest, now: datetime) -> datetime | None:
    closings = [moment for moment in pull.closings if moment <= now]
    reopenings = [moment for moment in pull.reopenings if moment <= now]
    return closings[-1] if len(closings) > len(reopenings) else None


def _is_taken_back(pulls: Iterable[PullRequest], pull: PullRequest, now: datetime) -> bool:
    return any(
        other.repository == pull.repository
        and other.reverts == pull.number
        and other.merged_at is not None
        and other.merged_at <= now
        for other in pulls
    )


def _has_ended(check: Check, now: datetime) -> bool:
    return check.completed_at is not None and check.completed_at <= now


def _ends_done(change: Change) -> bool:
    return _is_done(change.to_id or "")


def _is_done(status_id: str) -> bool:
    return STATUSES[status_id][1] == "done"
