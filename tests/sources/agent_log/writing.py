"""Write made-up change logs, and pull and conform them as a night does."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from config.shapes.sources import AgentLogSource, Issuer
from tasks.core.batches import Conformed, Pulled
from tasks.core.digests import keyed_digest
from tasks.sources import agent_log

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
WINDOW = (date(2026, 11, 16), date(2026, 11, 19))
ISSUERS = {"anthropic": Issuer(id="anthropic"), "openai": Issuer(id="openai")}


def record(**changes: object) -> dict[str, object]:
    """One valid record; a change to None removes the field."""
    said: dict[str, object] = {
        "process_id": "claims-router",
        "timestamp": "2026-11-17T10:42:12Z",
        "model": "anthropic:claude-haiku-4-5-20251001",
        "run_id": "run-1",
    }
    said.update(changes)
    return {key: value for key, value in said.items() if value is not None}


def lines(*records: Mapping[str, object]) -> bytes:
    """NDJSON, every line ended."""
    return b"".join(json.dumps(said).encode() + b"\n" for said in records)


def source(folder: Path, **changes: object) -> AgentLogSource:
    """Make a source that reads every file of a folder."""
    said: dict[str, object] = {
        "name": "logs",
        "type": "agent_log",
        "paths": [str(folder / "*.ndjson")],
    }
    return AgentLogSource.model_validate(said | changes)


def digest() -> Callable[[str], str]:
    """The digest function of a test installation."""
    return keyed_digest("a key for tests only")


def pull(config: AgentLogSource, window: tuple[date, date] = WINDOW) -> Pulled:
    """Pull as the night does."""
    return agent_log.fetch(agent_log.RUNS, None, config, window, None, NOW, digest())


def pull_text(folder: Path, text: bytes, **changes: object) -> Pulled:
    """Pull one file of this content."""
    (folder / "a.ndjson").write_bytes(text)
    return pull(source(folder, **changes))


def conform(
    config: AgentLogSource, pulled: Pulled, issuers: Mapping[str, Issuer] = ISSUERS
) -> list[Conformed]:
    """Conform every day of a pull, oldest first."""
    return [
        agent_log.conform(agent_log.RUNS, config, batch.rows, batch.key, issuers)
        for batch in pulled.batches
    ]


def runs_of(
    folder: Path, *records: Mapping[str, object], **changes: object
) -> list[dict[str, object]]:
    """Write, pull and conform; give the rows of the `runs` table."""
    config = source(folder, **changes)
    pulled = pull_text(folder, lines(*records), **changes)
    return [row for day in conform(config, pulled) for row in day.rows]


def codes(pulled: Pulled) -> list[tuple[date, str, str]]:
    """List (day, field, code) of everything refused."""
    return [
        (batch.key, reject.field_path, reject.code)
        for batch in pulled.batches
        for reject in batch.rejects
    ]


def rows_by_day(pulled: Pulled) -> dict[date, int]:
    """Count rows by day."""
    return {batch.key: len(batch.rows) for batch in pulled.batches}
