"""Searches of the account that writes to Jira: by what the index knows, which may be old."""

import base64
from collections.abc import Mapping
from datetime import datetime

from sandbox.jira_posted import issue
from sandbox.jql import parse
from sandbox.people import Person
from sandbox.records import Comment, Ticket
from sandbox.tickets_board import JIRA_CLOUD, JIRA_DATA_CENTER, Board, Indexed, Posted
from sandbox.wire import Json, Reply, Request

_LONGEST_PAGE = 100
_SEARCH_KEYS = frozenset(
    {
        "jql",
        "nextPageToken",
        "maxResults",
        "fields",
        "expand",
        "properties",
        "fieldsByKeys",
        "reconcileIssues",
    }
)


def search(board: Board, request: Request, cap: int, *, is_cloud: bool) -> Reply:
    """Find issues by what the index knows; they are shown as they are now."""
    body: dict[str, object] = request.json() if request.method == "POST" else dict(request.params)
    unknown = sorted(set(body) - _SEARCH_KEYS) if is_cloud else []
    if unknown:
        return Reply(400, {"errorMessages": [f"Unrecognized field {unknown[0]!r}."], "errors": {}})
    system = JIRA_CLOUD if is_cloud else JIRA_DATA_CENTER
    jql = str(body.get("jql", ""))
    known = {
        posted.id: _as_ticket(posted, entry)
        for posted, entry in board.searchable(system, request.now)
    }
    again = body.get("reconcileIssues")
    for name in again if isinstance(again, list) else []:
        posted = board.find(system, str(name))
        if posted:
            known[posted.id] = _as_ticket(posted, posted.index[-1])
    found = parse(jql, request.now, ("PROMO",)).run(tuple(known.values()))
    start = _start(body, jql, is_cloud=is_cloud)
    size = min(_whole(body.get("maxResults"), 50), cap, _LONGEST_PAGE)
    shown = [
        _hit(board, system, ticket, request, body, is_cloud=is_cloud)
        for ticket in found[start : start + size]
    ]
    if not is_cloud:
        return Reply(
            200, {"startAt": start, "maxResults": size, "total": len(found), "issues": shown}
        )
    is_last = start + size >= len(found)
    answer: dict[str, Json] = {"issues": shown, "isLast": is_last}
    if not is_last:
        token = base64.urlsafe_b64encode(f"{start + size}|{jql}".encode()).decode()
        answer["nextPageToken"] = token
    return Reply(200, answer)


def _hit(
    board: Board,
    system: str,
    ticket: Ticket,
    request: Request,
    body: Mapping[str, object],
    *,
    is_cloud: bool,
) -> Json:
    posted = board.find(system, ticket.key)
    wanted = _names(body.get("fields"))
    if posted is None or (is_cloud and wanted in ("", "id")):
        # Cloud gives ids alone unless fields are asked for.
        return {"id": str(ticket.id)}
    return issue(
        posted, request, wanted or "*navigable", _names(body.get("properties")), is_cloud=is_cloud
    )


def _as_ticket(posted: Posted, entry: Indexed) -> Ticket:
    """Show the query what the index knows: labels, creation, and the last change of then."""
    return Ticket(
        id=posted.id,
        key=posted.key,
        project="PROMO",
        issue_type="Task",
        summary=posted.title,
        body="",
        reporter=posted.author,
        assignee=None,
        labels=entry.labels,
        severity=None,
        created_at=posted.created_at,
        changes=(),
        comments=(_touch(posted.author, entry.at),),
        links=(),
    )


def _touch(author: Person, at: datetime) -> Comment:
    return Comment(0, author, "", at)


def _start(body: Mapping[str, object], jql: str, *, is_cloud: bool) -> int:
    if not is_cloud:
        return _whole(body.get("startAt"), 0)
    try:
        text = base64.urlsafe_b64decode(str(body.get("nextPageToken") or "").encode()).decode()
    except ValueError:
        return 0
    place, _, bound_to = text.partition("|")
    return int(place) if bound_to == jql and place.isdigit() else 0


def _names(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _whole(value: object, default: int) -> int:
    return int(str(value)) if str(value).isdigit() else default
