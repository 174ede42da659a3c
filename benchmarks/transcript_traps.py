"""Traps that transcripts of coding agents hold, each small, with the truth it was made from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.made_transcripts import Response, Truth

_NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
_SESSION = "5e551044-1111-4222-8333-0123456789ab"
_OTHER = "07e25e55-1111-4222-8333-0123456789ab"
_TOKENS = {
    "input": 120,
    "cache_read": 40_000,
    "cache_write_5m": 2_000,
    "cache_write_1h": 0,
    "output": 900,
}
Tokens = Mapping[str, int]

#: Named by no price list.
UNPRICED = "claude-nightly-9"


@dataclass(frozen=True)
class Trap:
    """Files below `projects`, as bytes, and the responses that they tell of.

    Attributes:
        responses: In truth; `usd` of `truth` leaves out those of `UNPRICED`.
    """

    name: str
    files: dict[str, bytes]
    responses: tuple[Response, ...]

    def write(self, folder: Path) -> None:
        """Write the files."""
        for name, text in self.files.items():
            path = folder / "projects" / "-srv-agents-web" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)

    def truth(self) -> Truth:
        """Sum what the responses used."""
        truth = Truth()
        for one in self.responses:
            if one.model == UNPRICED:
                truth.responses += 1
                for kind, count in one.tokens.items():
                    truth.tokens[kind] += count
            else:
                truth.add(one.model, one.tokens)
        return truth

    def days(self) -> dict[str, int]:
        """Sum output by the UTC day that each response ended on."""
        days: dict[str, int] = {}
        for one in self.responses:
            day = one.ended_at.date().isoformat()
            days[day] = days.get(day, 0) + one.tokens["output"]
        return days


def _response(
    number: int, at: datetime = _NOON, model: str = "claude-opus-4-6", tokens: Tokens | None = None
) -> Response:
    return Response(number, model, at + timedelta(minutes=number), {**_TOKENS, **(tokens or {})})


def _text(lines: list[dict[str, Any]], separators: tuple[str, str] = (",", ":")) -> bytes:
    return b"".join(json.dumps(line, separators=separators).encode() + b"\n" for line in lines)


def _told(*responses: Response, session: str = _SESSION, steps: int = 1) -> list[dict[str, Any]]:
    return [line for one in responses for line in one.lines(session, steps)]


def traps() -> Iterator[Trap]:
    """Give the traps that transcripts can hold."""
    one, two, three = (_response(number) for number in (1, 2, 3))
    yield Trap("stream repeats", {"a.jsonl": _text(_told(one, two, steps=4))}, (one, two))
    resumed = _told(one, two, session=_OTHER) + _told(three, session=_OTHER)
    yield Trap(
        "resume", {"a.jsonl": _text(_told(one, two)), "b.jsonl": _text(resumed)}, (one, two, three)
    )
    branch = _told(one) + _told(three, session=_OTHER)
    yield Trap(
        "fork", {"a.jsonl": _text(_told(one, two)), "b.jsonl": _text(branch)}, (one, two, three)
    )
    copies = [line | {"isSidechain": True} for line in _told(two)]
    files = {"a.jsonl": _text(_told(one, two)), "s/subagents/agent-1.jsonl": _text(copies)}
    yield Trap("subagent copy", files, (one, two))
    hour = _response(4, tokens={"cache_write_5m": 500, "cache_write_1h": 6_000})
    yield Trap("1-hour cache", {"a.jsonl": _text(_told(one, hour))}, (one, hour))
    unknown = _response(5, model=UNPRICED)
    yield Trap("unpriced model", {"a.jsonl": _text(_told(one, unknown))}, (one, unknown))
    edges = (
        Response(8, one.model, _NOON.replace(hour=0), one.tokens),
        Response(9, one.model, _NOON.replace(hour=23, minute=59), one.tokens),
    )
    told = [
        *_told(edges[0]),
        *(line | {"timestamp": "2026-10-08T01:59:00.000+02:00"} for line in _told(edges[1])),
    ]
    yield Trap("time-zone edge", {"a.jsonl": _text(told)}, edges)
    nothing = dict.fromkeys(_TOKENS, 0)
    zero = _response(6, tokens=nothing)
    note = _told(_response(7, model="<synthetic>", tokens=nothing))
    yield Trap("zero-usage rows", {"a.jsonl": _text(_told(one, zero) + note)}, (one, zero))
    wide = _text(_told(one, two), separators=(" , ", " : "))
    yield Trap("whitespace JSON", {"a.jsonl": wide}, (one, two))
    whole = _text(_told(one, two, three))
    yield Trap("partial last line", {"a.jsonl": whole[:-400]}, (one, two))
