"""Serve report pages on loopback and pull them as a night does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

from config.shapes.sources import AnthropicSource, OpenAISource
from tasks.core.batches import Pulled, Stream
from tasks.transport.credentials import AnthropicKey, Bearer
from tasks.transport.limits import Vendor
from tests.transport import loopback
from tests.transport.loopback import NOW, SECRET, Reply, Request, Server, caller

Page = Mapping[str, object]
WINDOW = (date(2026, 11, 16), date(2026, 11, 20))


@contextmanager
def serving(pages: Sequence[Page]) -> Iterator[Server]:
    """Answer with these pages, the next token being the page's number."""

    def answer(request: Request) -> Reply:
        number = int(request.query.get("page", ["0"])[0])
        is_last = number == len(pages) - 1
        frame = {"has_more": not is_last, "next_page": None if is_last else str(number + 1)}
        return Reply(body=frame | dict(pages[number]))

    with loopback.serving(answer) as server:
        yield server


def source(kind: str, **changes: object) -> AnthropicSource | OpenAISource:
    """A configured source; its address is not used, the client has its own."""
    shape = AnthropicSource if kind == "anthropic" else OpenAISource
    said: dict[str, object] = {
        "name": f"{kind}-main",
        "type": kind,
        "issuer": kind,
        "base_url": "https://vendor.example",
        "secret": "key",
    }
    return shape.model_validate(said | changes)


def pull(
    adapter: ModuleType,
    stream: Stream,
    pages: Sequence[Page],
    *,
    window: tuple[date, date] = WINDOW,
    seen: list[Request] | None = None,
    **changes: object,
) -> Pulled:
    """Serve the pages and fetch the stream from them."""
    kind = adapter.__name__.rpartition(".")[2]
    with serving(pages) as server:
        hosts = [server.netloc]
        credential = (AnthropicKey if kind == "anthropic" else Bearer)(SECRET, hosts)
        with caller(server, f"{kind}-main", credential, vendor=Vendor(kind)) as client:
            pulled: Pulled = adapter.fetch(
                stream, client, source(kind, **changes), window, None, NOW, str.upper
            )
        if seen is not None:
            seen.extend(server.requests)
    return pulled


def rows_of(adapter: ModuleType, stream: Stream, pulled: Pulled) -> list[dict[str, object]]:
    """Conform every day of a pull."""
    config = source(adapter.__name__.rpartition(".")[2])
    return [
        row
        for batch in pulled.batches
        for row in adapter.conform(stream, config, batch.rows, batch.key, {}).rows
    ]


def days_of(pulled: Pulled) -> dict[date, tuple[int, bool]]:
    """Rows and completeness by day."""
    return {batch.key: (len(batch.rows), batch.is_complete) for batch in pulled.batches}


def codes(pulled: Pulled) -> list[tuple[str, str]]:
    """(field, code) of everything refused."""
    return [
        (reject.field_path, reject.code) for batch in pulled.batches for reject in batch.rejects
    ]


def recorded(shared: Path, name: str) -> object:
    """A recorded payload, numbers exact."""
    text = (shared / "reference/payloads" / name).read_text()
    payload: object = json.loads(text, parse_float=Decimal)
    return payload


def midnight(day: date) -> datetime:
    """Start of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
