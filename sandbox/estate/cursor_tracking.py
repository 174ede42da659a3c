"""Cursor beside its events: AI Code Tracking of commits, and daily counts by member.

Details of commits name the conversations that wrote them; daily counts tell of requests, and
their user ids are numbers.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.estate.cursor import REPOSITORY, CursorEvent, user_id
from sandbox.estate.cursor_frame import milliseconds
from sandbox.people import PEOPLE
from sandbox.wire import Json, Reply, Request, iso, parse_moment

COMMITS_PATH = "/analytics/ai-code/commits"
_COMMIT_PARAMS = {"startDate", "endDate", "page", "pageSize", "user"}
_LARGEST_PAGE = 1_000
_DEFAULT_PAGE = 100
_COMMITTED_AFTER = timedelta(minutes=20)
_FIRST_NUMBER = 12_345


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a session."""

    sha: str
    at: datetime
    event: CursorEvent


def commits_of(events: Iterable[CursorEvent], now: datetime) -> list[Commit]:
    """List the commits that were made by a moment: one a session, after its last event."""
    last = {event.conversation: event for event in events if event.branch}
    commits = [
        Commit(
            hashlib.sha1(conversation.encode(), usedforsecurity=False).hexdigest(),
            event.at + _COMMITTED_AFTER,
            event,
        )
        for conversation, event in last.items()
    ]
    return [one for one in commits if one.at <= now]


def commits(events: Sequence[CursorEvent], request: Request) -> Reply:
    """List commits of a period.

    Raises:
        ValueError: The query is none.
    """
    for name, _ in request.params:
        if name not in _COMMIT_PARAMS:
            message = f"{name} is not a known parameter"
            raise ValueError(message)
    start, end = (parse_moment(request.param(name)) for name in ("startDate", "endDate"))
    found = [one for one in commits_of(events, request.now) if start <= one.at <= end]
    size = request.whole("pageSize", _DEFAULT_PAGE, _LARGEST_PAGE)
    number = request.whole("page", 1, _LARGEST_PAGE)
    shown = found[(number - 1) * size : number * size]
    return Reply(
        200,
        {
            "items": [_commit(one) for one in shown],
            "totalCount": len(found),
            "page": number,
            "pageSize": size,
        },
    )


def details(events: Sequence[CursorEvent], request: Request) -> Reply:
    """Tell which conversations wrote which ranges of some commits."""
    asked = request.path.rpartition("/")[2].split(",")
    told: list[Json] = [
        {
            "commitHash": one.sha,
            "repoName": REPOSITORY,
            "rangeAnnotations": [
                {
                    "filePath": "src/plan.py",
                    "groups": [{"conversationId": one.event.conversation, "lines": [1, 20]}],
                }
            ],
        }
        for one in commits_of(events, request.now)
        if one.sha in asked
    ]
    return Reply(200, {"commits": told})


def daily(events: Iterable[CursorEvent], start: datetime, end: datetime) -> list[Json]:
    """Count the requests of every member on every day of a period."""
    within = [event for event in events if start <= event.at <= end]
    days = sorted({event.at.date() for event in within})
    rows: list[Json] = []
    for day in days:
        for index, person in enumerate(PEOPLE):
            own = [event for event in within if event.at.date() == day and event.person == index]
            rows.append(
                {
                    "userId": _FIRST_NUMBER + index,
                    "day": str(day),
                    "date": milliseconds(datetime.combine(day, start.timetz())),
                    "isActive": bool(own),
                    "agentRequests": len(own),
                    "subscriptionIncludedReqs": sum(not event.is_chargeable for event in own),
                    "usageBasedReqs": sum(event.is_chargeable for event in own),
                    "mostUsedModel": own[0].model if own else None,
                    "email": person.email,
                }
            )
    return rows


def _commit(one: Commit) -> Json:
    index = one.event.person or 0
    person = PEOPLE[index]
    return {
        "commitHash": one.sha,
        "userId": user_id(index),
        "userEmail": person.email,
        "repoName": REPOSITORY,
        "branchName": one.event.branch,
        "isPrimaryBranch": False,
        "totalLinesAdded": 40,
        "totalLinesDeleted": 6,
        "message": f"Move a step, for {person.name}",
        "commitTs": iso(one.at),
        "createdAt": iso(one.at + timedelta(minutes=5)),
    }
