"""Made transcripts of Claude Code, with the tokens and dollars that they stand for.

What a response used is drawn first and summed here; only then is it written as agents write it:
streamed with growing output, copied into resumed and forked sessions and into subagents' files.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

FIRST_DAY = date(2026, 10, 1)
DAYS = 30

#: Dollars per million tokens of input and output, as published for these models in 2026.
PRICES = {
    "claude-opus-4-6": (Decimal(5), Decimal(25)),
    "claude-sonnet-4-6": (Decimal(3), Decimal(15)),
    "claude-haiku-4-5-20251001": (Decimal(1), Decimal(5)),
}
_FACTORS = {
    "input": (0, Decimal(1)),
    "cache_read": (0, Decimal("0.1")),
    "cache_write_5m": (0, Decimal("1.25")),
    "cache_write_1h": (0, Decimal(2)),
    "output": (1, Decimal(1)),
}
KINDS = tuple(_FACTORS)
_FILLING = "The quick agent reads the file, edits two functions and runs the tests again. " * 16


@dataclass
class Truth:
    """What all responses together used.

    Attributes:
        usd: At list price, exact.
    """

    responses: int = 0
    lines: int = 0
    size_bytes: int = 0
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    usd: Decimal = Decimal(0)

    def add(self, model: str, tokens: dict[str, int]) -> None:
        """Count a response."""
        self.responses += 1
        for kind, count in tokens.items():
            place, factor = _FACTORS[kind]
            self.tokens[kind] += count
            self.usd += count * factor * PRICES[model][place] / 1_000_000


@dataclass(frozen=True)
class Response:
    """One answer of a model, as it was in truth."""

    number: int
    model: str
    ended_at: datetime
    tokens: dict[str, int]

    def lines(self, session: str, steps: int, *, is_copy: bool = False) -> Iterator[dict[str, Any]]:
        """Tell it in some lines, the output growing to what it was."""
        for step in range(1, steps + 1):
            output = self.tokens["output"] if step == steps else min(step, self.tokens["output"])
            yield self._line(session, step, output, steps - step, is_copy=is_copy)

    def _line(
        self, session: str, step: int, output: int, before: int, *, is_copy: bool
    ) -> dict[str, Any]:
        moment = self.ended_at - timedelta(milliseconds=400 * before)
        writes = (self.tokens["cache_write_5m"], self.tokens["cache_write_1h"])
        return {
            "parentUuid": f"{self.number:08x}-aaaa-4bbb-8ccc-0123456789ab",
            "isSidechain": is_copy,
            "userType": "external",
            "cwd": f"/srv/agents/service-{self.number % 40}",
            "sessionId": session,
            "version": "2.1.138",
            "gitBranch": f"claude/change-{self.number % 300}",
            "message": {
                "model": self.model,
                "id": f"msg_01{self.number:022d}",
                "type": "message",
                "role": "assistant",
                "content": [
                    {"type": "text", "text": _FILLING[: 300 + (self.number * 7 + step) % 900]}
                ],
                "stop_reason": None if before else "end_turn",
                "usage": {
                    "input_tokens": self.tokens["input"],
                    "cache_creation_input_tokens": sum(writes),
                    "cache_read_input_tokens": self.tokens["cache_read"],
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": writes[0],
                        "ephemeral_1h_input_tokens": writes[1],
                    },
                    "output_tokens": output,
                    "service_tier": "standard",
                },
            },
            "requestId": f"req_01{self.number:022d}",
            "type": "assistant",
            "uuid": f"{self.number:08x}-{step:04x}-4ddd-8eee-0123456789ab",
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{moment.microsecond // 1000:03d}Z",
        }


def write_transcripts(folder: Path, lines: int, seed: int = 5) -> Truth:
    """Write about so many lines below `folder/projects`, and say what they stand for."""
    rng = random.Random(seed)
    truth = Truth()
    number = 0
    session = 0
    while truth.lines < lines:
        session += 1
        project = folder / "projects" / f"-srv-agents-service-{session % 40}"
        (project / "subagents").mkdir(parents=True, exist_ok=True)
        own: list[dict[str, Any]] = []
        resumed: list[dict[str, Any]] = []
        aside: list[dict[str, Any]] = []
        name = f"{session:08x}-1111-4222-8333-0123456789ab"
        start = datetime(*FIRST_DAY.timetuple()[:3], tzinfo=UTC) + timedelta(
            seconds=rng.randrange(DAYS * 86_400 - 7_200)
        )
        for at in range(rng.randrange(60, 220)):
            number += 1
            response = _response(rng, number, start + timedelta(seconds=20 * at))
            truth.add(response.model, response.tokens)
            told = list(response.lines(name, rng.choice((1, 2, 2, 3))))
            own += [*told, _prompt(name, number)] if rng.random() < 0.3 else told
            if rng.random() < 0.1:
                resumed += response.lines(name[::-1], 1)
            if rng.random() < 0.08:
                aside += response.lines(name, 1, is_copy=True)
        for file, held in (
            (project / f"{name}.jsonl", own),
            (project / f"{name[::-1]}.jsonl", resumed),
            (project / "subagents" / f"agent-{session:08x}.jsonl", aside),
        ):
            if held:
                text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in held)
                file.write_text(text, encoding="utf-8")
                truth.lines += len(held)
                truth.size_bytes += len(text)
    return truth


def _response(rng: random.Random, number: int, ended_at: datetime) -> Response:
    writes = rng.randrange(0, 9_000) if rng.random() < 0.6 else 0
    in_an_hour = rng.choice((0, writes, writes // 3))
    return Response(
        number,
        rng.choice(tuple(PRICES)),
        ended_at + timedelta(milliseconds=rng.randrange(1_000)),
        {
            "input": rng.randrange(1, 400),
            "cache_read": rng.randrange(0, 120_000),
            "cache_write_5m": writes - in_an_hour,
            "cache_write_1h": in_an_hour,
            "output": rng.randrange(1, 3_000),
        },
    )


def _prompt(session: str, number: int) -> dict[str, Any]:
    return {
        "type": "user",
        "sessionId": session,
        "timestamp": "2026-10-01T00:00:00.000Z",
        "uuid": f"{number:08x}-ffff-4ddd-8eee-0123456789ab",
        "message": {"role": "user", "content": _FILLING[: 200 + number % 700]},
    }
