"""What became of every work item by a moment, and which incidents name which items."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.github_views import is_closed
from sandbox.organisation import INCIDENT_LABEL, INCIDENT_TYPE
from sandbox.pulls import repository_named
from sandbox.records import PullRequest, Ticket, World
from sandbox.ticket_state import value_of
from sandbox.tickets import LINK_TYPES, STATUSES
from sandbox.wire import Json

_RELATIONS = {"is caused by": "caused_by", "is used in": "used_in"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item: `open`, `merged` or `closed`, and what happened to it since."""

    item: str
    status: str
    reopened: int = 0
    reverted_by: str = ""
    is_incident: bool = False

    def as_json(self) -> Json:
        """Give it as plain data."""
        return {
            "item": self.item,
            "status": self.status,
            "reopened": self.reopened,
            "reverted_by": self.reverted_by,
            "is_incident": self.is_incident,
        }


def outcomes(world: World, now: datetime) -> list[Outcome]:
    """Say what every pull request, incident and ticket has come to."""
    found = [_of_pull(world, pull, now) for pull in world.pulls if pull.created_at <= now]
    for issue in world.issues:
        if issue.created_at <= now and INCIDENT_LABEL in issue.labels:
            is_done = issue.closed_at is not None and issue.closed_at <= now
            found.append(
                Outcome(
                    f"gh:{issue.repository}#{issue.number}",
                    "closed" if is_done else "open",
                    is_incident=True,
                )
            )
    found.extend(_of_ticket(ticket, now) for ticket in world.tickets if ticket.created_at <= now)
    return sorted(found, key=lambda outcome: outcome.item)


def relations(world: World, now: datetime) -> list[tuple[str, str, str]]:
    """List (relation, item that says so, item it names) as the systems state them."""
    found = []
    by_key = {ticket.key: ticket for ticket in world.tickets}
    for ticket in world.tickets:
        for link in ticket.links:
            phrase = LINK_TYPES[link.type_id][1 if link.is_inward else 2]
            if link.at <= now and phrase in _RELATIONS:
                found.append(
                    (_RELATIONS[phrase], f"jira:{ticket.id}", f"jira:{by_key[link.other].id}")
                )
    for issue in world.issues:
        for relation, marker in (("caused_by", "Caused-By: "), ("used_in", "Used-In: ")):
            if issue.created_at <= now and marker in issue.body:
                name, _, number = issue.body.split(marker)[1].partition("#")
                repository = repository_named(name.split("/")[1]).id
                found.append(
                    (relation, f"gh:{issue.repository}#{issue.number}", f"gh:{repository}#{number}")
                )
    return sorted(found)


def _of_pull(world: World, pull: PullRequest, now: datetime) -> Outcome:
    status = "closed" if is_closed(pull, now) else "open"
    if pull.merged_at is not None and pull.merged_at <= now:
        status = "merged"
    reverting = [
        other.number
        for other in world.pulls
        if other.repository == pull.repository
        and other.reverts == pull.number
        and other.merged_at is not None
        and other.merged_at <= now
    ]
    return Outcome(
        f"gh:{pull.repository}#{pull.number}",
        status,
        reopened=sum(1 for moment in pull.reopenings if moment <= now),
        reverted_by=f"gh:{pull.repository}#{reverting[0]}" if reverting else "",
    )


def _of_ticket(ticket: Ticket, now: datetime) -> Outcome:
    status = value_of(ticket, "status", "10000", now) or "10000"
    reopened = sum(
        1
        for change in ticket.changes
        if change.field == "status"
        and change.at <= now
        and STATUSES[change.from_id or ""][1] == "done"
        and STATUSES[change.to_id or ""][1] != "done"
    )
    return Outcome(
        f"jira:{ticket.id}",
        "closed" if STATUSES[status][1] == "done" else "open",
        reopened=reopened,
        is_incident=ticket.issue_type == INCIDENT_TYPE,
    )
