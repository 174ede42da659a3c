"""Lines of Claude Code's transcripts, made for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.shapes.source_logs import ClaudeCodeLogSource
from tasks.core.people import Door
from tasks.core.reading import Reading
from tasks.sources.claude_code_log import reading
from tests.sources.request_readings import DIGEST

MODEL = "claude-opus-4-6"


def answer(number: int = 1, output: int = 100, **changes: Any) -> dict[str, Any]:
    """One line of an answer; `usage`, `message` and top-level members may be changed."""
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 5_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "output_tokens": output,
        "service_tier": "standard",
    }
    usage |= changes.pop("usage", {})
    message = {
        "id": f"msg_01answer{number:08d}",
        "model": MODEL,
        "role": "assistant",
        "content": [{"type": "text", "text": "private words"}],
        "usage": usage,
    }
    message |= changes.pop("message", {})
    line = {
        "type": "assistant",
        "requestId": f"req_01request{number:08d}",
        "sessionId": "0b8f0c1e-session",
        "uuid": f"uuid-{number}-{output}",
        "timestamp": "2026-11-17T10:00:00.250Z",
        "cwd": "/home/someone/work/payments",
        "gitBranch": "claude/PAY-12-refunds",
        "isSidechain": False,
        "message": message,
    }
    return without_nothing(line | changes)


def without_nothing(line: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out members that are set to `...`."""
    return {
        name: without_nothing(value) if isinstance(value, dict) else value
        for name, value in line.items()
        if value is not ...
    }


def described(folder: Path, **settings: Any) -> Reading:
    """Describe all transcripts of a folder."""
    config = {
        "name": "transcripts",
        "type": "claude_code_log",
        "paths": (f"{folder}/**/*.jsonl*",),
        "default_accounts": {"anthropic": "org-default"},
        "repositories": ("acme/payments", "acme/web", "other/web"),
    }
    return reading(ClaudeCodeLogSource.model_validate(config | settings), Door(DIGEST))
