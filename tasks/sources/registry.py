"""Which module reads which type of source: a new vendor is one more line here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from config.shapes.sources import (
    AgentLogSource,
    ChargeSource,
    FocusFileSource,
    Issuer,
    Source,
    Sources,
)
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, Watermark
from tasks.core.digests import joined_digest
from tasks.core.errors import ConfigError
from tasks.core.plan import TRAILING_DAYS
from tasks.sources import (
    agent_log,
    anthropic,
    focus_file,
    github,
    invoice_file,
    jira,
    metrics_file,
    openai,
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
        keyed_digest: Callable[[str], str],
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


@dataclass(frozen=True, slots=True)
class Adapter:
    """One type of source.

    Attributes:
        parser: Version of its parse and conform functions; a new one conforms again.
    """

    streams: tuple[Stream, ...]
    parser: str
    fetch: Fetch
    conform: Conform

    def stream(self, name: str) -> Stream:
        """Find a stream by name."""
        return next(stream for stream in self.streams if stream.name == name)


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
    if isinstance(source, AgentLogSource):
        read = [f"{issuer} {account}" for issuer, account in source.default_accounts.items()]
    elif isinstance(source, FocusFileSource):
        # The first line that fits holds: their order is read, too.
        lines = enumerate(source.skus)
        read = [source.issuer, *(f"{at} {line.model_dump_json()}" for at, line in lines)]
    elif isinstance(source, ChargeSource):
        read = [source.issuer]
    else:
        return adapter.parser
    return f"{adapter.parser}+{joined_digest(read)[:_VERSION_DIGITS]}"


def enabled_sources(sources: Sources) -> list[Source]:
    """List the sources that are read, in file order."""
    return [source for source in sources.sources if source.enabled]


def streams_by_source(sources: Sources) -> dict[str, list[str]]:
    """Name the streams of every enabled source."""
    return {
        source.name: [stream.name for stream in adapter_of(source).streams]
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
