"""A request as a vendor's front door sees it, and what it answers; no sockets here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

Json: TypeAlias = (
    "Mapping[str, Json] | list[Json] | tuple[Json, ...] | str | int | float | bool | None"
)
Params: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a vendor.

    Attributes:
        path: Below the vendor's base URL, e.g. `/repos/o/r/pulls`.
        params: Query as sent, in order, repeats kept.
        headers: Names in lower case.
        base_url: The vendor's base URL, without a slash at the end.
        now: The organisation's clock, aware UTC.
    """

    method: str
    path: str
    params: Params
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    now: datetime

    def param(self, name: str, default: str = "") -> str:
        """Give the last value of a parameter."""
        values = [value for key, value in self.params if key == name]
        return values[-1] if values else default

    def many(self, name: str) -> list[str]:
        """Give all values of a repeated parameter, with or without brackets."""
        return [value for key, value in self.params if key in (name, f"{name}[]")]

    def whole(self, name: str, default: int, largest: int) -> int:
        """Give a positive whole number, capped; what is no such number counts as the default."""
        text = self.param(name)
        return min(int(text), largest) if text.isdigit() and int(text) > 0 else default

    def url(self, path: str, params: Params) -> str:
        """Build an absolute URL below the same base."""
        query = f"?{urlencode(params)}" if params else ""
        return f"{self.base_url}{path}{query}"

    def json(self) -> dict[str, object]:
        """Read the body as an object; an empty or other body is an empty object."""
        try:
            body = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `body` is sent as JSON unless it is bytes.

    Attributes:
        is_lost: Nothing is sent: the connection closes instead.
    """

    status: int
    body: "Json | bytes" = None
    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False

    def encoded(self) -> bytes:
        """Give the bytes to send."""
        if isinstance(self.body, bytes):
            return self.body
        if self.body is None:
            return b""
        return json.dumps(self.body, ensure_ascii=False).encode()


def parse_query(query: str) -> Params:
    """Split a query string, keeping order, repeats and empty values."""
    return parse_qsl(query, keep_blank_values=True)


def iso(moment: datetime) -> str:
    """Write a moment as `2026-11-18T04:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(moment: datetime) -> str:
    """Write a moment as `2026-11-18T04:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """Read an RFC 3339 moment as aware UTC.

    Raises:
        ValueError: It is none, or has no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text!r} names no time zone"
        raise ValueError(message)
    return moment.astimezone(UTC)
