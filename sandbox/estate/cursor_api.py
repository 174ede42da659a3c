"""Cursor's Admin API: Basic with the key as user name, reads by POST, pages by number.

Cents and dollars stand side by side in one object; the ends of a range are both inclusive;
a timestamp is text.
"""

import base64
import binascii
from collections.abc import Callable

from sandbox.estate.billed import decimal_of
from sandbox.estate.cursor import (
    CYCLE_START,
    RUNNER_EMAIL,
    SERVICE_ACCOUNTS,
    CursorEvent,
    user_id,
)
from sandbox.estate.cursor_frame import (
    LONGEST_PERIOD,
    body_of,
    error,
    milliseconds,
    page_of,
    period_of,
    size_of,
)
from sandbox.estate.cursor_tracking import COMMITS_PATH, commits, daily, details
from sandbox.people import PEOPLE
from sandbox.wire import Json, Reply, Request

KEY = "key_sandbox_cursor_admin"
#: Of a team without the plan that these answers need.
NARROW_KEY = "key_sandbox_cursor_team"
AUTOMATION = "auto_01MeridianNightly"
MEMBERS_PATH = "/teams/members"
SPEND_PATH = "/teams/spend"
EVENTS_PATH = "/teams/filtered-usage-events"
DAILY_PATH = "/teams/daily-usage-data"
_EVENT_FIELDS = {
    *("startDate", "endDate", "userId", "email", "serviceAccountId", "cloudAgentId"),
    *("automationId", "hostingType", "page", "pageSize"),
}
_DAILY_FIELDS = {"startDate", "endDate", "page", "pageSize"}
_SPEND_FIELDS = {"searchTerm", "sortBy", "sortDirection", "page", "pageSize"}
_HOSTING = ("CLOUD", "SELF_HOSTED", "SELF_HOSTED_POOL", "SELF_HOSTED_MACHINE")


