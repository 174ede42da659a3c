"""Everything that goes wrong on the wire: scripted limits, errors once, switches for tests."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.wire import Json, Reply, iso

MODES = ("500", "timeout", "garbage", "ok")
SOURCES = ("github", "jira", "anthropic", "openai")
#: How long a source that does not answer keeps the connection open, in seconds.
SILENCE_S = 30.0


def github_limit() -> Reply:
    """Answer as GitHub's secondary limit does, with seconds to wait."""
    return Reply(
        403,
        {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes "
            "before you try again.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/"
            "rate-limits-for-the-rest-api#about-secondary-rate-limits",
        },
        {"Retry-After": "1", "x-ratelimit-remaining": "4999", "x-ratelimit-limit": "5000"},
    )


def jira_limit() -> Reply:
    """Answer as Jira's burst limit does."""
    return Reply(
        429,
        {"errorMessages": ["Rate limit exceeded."], "errors": {}},
        {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based", "X-RateLimit-Remaining": "0"},
    )


def anthropic_limit() -> Reply:
    """Answer as Anthropic's admin endpoints do: no Retry-After, a reset in real time."""
    reset = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=1)
    error = {
        "type": "rate_limit_error",
        "message": "Number of requests has exceeded your rate limit.",
    }
    return Reply(
        429,
        {"type": "error", "error": error, "request_id": "req_sandbox_limit"},
        {"anthropic-ratelimit-requests-reset": iso(reset)},
    )


def openai_error() -> Reply:
    """Answer as OpenAI does when it is its own fault."""
    error = {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    return Reply(500, {"error": error})


_FIRST_ANSWERS: dict[str, Callable[[], Reply]] = {
    "github": github_limit,
    "jira": jira_limit,
    "anthropic": anthropic_limit,
    "openai": openai_error,
}


@dataclass
class Faults:
    """What stands between a request and its answer; safe to use from many threads.

    Attributes:
        scripted: Whether each source refuses its first request after the clock moved.
        latency_s: Added to every answer, in seconds.
    """

    scripted: bool = True
    latency_s: float = 0.0
    _modes: dict[str, str] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _woken: threading.Event = field(default_factory=threading.Event)

    def new_night(self) -> None:
        """Have every source refuse its first request again."""
        with self._lock:
            self._refused.clear()

    def fail(self, source: str, mode: str) -> dict[str, Json]:
        """Switch a source to a failure mode, or back with `ok`; says what it is now.

        Raises:
            ValueError: Source or mode is unknown.
        """
        if source not in SOURCES or mode not in MODES:
            message = f"no source {source!r} or mode {mode!r}; modes are {', '.join(MODES)}"
            raise ValueError(message)
        with self._lock:
            self._modes[source] = mode
        return {"source": source, "mode": mode}

    def close(self) -> None:
        """Let go of everyone who waits for a silent source."""
        self._woken.set()

    def counts(self) -> dict[str, int]:
        """Give the number of requests by source since the start."""
        with self._lock:
            return dict(self._counts)

    def answer_instead(self, source: str) -> Reply | None:
        """Give the answer that replaces the real one, or None; waits where the script says so."""
        with self._lock:
            self._counts[source] = self._counts.get(source, 0) + 1
            mode = self._modes.get(source, "ok")
            is_first = self.scripted and source not in self._refused
            if mode == "ok":
                self._refused.add(source)
        if self.latency_s:
            time.sleep(self.latency_s)
        if mode == "timeout":
            self._woken.wait(SILENCE_S)
            return Reply(504, b"")
        if mode == "500":
            return Reply(500, b"<html><body>upstream failed</body></html>")
        if mode == "garbage":
            return Reply(200, b'{"data": [{"starting_at": "2026-11-')
        return _FIRST_ANSWERS[source]() if is_first else None
