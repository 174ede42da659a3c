"""A stand-in for Claude Enterprise analytics on loopback, and pulls from it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from config.shapes.sources import AnthropicEnterpriseSource
from tasks.core.batches import Pulled, Stream
from tasks.core.people import Door
from tasks.sources import anthropic_enterprise
from tasks.transport.credentials import AnthropicKey
from tasks.transport.limits import Vendor
from tests.transport.loopback import NOW, SECRET, Reply, Request, caller, serving

REFRESHED = "2026-11-21T08:00:00Z"
WINDOW = (date(2026, 11, 16), date(2026, 11, 20))
DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]
DIRECTORY = {f"person{at}@example.com": "blue" for at in range(3)}

Row = Mapping[str, object]
Buckets = Mapping[date, Sequence[object]]


def cost(amount: str = "100", **changes: object) -> dict[str, object]:
    """A row of the cost report, in cents."""
    said: dict[str, object] = {
        "amount": amount,
        "list_amount": amount,
        "currency": "USD",
        "product": "claude_code",
        "model": "claude-opus-5",
        "context_window": "0-200k",
        "cost_type": "tokens",
        "token_type": "output_tokens",
        "inference_geo": None,
        "rbac_group_id": None,
        "slack_channel_id": None,
        "claude_tag_user_id": None,
        "requests": None,
        "speed": None,
    }
    return said | changes


def usage(**changes: object) -> dict[str, object]:
    """A row of the usage report."""
    said: dict[str, object] = {
        "product": "claude_code",
        "model": "claude-opus-5",
        "context_window": "0-200k",
        "uncached_input_tokens": 10,
        "cache_read_input_tokens": 20,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
        "output_tokens": 50,
        "server_tool_use": {"web_search_requests": 2},
        "requests": 7,
    }
    return said | changes


def person(number: int, day: date | None, amount: str = "100", **changes: object) -> dict[str, Any]:
    """A row of the report by person."""
    said: dict[str, Any] = {
        "actor": {
            "type": "user_actor",
            "user_id": f"user_{number}",
            "email": f"person{number}@example.com",
            "name": "Somebody",
            "deleted": False,
        },
        "amount": amount,
        "list_amount": amount,
        "currency": "USD",
        "starting_at": midnight(day) if day else None,
        "ending_at": midnight(day + timedelta(days=1)) if day else None,
    }
    return said | changes


def midnight(day: date) -> str:
    """The start of a UTC day, as the vendor writes it."""
    return f"{day}T00:00:00Z"


def bucket(day: date, rows: Sequence[object]) -> dict[str, object]:
    """One day of a bucketed report."""
    after = day + timedelta(days=1)
    return {"starting_at": midnight(day), "ending_at": midnight(after), "results": list(rows)}


def buckets(days: Buckets, all_days: Sequence[date] = DAYS) -> list[dict[str, object]]:
    """Every day, empty where nothing is told."""
    return [bucket(day, days.get(day, ())) for day in all_days]


class Analytics:
    """Answers with groups where groups are asked for, and with totals otherwise.

    A page token holds for its own query only, as the vendor's do.

    Attributes:
        pages: How many buckets or rows a page holds.
    """

    def __init__(
        self,
        grouped: Sequence[object],
        total: Sequence[object] = (),
        *,
        page: int = 100,
        refreshed: Sequence[str] = (REFRESHED,),
        **frame: object,
    ) -> None:
        self.requests: list[Request] = []
        self._grouped, self._total = list(grouped), list(total)
        self._page, self._refreshed, self._frame = page, list(refreshed), frame

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        query = request.query
        is_total = "group_by[]" not in query and "user_cost_report" not in request.path
        data = self._total if is_total else self._grouped
        token = query.pop("page", [f"0|{query}"])[0]
        offset, _, bound_to = token.partition("|")
        if bound_to != str(query):
            error = {"type": "invalid_request_error", "message": "page: is of another query"}
            return Reply(400, body={"type": "error", "error": error})
        start, end = int(offset), int(offset) + self._page
        refreshed = self._refreshed[min(len(self.requests), len(self._refreshed)) - 1]
        frame = {
            "data": data[start:end],
            "data_refreshed_at": refreshed,
            "has_more": end < len(data),
            "next_page": f"{end}|{query}" if end < len(data) else None,
        }
        return Reply(body=frame | self._frame)


def source(**changes: object) -> AnthropicEnterpriseSource:
    """A configured source; its address is not used, the client has its own."""
    said: dict[str, object] = {
        "name": "enterprise",
        "type": "anthropic_enterprise",
        "issuer": "anthropic",
        "base_url": "https://vendor.example",
        "secret": "key",
    }
    return AnthropicEnterpriseSource.model_validate(said | changes)


def pull(
    stream: Stream,
    analytics: Analytics,
    *,
    window: tuple[date, date] = WINDOW,
    now: datetime = NOW,
    door: Door | None = None,
    **changes: object,
) -> Pulled:
    """Fetch a stream from the stand-in over a socket."""
    with serving(analytics) as server:
        credential = AnthropicKey(SECRET, [server.netloc])
        with caller(server, "enterprise", credential, vendor=Vendor.ANTHROPIC) as client:
            return anthropic_enterprise.fetch(
                stream, client, source(**changes), window, None, now, door or Door(str.upper)
            )


def charges(pulled: Pulled, **changes: object) -> list[dict[str, object]]:
    """The charges of a pull."""
    return _conformed(anthropic_enterprise.COST, pulled, **changes)


def metered(pulled: Pulled, **changes: object) -> list[dict[str, object]]:
    """The usage of a pull."""
    return _conformed(anthropic_enterprise.USAGE, pulled, **changes)


def _conformed(stream: Stream, pulled: Pulled, **changes: object) -> list[dict[str, object]]:
    return [
        row
        for batch in pulled.batches
        for row in anthropic_enterprise.conform(
            stream, source(**changes), batch.rows, batch.key, {}
        ).rows
    ]


def at(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
