"""Whose each work item is and what became of it, found a second time and in another way.

An item belongs to the first workflow of the catalog that a run on it belongs to; where no run names
it, to the one that its own stamp names. It counts once, however many runs it took. Runs are those
whose day some night had in its window; purpose is work, or not told.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from sandbox.catalog import workflow_by_id
from sandbox.oracle.attribution import AD_HOC, line_of_run
from sandbox.oracle.fates import Fate, blamed, fate_of_pull, fate_of_ticket, is_incident
from sandbox.oracle.seen import look, window
from sandbox.oracle.truth import nights_until
from sandbox.organisation import ORG, REPOSITORIES
from sandbox.prices import LIST_NANO
from sandbox.pulls import name_at
from sandbox.records import LogRecord, PullRequest, Ticket, World

#: Workflows whose logged decision tells, where no system does.
DECIDING = ("claims-router", "claims-drafter")
_GOOD_DECISION, _BAD_DECISION = "merged_change", "gave_up"


@dataclass(frozen=True, slots=True)
class _Run:
    """A work run with what only its line says."""

    record: LogRecord
    workflow: str
    decision: str | None
    asked_human: bool | None

    def start(self) -> datetime:
        return self.record.started_at or self.record.ended_at


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An item of a workflow.

    Attributes:
        name: `owner/name#5`, `OPS-4`, or `run <id>` where its log names none.
        place: Repository without its owner, or project; empty if nobody says.
        cost_nano: Of all runs on it at list price; None if one has no price, or there is none.
        asked_human: None: no run says.
    """

    workflow: str
    name: str
    place: str
    first_at: datetime
    fate: Fate
    incidents: int
    runs: int
    cost_nano: int | None
    asked_human: bool | None
    is_handed_over: bool
    review_rounds: int | None
    merge_minutes: int | None


@dataclass(slots=True)
class _Known:
    """Pull requests and tickets that exist, by the name that runs have for them."""

    pulls: dict[str, PullRequest] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)


def work_items(
    world: World, now: datetime, nights: Sequence[datetime] | None = None
) -> list[WorkItem]:
    """List the items of all workflows, by workflow and name."""
    known = _known(world, now)
    runs: dict[str, list[_Run]] = {}
    for run in _runs(world, now, nights_until(now) if nights is None else nights):
        name = run.record.work_item
        if name is None and run.workflow not in DECIDING:
            continue  # nobody will ever know what became of it
        runs.setdefault(name or f"run {run.record.run_id}", []).append(run)
    names = set(runs) | set(known.pulls)
    names |= {name for name, ticket in known.tickets.items() if not is_incident(ticket)}
    found = [_item(world, known, name, runs.get(name, []), now) for name in names]
    return sorted(
        (item for item in found if item is not None), key=lambda item: (item.workflow, item.name)
    )


def _known(world: World, now: datetime) -> _Known:
    repositories = {repository.id: repository for repository in REPOSITORIES}
    return _Known(
        {
            f"{ORG}/{name_at(repositories[pull.repository], now)}#{pull.number}": pull
            for pull in world.pulls
            if pull.created_at <= now
        },
        {ticket.key: ticket for ticket in world.tickets if ticket.created_at <= now},
        blamed(world, now),
    )


def _runs(world: World, now: datetime, nights: Sequence[datetime]) -> list[_Run]:
    """Find the work runs that the nights have read, oldest first."""
    days = tuple(sorted({day for night in nights for day in window(night)}))
    seen = look(world, now, days)
    said = {
        id(line.record): json.loads(line.text) for line in world.lines if line.record is not None
    }
    found = [
        _Run(
            record,
            line.workflow,
            said[id(record)].get("decision"),
            said[id(record)].get("human_escalation"),
        )
        for record in seen.runs
        if record.purpose in ("work", None)
        for line in (line_of_run(record, seen.item_stamps),)
    ]
    return sorted(found, key=lambda run: (run.start(), run.workflow))


def _item(
    world: World, known: _Known, name: str, runs: list[_Run], now: datetime
) -> WorkItem | None:
    """Say whose an item is and what became of it; None: nobody's."""
    pull, ticket = known.pulls.get(name), known.tickets.get(name)
    mine = [run for run in runs if run.workflow != AD_HOC.workflow]
    owner = mine[0].workflow if mine else (pull.workflow if pull else "")
    if not owner:
        return None
    later = {run.workflow for run in mine} - {owner}
    key = _key(pull, ticket)
    incidents = known.incidents.get(key, 0)
    if pull:
        fate = fate_of_pull(world, pull, incidents, now)
    elif ticket:
        fate = fate_of_ticket(ticket, incidents, now)
    else:
        fate = _decided(owner, [run for run in mine if run.workflow == owner])
    if fate.outcome == "success" and any(_family(one) == _family(owner) for one in later):
        fate = Fate("failure", "handed_over", fate.closed_at)
    told = [run.asked_human for run in runs if run.asked_human is not None]
    return WorkItem(
        workflow=owner,
        name=name,
        place=name.rpartition("/")[2].partition("#")[0] if "#" in name else _project(ticket),
        first_at=runs[0].start() if runs else pull.created_at if pull else now,
        fate=fate,
        incidents=incidents,
        runs=len(runs),
        cost_nano=_cost(runs),
        asked_human=any(told) if told else None,
        is_handed_over=bool(later),
        review_rounds=_review_rounds(pull, now) if pull else None,
        merge_minutes=_merge_minutes(pull, now) if pull else None,
    )


def _key(pull: PullRequest | None, ticket: Ticket | None) -> str:
    if pull:
        return f"gh:{pull.repository}#{pull.number}"
    return f"jira:{ticket.id}" if ticket else ""


def _project(ticket: Ticket | None) -> str:
    return ticket.project if ticket else ""


def _family(workflow: str) -> str:
    return workflow_by_id(workflow).family


def _decided(owner: str, runs: list[_Run]) -> Fate:
    """Judge what no system knows: by the last decision that its log tells."""
    ended = max(run.record.ended_at for run in runs)
    told = [run for run in runs if run.decision is not None]
    last = max(told, key=lambda run: run.record.ended_at).decision if told else None
    if owner in DECIDING and last == _GOOD_DECISION:
        return Fate("success", "decided", ended)
    if owner in DECIDING and last == _BAD_DECISION:
        return Fate("failure", "gave_up", ended)
    return Fate("unknown", "untold", ended)


def _cost(runs: Iterable[_Run]) -> int | None:
    """Value runs at list price, without contracts; half-even to the nano unit."""
    total, is_any = Fraction(0), False
    for run in runs:
        prices, tokens = LIST_NANO.get(run.record.model, {}), run.record.tokens
        if tokens.get("input") is None or tokens.get("output") is None:
            return None
        for kind, count in tokens.items():
            if count and kind not in prices:
                return None
            total += (count or 0) * prices.get(kind, Fraction(0))
        is_any = True
    return round(total) if is_any else None


def _merge_minutes(pull: PullRequest, now: datetime) -> int | None:
    if pull.merged_at is None or pull.merged_at > now:
        return None
    return (pull.merged_at - pull.created_at) // timedelta(minutes=1)


def _review_rounds(pull: PullRequest, now: datetime) -> int:
    # A dismissal replaces the state in place: what it was before can no longer be told.
    return sum(
        review.state == "CHANGES_REQUESTED"
        and review.submitted_at <= now
        and not (review.dismissed_at is not None and review.dismissed_at <= now)
        for review in pull.reviews
    )
