"""Jira for the account that writes tickets: one project, as Cloud and as Data Center have it.

Cloud takes documents, Data Center wiki text; each refuses the other's. Nothing of the organisation
is visible here, and the account of the nightly pull sees nothing of this.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping

from sandbox import jira_posted as views
from sandbox.adf import text_of
from sandbox.jira_fields import faults_of, is_small, labels_of, properties_of, text_faults
from sandbox.jira_search import search
from sandbox.jql import JqlError
from sandbox.tickets import RESOLUTIONS, STATUSES
from sandbox.tickets_board import BOT, JIRA_CLOUD, JIRA_DATA_CENTER, Board, Posted
from sandbox.wire import Json, Reply, Request

USER = BOT.email
TOKEN = "ATATT3xSandboxMeridianGate"  # noqa: S105  # made up; opens nothing
DATA_CENTER_TOKEN = "MDM4SandboxGate"  # noqa: S105  # made up; opens nothing
#: Transition id -> status id.
TRANSITIONS = {"11": "10000", "21": "10001", "31": "10002", "41": "10003"}
_NOT_FOUND = "Issue does not exist or you do not have permission to see it."


def is_ours(request: Request) -> bool:
    """Tell whether a request comes with the writing account's credentials."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer":
        return value == DATA_CENTER_TOKEN and not _is_cloud(request)
    expected = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    return scheme == "Basic" and value == expected and _is_cloud(request)


def is_write(request: Request) -> bool:
    """Tell whether a request changes anything; searches are posted, too."""
    return request.method != "GET" and "/search" not in request.path


def forbidden() -> Reply:
    """Refuse a write for want of permission."""
    return _error(403, "You do not have permission to create issues in this project.")


def answer(board: Board, request: Request, page_items: int) -> Reply:
    """Answer a request of the writing account; `page_items` caps the items on a page.

    The caller holds the board's lock.
    """
    path = re.sub(r"^/rest/api/(2|3|latest)/?", "", request.path)
    try:
        return _Desk(board, request, page_items).answer(path)
    except JqlError as error:
        return _error(400, str(error))


def _is_cloud(request: Request) -> bool:
    return not request.path.startswith("/rest/api/2/")


