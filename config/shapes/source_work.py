"""Systems that hold the work itself, and files that finance and people keep."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.shapes.base import BranchPrefix, Glob, Shape, Slug, Text, Whole
from config.shapes.finance import Payee
from config.shapes.source_base import HttpSource, PathSource

#: A repository as `owner/name`, or `owner/*` for every one the credential can see.
RepositoryName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+/([A-Za-z0-9_.-]+|\*)$")
]
ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,31}$")]


class GithubSource(HttpSource):
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


class JiraSource(HttpSource):
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


class InvoiceFileSource(PathSource):
    """Issuers' documents as CSV, beside those of `finance.yaml`."""

    type: Literal["invoice_file"]


class PayableColumns(Shape):
    """What the extract calls its columns."""

    paid_on: Text = "paid_on"
    payee: Text = "payee"
    amount: Text = "amount"
    currency: Text = "currency"
    document: Text = "document"


class PayablesFileSource(PathSource):
    """An extract of accounts payable as CSV: which vendors of agents were paid."""

    type: Literal["payables_file"]
    columns: PayableColumns = PayableColumns()
    payees: tuple[Payee, ...] = Field((), description="Read before those of `finance.yaml`.")


class MetricsFileSource(PathSource):
    """Declared metrics of workflows as CSV, for what no system tells: minutes of rework."""

    type: Literal["metrics_file"]
