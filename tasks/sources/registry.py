"""Which module reads which type of source: a new vendor is one more line here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from config.shapes.sources import (
    AgentLogSource,
    AnthropicEnterpriseSource,
    ChargeSource,
    CursorSource,
    DevinSource,
    FocusFileSource,
    Issuer,
    RequestLog,
    Source,
    Sources,
)
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, Watermark
from tasks.core.digests import joined_digest
from tasks.core.errors import ConfigError
from tasks.core.people import Door
from tasks.core.plan import TRAILING_DAYS
from tasks.core.reading import Reading
from tasks.core.tables import RUNS
from tasks.sources import (
    agent_log,
    anthropic,
    anthropic_enterprise,
    claude_code_analytics,
    claude_code_log,
    codex_log,
    copilot,
    cursor,
    devin,
    focus_file,
    github,
    invoice_file,
    jira,
    langfuse,
    litellm,
    litellm_file,
    metrics_file,
    openai,
    otel,
    payables_file,
)

_VERSION_DIGITS = 8


class Fetch(Protocol):
    """Read one stream of one source; rows come reduced to their allow-listed fields."""

    def __call__(
        self,
        stream: Stream,
        client: Any,  # noqa: ANN401 - files have none, every other source a Client
        config: Any,  # noqa: ANN401 - each source takes its own shape
        window: tuple[date, date],
        watermark: Watermark | None,
        now: datetime,
        door: Door,
        /,
    ) -> Pulled:
        """Fetch what is new; see each source for its window and overlap."""


class Conform(Protocol):
    """Turn the raw rows of one key into rows of the stream's table."""

    def __call__(
        self,
        stream: Stream,
        config: Any,  # noqa: ANN401 - each source takes its own shape
        rows: Sequence[RawRow],
        key: date,
        issuers: Mapping[str, Issuer],
    ) -> Conformed:
        """Type the rows; what cannot be typed comes back as rejects."""


def _needs_no_fetch(*_: object) -> Pulled:
    message = "this source is read set-wise, by its `reading`"
    raise TypeError(message)


def _needs_no_conform(*_: object, **_named: object) -> Conformed:
    message = "this source's rows are typed set-wise"
    raise TypeError(message)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One type of source.

    Attributes:
        parser: Version of its parse and conform functions; a new one conforms again.
        fetch: Reads a stream; a log in files that has a `reading` needs none.
        conform: Types raw rows; raw requests need none.
        reading: Describes files that the lake reads set-wise.
        has_requests: The raw rows of its runs are `tasks.core.requests.Request`s, which one
            function types set-wise.
    """

    streams: tuple[Stream, ...]
    parser: str
    fetch: Fetch = _needs_no_fetch
    conform: Conform = _needs_no_conform
    reading: Callable[[Any, Door], Reading] | None = None
    has_requests: bool = False

    def stream(self, name: str) -> Stream:
        """Find a stream by name."""
        return next(stream for stream in self.streams if stream.name == name)

    def is_set_wise(self, stream: Stream) -> bool:
        """Tell whether a stream's raw rows are requests that are typed set-wise."""
        return stream.table == RUNS.name and (self.has_requests or self.reading is not None)


def _without_issuers(
    conform: Callable[[Stream, Any, Sequence[RawRow], date], Conformed],
) -> Conform:
    """Fit in a source of work: an event does not depend on whose day it is."""

    def conform_work(
        stream: Stream,
        config: Any,  # noqa: ANN401 - each source takes its own shape
        rows: Sequence[RawRow],
        key: date,
        issuers: Mapping[str, Issuer],  # noqa: ARG001 - see above
    ) -> Conformed:
        return conform(stream, config, rows, key)

    return conform_work


