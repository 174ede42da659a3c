"""Devin's v3 API of an organisation: sessions by cursor, consumption by day.

A cursor holds for its own query only. Stamps are seconds since the epoch; what an ACU costs is
told nowhere. The shape of errors is not documented.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from sandbox.estate.billed import decimal_of
from sandbox.estate.devin import (
    ORGANIZATION,
    SERVICE_USER,
    Devin,
    DevinSession,
    starts_at,
)
from sandbox.people import Person
from sandbox.reports import BadQueryError, page_of
from sandbox.wire import Json, Reply, Request

KEY = "cog_sandbox_meridian"
#: Of a service user who may start sessions and see none.
NARROW_KEY = "cog_sandbox_narrow"
SESSIONS_PATH = f"/v3/organizations/{ORGANIZATION}/sessions"
DAILY_PATH = f"/v3/organizations/{ORGANIZATION}/consumption/daily"
_SESSION_PATH = f"{DAILY_PATH}/sessions/"
_TIMES = {"created_after", "created_before", "updated_after", "updated_before"}
_LISTS = {"tags", "origins", "user_ids", "session_ids"}
_SESSION_PARAMS = {"first", "after", "playbook_id", *_TIMES, *_LISTS}
_DAILY_PARAMS = {"time_after", "time_before"}
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 200


def answer(devin: Devin, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps what is on a page."""
    authorization = request.headers.get("authorization")
    if authorization == f"Bearer {NARROW_KEY}":
        return _error(403, "Missing permission: ViewOrgSessions")
    if authorization != f"Bearer {KEY}":
        return _error(401, "Invalid or expired API key")
    if request.path.startswith("/v3/enterprise/"):
        return _error(403, "Enterprise plan required")
    answers: dict[str, Callable[[], Reply]] = {
        SESSIONS_PATH: lambda: _sessions(devin, request, page_items),
        DAILY_PATH: lambda: _daily(devin, request),
    }
    answering = answers.get(request.path)
    if answering is None and request.path.startswith(_SESSION_PATH):
        session = request.path.removeprefix(_SESSION_PATH)

        def answering() -> Reply:
            return _daily_of(devin, request, session)

    if answering is None or request.method != "GET":
        return _error(404, "Not Found")
    try:
        return answering()
    except ValueError as error:
        return _error(400, str(error))


def user_id(person: Person) -> str:
    """Give the id that Devin knows a person by."""
    return f"user-{person.login}"


def _sessions(devin: Devin, request: Request, page_items: int) -> Reply:
    _check(request, _SESSION_PARAMS)
    text = request.param("first", str(_DEFAULT_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        message = f"first must be between 1 and {_LARGEST_PAGE}"
        raise ValueError(message)
    found = [one for one in devin.sessions if _fits(one, request)]
    query = [pair for pair in request.params if pair[0] != "after"]
    try:
        shown, cursor = page_of(found, min(int(text), page_items), request.param("after"), query)
    except BadQueryError:
        message = "after: the cursor does not belong to this query"
        raise ValueError(message) from None
    return Reply(
        200,
        {
            "items": [_session(one, request) for one in shown],
            "end_cursor": cursor,
            "has_next_page": cursor is not None,
            "total": len(found),
        },
    )


def _fits(one: DevinSession, request: Request) -> bool:
    """Tell whether a session shows and is asked for."""
    created, updated = one.started_at, min(one.ended_at, request.now)
    tags, ids = request.many("tags"), request.many("session_ids")
    return (
        created <= request.now
        and _is_within(request, "created", created)
        and _is_within(request, "updated", updated)
        and (not tags or bool(set(tags) & set(one.tags)))
        and (not ids or one.id in ids)
    )


def _is_within(request: Request, name: str, moment: datetime) -> bool:
    after, before = _moment(request, f"{name}_after"), _moment(request, f"{name}_before")
    return (after is None or moment >= after) and (before is None or moment <= before)


def _session(one: DevinSession, request: Request) -> Json:
    is_over = one.ended_at <= request.now
    status = ("error" if one.has_failed else "exit") if is_over else "running"
    pulls: list[Json] = []
    if one.pull is not None and one.pull.opened_at <= request.now:
        name, _, number = one.pull.item.partition("#")
        url = f"https://github.com/{name}/pull/{number}"
        pulls.append({"pr_url": url, "pr_state": one.pull.state(request.now)})
    short = one.id.removeprefix("devin-")
    return {
        "session_id": one.id,
        "url": f"https://app.devin.ai/sessions/{short}",
        "title": None if one.user is None else f"For {one.user.name}: tidy the schema",
        "status": status,
        "status_detail": {"exit": "finished", "error": "error", "running": "working"}[status],
        "acus_consumed": decimal_of(one.told(request.now) * 1_000),
        "created_at": _seconds(one.started_at),
        "updated_at": _seconds(min(one.ended_at, request.now)),
        "org_id": ORGANIZATION,
        "user_id": None if one.user is None else user_id(one.user),
        "service_user_id": SERVICE_USER if one.user is None else None,
        "tags": list(one.tags),
        "pull_requests": pulls,
        "child_session_ids": [] if is_over else None,
        "parent_session_id": None,
        "is_archived": False,
        "is_advanced": False,
        "playbook_id": None,
        "origin": "api" if one.user is None else "slack",
        "category": None,
        "structured_output": None,
    }


def _daily(devin: Devin, request: Request) -> Reply:
    """Tell of every day that has begun; the present one grows."""
    _check(request, _DAILY_PARAMS)
    entries: list[Json] = []
    total = 0
    for day, (cascade, terminal) in devin.others.items():
        if starts_at(day) > request.now or not _is_within(request, "time", starts_at(day)):
            continue
        sessions = devin.consumed(day, request.now)
        total += sessions + cascade + terminal
        products: dict[str, Json] = {
            "devin": _acus(sessions),
            "cascade": _acus(cascade),
            "terminal": _acus(terminal) if terminal else None,
            "review": 0.0,
        }
        entries.append(_entry(day, sessions + cascade + terminal, products))
    return Reply(200, {"total_acus": _acus(total), "consumption_by_date": entries})


def _daily_of(devin: Devin, request: Request, session: str) -> Reply:
    _check(request, _DAILY_PARAMS)
    for one in devin.sessions:
        if one.id == session and one.started_at <= request.now:
            parts = [
                (day, milli)
                for day, milli in one.parts
                if one.ended_at <= request.now and _is_within(request, "time", starts_at(day))
            ]
            entries: list[Json] = [
                _entry(day, milli, {"devin": _acus(milli)}) for day, milli in parts
            ]
            total = sum(milli for _, milli in parts)
            return Reply(200, {"total_acus": _acus(total), "consumption_by_date": entries})
    return _error(404, "Session not found")


def _entry(day: date, milli: int, products: dict[str, Json]) -> Json:
    return {"date": _seconds(starts_at(day)), "acus": _acus(milli), "acus_by_product": products}


def _acus(milli: int) -> float:
    return decimal_of(milli * 1_000)


def _check(request: Request, known: set[str]) -> None:
    for name, _ in request.params:
        if name.removesuffix("[]") not in known:
            message = f"unknown parameter: {name}"
            raise ValueError(message)


def _moment(request: Request, name: str) -> datetime | None:
    text = request.param(name)
    if not text:
        return None
    if not text.isdigit():
        message = f"{name} must be a unix time in seconds"
        raise ValueError(message)
    return datetime.fromtimestamp(int(text), UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"detail": message})
