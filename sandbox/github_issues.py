"""Issues of the writing accounts: create, edit, comment, label, list and search."""

import re
from collections.abc import Callable
from dataclasses import replace

from sandbox import github_posted as views
from sandbox.github_desk import FULL_NAME, Desk, invalid
from sandbox.github_lists import error, not_found
from sandbox.organisation import ORG
from sandbox.tickets_board import GITHUB, Indexed, Posted, Remark
from sandbox.wire import Json, Reply, parse_moment

_LONGEST_TITLE = 256
_LONGEST_BODY = 65_536
_LONGEST_LABEL = 50
_REASONS = ("completed", "not_planned", "duplicate", "reopened")
_CREATED = 201


def list_issues(call: Desk) -> Reply:
    """List issues and pull requests as they are now: this list never lags."""
    found = [posted for posted in call.board.all(GITHUB) if not posted.is_deleted]
    request = call.request
    state = request.param("state", "open")
    wanted = {name.lower() for name in request.param("labels").split(",") if name}
    creator, since = request.param("creator"), request.param("since")
    order = "updated_at" if request.param("sort") == "updated" else "created_at"
    shown: list[Json] = [
        views.issue(posted, request)
        for posted in sorted(
            found,
            key=lambda posted: (getattr(posted, order), posted.id),
            reverse=request.param("direction", "desc") == "desc",
        )
        if state in ("all", posted.state)
        and wanted <= {name.lower() for name in posted.labels}
        and creator in ("", posted.author.login)
        and (not since or posted.updated_at >= parse_moment(since))
    ]
    return call.listed(shown)


def create(call: Desk) -> Reply:
    """Open an issue; labels that do not exist yet are made."""
    fault = _fault(call, is_new=True)
    if fault:
        return fault
    posted = call.board.add(
        GITHUB, call.text("title"), call.text("body"), _labels(call), call.actor, call.now
    )
    return _created(call, views.issue(posted, call.request), f"issues/{posted.key}")


def read(call: Desk) -> Reply:
    """Give one issue; a deleted one is gone."""
    return _with(call, lambda posted: Reply(200, views.issue(posted, call.request)))


def edit(call: Desk) -> Reply:
    """Change what the body names."""
    return _with(call, lambda posted: _fault(call, is_new=False) or _edited(call, posted))


def comments(call: Desk) -> Reply:
    """List comments, oldest first."""
    since = call.request.param("since")

    def shown(posted: Posted) -> Reply:
        return call.listed(
            [
                views.comment(remark, call.request)
                for remark in posted.remarks
                if not since or remark.updated_at >= parse_moment(since)
            ]
        )

    return _with(call, shown)


def comment(call: Desk) -> Reply:
    """Comment on an issue."""

    def added(posted: Posted) -> Reply:
        fault = _body_fault(call, "IssueComment", is_needed=True)
        if fault:
            return fault
        remark = call.board.remark(posted, call.actor, call.text("body"), call.now)
        return _created(call, views.comment(remark, call.request), f"issues/comments/{remark.id}")

    return _with(call, added)


def one_comment(call: Desk) -> Reply:
    """Read a comment, or change its text."""
    for posted in call.board.all(GITHUB):
        for remark in posted.remarks:
            if str(remark.id) == call.parts[0] and not posted.is_deleted:
                return _comment_answer(call, posted, remark)
    return not_found()


def labels(call: Desk) -> Reply:
    """List labels, add some (POST) or replace all (PUT)."""

    def changed(posted: Posted) -> Reply:
        if call.request.method != "GET":
            fault = _label_fault(call)
            if fault:
                return fault
            kept = posted.labels if call.request.method == "POST" else []
            call.board.relabel(posted, [*kept, *_labels(call)], call.actor, call.now)
        return Reply(200, [views.label(name, call.url("")) for name in posted.labels])

    return _with(call, changed)


def drop_label(call: Desk) -> Reply:
    """Take a label off; one that is not there is not found."""

    def dropped(posted: Posted) -> Reply:
        name = call.parts[1]
        if name not in posted.labels:
            return error(404, "Label does not exist")
        left = [label for label in posted.labels if label != name]
        call.board.relabel(posted, left, call.actor, call.now)
        return Reply(200, [views.label(one, call.url("")) for one in left])

    return _with(call, dropped)


def events(call: Desk) -> Reply:
    """List what was done to an issue, oldest first."""
    return _with(
        call,
        lambda posted: call.listed([views.event(item, call.request) for item in posted.events]),
    )