class _Desk:
    """One request to one of the two systems."""

    def __init__(self, board: Board, request: Request, cap: int) -> None:
        self.board = board
        self.request = request
        self.cap = cap
        self.is_cloud = _is_cloud(request)
        self.system = JIRA_CLOUD if self.is_cloud else JIRA_DATA_CENTER
        self.body = request.json()

    def answer(self, path: str) -> Reply:
        fixed = views.site(self.request, is_cloud=self.is_cloud)
        if path in fixed and self.request.method == "GET":
            return Reply(200, fixed[path]())
        if path == "search" and self.is_cloud:
            return _error(
                410, "The requested API has been removed. Migrate to /rest/api/3/search/jql."
            )
        if path in ("search", "search/jql") and (path == "search/jql") == self.is_cloud:
            return search(self.board, self.request, self.cap, is_cloud=self.is_cloud)
        if path == "issue" and self.request.method == "POST":
            return self._create()
        match = re.fullmatch(r"issue/([^/]+)((?:/[^/]+)*)", path)
        posted = self.board.find(self.system, match[1]) if match else None
        if match is None or posted is None:
            return _error(404, _NOT_FOUND if match else "Not found")
        return self._below(posted, match[2].strip("/"))

    def _below(self, posted: Posted, rest: str) -> Reply:
        kind, _, name = rest.partition("/")
        routes: dict[tuple[str, str], Callable[[], Reply]] = {
            ("GET", ""): lambda: self._shown(posted),
            ("PUT", ""): lambda: self._edit(posted),
            ("GET", "comment"): lambda: self._comments(posted),
            ("POST", "comment"): lambda: self._comment(posted),
            ("GET", "properties"): lambda: self._property(posted, name),
            ("PUT", "properties"): lambda: self._set_property(posted, name),
            ("DELETE", "properties"): lambda: self._drop_property(posted, name),
            ("GET", "remotelink"): lambda: Reply(200, views.remote_links(posted)),
            ("POST", "remotelink"): lambda: self._link(posted),
            ("GET", "transitions"): lambda: Reply(200, views.transitions(TRANSITIONS)),
            ("POST", "transitions"): lambda: self._move(posted),
            ("GET", "changelog"): lambda: self._changelog(posted),
        }
        route = routes.get((self.request.method, kind))
        return route() if route else _error(404, "Not found")

    def _create(self) -> Reply:
        errors = faults_of(self.body, is_new=True, is_cloud=self.is_cloud)
        if errors:
            return _refused(errors)
        given = self._given()
        posted = self.board.add(
            self.system,
            str(given["summary"]),
            _json(given.get("description")),
            labels_of(given),
            BOT,
            self.request.now,
        )
        posted.properties.update(properties_of(self.body))
        return Reply(201, views.reference(posted, self.request, is_cloud=self.is_cloud))

    def _edit(self, posted: Posted) -> Reply:
        errors = faults_of(self.body, is_new=False, is_cloud=self.is_cloud)
        if errors:
            return _refused(errors)
        given, now = self._given(), self.request.now
        if "summary" in given and given["summary"] != posted.title:
            self.board.log(posted, BOT, now, "summary", posted.title, str(given["summary"]))
            posted.title = str(given["summary"])
        if "description" in given:
            self.board.log(posted, BOT, now, "description")
            posted.body = _json(given["description"])
        labels = labels_of(given) if "labels" in given else list(posted.labels)
        update = self.body.get("update")
        for act in update.get("labels", []) if isinstance(update, dict) else []:
            labels = [label for label in labels if label != act.get("remove")]
            labels += [str(act["add"])] if "add" in act else []
        posted.properties.update(properties_of(self.body))
        self.board.relabel(posted, labels, BOT, now)
        return Reply(204, b"")

    def _given(self) -> dict[str, object]:
        fields = self.body.get("fields", {})
        return fields if isinstance(fields, dict) else {}

    def _shown(self, posted: Posted) -> Reply:
        return Reply(
            200,
            views.issue(
                posted,
                self.request,
                self.request.param("fields", "*all"),
                self.request.param("properties"),
                is_cloud=self.is_cloud,
            ),
        )

    def _comments(self, posted: Posted) -> Reply:
        shown = [views.comment(remark, is_cloud=self.is_cloud) for remark in posted.remarks]
        return views.page(shown, "comments", self.request, self.cap)

    def _comment(self, posted: Posted) -> Reply:
        text = self.body.get("body")
        errors = text_faults("comment", text, is_cloud=self.is_cloud)
        if errors or not text_of(text):
            return _refused(errors or {"comment": "Comment body can not be empty!"})
        remark = self.board.remark(posted, BOT, _json(text), self.request.now)
        return Reply(201, views.comment(remark, is_cloud=self.is_cloud))

    def _property(self, posted: Posted, name: str) -> Reply:
        if not name:
            return Reply(200, {"keys": [{"key": key} for key in posted.properties]})
        if name not in posted.properties:
            return _error(404, f"The property with key '{name}' does not exist.")
        return Reply(200, {"key": name, "value": posted.properties[name]})

    def _set_property(self, posted: Posted, name: str) -> Reply:
        try:
            value = json.loads(self.request.body)
        except ValueError:
            return _error(400, "The property value is not valid JSON.")
        if not name or not is_small(name, value):
            return _error(400, "The property key or value is too long.")
        status = 200 if name in posted.properties else 201
        posted.properties[name] = value
        return Reply(status, {})

    def _drop_property(self, posted: Posted, name: str) -> Reply:
        if posted.properties.pop(name, None) is None:
            return _error(404, f"The property with key '{name}' does not exist.")
        return Reply(204, b"")

    def _link(self, posted: Posted) -> Reply:
        shown = self.body.get("object")
        if not isinstance(shown, dict) or not shown.get("url") or not shown.get("title"):
            return _refused({"object": "'url' and 'title' are required."})
        name = str(self.body.get("globalId") or f"link-{self.board.next_id()}")
        known = posted.remote_links.get(name)
        number = known[0] if known else self.board.next_id()
        posted.remote_links[name] = (number, shown)
        return Reply(
            200 if known else 201, {"id": number, "self": f"{self.request.base_url}/{number}"}
        )

    def _move(self, posted: Posted) -> Reply:
        wanted = self.body.get("transition")
        status = TRANSITIONS.get(str(wanted.get("id"))) if isinstance(wanted, dict) else None
        if status is None:
            return _error(400, "Transition id is not valid for this issue.")
        is_done = STATUSES[status][1] == "done"
        resolution = next(iter(RESOLUTIONS)) if is_done else None
        self.board.move(posted, status, resolution, BOT, self.request.now)
        return Reply(204, b"")

    def _changelog(self, posted: Posted) -> Reply:
        shown = [views.history(event, is_cloud=self.is_cloud) for event in posted.events]
        return views.page(shown, "values", self.request, self.cap)


def _json(value: object) -> Json:
    """Keep what came as JSON as JSON."""
    return value  # type: ignore[return-value]  # it was decoded from JSON


def _refused(errors: Mapping[str, str]) -> Reply:
    return Reply(
        400,
        {
            "errorMessages": [text for name, text in errors.items() if not name],
            "errors": {name: text for name, text in errors.items() if name},
        },
    )


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"errorMessages": [message], "errors": {}})
