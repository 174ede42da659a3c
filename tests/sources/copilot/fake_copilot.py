"""A stand-in for GitHub's billing and metrics reports on loopback, and pulls from it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from config.shapes.sources import CopilotSource
from tasks.core.batches import Pulled, Stream
from tasks.core.people import Door
from tasks.sources import copilot
from tasks.transport.credentials import GithubToken
from tasks.transport.limits import Vendor
from tests.transport.loopback import NOW, SECRET, Reply, Request, caller, serving

WINDOW = (date(2026, 11, 16), date(2026, 11, 20))
DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]
DIRECTORY = {f"octo{at}": "blue" for at in range(3)}

Items = Mapping[date, Sequence[object]]


def spent(net: object = 1, **changes: object) -> dict[str, object]:
    """A line of the report of AI credits, in dollars."""
    said: dict[str, object] = {
        "product": "Copilot",
        "sku": "Copilot AI Credits",
        "model": "Claude Haiku 4.5",
        "unitType": "ai-credits",
        "pricePerUnit": 0.01,
        "grossQuantity": 100,
        "grossAmount": net,
        "discountQuantity": 0,
        "discountAmount": 0,
        "netQuantity": 100,
        "netAmount": net,
    }
    return said | changes


def line(day: date, net: object = 1, **changes: object) -> dict[str, object]:
    """A line of the bill of all products."""
    said: dict[str, object] = {
        "date": day.isoformat(),
        "product": "copilot",
        "sku": "copilot_ai_credit",
        "quantity": 100,
        "unitType": "ai-credits",
        "pricePerUnit": 0.01,
        "grossAmount": net,
        "discountAmount": 0,
        "netAmount": net,
        "organizationName": "acme",
        "repositoryName": "acme/api",
    }
    return said | changes


def seat(day: date, net: object = 19, **changes: object) -> dict[str, object]:
    """A line of seats."""
    said: dict[str, object] = {
        "sku": "copilot_for_business",
        "unitType": "user-months",
        "quantity": 1.5,
        "pricePerUnit": 19,
    }
    return line(day, net, **said) | changes


def user(number: int, day: date, used: object = 12.5, **changes: object) -> dict[str, object]:
    """A record of a person's day."""
    said: dict[str, object] = {
        "day": day.isoformat(),
        "user_id": number,
        "user_login": f"Octo{number}",
        "organization_id": "1",
        "ai_credits_used": used,
        "user_initiated_interaction_count": 14,
    }
    return said | changes


def _lines_of(metered: Sequence[object], day: date) -> list[object]:
    """What the bill of all products says of what is metered, as far as that can be read."""
    names = ("product", "sku", "unitType")

    def is_amount(net: object) -> bool:
        return type(net) in {int, float} and abs(float(str(net))) < 10**9

    return [
        line(day, 0, **{name: item[name] for name in names}, netAmount=item["netAmount"])
        | {"grossAmount": item.get("grossAmount", item["netAmount"])}
        for item in metered
        if isinstance(item, dict) and item["sku"] and is_amount(item.get("netAmount"))
    ]


class Copilot:
    """Answers by report, day and cost centre.

    Attributes:
        metered: AI credits and premium requests, by cost centre (empty: all) and day.
        lines: The bill of all products, likewise; a day that is not in it has what is metered.
        files: What the signed links of a day lead to; a day without any is not told of yet.
        override: Asked first; None lets the usual answer go out.
    """

    def __init__(
        self,
        metered: Items | None = None,
        lines: Items | None = None,
        *,
        centers: Mapping[str, tuple[Items, Items]] | None = None,
        files: Mapping[date, Sequence[Sequence[object] | bytes]] | None = None,
        override: Callable[[Request], Reply | None] = lambda _: None,
    ) -> None:
        self.requests: list[Request] = []
        self._answers = {"": (metered or {}, lines or {}), **(centers or {})}
        self._files = files or {}
        self._override = override
        self.link_origin = ""

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        overridden = self._override(request)
        if overridden is not None:
            return overridden
        path, query = urlsplit(request.path).path, request.query
        if path.startswith("/signed/"):
            return self._file(request, path)
        if path.endswith("/users-1-day"):
            return self._links(date.fromisoformat(query["day"][0]))
        year, month, day = (int(query[name][0]) for name in ("year", "month", "day"))
        metered, lines = self._answers[query.get("cost_center_id", [""])[0]]
        on = date(year, month, day)
        if path.endswith(("ai_credit/usage", "premium_request/usage")):
            period = {"year": year, "month": month, "day": day}
            return Reply(body={"timePeriod": period, "usageItems": list(metered.get(on, ()))})
        said = lines[on] if on in lines else _lines_of(metered.get(on, ()), on)
        return Reply(body={"usageItems": list(said)})

    def _links(self, day: date) -> Reply:
        if day not in self._files:
            return Reply(404, body={"message": "Not Found"})
        links = [
            f"{self.link_origin}/signed/{day}/{number}?sig=abc"
            for number in range(len(self._files[day]))
        ]
        return Reply(body={"download_links": links, "report_day": day.isoformat()})

    def _file(self, request: Request, path: str) -> Reply:
        if "authorization" in request.headers:
            return Reply(403, body=b"<Error>two credentials</Error>")
        _, _, day, number = path.split("/")
        file = self._files[date.fromisoformat(day)][int(number)]
        if isinstance(file, bytes):
            return Reply(body=file)
        return Reply(body="".join(json.dumps(one) + "\n" for one in file).encode())


def source(**changes: object) -> CopilotSource:
    """A configured source; its address is not used, the client has its own."""
    said: dict[str, object] = {
        "name": "copilot",
        "type": "copilot",
        "issuer": "github-copilot",
        "base_url": "https://vendor.example",
        "secret": "key",
        "organization": "acme",
    }
    return CopilotSource.model_validate(said | changes)


def enterprise(*centers: str) -> dict[str, Any]:
    """The settings of an enterprise with cost centres."""
    said = [{"id": one, "account": f"cc-{one}"} for one in centers]
    return {"organization": None, "enterprise": "acme-inc", "cost_centers": said}


def pull(
    stream: Stream,
    fake: Copilot,
    *,
    window: tuple[date, date] = WINDOW,
    now: datetime = NOW,
    door: Door | None = None,
    is_link_declared: bool = True,
    **changes: Any,
) -> Pulled:
    """Fetch a stream from the stand-in over sockets; signed links lead to another port."""
    with serving(fake) as server, serving(fake) as store:
        fake.link_origin = store.url
        with caller(
            server,
            "copilot",
            GithubToken(SECRET, [server.netloc]),
            vendor=Vendor.GITHUB,
            headers=copilot.HEADERS,
            link_origins=[store.url] if is_link_declared else [],
        ) as client:
            return copilot.fetch(
                stream, client, source(**changes), window, None, now, door or Door(str.upper)
            )


def conformed(stream: Stream, pulled: Pulled) -> list[dict[str, Any]]:
    """The table rows of a pull."""
    return [
        row
        for batch in pulled.batches
        for row in copilot.conform(stream, source(), batch.rows, batch.key, {}).rows
    ]


def at(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
