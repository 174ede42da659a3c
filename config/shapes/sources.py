"""`sources.yaml`: which outside systems are read, from where and how far back.

No secret stands in this file: a source names its secret, and the environment
holds the secret together with the hosts that it may be sent to.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from config.shapes.base import Amount, Currency, Day, FormatVersion, Glob, Shape, Slug, Whole
from config.shapes.source_bills import (
    AnthropicEnterpriseSource,
    AnthropicSource,
    CopilotSource,
    CursorSource,
    DevinSource,
    FocusFileSource,
    OpenAISource,
    SkuLine,
)
from config.shapes.source_logs import (
    AgentLogSource,
    ClaudeCodeAnalyticsSource,
    ClaudeCodeLogSource,
    CodexLogSource,
    LangfuseSource,
    LitellmFileSource,
    LitellmSource,
    OtelSource,
    RequestLog,
)
from config.shapes.source_work import (
    GithubSource,
    InvoiceFileSource,
    JiraSource,
    MetricsFileSource,
    PayablesFileSource,
)

__all__ = [
    "AgentLogSource",
    "AnthropicEnterpriseSource",
    "AnthropicSource",
    "ChargeSource",
    "ClaudeCodeAnalyticsSource",
    "ClaudeCodeLogSource",
    "CodexLogSource",
    "ContractLine",
    "CopilotSource",
    "CursorSource",
    "DevinSource",
    "FileSource",
    "FocusFileSource",
    "GithubSource",
    "InvoiceFileSource",
    "Issuer",
    "JiraSource",
    "LangfuseSource",
    "LitellmFileSource",
    "LitellmSource",
    "LogSource",
    "MetricsFileSource",
    "OpenAISource",
    "OtelSource",
    "PayablesFileSource",
    "RequestLog",
    "SkuLine",
    "Source",
    "Sources",
    "log_precedence",
]


class ContractLine(Shape):
    """A negotiated price that replaces the list price between two days."""

    model: Glob
    kind: Literal["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "*"] = "*"
    from_day: Day = Field(alias="from")
    to_day: Day | None = Field(None, alias="to", description="Last day; empty while it holds.")
    per_million: Amount | None = Field(None, description="Price of a million tokens.")
    factor: Amount | None = Field(None, description="Multiplies the list price, e.g. `0.85`.")


class Issuer(Shape):
    """A vendor as the books know it."""

    id: Slug
    currency: Currency = "USD"
    day_offset_minutes: Whole = Field(
        0, ge=-1439, le=1439, description="Start of the vendor's day, in minutes after 00:00 UTC."
    )
    price_provider: Slug | None = Field(None, description="Provider id in genai-prices.")
    contract: tuple[ContractLine, ...] = ()


#: Sources that are read from files, without a secret.
FileSource: TypeAlias = (
    AgentLogSource
    | ClaudeCodeLogSource
    | CodexLogSource
    | OtelSource
    | LitellmFileSource
    | FocusFileSource
    | InvoiceFileSource
    | PayablesFileSource
    | MetricsFileSource
)
#: Logs of runs, which report no bill.
LogSource: TypeAlias = AgentLogSource | RequestLog
#: Sources that report what one issuer billed.
ChargeSource: TypeAlias = (
    AnthropicSource
    | AnthropicEnterpriseSource
    | OpenAISource
    | CopilotSource
    | CursorSource
    | DevinSource
    | FocusFileSource
)

Source: TypeAlias = Annotated[
    AgentLogSource
    | ClaudeCodeLogSource
    | CodexLogSource
    | OtelSource
    | LitellmSource
    | LitellmFileSource
    | LangfuseSource
    | ClaudeCodeAnalyticsSource
    | GithubSource
    | JiraSource
    | AnthropicSource
    | AnthropicEnterpriseSource
    | OpenAISource
    | CopilotSource
    | CursorSource
    | DevinSource
    | FocusFileSource
    | InvoiceFileSource
    | PayablesFileSource
    | MetricsFileSource,
    Field(discriminator="type"),
]


class Sources(Shape):
    """The whole file."""

    version: FormatVersion
    issuers: tuple[Issuer, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)


def log_precedence(source: Source) -> int | None:
    """Give the rank of a source among those that log runs; None for one that logs none."""
    if isinstance(source, LogSource):
        return source.precedence
    return source.log_precedence if isinstance(source, CursorSource | DevinSource) else None
