"""A Cursor team on loopback: events, spend, daily usage and commits, and a pull as a night does."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from config.shapes.sources import CursorSource
from tasks.core.batches import Pulled, Stream
from tasks.core.people import Door
from tasks.sources import cursor
from tasks.transport.credentials import Basic
from tasks.transport.limits import Vendor
from tests.transport.loopback import NOW, SECRET, Reply, Request, caller, serving

Event = dict[str, Any]
DAY = date(2026, 11, 18)
WINDOW = (date(2026, 11, 16), date(2026, 11, 20))
TODAY = NOW.date()
CONVERSATION = "8c1b2d3e-0000-4000-8000-000000000001"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(day: date, hour: int = 12, **more: int) -> str:
    """A timestamp as the vendor writes it: milliseconds, as text."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + timedelta(**more)
    return str((at - _EPOCH) // timedelta(milliseconds=1))


def event(day: date = DAY, **changes: Any) -> Event:
    """One event that is charged by its tokens."""
    said: Event = {
        "timestamp": moment(day),
        "userEmail": "someone@example.com",
        "conversationId": CONVERSATION,
        "model": "claude-4.5-sonnet",
        "kind": "Usage-based",
        "maxMode": True,
        "requestsCosts": 5,
        "isTokenBasedCall": True,
        "isChargeable": True,
        "isHeadless": False,
        "tokenUsage": {
            "inputTokens": 100,
            "outputTokens": 40,
            "cacheWriteTokens": 30,
            "cacheReadTokens": 20,
            "totalCents": 20.5,
        },
        "chargedCents": 21.75,
        "cursorTokenFee": 1.25,
    }
    return said | changes


def included(day: date = DAY, **changes: Any) -> Event:
    """One event that the plan includes, and that still carries an amount."""
    said = event(day, kind="Included in Business", isChargeable=False, chargedCents=8)
    return {key: value for key, value in said.items() if key != "tokenUsage"} | changes


def member(spend: object = 0, overall: object = 0, **changes: Any) -> Event:
    """One member's spend; limits stand in dollars beside cents."""
    return {
        "userId": "user_a",
        "spendCents": spend,
        "overallSpendCents": overall,
        "name": "Someone",
        "email": "someone@example.com",
        "hardLimitOverrideDollars": 100,
        "monthlyLimitDollars": 200,
    } | changes


class Team:
    """What the vendor would answer.

    Attributes:
        events: All of them; those of the period asked for are told.
        members: Of the spend; None: the report is not open to the key.
        daily: Included requests by day of the other report; None: it is not open.
        page_size: Events on a page, whatever is asked for.
        commits: Of AI Code Tracking, and the conversations each one holds.
        override: Answers first, where it gives a reply.
    """

    def __init__(self, events: Sequence[Event] = (), **changes: Any) -> None:
        self.events = list(events)
        self.members: list[Event] | None = None
        self.since = datetime(2026, 11, 17, 15, 20, tzinfo=UTC)
        self.daily: Mapping[date, int] | None = {}
        self.page_size = 1000
        self.commits: list[Event] = []
        self.conversations: Mapping[str, Sequence[str]] | None = {}
        self.override: Callable[[Request], Reply | None] = lambda _request: None
        self.requests: list[Request] = []
        for name, value in changes.items():
            setattr(self, name, value)

    def answer(self, request: Request) -> Reply:
        """Answer as the vendor does."""
        reply = self.override(request)
        if reply is not None:
            return reply
        path = urlsplit(request.path).path
        if path.startswith("/analytics/ai-code/commits"):
            return self._tracked(path)
        asked = request.json
        if path == "/teams/filtered-usage-events":
            return self._events(asked)
        if path == "/teams/spend":
            return self._spend()
        assert path == "/teams/daily-usage-data"
        return self._daily(asked)

    def _events(self, asked: Event) -> Reply:
        start, end = asked["startDate"], asked["endDate"]
        told = [
            one
            for one in self.events
            if not str(one["timestamp"]).isdigit() or start <= int(one["timestamp"]) <= end
        ]
        size = min(self.page_size, asked["pageSize"])
        first = (asked["page"] - 1) * size
        pages = -(-len(told) // size)
        frame = {
            "totalUsageEventsCount": len(told),
            "pagination": {"numPages": pages, "currentPage": asked["page"]},
            "usageEvents": told[first : first + size],
        }
        return Reply(body=frame)

    def _spend(self) -> Reply:
        if self.members is None:
            return Reply(403, body={"error": "Forbidden", "message": "Enterprise required"})
        since = (self.since - _EPOCH) // timedelta(milliseconds=1)
        frame = {
            "teamMemberSpend": self.members,
            "subscriptionCycleStart": since,
            "totalMembers": len(self.members),
            "totalPages": 1,
        }
        return Reply(body=frame)

    def _daily(self, asked: Event) -> Reply:
        if self.daily is None:
            return Reply(404, body={"error": "Not Found", "message": "none"})
        day = (_EPOCH + timedelta(milliseconds=asked["startDate"])).date()
        count = self.daily.get(day, 0)
        rows = [{"subscriptionIncludedReqs": count, "usageBasedReqs": 0, "email": "a@b.example"}]
        return Reply(body={"data": rows, "pagination": {"totalPages": 1}})

    def _tracked(self, path: str) -> Reply:
        if path == "/analytics/ai-code/commits":
            return Reply(body={"items": self.commits, "totalCount": len(self.commits)})
        if self.conversations is None:
            return Reply(404, body={"error": "Not Found"})
        blamed = [
            {
                "commitHash": one,
                "rangeAnnotations": [
                    {
                        "filePath": "src/a.py",
                        "groups": [{"conversationId": id_} for id_ in self.conversations[one]],
                    }
                ],
            }
            for one in path.rpartition("/")[2].split(",")
        ]
        return Reply(body={"commits": blamed, "conversations": [{"id": "c", "title": "Secret"}]})


def source(**changes: Any) -> CursorSource:
    """A configured source; its address is not used, the client has its own."""
    said: dict[str, object] = {
        "name": "cursor",
        "type": "cursor",
        "issuer": "cursor",
        "base_url": "https://vendor.example",
        "secret": "key",
    }
    return CursorSource.model_validate(said | changes)


def door(**squads: str) -> Door:
    """A door whose digests can be read; people by e-mail address before the `at`."""
    known = {f"{name}@example.com": squad for name, squad in squads.items()}
    return Door("digest of {}".format, known)


def pull(
    stream: Stream,
    team: Team,
    *,
    window: tuple[date, date] = WINDOW,
    now: datetime = NOW,
    at: Door | None = None,
    **changes: Any,
) -> Pulled:
    """Fetch a stream from the team over a socket."""
    with serving(team.answer) as server:
        team.requests = server.requests
        credential = Basic(SECRET, "", [server.netloc])
        with caller(server, "cursor", credential, vendor=Vendor.CURSOR) as client:
            return cursor.fetch(stream, client, source(**changes), window, None, now, at or door())


def charges_of(pulled: Pulled) -> list[dict[str, object]]:
    """Conform every day of a pull of events."""
    return [
        row
        for batch in pulled.batches
        for row in cursor.conform(cursor.EVENTS, source(), batch.rows, batch.key, {}).rows
    ]
