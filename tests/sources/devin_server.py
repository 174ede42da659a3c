"""A Devin organisation on loopback: consumption by day and sessions, and a pull as a night does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from config.shapes.sources import DevinSource
from tasks.core.batches import Pulled, Stream, Watermark
from tasks.core.people import Door
from tasks.sources import devin
from tasks.transport.credentials import Bearer
from tests.transport.loopback import NOW, SECRET, Reply, Request, caller, serving

Said = dict[str, Any]
DAY = date(2026, 11, 18)
WINDOW = (date(2026, 11, 16), date(2026, 11, 20))
ROOT = "/v3/organizations/org-1"


def seconds(day: date, hour: float = 8) -> int:
    """A stamp as the vendor writes it; the vendor's day starts at 08:00 UTC."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
    return int(at.timestamp())


def consumed(day: date = DAY, acus: object = 10, **products: object) -> Said:
    """What was consumed on a day; by sessions, unless products are told."""
    return {
        "date": seconds(day),
        "acus": acus,
        "acus_by_product": products or {"devin": acus, "cascade": 0.0, "terminal": None},
    }


def session(name: str = "a", day: date = DAY, acus: object = 4.25, **changes: Any) -> Said:
    """A session that began and ended on a day."""
    said: Said = {
        "session_id": f"devin-{name}",
        "url": "https://app.devin.ai/sessions/a",
        "title": "Secret words",
        "status": "exit",
        "status_detail": "finished",
        "acus_consumed": acus,
        "created_at": seconds(day, 9),
        "updated_at": seconds(day, 11),
        "org_id": "org-1",
        "user_id": "user-abc",
        "service_user_id": None,
        "tags": [],
        "pull_requests": [],
        "child_session_ids": None,
        "parent_session_id": None,
    }
    return said | changes


class Organisation:
    """What the vendor would answer.

    Attributes:
        days: Consumption; None: the report is not open.
        sessions: All of them; None: the list is not open.
        by_session: Days of sessions over several days; a missing one is not open.
        page_size: Sessions on a page, whatever is asked for.
        members: E-mail address by user; None: the list is not open.
        total: Instead of the sum of the days.
    """

    def __init__(
        self,
        days: Sequence[Said] | None = (),
        sessions: Sequence[Said] | None = (),
        by_session: Mapping[str, Sequence[Said]] | None = None,
        *,
        page_size: int = 200,
        members: Mapping[str, str | None] | None = None,
        total: object = None,
    ) -> None:
        self.days, self.sessions = days, sessions
        self.by_session = by_session or {}
        self.page_size = page_size
        self.members = members
        self.total = total
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        """Answer as the vendor does."""
        path = urlsplit(request.path).path.replace("/v3/enterprise", ROOT)
        if path == f"{ROOT}/consumption/daily":
            return self._report(self.days)
        if path.startswith(f"{ROOT}/consumption/daily/sessions/"):
            return self._report(self.by_session.get(path.rpartition("/")[2]))
        if path == f"{ROOT}/members/users":
            return self._roster()
        assert path == f"{ROOT}/sessions"
        if self.sessions is None:
            return Reply(403, body={"detail": "Forbidden"})
        first = int(request.query.get("after", ["0"])[0])
        last = first + self.page_size
        has_more = last < len(self.sessions)
        frame = {
            "items": list(self.sessions[first:last]),
            "end_cursor": str(last) if has_more else None,
            "has_next_page": has_more,
            "total": len(self.sessions),
        }
        return Reply(body=frame)

    def _roster(self) -> Reply:
        if self.members is None:
            return Reply(403, body={"detail": "Forbidden"})
        items = [
            {"user_id": user, "email": address, "name": "Someone"}
            for user, address in self.members.items()
        ]
        return Reply(body={"items": items, "end_cursor": None, "has_next_page": False})

    def _report(self, days: Sequence[Said] | None) -> Reply:
        if days is None:
            return Reply(404, body={"detail": "Not Found"})
        numbers = [one["acus"] for one in days if isinstance(one.get("acus"), int | float)]
        total = sum(numbers) if self.total is None else self.total
        return Reply(body={"total_acus": total, "consumption_by_date": list(days)})


def source(**changes: Any) -> DevinSource:
    """A configured source; its address is not used, the client has its own."""
    said: Said = {
        "name": "devin",
        "type": "devin",
        "issuer": "devin",
        "base_url": "https://vendor.example",
        "secret": "key",
        "organization": "org-1",
        "acu_prices": [
            {"from": "2026-01-01", "price": "2.25"},
            {"from": "2026-11-17", "price": "2"},
        ],
    }
    return DevinSource.model_validate(said | changes)


def door() -> Door:
    """A door whose digests can be read."""
    return Door("digest of {}".format)


def pull(
    stream: Stream,
    organisation: Organisation,
    *,
    window: tuple[date, date] = WINDOW,
    watermark: Watermark | None = None,
    now: datetime = NOW,
    at: Door | None = None,
    **changes: Any,
) -> Pulled:
    """Fetch a stream from the organisation over a socket."""
    with serving(organisation.answer) as server:
        organisation.requests = server.requests
        with caller(server, "devin", Bearer(SECRET, [server.netloc])) as client:
            return devin.fetch(
                stream, client, source(**changes), window, watermark, now, at or door()
            )


def lines_of(pulled: Pulled, **changes: Any) -> list[dict[str, object]]:
    """Conform every day of a pull of consumption."""
    return [
        row
        for batch in pulled.batches
        for row in devin.conform(
            devin.CONSUMPTION, source(**changes), batch.rows, batch.key, {}
        ).rows
    ]
