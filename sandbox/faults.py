"""Everything that goes wrong on the wire: scripted limits, errors once, switches for tests."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.estate.vendors import FURTHER
from sandbox.wire import Json, Reply, iso

MODES = ("500", "timeout", "garbage", "down", "ok")
#: Only writes of tickets go wrong: before or after they are done, silently or in so many words.
WRITE_MODES = (
    "timeout_before_create",
    "timeout_after_create",
    "lost_request",
    "lost_response",
    "refuse_403",
    "rate_limit",
)
_WRITTEN_TO = ("github", "jira")
SOURCES = ("github", "jira", "anthropic", "openai", *FURTHER)
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


def cursor_error() -> Reply:
    """Answer as Cursor does when it is its own fault; its limits do not say how long to wait."""
    return Reply(500, {"error": "Internal Server Error", "message": "Please try again later."})


def plain_limit() -> Reply:
    """Answer as a service behind an ordinary rate limit does, with seconds to wait."""
    return Reply(429, {"error": "Too many requests"}, {"Retry-After": "1"})


_FIRST_ANSWERS: dict[str, Callable[[], Reply]] = {
    "github": github_limit,
    "jira": jira_limit,
    "anthropic": anthropic_limit,
    "openai": openai_error,
    "copilot": github_limit,
    "cursor": cursor_error,
    "claude-enterprise": anthropic_limit,
}


@dataclass(slots=True)
class _Broken:
    """How a source is broken.

    Attributes:
        after: Writes that still get through.
        times: Writes that go wrong after that, then all is well; 0: until it is mended.
    """

    mode: str
    after: int = 0
    times: int = 0


@dataclass
class Faults:
    """What stands between a request and its answer; safe to use from many threads.

    Attributes:
        scripted: Whether each source refuses its first request after the clock moved.
        latency_s: Added to every answer, in seconds.
    """

    scripted: bool = True
    latency_s: float = 0.0
    _broken: dict[str, _Broken] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _woken: threading.Event = field(default_factory=threading.Event)

    def new_night(self) -> None:
        """Have every source refuse its first request again."""
        with self._lock:
            self._refused.clear()

    def fail(self, source: str, mode: str, *, after: int = 0, times: int = 0) -> dict[str, Json]:
        """Switch a source to a failure mode, or back with `ok`; says what it is now.

        Args:
            source: Which.
            mode: One of `MODES`, or of `WRITE_MODES` where tickets are written.
            after: With a mode of writes, or `down`: let so many writes through first.
            times: With a mode of writes: so many go wrong; 0: until it is mended.

        Raises:
            ValueError: Source or mode is unknown.
        """
        known = (*MODES, *WRITE_MODES) if source in _WRITTEN_TO else MODES
        if source not in SOURCES or mode not in known:
            message = f"no source {source!r} or mode {mode!r}; modes are {', '.join(known)}"
            raise ValueError(message)
        with self._lock:
            self._broken[source] = _Broken(mode, after, times)
        return {"source": source, "mode": mode}

    def on_write(self, source: str) -> str:
        """Say what goes wrong with a write: one of `WRITE_MODES`, `down`, or `ok`."""
        with self._lock:
            broken = self._broken.get(source)
            if broken is None or broken.mode in ("500", "timeout", "garbage", "ok"):
                return "ok"
            if broken.after:
                broken.after -= 1
                return "ok"
            mode = broken.mode
            broken.times -= 1
            if broken.times == 0:
                broken.mode = "ok"
            return mode

    def silence(self) -> Reply:
        """Hold the line until nobody waits any more."""
        self._woken.wait(SILENCE_S)
        return Reply(504, b"")

    def down(self) -> Reply:
        """Answer as a front door does whose service is away."""
        return Reply(503, b"<html><body>service unavailable</body></html>")

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
            broken = self._broken.get(source, _Broken("ok"))
            mode = "ok" if broken.mode in WRITE_MODES or broken.after else broken.mode
            is_first = self.scripted and source not in self._refused
            if mode == "ok":
                self._refused.add(source)
        if self.latency_s:
            time.sleep(self.latency_s)
        if mode == "timeout":
            return self.silence()
        if mode == "down":
            return self.down()
        if mode == "500":
            return Reply(500, b"<html><body>upstream failed</body></html>")
        if mode == "garbage":
            return Reply(200, b'{"data": [{"starting_at": "2026-11-')
        return _FIRST_ANSWERS.get(source, plain_limit)() if is_first else None
