"""`catalog.yaml`: portfolios, families and named workflows, reviewed like code.

Everything that changes over time is a list of dated entries: a merged line is
how a stage, a budget or an owner changes, and no earlier day moves with it.
"""

from typing import Literal

from pydantic import Field

from config.shapes.base import (
    Amount,
    BranchPrefix,
    Currency,
    Dated,
    Day,
    FormatVersion,
    Glob,
    Pool,
    Shape,
    Share,
    Slug,
    Stage,
    Text,
    VendorId,
    Whole,
)


class StageEntry(Dated):
    """The stage of a workflow from a day on."""

    stage: Stage
    until: Day | None = Field(
        None, description="Last day; required for `provisional` and `sunset`."
    )
    cap: Amount | None = Field(None, description="Monthly cap of a provisional stage.")


class Scope(Shape):
    """Which work a workflow may do; an empty list leaves that dimension open."""

    repositories: tuple[Glob, ...] = Field((), description="Globs of `owner/name`.")
    paths: tuple[Glob, ...] = Field((), description="Globs of paths inside the repositories.")
    task_classes: tuple[Slug, ...] = Field((), description="Declared kinds of task.")
    tickets: tuple[Glob, ...] = Field((), description="Jira project keys or issue-key globs.")


class Match(Shape):
    """How runs and work items are recognised as a workflow's, strongest first."""

    stamps: tuple[Glob, ...] = Field(
        (), description="Ids that agents stamp; the workflow's own id always matches."
    )
    accounts: tuple[VendorId, ...] = Field((), description="Workspaces or projects it owns whole.")
    api_keys: tuple[VendorId, ...] = Field((), description="Vendor ids (not secrets) of its keys.")
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Beginnings of branch names, e.g. `agent/upgrade/`."
    )
    repositories: tuple[Glob, ...] = Field((), description="Globs of `owner/name`.")
    bots: tuple[Slug, ...] = Field((), description="Agent identities, e.g. `agent.copilot`.")


class Raci(Shape):
    """Roles, never people."""

    responsible: Slug = Field(description="Role that does the work.")
    accountable: Slug = Field(description="Role that answers for it.")
    consulted: tuple[Slug, ...] = Field((), description="Roles asked before a change.")
    informed: tuple[Slug, ...] = Field((), description="Roles told after a change.")


class Rollback(Shape):
    """How to undo what the workflow does."""

    plan: Text = Field(description="What to do, in a few words or as a link.")
    minutes: Whole = Field(gt=0, le=10_080, description="How long undoing takes.")
    tested_on: Day | None = Field(None, description="Day of the last rehearsal.")


class DecisionOutcomes(Shape):
    """Which logged decisions count as success or failure, where no system can tell."""

    success: tuple[Slug, ...] = ()
    failure: tuple[Slug, ...] = ()


class Claim(Dated):
    """A figure somebody published about a workflow, held against what the books measure."""

    metric: Literal["success_rate", "cost_usd"]
    value: Amount
    n: Whole = Field(gt=0, description="Number of work items it was claimed for.")
    tolerance: Share = Field(description="Relative difference that still counts as agreement.")


class Change(Dated):
    """A change of how a workflow works; all but `minor` begin a new epoch of evidence."""

    kind: Literal["model", "tools", "major", "minor"] = Field(
        description="Model family, tool permissions, declared major version, or a small change."
    )
    note: Text | None = Field(None, description="What changed, in a few words.")


class DeclaredControl(Shape):
    """A control that no system can tell of, declared until a day."""

    control: Slug = Field(description="Name, as `required_controls` of policy.yaml spells it.")
    evidence: Text = Field(description="Where to look it up: a link or a document's name.")
    until: Day = Field(description="Last day on which the declaration counts.")


class Waiver(Shape):
    """A gate or control that is not asked of a workflow, until a day."""

    waives: Slug = Field(description="Name of a gate or of a required control.")
    reason: Text
    approved_by: Slug = Field(description="Role that approved it.")
    until: Day = Field(description="Last day on which it holds.")


class Workflow(Shape):
    """One named, versioned way to do a family's job."""

    id: Slug = Field(description="What agents stamp; never changes.")
    family: Slug = Field(description="Id of its family.")
    title: Text
    version: Text = Field("1", description="Declared version, as text.")
    stages: tuple[StageEntry, ...] = Field(min_length=1, description="Dated entries, oldest first.")
    risk_tier: Whole = Field(ge=0, le=4, description="See `risk_tiers` in policy.yaml.")
    capability: Literal["draft", "act"] | None = Field(
        None, description="`draft` only proposes, `act` changes things itself."
    )
    owner: Slug | None = Field(None, description="Owner role.")
    escalation: Slug | None = Field(None, description="Escalation role.")
    raci: Raci | None = None
    blast_radius: Text | None = Field(None, description="What breaks if it goes wrong.")
    rollback: Rollback | None = None
    scope: Scope = Scope()
    match: Match = Match()
    outcomes: DecisionOutcomes | None = None
    claims: tuple[Claim, ...] = ()
    changes: tuple[Change, ...] = ()
    controls: tuple[DeclaredControl, ...] = ()
    waivers: tuple[Waiver, ...] = ()


class Budget(Dated):
    """Monthly budget of one pool of a family or portfolio."""

    pool: Pool
    amount: Amount = Field(description="For a whole month, in the portfolio's currency.")


class Family(Shape):
    """Workflows that do the same job and compete for it."""

    id: Slug
    portfolio: Slug
    title: Text
    budgets: tuple[Budget, ...] = ()


class Portfolio(Shape):
    """Families with one owner role, one currency, one cost centre and two monthly pools."""

    id: Slug
    title: Text
    owner: Slug
    currency: Currency = "USD"
    cost_centre: Text
    budgets: tuple[Budget, ...] = ()


class Account(Shape):
    """A vendor account, workspace or project: who it belongs to and which pool pays for it."""

    id: VendorId
    issuer: Slug
    portfolio: Slug | None = None
    squad: Slug | None = None
    paid_from: Pool | None = Field(None, description="Budget pool that pays for it.")


class ApiKey(Shape):
    """A vendor key by its id, never the secret; its pool wins over that of its account."""

    id: VendorId
    issuer: Slug
    squad: Slug | None = None
    paid_from: Pool | None = Field(None, description="Where it differs from the account's.")


class Squad(Shape):
    """A label for repositories and Jira projects; never derived from people."""

    id: Slug
    title: Text
    repositories: tuple[Glob, ...] = Field((), description="Globs of `owner/name`.")
    projects: tuple[Glob, ...] = Field((), description="Globs of Jira project keys.")


class Catalog(Shape):
    """The whole file."""

    version: FormatVersion
    portfolios: tuple[Portfolio, ...] = ()
    families: tuple[Family, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    accounts: tuple[Account, ...] = ()
    api_keys: tuple[ApiKey, ...] = ()
    squads: tuple[Squad, ...] = ()
