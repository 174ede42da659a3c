"""Write made-up OTLP exports, and read them as a night does."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from config.shapes.source_logs import OtelSource
from tasks.core.people import Door
from tasks.sources.otel import reading
from tests.sources.request_readings import DIGEST, WINDOW, Read, read, write_lines

Value = Mapping[str, object]
Record = dict[str, Any]
#: Nanoseconds of 17 November 2026, ten in the morning UTC.
TEN = 1_794_909_600_000_000_000
_SECOND = 1_000_000_000


def encoded(value: object) -> Value:
    """Encode a value as collectors mostly do: whole numbers as text."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, dict):
        return value
    return {"stringValue": value}


def attributes(values: Mapping[str, object]) -> list[dict[str, object]]:
    """Write attributes; None is left out, an object is a value already."""
    return [
        {"key": key, "value": encoded(value)} for key, value in values.items() if value is not None
    ]


def log(second: float = 0, name: str = "claude_code.api_request", /, **said: object) -> Record:
    """Write a log record; attribute names have `__` for a dot."""
    nanos = TEN + int(second * _SECOND)
    named = {key.replace("__", "."): value for key, value in said.items()}
    return {
        "timeUnixNano": str(nanos),
        "observedTimeUnixNano": str(nanos),
        "body": {"stringValue": name},
        "attributes": attributes({"event.name": name, **named}),
    }


def claude(second: float = 0, /, **changes: object) -> Record:
    """Write Claude Code's event of one request."""
    said: dict[str, object] = {
        "event__name": "api_request",
        "session__id": "65aa32c1-0000-4000-8000-000000000000",
        "event__sequence": 7,
        "user__email": "alice@example.com",
        "model": "claude-opus-5",
        "input_tokens": 2,
        "output_tokens": 4,
        "cache_read_tokens": 15_273,
        "cache_creation_tokens": 8_271,
        "cost_usd": 0.0904565,
        "request_id": "req_011CdST19ne3fMRQ6CdysbFp",
    }
    return log(second, **said | changes)


def codex(second: float = 0, /, **changes: object) -> Record:
    """Write Codex's event of one completed response."""
    said: dict[str, object] = {
        "event__kind": "response.completed",
        "conversation__id": "0199aaaa-0000-7000-8000-000000000000",
        "model": "gpt-5.4",
        "input_token_count": 12_000,
        "cached_token_count": 9_000,
        "output_token_count": 800,
        "reasoning_token_count": 300,
    }
    return log(second, "codex.sse_event", **said | changes)


def span(second: float = 5, /, **changes: object) -> Record:
    """Write a span of the GenAI conventions, that began five seconds before."""
    said: dict[str, object] = {
        "gen_ai__operation__name": "chat",
        "gen_ai__provider__name": "anthropic",
        "gen_ai__request__model": "claude-haiku-4-5",
        "gen_ai__response__model": "claude-haiku-4-5-20251001",
        "gen_ai__response__id": "msg_01AbCdEfGhIjKl",
        "gen_ai__usage__input_tokens": 1_000,
        "gen_ai__usage__cache_read__input_tokens": 600,
        "gen_ai__usage__output_tokens": 50,
    }
    nanos = TEN + int(second * _SECOND)
    named = {key.replace("__", "."): value for key, value in (said | changes).items()}
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "startTimeUnixNano": str(nanos - 5 * _SECOND),
        "endTimeUnixNano": str(nanos),
        "attributes": attributes(named),
    }


def logs(*records: object, **resource: object) -> dict[str, object]:
    """Write an export of log records."""
    return _export("resourceLogs", "scopeLogs", {"logRecords": list(records)}, resource)


def spans(*records: object, **resource: object) -> dict[str, object]:
    """Write an export of spans."""
    return _export("resourceSpans", "scopeSpans", {"spans": list(records)}, resource)


def metrics(*told: object, **resource: object) -> dict[str, object]:
    """Write an export of metrics."""
    return _export("resourceMetrics", "scopeMetrics", {"metrics": list(told)}, resource)


def _export(
    of: str, scopes: str, scope: Mapping[str, object], resource: Mapping[str, object]
) -> dict[str, object]:
    named = {"service.name": "claude-code"}
    named |= {key.replace("__", "."): value for key, value in resource.items()}  # type: ignore[misc]
    return {of: [{"resource": {"attributes": attributes(named)}, scopes: [scope]}]}


def source(folder: Path, **changes: object) -> OtelSource:
    """Make a source that reads every export of a folder."""
    said: dict[str, object] = {
        "name": "telemetry",
        "type": "otel",
        "paths": [str(folder / "*.jsonl")],
        "default_accounts": {"anthropic": "main", "openai": "proj"},
    }
    return OtelSource.model_validate(said | changes)


def read_lines(
    folder: Path, *lines: object, window: tuple[date, date] = WINDOW, **changes: object
) -> Read:
    """Write lines, and read them as the night does."""
    write_lines(folder / "a.jsonl", lines)
    return read(reading(source(folder, **changes), Door(DIGEST)), folder, window)
