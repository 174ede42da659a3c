"""What Jira tells the writing account: the site, a written issue, its comments."""

from collections.abc import Callable, Mapping, Sequence

from sandbox.jira_views import jira_iso, resolution, status, user
from sandbox.tickets import RESOLUTIONS, STATUSES
from sandbox.tickets_board import BOT, Event, Posted, Remark
from sandbox.wire import Json, Reply, Request

_PROJECT: Json = {"id": "10402", "key": "PROMO", "name": "Promotions"}
_TYPES: list[Json] = [
    {"id": "10301", "name": "Task", "subtask": False},
    {"id": "10302", "name": "Story", "subtask": False},
]
_LONGEST_PAGE = 100


def site(request: Request, *, is_cloud: bool) -> dict[str, Callable[[], Json]]:
    """Give the answers that do not depend on any ticket, by path."""
    base_url = request.base_url
    types: list[Json] = list(_TYPES)
    return {
        "serverInfo": lambda: {
            "baseUrl": base_url,
            "version": "1001.0.0" if is_cloud else "9.17.0",
            "deploymentType": "Cloud" if is_cloud else "Server",
            "serverTitle": "Meridian Freight",
        },
        "myself": lambda: user(BOT, is_cloud=is_cloud),
        "status": lambda: [status(name, base_url) for name in STATUSES],
        "resolution": lambda: [resolution(name) for name in RESOLUTIONS],
        "project/PROMO": lambda: {**_mapping(_PROJECT), "issueTypes": types},
        "issue/createmeta/PROMO/issuetypes": lambda: {
            "startAt": 0,
            "maxResults": 50,
            "total": len(types),
            "issueTypes" if is_cloud else "values": types,
        },
    }


def reference(posted: Posted, request: Request, *, is_cloud: bool) -> dict[str, Json]:
    """Name an issue the way the answer to a creation does."""
    version = 3 if is_cloud else 2
    return {
        "id": str(posted.id),
        "key": posted.key,
        "self": f"{request.base_url}/rest/api/{version}/issue/{posted.id}",
    }


def issue(
    posted: Posted, request: Request, wanted: str, properties: str, *, is_cloud: bool
) -> Json:
    """Write an issue.

    Args:
        posted: Which.
        request: Gives the address.
        wanted: Names of fields, separated by commas; `*all` is every field.
        properties: Names of properties, the same way; empty: none.
        is_cloud: Shape of the accounts.
    """
    shown: dict[str, Json] = dict(reference(posted, request, is_cloud=is_cloud))
    names = wanted.split(",")
    every = _fields(posted, request.base_url, is_cloud=is_cloud)
    is_all = bool({"*all", "*navigable"} & set(names))
    shown["fields"] = {name: value for name, value in every.items() if is_all or name in names}
    if properties:
        asked = properties.split(",")
        shown["properties"] = {
            name: value
            for name, value in posted.properties.items()
            if "*all" in asked or name in asked
        }
    return shown


def _fields(posted: Posted, base_url: str, *, is_cloud: bool) -> dict[str, Json]:
    is_done = STATUSES[posted.state][1] == "done"
    author = user(posted.author, is_cloud=is_cloud)
    shown: list[Json] = [comment(remark, is_cloud=is_cloud) for remark in posted.remarks]
    return {
        "summary": posted.title,
        "description": posted.body,
        "status": status(posted.state, base_url),
        "resolution": resolution(posted.resolution),
        "resolutiondate": jira_iso(posted.updated_at) if is_done else None,
        "issuetype": _TYPES[0],
        "project": _PROJECT,
        "priority": {"id": "3", "name": "Medium"},
        "labels": list(posted.labels),
        "creator": author,
        "reporter": author,
        "assignee": None,
        "created": jira_iso(posted.created_at),
        "updated": jira_iso(posted.updated_at),
        "comment": {
            "comments": shown[:20],
            "maxResults": 20,
            "total": len(shown),
            "startAt": 0,
        },
        "issuelinks": [],
    }


def comment(remark: Remark, *, is_cloud: bool) -> Json:
    """Write a comment."""
    author = user(remark.author, is_cloud=is_cloud)
    return {
        "id": str(remark.id),
        "author": author,
        "updateAuthor": author,
        "body": remark.text,
        "created": jira_iso(remark.created_at),
        "updated": jira_iso(remark.updated_at),
    }


def history(event: Event, *, is_cloud: bool) -> Json:
    """Write one change of an issue."""
    is_status = event.kind == "status"
    return {
        "id": str(event.id),
        "author": user(event.actor, is_cloud=is_cloud),
        "created": jira_iso(event.at),
        "items": [
            {
                "field": event.kind,
                "fieldtype": "jira",
                "fieldId": event.kind,
                "from": event.before if is_status else None,
                "fromString": STATUSES[event.before][0] if is_status else event.before,
                "to": event.after if is_status else None,
                "toString": STATUSES[event.after][0] if is_status else event.after,
            }
        ],
    }


def remote_links(posted: Posted) -> Json:
    """List the remote links of an issue."""
    return [
        {"id": number, "globalId": name, "object": shown}
        for name, (number, shown) in posted.remote_links.items()
    ]


def transitions(known: Mapping[str, str]) -> Json:
    """List where an issue can go; every status can be reached from every other."""
    return {
        "transitions": [
            {"id": number, "name": STATUSES[name][0], "to": status(name, "")}
            for number, name in known.items()
        ]
    }


def page(items: Sequence[Json], under: str, request: Request, cap: int) -> Reply:
    """Answer one page of a list that is turned by offset."""
    start = int(request.param("startAt", "0") or 0)
    size = min(request.whole("maxResults", 50, _LONGEST_PAGE), cap)
    shown = list(items[start : start + size])
    body: dict[str, Json] = {"startAt": start, "maxResults": size, "total": len(items)}
    if under == "values":
        body["isLast"] = start + size >= len(items)
    return Reply(200, {**body, under: shown})


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
