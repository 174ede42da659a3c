"""Jira's JSON for what exists at a moment, Cloud (v3) and Data Center (v2) alike.

Every field in which a real server puts a person holds a made-up one.
"""

from datetime import datetime

from sandbox.organisation import INCIDENT_TYPE, SEVERITY_FIELD
from sandbox.people import Person, someone
from sandbox.records import Change, Comment, Ticket, TicketLink
from sandbox.ticket_state import last_change, updated_at, value_of
from sandbox.tickets import LINK_TYPES, RESOLUTIONS, STATUSES
from sandbox.wire import Json

_CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}


def jira_iso(moment: datetime) -> str:
    """Write a moment as Jira does: `2026-11-18T04:00:00.000+0000`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def user(person: Person, *, is_cloud: bool) -> Json:
    """Write a person's account."""
    shared: dict[str, Json] = {
        "displayName": person.name,
        "emailAddress": person.email,
        "active": True,
        "timeZone": "Etc/UTC",
    }
    if is_cloud:
        return {**shared, "accountId": person.jira_id, "accountType": "atlassian"}
    return {**shared, "name": person.login, "key": person.login}


def status(status_id: str, base_url: str) -> Json:
    """Write a status with its category; one name is localised."""
    name, category = STATUSES[status_id]
    number, title, colour = _CATEGORIES[category]
    return {
        "self": f"{base_url}/rest/api/3/status/{status_id}",
        "id": status_id,
        "name": name,
        "description": "",
        "statusCategory": {
            "id": number,
            "key": category,
            "name": title,
            "colorName": colour,
        },
    }


def resolution(resolution_id: str | None) -> Json:
    """Write a resolution; null while there is none."""
    if resolution_id is None:
        return None
    return {"id": resolution_id, "name": RESOLUTIONS[resolution_id], "description": ""}


def fields(ticket: Ticket, base_url: str, now: datetime, *, is_cloud: bool) -> dict[str, Json]:
    """Write every field of a ticket at a moment."""
    status_id = value_of(ticket, "status", "10000", now) or "10000"
    resolution_id = value_of(ticket, "resolution", None, now)
    resolved = last_change(ticket, "resolution", now) if resolution_id else None
    assignee = ticket.assignee if value_of(ticket, "assignee", None, now) else None
    return {
        "summary": ticket.summary,
        "description": _text(ticket.body, is_cloud=is_cloud),
        "status": status(status_id, base_url),
        "resolution": resolution(resolution_id),
        "resolutiondate": jira_iso(resolved) if resolved else None,
        "issuetype": {
            "id": "10300" if ticket.issue_type == INCIDENT_TYPE else "10301",
            "name": ticket.issue_type,
            "subtask": False,
        },
        "project": {
            "id": "10400" if ticket.project == "OPS" else "10401",
            "key": ticket.project,
            "name": f"{ticket.project} desk of {someone(ticket.id).name}",
        },
        "priority": {"id": "3", "name": "Medium"},
        "labels": list(ticket.labels),
        "reporter": user(ticket.reporter, is_cloud=is_cloud),
        "creator": user(ticket.reporter, is_cloud=is_cloud),
        "assignee": user(assignee, is_cloud=is_cloud) if assignee else None,
        "created": jira_iso(ticket.created_at),
        "updated": jira_iso(updated_at(ticket, now)),
        "issuelinks": [_link(link, base_url) for link in ticket.links if link.at <= now],
        SEVERITY_FIELD: {"id": "10500", "value": ticket.severity} if ticket.severity else None,
        "customfield_10050": user(ticket.reporter, is_cloud=is_cloud),
        "comment": {
            "comments": [
                comment(item, is_cloud=is_cloud) for item in ticket.comments if item.at <= now
            ],
            "total": len(ticket.comments),
        },
        "components": [],
        "fixVersions": [],
    }


def comment(item: Comment, *, is_cloud: bool) -> Json:
    """Write a comment."""
    author = user(item.author, is_cloud=is_cloud) if item.author else None
    return {
        "id": str(item.id),
        "author": author,
        "updateAuthor": author,
        "body": _text(item.text, is_cloud=is_cloud),
        "created": jira_iso(item.at),
        "updated": jira_iso(item.at),
    }


def histories(
    ticket: Ticket, now: datetime, *, is_cloud: bool, wanted: frozenset[str] | None = None
) -> list[dict[str, Json]]:
    """Write a ticket's history up to a moment, oldest first; changes of one moment together.

    Args:
        ticket: Whose.
        now: Aware UTC.
        is_cloud: Shape of the accounts.
        wanted: Field ids to keep; None keeps all.
    """
    groups: dict[datetime, list[Change]] = {}
    for change in ticket.changes:
        if change.at <= now and (wanted is None or change.field in wanted):
            groups.setdefault(change.at, []).append(change)
    written = []
    for at, changes in sorted(groups.items()):
        author = changes[0].author
        history: dict[str, Json] = {
            "id": str(changes[0].id),
            "created": jira_iso(at),
            "items": [_item(change) for change in changes],
        }
        # A deleted account is no longer told; the field is simply not there.
        if author is not None:
            history["author"] = user(author, is_cloud=is_cloud)
        written.append(history)
    return written


def _item(change: Change) -> Json:
    return {
        "field": change.field,
        "fieldtype": "jira",
        "fieldId": change.field,
        "from": change.from_id,
        "fromString": change.from_text,
        "to": change.to_id,
        "toString": change.to_text,
    }


def _link(link: TicketLink, base_url: str) -> Json:
    name, inward, outward = LINK_TYPES[link.type_id]
    side = "inwardIssue" if link.is_inward else "outwardIssue"
    return {
        "id": str(link.id),
        "self": f"{base_url}/rest/api/3/issueLink/{link.id}",
        "type": {"id": link.type_id, "name": name, "inward": inward, "outward": outward},
        side: {
            "id": str(link.other_id),
            "key": link.other,
            "self": f"{base_url}/rest/api/3/issue/{link.other}",
            "fields": {"summary": f"asked by {someone(link.id).name}"},
        },
    }


def _text(text: str, *, is_cloud: bool) -> Json:
    if not is_cloud:
        return text
    paragraph: Json = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    return {"type": "doc", "version": 1, "content": [paragraph]}
