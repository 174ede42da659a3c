"""`sources.yaml`: which outside systems are read, from where and how far back.

No secret stands in this file: a source names its secret, and the environment
holds the secret together with the hosts that it may be sent to.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from config.shapes.base import (
    Amount,
    BranchPrefix,
    Currency,
    Day,
    FormatVersion,
    Glob,
    ServiceUrl,
    Shape,
    Slug,
    Switch,
    Text,
    VendorId,
    Whole,
)
from config.shapes.finance import Payee

#: A repository as `owner/name`, or `owner/*` for every one the credential can see.
RepositoryName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+/([A-Za-z0-9_.-]+|\*)$")
]
ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,31}$")]


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


class _Source(Shape):
    name: Slug
    enabled: Switch = Field(default=True, description="`false` leaves it out of every night.")


class _HttpSource(_Source):
    base_url: ServiceUrl = Field(description="Where it answers; a proxy or own server too.")
    secret: Slug = Field(description="Name of the secret in the environment.")
    link_origins: tuple[ServiceUrl, ...] = Field(
        (), description="Further origins that next-links and redirects may lead to."
    )
    requests_per_second: Whole | None = Field(
        None, ge=1, le=1000, description="Where the server is your own; empty: the vendor's pace."
    )


class _Report(_HttpSource):
    issuer: Slug
    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    lag_days: Whole = Field(
        2, ge=0, le=31, description="Days after which a missing day is missing."
    )
    api_keys: tuple[VendorId, ...] = Field(
        (),
        description="Keys kept by id, beside the catalog's; any other becomes a keyed digest, "
        "because it may be a person's.",
    )


class AgentLogSource(_Source):
    """Change logs that agents write themselves, one JSON object a line."""

    type: Literal["agent_log"]
    paths: tuple[Glob, ...] = Field(
        min_length=1, description="Files or globs, from the work folder."
    )
    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    precedence: Whole = Field(100, description="The lowest wins where two logs see the same spend.")
    default_accounts: dict[Slug, VendorId] = Field(
        {}, description="Account by issuer, for lines that name none."
    )
    input_keys: tuple[Slug, ...] = Field((), description="Keys of `inputs` that are kept.")
    work_item_key: Slug | None = Field(
        None, description="Key of `inputs` that names the work item, where the line does not."
    )
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Branch prefixes that are kept, beside the catalog's and the agents' own."
    )
    repositories: tuple[Glob, ...] = Field(
        (),
        description="Repositories kept by name, beside those of the catalog and of GitHub sources; "
        "any other becomes a keyed digest, because it may be a person's.",
    )


class GithubSource(_HttpSource):
    """GitHub.com, GitHub Enterprise Cloud or Server."""

    type: Literal["github"]
    repositories: tuple[RepositoryName, ...] = Field(min_length=1)
    auth: Literal["token", "app"] = "token"
    app_id: Text | None = Field(None, description="GitHub App: its id or client id, quoted.")
    installation_id: Whole | None = Field(None, description="GitHub App: the installation.")
    incident_labels: tuple[Text, ...] = Field(
        ("incident",), description="Labels that make an issue an incident."
    )
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Branch prefixes that are kept, beside the catalog's and the agents' own."
    )
    controls: tuple[Glob, ...] = Field(
        (),
        description="Repositories whose branch protection and code owners are read, beside those "
        "of the catalog's scopes.",
    )
    backfill_days: Whole = Field(90, ge=1, le=3650, description="How far the first night reads.")


class JiraSource(_HttpSource):
    """Jira Cloud or Data Center."""

    type: Literal["jira"]
    deployment: Literal["cloud", "data_center"] = "cloud"
    projects: tuple[ProjectKey, ...] = Field(min_length=1)
    user: Slug | None = Field(
        None, description="Cloud: name of the secret with the account's login."
    )
    incident_types: tuple[Text, ...] = Field(
        ("Incident",), description="Issue types that are incidents."
    )
    severity_field: str | None = Field(
        None, pattern=r"^customfield_[0-9]+$", description="Field that holds the severity."
    )
    backfill_days: Whole = Field(90, ge=1, le=3650, description="How far the first night reads.")


class AnthropicSource(_Report):
    """Anthropic Admin API: messages usage and cost report."""

    type: Literal["anthropic"]


class OpenAISource(_Report):
    """OpenAI Admin API: completions usage and costs."""

    type: Literal["openai"]


class _FileSource(_Source):
    paths: tuple[Glob, ...] = Field(
        min_length=1, description="Files or globs, from the work folder."
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


class FocusFileSource(_FileSource):
    """A bill as files: FOCUS 1.0 to 1.3, or a Cost and Usage Report; CSV or Parquet."""

    type: Literal["focus_file"]
    issuer: Slug = Field(description="Issuer that these charges belong to.")
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
    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    lag_days: Whole = Field(
        2, ge=0, le=31, description="Days after which a missing day is missing."
    )


class InvoiceFileSource(_FileSource):
    """Issuers' documents as CSV, beside those of `finance.yaml`."""

    type: Literal["invoice_file"]


class PayableColumns(Shape):
    """What the extract calls its columns."""

    paid_on: Text = "paid_on"
    payee: Text = "payee"
    amount: Text = "amount"
    currency: Text = "currency"
    document: Text = "document"


class PayablesFileSource(_FileSource):
    """An extract of accounts payable as CSV: which vendors of agents were paid."""

    type: Literal["payables_file"]
    columns: PayableColumns = PayableColumns()
    payees: tuple[Payee, ...] = Field((), description="Read before those of `finance.yaml`.")


class MetricsFileSource(_FileSource):
    """Declared metrics of workflows as CSV, for what no system tells: minutes of rework."""

    type: Literal["metrics_file"]


#: Sources that are read from files, without a secret.
FileSource: TypeAlias = (
    AgentLogSource | FocusFileSource | InvoiceFileSource | PayablesFileSource | MetricsFileSource
)
#: Sources that report what one issuer billed.
ChargeSource: TypeAlias = AnthropicSource | OpenAISource | FocusFileSource

Source: TypeAlias = Annotated[
    AgentLogSource
    | GithubSource
    | JiraSource
    | AnthropicSource
    | OpenAISource
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
