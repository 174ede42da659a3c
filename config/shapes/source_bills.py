"""Reports of what vendors metered and billed."""

from typing import Literal

from pydantic import Field

from config.shapes.base import (
    Amount,
    BranchPrefix,
    Currency,
    Dated,
    Glob,
    Shape,
    Switch,
    Text,
    VendorId,
    Whole,
)
from config.shapes.source_base import (
    BilledSource,
    GithubName,
    OrganizationReport,
    PathSource,
    ReportSource,
)


class AnthropicSource(OrganizationReport):
    """Anthropic Admin API: messages usage and cost report."""

    type: Literal["anthropic"]


class OpenAISource(OrganizationReport):
    """OpenAI Admin API: completions usage and costs."""

    type: Literal["openai"]


class AnthropicEnterpriseSource(OrganizationReport):
    """Claude Enterprise analytics: cost and usage by product, revised for up to 30 days."""

    type: Literal["anthropic_enterprise"]
    precedence: Whole = Field(
        200, description="Above 100: beside the Admin API's cost report it is a second opinion."
    )
    account: VendorId | None = Field(
        None, description="Account of what it reports; empty: one for each product."
    )


class CostCenter(Shape):
    """A cost centre of an enterprise, which becomes an account of its own."""

    id: VendorId = Field(description="As GitHub's API calls it.")
    account: VendorId = Field(description="As the catalog calls it.")


class CopilotSource(ReportSource):
    """GitHub Copilot: AI credits, premium requests before June 2026, seats, usage metrics."""

    type: Literal["copilot"]
    organization: GithubName | None = None
    enterprise: GithubName | None = None
    cost_centers: tuple[CostCenter, ...] = Field((), description="Of the enterprise.")
    metrics: Switch = Field(
        default=True, description="Read the usage metrics of squads, where a directory is set."
    )


class _WorkingSource(ReportSource):
    """A report that tells of the agent's runs, too."""

    log_precedence: Whole = Field(
        200, description="The lowest wins where two logs see the same spend."
    )
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Branch prefixes that are kept, beside the catalog's and the agents' own."
    )
    repositories: tuple[Glob, ...] = Field(
        (), description="Repositories kept by name, beside those declared elsewhere."
    )


class CursorSource(_WorkingSource):
    """Cursor Admin API: usage events with what they were charged."""

    type: Literal["cursor"]
    account: VendorId = Field("team", description="Account of the team.")
    code_tracking: Switch = Field(
        default=False, description="Read AI Code Tracking, which ties sessions to branches."
    )


class AcuPrice(Dated):
    """What an agent compute unit costs, from a day on: it stands in the order form only."""

    price: Amount = Field(description="Of one ACU.")


class DevinSource(_WorkingSource):
    """Devin: ACUs by day, and sessions with their pull requests."""

    type: Literal["devin"]
    organization: VendorId
    enterprise: Switch = Field(
        default=False,
        description="Read the enterprise's consumption instead of one organisation's.",
    )
    acu_prices: tuple[AcuPrice, ...] = Field(min_length=1)
    currency: Currency = Field("USD", description="Of `acu_prices`.")
    stamp_keys: tuple[Text, ...] = Field(
        ("workflow",), description="Session tags (`workflow:<id>`) that name the workflow."
    )


class SkuLine(Shape):
    """Which model and kind of token a line of a bill is about; the first that fits holds."""

    service: Glob = Field("*", description="Service or product, as the bill calls it.")
    sku: Glob = Field("*", description="Sku, meter or usage type, as the bill calls it.")
    model: VendorId = Field(description="Model as price list and logs call it.")
    kind: Literal["input", "cache_read", "cache_write_5m", "cache_write_1h", "output"] | None = (
        Field(None, description="Kind of token; empty: the line tells no kind.")
    )
    tokens_per_unit: Whole | None = Field(
        None, ge=1, le=10**9, description="Where the bill's unit does not say it."
    )


class FocusFileSource(PathSource, BilledSource):
    """A bill as files: FOCUS 1.0 to 1.3, or a Cost and Usage Report; CSV or Parquet."""

    type: Literal["focus_file"]
    services: tuple[Glob, ...] = Field(
        min_length=1, description="Services or products that are kept; others are only counted."
    )
    account: Literal["sub_account", "billing_account"] = "sub_account"
    skus: tuple[SkuLine, ...] = ()
    line_id: Text | None = Field(
        None, description="Column that tells one line of a file from another."
    )
    parts: Switch = Field(default=False, description="Files of one folder are one bill in parts.")
    covers: Literal["days", "periods"] = Field(
        "days", description="What a bill is whole for: first to last charge, or ended periods."
    )
