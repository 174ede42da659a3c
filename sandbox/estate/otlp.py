"""OTLP JSON as a collector's file exporter writes it: one export request a line.

Numbers come in the three encodings that builds of Claude Code were seen with; metrics are a
second copy of what events tell.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sandbox.estate.facts import ASSISTANTS
from sandbox.estate.records import AgentRequest
from sandbox.prices import LIST_NANO
from sandbox.recipes import WIRE_MODEL
from sandbox.wire import iso_milliseconds

FOLDER = "otel"
#: One request in so many is told by a metric, too.
_METERED_IN = 4
_EPOCH_S_TO_NANO = 1_000_000_000

Line = tuple[datetime, str]
Value = dict[str, object]
Attributes = list[dict[str, object]]


def exports(requests: Iterable[AgentRequest]) -> dict[str, list[Line]]:
    """Write the files: lines by name below `otel/`, each with when it is there."""
    files: dict[str, list[Line]] = {}
    for one in requests:
        write = _WRITERS.get(one.tool)
        if write is None or not one.is_logged:
            continue
        lines = files.setdefault(f"{one.tool}-{one.ended_at:%Y-%m}.jsonl", [])
        lines.append((one.ended_at, json.dumps(write(one))))
        if one.tool == "claude-code" and int(one.id[-2:], 16) % _METERED_IN == 0:
            lines.append((one.ended_at, json.dumps(_metrics(one))))
    return files


def list_cost_nano(one: AgentRequest) -> Fraction:
    """Price a request at the public list, as agents and gateways do by themselves."""
    prices = LIST_NANO[one.model]
    return sum((count * prices[kind] for kind, count in one.tokens.items()), Fraction())


def dollars(nano: Fraction) -> float:
    """Write an amount as the JSON number that agents write."""
    return float(Decimal(nano.numerator) / Decimal(nano.denominator) / 10**9)


def _claude_code(one: AgentRequest) -> dict[str, object]:
    build = int(one.session[:4], 16) % 3
    number = (_whole, _whole_text, _text)[build]
    writes = one.tokens["cache_write_5m"] + one.tokens.get("cache_write_1h", 0)
    cost = dollars(list_cost_nano(one))
    said = [
        _of("user.id", _text(f"install-{one.user.github_id}")),
        _of("session.id", _text(one.session)),
        _of("organization.id", _text("0d5c2f10-0000-4000-8000-000000000001")),
        _of("user.email", _text(one.user.email)),
        _of("terminal.type", _text("vscode")),
        _of("event.name", _text("api_request" if build else "claude_code.api_request")),
        _of("event.timestamp", _text(iso_milliseconds(one.ended_at))),
        _of("event.sequence", number(int(one.id[-4:], 16))),
        _of("model", _text(WIRE_MODEL[one.model])),
        _of("input_tokens", number(one.tokens["input"])),
        _of("output_tokens", number(one.tokens["output"])),
        _of("cache_read_tokens", number(one.tokens["cache_read"])),
        _of("cache_creation_tokens", number(writes)),
        _of("cost_usd", _text(repr(cost)) if build == 2 else {"doubleValue": cost}),  # noqa: PLR2004  # the build that writes text
        _of("duration_ms", number(2100)),
        _of("request_id", _text(one.id)),
        _of("query_source", _text("main")),
        _of("speed", _text("normal")),
    ]
    return _logs(
        one, "claude-code", "com.anthropic.claude_code.events", "claude_code.api_request", said
    )


def _codex(one: AgentRequest) -> dict[str, object]:
    given = one.tokens["input"] + one.tokens["cache_read"]
    said = [
        _of("event.name", _text("codex.sse_event")),
        _of("event.timestamp", _text(iso_milliseconds(one.ended_at))),
        _of("event.kind", _text("response.completed")),
        _of("conversation.id", _text(one.session)),
        _of("user.email", _text(one.user.email)),
        _of("model", _text(one.model)),
        _of("input_token_count", _whole_text(given)),
        _of("cached_token_count", _whole_text(one.tokens["cache_read"])),
        _of("output_token_count", _whole_text(one.tokens["output"])),
        _of("reasoning_token_count", _whole_text(one.tokens["output"] // 3)),
        _of("tool_token_count", _whole_text(given + one.tokens["output"])),
    ]
    return _logs(one, "codex_cli_rs", "codex_otel", "", said)


def _assistant(one: AgentRequest) -> dict[str, object]:
    given = one.tokens["input"] + one.tokens["cache_read"]
    said = [
        _of("gen_ai.operation.name", _text("chat")),
        _of("gen_ai.provider.name", _text("anthropic")),
        _of("gen_ai.request.model", _text(one.model)),
        _of("gen_ai.response.model", _text(WIRE_MODEL[one.model])),
        _of("gen_ai.response.id", _text(one.id)),
        _of("gen_ai.conversation.id", _text(one.session)),
        _of("gen_ai.usage.input_tokens", _whole_text(given)),
        _of("gen_ai.usage.output_tokens", _whole_text(one.tokens["output"])),
        _of("gen_ai.usage.cache_read.input_tokens", _whole_text(one.tokens["cache_read"])),
    ]
    span = {
        "traceId": one.session.replace("-", ""),
        "spanId": one.id[-16:],
        "name": f"chat {one.model}",
        "kind": 3,
        "startTimeUnixNano": _nano(one.started_at),
        "endTimeUnixNano": _nano(one.ended_at),
        "attributes": said,
    }
    scope = {"scope": {"name": "dispatch"}, "spans": [span]}
    return {"resourceSpans": [{"resource": _resource(one, "dispatch"), "scopeSpans": [scope]}]}


def _metrics(one: AgentRequest) -> dict[str, object]:
    point = {
        "attributes": [
            _of("session.id", _text(one.session)),
            _of("user.email", _text(one.user.email)),
            _of("type", _text("output")),
            _of("model", _text(WIRE_MODEL[one.model])),
        ],
        "startTimeUnixNano": _nano(one.started_at),
        "timeUnixNano": _nano(one.ended_at),
        "asDouble": one.tokens["output"],
    }
    metric = {
        "name": "claude_code.token.usage",
        "description": "Number of tokens used",
        "unit": "tokens",
        "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]},
    }
    scope = {"scope": {"name": "com.anthropic.claude_code"}, "metrics": [metric]}
    resource = _resource(one, "claude-code")
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}


_WRITERS: dict[str, Callable[[AgentRequest], dict[str, object]]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "assistant": _assistant,
}


def _logs(
    one: AgentRequest, service: str, scope: str, body: str, said: Attributes
) -> dict[str, object]:
    record = {
        "timeUnixNano": _nano(one.ended_at),
        "observedTimeUnixNano": _nano(one.ended_at),
        "body": _text(body),
        "attributes": said,
    }
    of_scope = {"scope": {"name": scope, "version": "2.1.220"}, "logRecords": [record]}
    return {"resourceLogs": [{"resource": _resource(one, service), "scopeLogs": [of_scope]}]}


def _resource(one: AgentRequest, service: str) -> dict[str, object]:
    said = [_of("service.name", _text(service)), _of("os.type", _text("linux"))]
    if one.stamp:
        said.append(_of("workflow", _text(one.stamp)))
    if one.account == ASSISTANTS:
        said.append(_of("vendor.account", _text(one.account)))
    return {"attributes": said}


def _of(key: str, value: Value) -> dict[str, object]:
    return {"key": key, "value": value}


def _text(value: object) -> Value:
    return {"stringValue": str(value)}


def _whole(value: int) -> Value:
    return {"intValue": value}


def _whole_text(value: int) -> Value:
    return {"intValue": str(value)}


def _nano(at: datetime) -> str:
    return str(int(at.timestamp()) * _EPOCH_S_TO_NANO + at.microsecond * 1000)
