"""Write made-up Codex sessions, and pull them as a night does."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from config.shapes.source_logs import CodexLogSource
from tasks.core.batches import Pulled, RawRow
from tasks.core.digests import keyed_digest
from tasks.core.people import Door
from tasks.sources import codex_log

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
WINDOW = (date(2026, 11, 16), date(2026, 11, 19))
#: Input, of that cached, output.
Tokens = tuple[int, int, int]


def at(second: float, day: date = DAY) -> str:
    """Write a moment, in seconds after ten in the morning."""
    minutes, seconds = divmod(second, 60)
    return f"{day}T10:{int(minutes):02}:{seconds:06.3f}Z"


def meta(session: str = "s-1", second: float = 0, **changes: object) -> dict[str, object]:
    """First line of a session."""
    payload = {"id": session, "model_provider": "openai", "cwd": "/home/jo"} | changes
    return {"timestamp": at(second), "type": "session_meta", "payload": payload}


def turn(model: str = "gpt-5.4", second: float = 0) -> dict[str, object]:
    """The model of what follows."""
    payload = {"model": model, "cwd": "/home/jo"}
    return {"timestamp": at(second), "type": "turn_context", "payload": payload}


def usage(tokens: Tokens) -> dict[str, object]:
    """One counter; reasoning is part of output."""
    uncached_too, cached, output = tokens
    return {
        "input_tokens": uncached_too,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": output // 2,
        "total_tokens": uncached_too + output,
    }


def count(second: float, total: Tokens | None, last: Tokens | None) -> dict[str, object]:
    """What a request used, and all so far."""
    info = {"model_context_window": 272_000}
    named = {"total_token_usage": total, "last_token_usage": last}
    told = {name: usage(tokens) for name, tokens in named.items() if tokens is not None}
    payload = {"type": "token_count", "info": info | told, "rate_limits": {"primary": None}}
    return {"timestamp": at(second), "type": "event_msg", "payload": payload}


def session(
    name: str, requests: Iterable[Tokens], second: float = 0, **changes: object
) -> list[dict[str, object]]:
    """A whole session: one request every ten seconds."""
    lines = [meta(name, second, **changes), turn(second=second)]
    total: Tokens = (0, 0, 0)
    for number, last in enumerate(requests, 1):
        total = (total[0] + last[0], total[1] + last[1], total[2] + last[2])
        lines.append(count(second + 10 * number, total, last))
    return lines


def moved(line: Mapping[str, object], second: float) -> dict[str, object]:
    """Copy a line as a fork does: at another moment."""
    return {**line, "timestamp": at(second)}


def write(folder: Path, name: str, lines: Iterable[object], end: bytes = b"\n") -> None:
    """Write a file; a line may be text already."""
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / f"rollout-{name}.jsonl").write_bytes(b"\n".join(texts) + end)


def source(folder: Path, **changes: object) -> CodexLogSource:
    """Make a source that reads every session of a folder."""
    said: dict[str, object] = {
        "name": "codex",
        "type": "codex_log",
        "paths": [str(folder / "**" / "rollout-*.jsonl")],
        "issuers": [{"provider": "openai", "issuer": "openai"}],
    }
    return CodexLogSource.model_validate(said | changes)


def pull(folder: Path, window: tuple[date, date] = WINDOW, **changes: object) -> Pulled:
    """Pull as the night does."""
    door = Door(keyed_digest("a key for tests only"))
    config = source(folder, **changes)
    return codex_log.fetch(codex_log.RUNS, None, config, window, None, NOW, door)


def rows_of(pulled: Pulled) -> list[RawRow]:
    """All rows, by moment."""
    rows = [row for batch in pulled.batches for row in batch.rows]
    return sorted(rows, key=lambda row: (str(row["ended_at"]), str(row["run_id"])))


def tokens_of(pulled: Pulled) -> list[Tokens]:
    """Input, of that cached, output of every row, by moment."""
    return [
        (
            int(str(row["input_tokens"])) + int(str(row["cache_read_tokens"])),
            int(str(row["cache_read_tokens"])),
            int(str(row["output_tokens"])),
        )
        for row in rows_of(pulled)
    ]


def codes(pulled: Pulled) -> list[tuple[str, str]]:
    """Code and field of everything refused."""
    return [(one.code, one.field_path) for batch in pulled.batches for one in batch.rejects]
