"""Rows of a LiteLLM proxy's spend log: over its API, and as an export of its database."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from sandbox.estate.otlp import dollars, list_cost_nano
from sandbox.estate.records import AgentRequest
from sandbox.recipes import WIRE_MODEL

FOLDER = "litellm"

Line = tuple[datetime, str]


def export(requests: Iterable[AgentRequest]) -> dict[str, list[Line]]:
    """Write the second proxy's export: one row a line, by name below `litellm/`."""
    files: dict[str, list[Line]] = {}
    for one in requests:
        if one.tool == "export" and one.is_logged:
            lines = files.setdefault(f"spend-logs-{one.ended_at:%Y-%m}.ndjson", [])
            lines.append((one.ended_at, json.dumps(row(one))))
    return files


def row(one: AgentRequest) -> dict[str, object]:
    """Write a row as the proxy does: prompt tokens with cached ones, several tags a request."""
    short, long = one.tokens.get("cache_write_5m", 0), one.tokens.get("cache_write_1h", 0)
    read, output = one.tokens["cache_read"], one.tokens["output"]
    prompt = one.tokens["input"] + read + short + long
    usage: dict[str, object] = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": short + long,
    }
    if short + long:
        usage["cache_creation"] = {
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": long,
        }
    tags = ["User-Agent: python-httpx", "User-Agent: python-httpx/0.28"]
    if one.stamp:
        tags.append(f"workflow:{one.stamp}")
    return {
        "request_id": one.id,
        "call_type": "acompletion",
        "api_key": hashlib.sha256(f"{one.tool}{one.stamp}".encode()).hexdigest(),
        "spend": dollars(list_cost_nano(one)),
        "total_tokens": prompt + output,
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "startTime": _microseconds(one.started_at),
        "endTime": _microseconds(one.ended_at),
        "request_duration_ms": int((one.ended_at - one.started_at).total_seconds() * 1000),
        "completionStartTime": _microseconds(one.started_at),
        "model": f"{one.issuer}/{WIRE_MODEL[one.model]}",
        "model_id": one.session[:8],
        "model_group": one.model,
        "custom_llm_provider": one.issuer,
        "api_base": f"https://api.{one.issuer}.com/v1",
        "user": one.user.email,
        "metadata": {"user_api_key_alias": "shared-key", "usage_object": usage},
        "cache_hit": "False",
        "cache_key": "Cache OFF",
        "request_tags": tags,
        "team_id": "team-1",
        "organization_id": None,
        "end_user": one.user.login,
        "requester_ip_address": "10.0.0.1",
        "messages": {},
        "response": {},
        "session_id": one.session,
        "status": "success",
        "mcp_namespaced_tool_name": None,
        "agent_id": None,
        "proxy_server_request": {},
    }


def _microseconds(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
