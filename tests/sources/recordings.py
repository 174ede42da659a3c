"""Recorded payloads and exchanges in place: reads them, and replays exchanges over sockets."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.transport.pages import next_link
from tests.transport.loopback import Reply, Request

_RECORDED_AT = "https://api.github.com"
_KEPT_HEADERS = {"link", "location", "content-type", "etag", "last-modified"}


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer; `state` and `next_state` order a scenario."""

    place: str
    method: str
    url: str
    status: int
    headers: dict[str, str]
    body: Any
    scenario: str = ""
    state: str | None = None
    next_state: str | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))


def manifest(folder: Path) -> dict[str, int]:
    """Read how many rows or exchanges each recording is said to hold."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        return {row["path"]: int(row["rows_or_exchanges"]) for row in csv.DictReader(lines)}


def raw_rows(path: Path) -> list[Any]:
    """Read the payloads of a raw table."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as lines:
        return [json.loads(row["data"]) for row in csv.DictReader(lines)]


def wiremock(folder: Path) -> list[Exchange]:
    """Read WireMock mappings with their body files."""
    found = []
    for path in sorted(folder.glob("**/mappings/*.json")):
        mapping = json.loads(path.read_text(encoding="utf-8"))
        asked, answered = mapping["request"], mapping["response"]
        text = answered.get("body", "")
        if name := answered.get("bodyFileName"):
            text = (path.parent.parent / "__files" / name).read_text(encoding="utf-8")
        body = json.loads(text) if text.strip().startswith(("{", "[")) else text
        found.append(
            Exchange(
                place=str(path.relative_to(folder)),
                method=asked["method"],
                url=asked.get("url") or asked.get("urlPath") or asked.get("urlPattern", ""),
                status=answered["status"],
                headers=_headers(answered.get("headers", {})),
                body=body,
                scenario=mapping.get("scenarioName", ""),
                state=mapping.get("requiredScenarioState"),
                next_state=mapping.get("newScenarioState"),
            )
        )
    return found


def fixtures(path: Path) -> list[Exchange]:
    """Read a scenario of octokit's fixtures."""
    return [
        Exchange(
            place=f"{path.parent.name}/{path.name}[{number}]",
            method=one["method"].upper(),
            url=one["path"],
            status=one["status"],
            headers=_headers(one.get("headers") or _pairs(one.get("rawHeaders", []))),
            body=one["response"],
        )
        for number, one in enumerate(json.loads(path.read_text(encoding="utf-8")))
    ]


class Replay:
    """Answers as recorded: by method, address and the state of the scenario."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._left = list(exchanges)
        self._states: dict[str, str] = {}
        self.replayed: list[Exchange] = []

    def __call__(self, request: Request) -> Reply:
        for exchange in self._left:
            state = self._states.get(exchange.scenario, "Started")
            is_due = exchange.state in (None, state)
            is_asked = _address(exchange.url) == _address(request.path)
            if is_due and is_asked and exchange.method == request.method:
                return self._answer(exchange, request)
        return Reply(599, body={"message": "not recorded"})

    def _answer(self, exchange: Exchange, request: Request) -> Reply:
        if exchange.next_state is not None:
            self._states[exchange.scenario] = exchange.next_state
        if any(
            other is not exchange and (other.method, other.url) == (exchange.method, exchange.url)
            for other in self._left
        ):
            self._left.remove(exchange)  # the same address is recorded again, later
        self.replayed.append(exchange)
        here = f"http://{request.headers['host']}"
        if not self._has_next(exchange):
            exchange.headers.pop("Link", None)
            exchange.headers.pop("link", None)
        headers = {
            name: value.replace(_RECORDED_AT, here) for name, value in exchange.headers.items()
        }
        text = exchange.body if isinstance(exchange.body, str) else json.dumps(exchange.body)
        return Reply(exchange.status, headers, text.replace(_RECORDED_AT, here).encode())

    def _has_next(self, exchange: Exchange) -> bool:
        """Tell whether the page that a link leads to was recorded as well."""
        link = exchange.headers.get("Link") or exchange.headers.get("link") or ""
        following = next_link(link)
        recorded = {_address(other.url) for other in self._left}
        return following is not None and _address(following) in recorded


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _address(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(url)
    return parts.path, tuple(sorted(parse_qsl(parts.query)))


def _headers(recorded: dict[str, Any]) -> dict[str, str]:
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in recorded.items()
        if name.lower() in _KEPT_HEADERS or name.lower().startswith("x-ratelimit")
    }


def members(payload: object, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Give those members of a webhook's payload that have one of the names."""
    for name in names:
        if isinstance(payload, dict) and payload.get(name) is not None:
            yield name, payload[name]