def search(call: Desk) -> Reply:
    """Search by what the index knows: `repo:`, `is:`, `state:`, `label:`, `author:` and words."""
    query = call.request.param("q")
    terms = [
        (name or "word", quoted or plain)
        for name, quoted, plain in re.findall(r'(?:(\w+):)?(?:"([^"]*)"|(\S+))', query)
    ]
    if not query:
        return invalid("Search", "q", "missing")
    found = [
        posted
        for posted, entry in call.board.searchable(GITHUB, call.now)
        if all(_fits(posted, entry, name, value) for name, value in terms)
    ]
    shown: list[Json] = [{**views.issue(posted, call.request), "score": 1.0} for posted in found]
    reply = call.listed(shown, "items")
    body = reply.body if isinstance(reply.body, dict) else {}
    headers = {"x-ratelimit-resource": "search", "x-ratelimit-limit": "30", **reply.headers}
    return replace(reply, body={**body, "incomplete_results": False}, headers=headers)


def _fits(posted: Posted, entry: Indexed, name: str, value: str) -> bool:
    text = f"{posted.title}\n{posted.body}".lower()
    tests: dict[str, Callable[[], bool]] = {
        "repo": lambda: value == FULL_NAME,
        "org": lambda: value == ORG,
        "is": lambda: value in (entry.state, "pr" if posted.is_pull else "issue"),
        "type": lambda: value == ("pr" if posted.is_pull else "issue"),
        "state": lambda: value == entry.state,
        "label": lambda: value in entry.labels,
        "author": lambda: value in (posted.author.login, f"app/{views.APP_SLUG}"),
        "in": lambda: True,
    }
    return tests.get(name, lambda: value.lower() in text)()


def _with(call: Desk, handler: Callable[[Posted], Reply]) -> Reply:
    posted = call.posted()
    if posted is None:
        return not_found()
    return error(410, "This issue was deleted") if posted.is_deleted else handler(posted)


def _created(call: Desk, shown: Json, path: str) -> Reply:
    return Reply(_CREATED, shown, {"Location": call.url(path)})


def _edited(call: Desk, posted: Posted) -> Reply:
    if "title" in call.body:
        posted.title = call.text("title")
    if "body" in call.body:
        posted.body = call.text("body")
    if "labels" in call.body:
        call.board.relabel(posted, _labels(call), call.actor, call.now)
    if "state" in call.body:
        state = call.text("state")
        reason = call.text("state_reason") or "completed"
        call.board.move(
            posted, state, reason if state == "closed" else "reopened", call.actor, call.now
        )
    call.board.touch(posted, call.now)
    return Reply(200, views.issue(posted, call.request))


def _comment_answer(call: Desk, posted: Posted, remark: Remark) -> Reply:
    if call.request.method == "PATCH":
        fault = _body_fault(call, "IssueComment", is_needed=True)
        if fault:
            return fault
        remark.text, remark.updated_at = call.text("body"), call.now
        call.board.touch(posted, call.now)
    return Reply(200, views.comment(remark, call.request))


def _fault(call: Desk, *, is_new: bool) -> Reply | None:
    title = call.text("title").strip()
    if (is_new or "title" in call.body) and not title:
        return invalid("Issue", "title", "missing_field")
    if len(title) > _LONGEST_TITLE:
        return invalid("Issue", "title", message="title is too long (maximum is 256 characters)")
    if "state" in call.body and call.text("state") not in ("open", "closed"):
        return invalid("Issue", "state")
    if call.body.get("state_reason") not in (None, *_REASONS):
        return invalid("Issue", "state_reason")
    return _body_fault(call, "Issue", is_needed=False) or _label_fault(call)


def _body_fault(call: Desk, resource: str, *, is_needed: bool) -> Reply | None:
    text = call.text("body")
    if is_needed and not text.strip():
        return invalid(resource, "body", "missing_field")
    if len(text) > _LONGEST_BODY:
        return invalid(resource, "body", message="body is too long (maximum is 65536 characters)")
    return None


def _label_fault(call: Desk) -> Reply | None:
    if any(not 1 <= len(name) <= _LONGEST_LABEL for name in _labels(call)):
        return invalid("Label", "name", message="name is too long (maximum is 50 characters)")
    return None


def _labels(call: Desk) -> list[str]:
    given = call.body.get("labels", [])
    return [
        str(one.get("name")) if isinstance(one, dict) else str(one)
        for one in (given if isinstance(given, list) else [])
    ]


#: (methods, path below the repository, handler)
ROUTES: tuple[tuple[str, str, Callable[[Desk], Reply]], ...] = (
    ("GET", r"issues", list_issues),
    ("POST", r"issues", create),
    ("GET", r"issues/(\d+)", read),
    ("PATCH", r"issues/(\d+)", edit),
    ("GET", r"issues/(\d+)/comments", comments),
    ("POST", r"issues/(\d+)/comments", comment),
    ("GET PATCH", r"issues/comments/(\d+)", one_comment),
    ("GET POST PUT", r"issues/(\d+)/labels", labels),
    ("DELETE", r"issues/(\d+)/labels/(.+)", drop_label),
    ("GET", r"issues/(\d+)/(?:events|timeline)", events),
)
