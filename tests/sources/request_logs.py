"""Logs of requests over HTTP: their sources, and a pull from a scripted server."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from types import ModuleType
from typing import Any

from config.shapes.sources import ClaudeCodeAnalyticsSource, LangfuseSource, LitellmSource
from tasks.core.batches import Pulled, RawRow, Reject
from tasks.core.digests import keyed_digest
from tasks.core.people import Door
from tasks.core.requests import Request
from tasks.sources.request_marks import RequestMarks
from tasks.transport.credentials import Bearer
from tests.transport import loopback
from tests.transport.loopback import NOW, SECRET, Reply, caller, serving

DAY = date(2026, 11, 17)
DIGEST = keyed_digest("a key for tests only, 32 characters or more")
_SHAPES: dict[str, Any] = {
    "litellm": LitellmSource,
    "langfuse": LangfuseSource,
    "claude_code_analytics": ClaudeCodeAnalyticsSource,
}


def source(kind: str, **changes: object) -> Any:
    """A configured source; its address is not used, the client has its own."""
    said: dict[str, object] = {
        "name": "log",
        "type": kind,
        "base_url": "https://log.example",
        "secret": "key",
        "default_accounts": {"anthropic": "main", "openai": "proj"},
    }
    if kind == "langfuse":
        said["public_key"] = "pk-lf-1"
    return _SHAPES[kind].model_validate(said | changes)


def marks(kind: str, **changes: object) -> RequestMarks:
    """What reads the marks of such a source."""
    return RequestMarks(source(kind, **changes), DIGEST)


def pull(
    adapter: ModuleType,
    answer: Callable[[loopback.Request], Reply],
    *,
    window: tuple[date, date] = (DAY, DAY),
    stream: str = "runs",
    door: Door | None = None,
    now: datetime = NOW,
    seen: list[loopback.Request] | None = None,
    **changes: object,
) -> Pulled:
    """Fetch a stream from a server that answers by script."""
    kind = adapter.__name__.rpartition(".")[2]
    wanted = next(one for one in adapter.STREAMS if one.name == stream)
    with (
        serving(answer) as server,
        caller(server, "log", Bearer(SECRET, [server.netloc])) as client,
    ):
        pulled: Pulled = adapter.fetch(
            wanted, client, source(kind, **changes), window, None, now, door or Door(DIGEST)
        )
    if seen is not None:
        seen.extend(server.requests)
    return pulled


def raw(pulled: Pulled) -> list[RawRow]:
    """Every raw row, in order."""
    return [row for batch in pulled.batches for row in batch.rows]


def refusals(pulled: Pulled) -> list[tuple[str, str]]:
    """(field, code) of everything refused."""
    return [(one.field_path, one.code) for batch in pulled.batches for one in batch.rejects]


def accepted(found: Iterable[Request | Reject | None]) -> list[Request]:
    """What was read as a request."""
    return [one for one in found if isinstance(one, Request)]