_ADAPTERS = {
    "agent_log": Adapter(agent_log.STREAMS, agent_log.PARSER, agent_log.fetch, agent_log.conform),
    "github": Adapter(
        github.STREAMS, github.PARSER, github.fetch, _without_issuers(github.conform)
    ),
    "jira": Adapter(jira.STREAMS, jira.PARSER, jira.fetch, _without_issuers(jira.conform)),
    "anthropic": Adapter(anthropic.STREAMS, anthropic.PARSER, anthropic.fetch, anthropic.conform),
    "openai": Adapter(openai.STREAMS, openai.PARSER, openai.fetch, openai.conform),
    "anthropic_enterprise": Adapter(
        anthropic_enterprise.STREAMS,
        anthropic_enterprise.PARSER,
        anthropic_enterprise.fetch,
        anthropic_enterprise.conform,
    ),
    "claude_code_analytics": Adapter(
        claude_code_analytics.STREAMS,
        claude_code_analytics.PARSER,
        claude_code_analytics.fetch,
        claude_code_analytics.conform,
        has_requests=True,
    ),
    "claude_code_log": Adapter(
        claude_code_log.STREAMS, claude_code_log.PARSER, reading=claude_code_log.reading
    ),
    "codex_log": Adapter(codex_log.STREAMS, codex_log.PARSER, codex_log.fetch, has_requests=True),
    "copilot": Adapter(copilot.STREAMS, copilot.PARSER, copilot.fetch, copilot.conform),
    "cursor": Adapter(
        cursor.STREAMS, cursor.PARSER, cursor.fetch, cursor.conform, has_requests=True
    ),
    "devin": Adapter(devin.STREAMS, devin.PARSER, devin.fetch, devin.conform, has_requests=True),
    "langfuse": Adapter(langfuse.STREAMS, langfuse.PARSER, langfuse.fetch, has_requests=True),
    "litellm": Adapter(litellm.STREAMS, litellm.PARSER, litellm.fetch, has_requests=True),
    "litellm_file": Adapter(
        litellm_file.STREAMS, litellm_file.PARSER, reading=litellm_file.reading
    ),
    "otel": Adapter(otel.STREAMS, otel.PARSER, reading=otel.reading),
    "focus_file": Adapter(
        focus_file.STREAMS, focus_file.PARSER, focus_file.fetch, focus_file.conform
    ),
    "invoice_file": Adapter(
        invoice_file.STREAMS, invoice_file.PARSER, invoice_file.fetch, invoice_file.conform
    ),
    "payables_file": Adapter(
        payables_file.STREAMS, payables_file.PARSER, payables_file.fetch, payables_file.conform
    ),
    "metrics_file": Adapter(
        metrics_file.STREAMS,
        metrics_file.PARSER,
        metrics_file.fetch,
        _without_issuers(metrics_file.conform),
    ),
}


def adapter_of(source: Source) -> Adapter:
    """Find the adapter of a configured source."""
    return _ADAPTERS[source.type]


def version_of(adapter: Adapter, source: Source) -> str:
    """Name what a source's rows are conformed by: its parser, and the settings that parser reads.

    Where one of those is changed, days that are conformed already are conformed again.
    """
    if isinstance(source, AgentLogSource | RequestLog):
        read = [f"{issuer} {account}" for issuer, account in source.default_accounts.items()]
    elif isinstance(source, FocusFileSource):
        # The first line that fits holds: their order is read, too.
        lines = enumerate(source.skus)
        read = [source.issuer, *(f"{at} {line.model_dump_json()}" for at, line in lines)]
    elif isinstance(source, CursorSource):
        read = [source.issuer, source.account]
    elif isinstance(source, DevinSource):
        prices = [f"{entry.from_day} {entry.price}" for entry in source.acu_prices]
        read = [source.issuer, source.organization, source.currency, *prices]
    elif isinstance(source, AnthropicEnterpriseSource):
        read = [source.issuer, source.account or ""]
    elif isinstance(source, ChargeSource):
        read = [source.issuer]
    else:
        return adapter.parser
    return f"{adapter.parser}+{joined_digest(read)[:_VERSION_DIGITS]}"


def enabled_sources(sources: Sources) -> list[Source]:
    """List the sources that are read, in file order."""
    return [source for source in sources.sources if source.enabled]


def streams_by_source(sources: Sources, *tables: str) -> dict[str, list[str]]:
    """Name the streams of every enabled source; of some tables, if any are given."""
    return {
        source.name: [
            stream.name
            for stream in adapter_of(source).streams
            if not tables or stream.table in tables
        ]
        for source in enabled_sources(sources)
    }


def trailing_days(sources: Sources) -> int:
    """Give how far a night looks back by itself: the longest `window_days` of any source."""
    asked = [getattr(source, "window_days", None) for source in enabled_sources(sources)]
    return max((days for days in asked if days is not None), default=TRAILING_DAYS)


def source_named(sources: Iterable[Source], name: str) -> Source:
    """Find a configured source.

    Raises:
        ConfigError: There is none of that name.
    """
    for source in sources:
        if source.name == name:
            return source
    message = f"{name!r} is not a source of sources.yaml"
    raise ConfigError(message)