def answer(made: tuple[CursorEvent, ...], request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps what is on a page."""
    if _key_of(request) == NARROW_KEY:
        return error(403, "Forbidden", "Enterprise plan required")
    if _key_of(request) != KEY:
        return error(401, "Unauthorized", "Invalid API key")
    answers: dict[tuple[str, str], Callable[[], Reply]] = {
        ("GET", MEMBERS_PATH): _members,
        ("POST", SPEND_PATH): lambda: _spend(made, request, page_items),
        ("POST", EVENTS_PATH): lambda: _events(made, request, page_items),
        ("POST", DAILY_PATH): lambda: _daily(made, request, page_items),
        ("GET", COMMITS_PATH): lambda: commits(made, request),
    }
    if request.method == "GET" and request.path.startswith(f"{COMMITS_PATH}/"):
        return details(made, request)
    answering = answers.get((request.method, request.path))
    if answering is None:
        return error(404, "Not Found", f"Cannot {request.method} {request.path}")
    try:
        return answering()
    except ValueError as refusal:
        return error(400, "Bad Request", str(refusal))


def _key_of(request: Request) -> str:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if kind == "Basic" and not password else ""


def _members() -> Reply:
    members: list[Json] = [
        {
            "id": user_id(index),
            "email": person.email,
            "name": person.name,
            "role": "owner" if index == 0 else "member",
            "isRemoved": False,
        }
        for index, person in enumerate(PEOPLE)
    ]
    return Reply(200, {"teamMembers": members})


def _spend(made: tuple[CursorEvent, ...], request: Request, page_items: int) -> Reply:
    body = body_of(request, _SPEND_FIELDS)
    since = [
        event for event in made if event.at >= CYCLE_START and event.visible_from <= request.now
    ]
    rows = [
        _member_spend(index, [event for event in since if event.person == index])
        for index in range(len(PEOPLE))
    ]
    rows.append(_member_spend(None, [event for event in since if event.person is None]))
    shown, number, pages = page_of(rows, body, page_items)
    return Reply(
        200,
        {
            "teamMemberSpend": list(shown),
            "subscriptionCycleStart": milliseconds(CYCLE_START),
            "totalMembers": len(rows),
            "totalPages": max(pages, number),
        },
    )


def _member_spend(person: int | None, events: list[CursorEvent]) -> Json:
    on_demand = sum(event.charged for event in events if event.is_chargeable)
    return {
        "userId": "user_runner" if person is None else user_id(person),
        "spendCents": decimal_of(on_demand),
        "overallSpendCents": decimal_of(sum(event.charged for event in events)),
        "fastPremiumRequests": len(events),
        "name": "Agent runner" if person is None else PEOPLE[person].name,
        "email": RUNNER_EMAIL if person is None else PEOPLE[person].email,
        "role": "owner" if person == 0 else "member",
        "hardLimitOverrideDollars": 0,
        "monthlyLimitDollars": None if person is None else 200,
        "effectivePerUserLimitDollars": 100,
    }


def _events(made: tuple[CursorEvent, ...], request: Request, page_items: int) -> Reply:
    body = body_of(request, _EVENT_FIELDS)
    start, end = period_of(body, request)
    if body.get("hostingType", _HOSTING[0]) not in _HOSTING:
        message = f"hostingType must be one of {', '.join(_HOSTING)}"
        raise ValueError(message)
    account, email = body.get("serviceAccountId"), body.get("email")
    found = [
        event
        for event in reversed(made)
        if start <= event.at <= end
        and event.visible_from <= request.now
        and account in (None, event.service_account)
        and email in (None, event.email)
    ]
    shown, number, pages = page_of([_event(event) for event in found], body, page_items)
    return Reply(
        200,
        {
            "totalUsageEventsCount": len(found),
            "pagination": {
                "numPages": pages,
                "currentPage": number,
                "pageSize": size_of(body, page_items),
                "hasNextPage": number < pages,
                "hasPreviousPage": number > 1,
            },
            "usageEvents": list(shown),
            "period": {"startDate": milliseconds(start), "endDate": milliseconds(end)},
        },
    )


def _event(event: CursorEvent) -> Json:
    """Write an event; what it does not know it leaves out."""
    told: dict[str, Json] = {
        "timestamp": str(milliseconds(event.at)),
        "userEmail": event.email,
    }
    if event.service_account:
        told["serviceAccountId"] = event.service_account
        told["serviceAccountName"] = SERVICE_ACCOUNTS[event.service_account]
    if event.conversation:
        told["conversationId"] = event.conversation
    elif event.service_account:
        told["automationId"] = AUTOMATION
    told |= {
        "model": event.model,
        "kind": event.kind,
        "maxMode": event.tokens is not None,
        "requestsCosts": 1.4 if event.tokens is None else 5,
        "isTokenBasedCall": event.tokens is not None,
        "isChargeable": event.is_chargeable,
        "isHeadless": event.person is None,
    }
    if event.tokens is not None:
        used, output, write, read = event.tokens
        usage: dict[str, Json] = {
            "inputTokens": used,
            "outputTokens": output,
            "cacheWriteTokens": write,
            "cacheReadTokens": read,
            "totalCents": decimal_of(event.total),
        }
        if event.discount_percent:
            usage["discountPercentOff"] = event.discount_percent
        told |= {"tokenUsage": usage, "cursorTokenFee": decimal_of(event.fee)}
    return {**told, "chargedCents": decimal_of(event.charged)}


def _daily(made: tuple[CursorEvent, ...], request: Request, page_items: int) -> Reply:
    """Count by member and day, page by page."""
    body = body_of(request, _DAILY_FIELDS)
    start, end = period_of(body, request)
    if end - start > LONGEST_PERIOD:
        message = "the period must not be longer than 30 days"
        raise ValueError(message)
    visible = [event for event in made if event.visible_from <= request.now]
    rows = daily(visible, start, end)
    shown, number, pages = page_of(rows, body, page_items)
    period: Json = {"startDate": milliseconds(start), "endDate": milliseconds(end)}
    pagination: Json = {
        "page": number,
        "pageSize": size_of(body, page_items),
        "totalUsers": len(PEOPLE),
        "totalPages": pages,
        "hasNextPage": number < pages,
        "hasPreviousPage": number > 1,
    }
    return Reply(200, {"data": list(shown), "period": period, "pagination": pagination})
