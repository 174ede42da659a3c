"""Jira for the organisation: Cloud's v3 and Data Center's v2 endpoints that a pull needs."""

import base64
import re
from collections.abc import Callable, Mapping

from sandbox import jira_views as views
from sandbox.jql import JqlError, parse
from sandbox.organisation import PROJECTS, SEVERITY_FIELD
from sandbox.people import someone
from sandbox.records import Ticket, World
from sandbox.tickets import LINK_TYPES, RESOLUTIONS, STATUSES
from sandbox.wire import Json, Reply, Request

USER = "svc-graduand@meridian-freight.example"
TOKEN = "ATATT3xSandboxMeridian"  # noqa: S105  # made up; opens nothing
DATA_CENTER_TOKEN = "MDM4Sandbox"  # noqa: S105  # made up; opens nothing
_LONGEST_SEARCH = 100
_LONGEST_HISTORY = 1000
_SEARCH_FIELDS = frozenset(
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
_FIRST_EPOCH_TICKET = 5  # one ticket in so many has its history stamped in epoch numbers


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps the items on a page."""
    version = request.path.split("/")[3] if request.path.startswith("/rest/api/") else ""
    is_cloud = version != "2"
    if not _is_allowed(request, is_cloud=is_cloud):
        return Reply(
            401,
            {"errorMessages": ["Client must be authenticated to access this resource."]},
            {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Fmeridian.example"'},
        )
    path = re.sub(r"^/rest/api/(2|3|latest)/?", "", request.path)
    try:
        if not is_cloud:
            return _data_center(world, request, path, page_items)
        return _cloud(world, request, path, page_items)
    except JqlError as error:
        return _error(400, str(error))


def _is_allowed(request: Request, *, is_cloud: bool) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer":
        return not is_cloud and value == DATA_CENTER_TOKEN
    expected = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    return is_cloud and scheme == "Basic" and value == expected


def _cloud(world: World, request: Request, path: str, cap: int) -> Reply:
    if path == "search":
        return _error(410, "The requested API has been removed. Migrate to /rest/api/3/search/jql.")
    if path == "search/jql":
        return _search(world, request, cap)
    if path == "search/approximate-count" and request.method == "POST":
        query = parse(str(request.json().get("jql", "")), request.now, PROJECTS)
        return Reply(200, {"count": len(query.run(world.tickets))})
    if path == "changelog/bulkfetch" and request.method == "POST":
        return _bulk_histories(world, request, cap)
    if path == "issue/bulkfetch" and request.method == "POST":
        return _bulk_issues(world, request)
    return _shared(world, request, path, cap, is_cloud=True)


def _data_center(world: World, request: Request, path: str, cap: int) -> Reply:
    if path == "search":
        body = request.json() if request.method == "POST" else dict(request.params)
        query = parse(str(body.get("jql", "")), request.now, PROJECTS)
        found = query.run(world.tickets)
        start = _whole(body.get("startAt"), 0)
        size = min(_whole(body.get("maxResults"), 50), cap, 1000)
        issues = [
            _issue(ticket, request, _wanted(body), str(body.get("expand", "")), is_cloud=False)
            for ticket in found[start : start + size]
        ]
        return Reply(
            200,
            {"startAt": start, "maxResults": size, "total": len(found), "issues": list(issues)},
        )
    return _shared(world, request, path, cap, is_cloud=False)


def _rights(request: Request) -> Json:
    """Tell the rights that are asked for: this account browses, and nothing else."""
    asked = dict(request.params).get("permissions", "").split(",")
    return {
        "permissions": {
            name: {"key": name, "havePermission": name == "BROWSE_PROJECTS"} for name in asked
        }
    }


def _shared(world: World, request: Request, path: str, cap: int, *, is_cloud: bool) -> Reply:
    base_url = request.base_url
    fixed: dict[str, Callable[[], Json]] = {
        "serverInfo": lambda: {
            "baseUrl": base_url,
            "version": "1001.0.0" if is_cloud else "9.17.0",
            "deploymentType": "Cloud" if is_cloud else "Server",
            "serverTitle": "Meridian Freight",
        },
        "myself": lambda: views.user(someone(0), is_cloud=is_cloud),
        "mypermissions": lambda: _rights(request),
        "status": lambda: [views.status(name, base_url) for name in STATUSES],
        "statuses/search": lambda: {
            "isLast": True,
            "values": [views.status(name, base_url) for name in STATUSES],
        },
        "resolution": lambda: [views.resolution(name) for name in RESOLUTIONS],
        "priority": lambda: [{"id": "3", "name": "Medium"}],
        "field": lambda: list(_FIELDS),
        "field/search": lambda: {"isLast": True, "total": len(_FIELDS), "values": list(_FIELDS)},
        "issueLinkType": lambda: {
            "issueLinkTypes": [
                {"id": number, "name": name, "inward": inward, "outward": outward}
                for number, (name, inward, outward) in LINK_TYPES.items()
            ]
        },
        "project/search": lambda: {
            "isLast": True,
            "values": [{"id": f"1040{index}", "key": key} for index, key in enumerate(PROJECTS)],
        },
    }
    if path in fixed and request.method == "GET":
        return Reply(200, fixed[path]())
    match = re.fullmatch(r"issue/([^/]+)(?:/(changelog|comment))?", path)
    if match is None or request.method != "GET":
        return _error(404, "Not found")
    ticket = _find(world, request, match[1])
    if ticket is None:
        return _error(404, "Issue does not exist or you do not have permission to see it.")
    if match[2] == "changelog" and is_cloud:
        histories = views.histories(ticket, request.now, is_cloud=True)
        start = request.whole("startAt", 0, 10**6)
        size = min(request.whole("maxResults", 100, 100), cap)
        return Reply(
            200,
            {
                "startAt": start,
                "maxResults": size,
                "total": len(histories),
                "isLast": start + size >= len(histories),
                "values": list(histories[start : start + size]),
            },
        )
    if match[2] == "comment":
        shown: list[Json] = [
            views.comment(item, is_cloud=is_cloud)
            for item in ticket.comments
            if item.at <= request.now
        ]
        return Reply(200, {"startAt": 0, "maxResults": 50, "total": len(shown), "comments": shown})
    wanted = [name for name in request.param("fields", "*all").split(",") if name]
    expand = request.param("expand")
    return Reply(200, _issue(ticket, request, wanted, expand, is_cloud=is_cloud))


def _search(world: World, request: Request, cap: int) -> Reply:
    body: Mapping[str, object] = (
        request.json() if request.method == "POST" else dict(request.params)
    )
    unknown = sorted(set(body) - _SEARCH_FIELDS)
    if unknown:
        return _error(400, f"Unrecognized field {unknown[0]!r}.")
    jql = str(body.get("jql", ""))
    found = parse(jql, request.now, PROJECTS).run(world.tickets)
    start = 0
    token = body.get("nextPageToken")
    if token:
        place, _, bound_to = _decoded(str(token)).partition("|")
        if bound_to != jql or not place.isdigit():
            return _error(400, "The provided next page token is invalid.")
        start = int(place)
    size = min(_whole(body.get("maxResults"), 50), cap, _LONGEST_SEARCH)
    issues = [
        _issue(ticket, request, _wanted(body), str(body.get("expand", "")), is_cloud=True)
        for ticket in found[start : start + size]
    ]
    is_last = start + size >= len(found)
    answer: dict[str, Json] = {"issues": list(issues), "isLast": is_last}
    if not is_last:
        answer["nextPageToken"] = _encoded(f"{start + size}|{jql}")
    return Reply(200, answer)


def _bulk_histories(world: World, request: Request, cap: int) -> Reply:
    body = request.json()
    names = body.get("issueIdsOrKeys")
    if not isinstance(names, list) or not 1 <= len(names) <= _LONGEST_HISTORY:
        return _error(400, "issueIdsOrKeys must contain between 1 and 1000 values.")
    wanted_ids = body.get("fieldIds")
    wanted = frozenset(map(str, wanted_ids)) if isinstance(wanted_ids, list) else None
    entries: list[tuple[Ticket, dict[str, Json]]] = []
    for name in names:
        ticket = _find(world, request, str(name))
        if ticket is not None:
            histories = views.histories(ticket, request.now, is_cloud=True, wanted=wanted)
            entries.extend((ticket, history) for history in histories)
    size = min(_whole(body.get("maxResults"), 1000), 10_000, cap)
    place = _decoded(str(body.get("nextPageToken") or ""))
    start = int(place) if place.isdigit() else 0
    grouped: dict[str, list[Json]] = {}
    for ticket, history in entries[start : start + size]:
        shown = dict(history)
        if ticket.id % _FIRST_EPOCH_TICKET == 0:
            change = next(c for c in ticket.changes if str(c.id) == history["id"])
            shown["created"] = int(change.at.timestamp()) * 1000
        grouped.setdefault(str(ticket.id), []).append(shown)
    answer: dict[str, Json] = {
        "issueChangeLogs": [
            {"issueId": number, "changeHistories": shown} for number, shown in grouped.items()
        ]
    }
    if start + size < len(entries):
        answer["nextPageToken"] = _encoded(str(start + size))
    return Reply(200, answer)


def _bulk_issues(world: World, request: Request) -> Reply:
    body = request.json()
    names = body.get("issueIdsOrKeys")
    listed = names[:_LONGEST_SEARCH] if isinstance(names, list) else []
    found = [_find(world, request, str(name)) for name in listed]
    return Reply(
        200,
        {
            "issues": [
                _issue(ticket, request, _wanted(body), "", is_cloud=True)
                for ticket in found
                if ticket is not None
            ],
            "issueErrors": [],
        },
    )


def _issue(
    ticket: Ticket, request: Request, wanted: list[str], expand: str, *, is_cloud: bool
) -> Json:
    base_url = request.base_url
    shown: dict[str, Json] = {
        "id": str(ticket.id),
        "self": f"{base_url}/rest/api/{3 if is_cloud else 2}/issue/{ticket.id}",
    }
    # Cloud's search gives ids alone unless fields are asked for.
    if wanted != ["id"]:
        shown["key"] = ticket.key
        every = views.fields(ticket, base_url, request.now, is_cloud=is_cloud)
        is_all = bool({"*all", "*navigable"} & set(wanted))
        shown["fields"] = {name: value for name, value in every.items() if is_all or name in wanted}
    if "changelog" in expand:
        histories = views.histories(ticket, request.now, is_cloud=is_cloud)
        recent = histories[::-1] if is_cloud else histories
        shown["changelog"] = {
            "startAt": 0,
            "maxResults": len(recent),
            "total": len(recent),
            "histories": list(recent),
        }
    return shown


def _wanted(body: Mapping[str, object]) -> list[str]:
    fields = body.get("fields")
    if isinstance(fields, list):
        return [str(name) for name in fields]
    return str(fields).split(",") if fields else ["id"]


def _find(world: World, request: Request, name: str) -> Ticket | None:
    return next(
        (
            ticket
            for ticket in world.tickets
            if name in (ticket.key, str(ticket.id)) and ticket.created_at <= request.now
        ),
        None,
    )


_FIELDS: tuple[Json, ...] = (
    {"id": "status", "name": "Status", "custom": False, "schema": {"type": "status"}},
    {"id": SEVERITY_FIELD, "name": "Severity", "custom": True, "schema": {"type": "option"}},
    {"id": "customfield_10050", "name": "Caller", "custom": True, "schema": {"type": "user"}},
)


def _whole(value: object, default: int) -> int:
    return int(str(value)) if str(value).isdigit() else default


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        return ""


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"errorMessages": [message], "errors": {}})
