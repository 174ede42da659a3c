"""The facts of Meridian Freight, as literals: what its catalog and policy files also say.

The oracle judges by these and not by any file, so that a misread file shows. Instants
and days are UTC; money is integer nano-USD; roles are roles, never people.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

ORG = "meridian-freight"
LOG_SOURCE = "agent-logs"
ANTHROPIC = "anthropic"
OPENAI = "openai"
#: Account of a charge without a workspace, and of a log line that names none.
ANTHROPIC_DEFAULT = "anthropic:default"
DEFAULT_ACCOUNT = {ANTHROPIC: ANTHROPIC_DEFAULT, OPENAI: "proj_PlatformProd"}
CURRENCY = "USD"

WINDOW_DAYS = 31
LAG_DAYS = 2
TOLERANCE_ABSOLUTE_NANO = 10_000_000
TOLERANCE_RELATIVE = Fraction(5, 1000)
FAR_BEYOND = 2

INCIDENT_LABEL = "incident"
INCIDENT_TYPE = "Incident"
SEVERITY_FIELD = "customfield_10042"
PROJECTS = ("OPS", "PAY")


@dataclass(frozen=True, slots=True)
class Stage:
    """A dated stage entry; it holds from its day until the next entry, or through `until`."""

    name: str
    from_day: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A named workflow with its match rules, in the file order of the catalog."""

    id: str
    family: str
    stages: tuple[Stage, ...]
    stamps: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    branch_prefixes: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    scope_repositories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A workspace or project; an empty portfolio is the organisation itself."""

    id: str
    issuer: str
    portfolio: str = ""
    paid_from: str = ""


#: family -> portfolio
FAMILIES = {
    "dependency-upgrades": "platform-engineering",
    "test-repair": "platform-engineering",
    "claims-triage": "customer-operations",
    "invoice-matching": "customer-operations",
}

WORKFLOWS: tuple[Workflow, ...] = (
    Workflow(
        "upgrade-guarded",
        "dependency-upgrades",
        (Stage("exploration", date(2026, 3, 1)), Stage("golden", date(2026, 6, 1))),
        branch_prefixes=("agent/upgrade/",),
        scope_repositories=("meridian-freight/*",),
    ),
    Workflow(
        "upgrade-swarm",
        "dependency-upgrades",
        (Stage("exploration", date(2026, 9, 1)),),
        stamps=("upgrade-swarm-*",),
        branch_prefixes=("agent/swarm/",),
        scope_repositories=("meridian-freight/route-planner", "meridian-freight/tracking-api"),
    ),
    Workflow(
        "upgrade-legacy",
        "dependency-upgrades",
        (
            Stage("golden", date(2026, 1, 1)),
            Stage("sunset", date(2026, 10, 1), until=date(2026, 11, 15)),
        ),
        accounts=("proj_LegacyUpgrades",),
        branch_prefixes=("legacy-bump/",),
    ),
    Workflow(
        "flaky-test-fixer",
        "test-repair",
        (Stage("exploration", date(2026, 8, 1)), Stage("golden", date(2026, 11, 10))),
        branch_prefixes=("agent/flaky/",),
    ),
    Workflow(
        "coverage-writer",
        "test-repair",
        (Stage("exploration", date(2026, 9, 15)),),
        stamps=("coverage-writer-v?",),
        accounts=("proj_CoverageLab",),
        scope_repositories=("meridian-freight/customer-portal", "meridian-freight/tracking-api"),
    ),
    Workflow(
        "ci-doctor",
        "test-repair",
        (
            Stage("exploration", date(2026, 7, 1)),
            Stage("provisional", date(2026, 10, 15), until=date(2027, 1, 15)),
        ),
        repositories=("meridian-freight/infra-*",),
        scope_repositories=("meridian-freight/infra-live",),
    ),
    Workflow(
        "claims-router",
        "claims-triage",
        (Stage("exploration", date(2026, 2, 1)), Stage("golden", date(2026, 5, 1))),
    ),
    Workflow(
        "claims-drafter",
        "claims-triage",
        (Stage("exploration", date(2026, 9, 1)),),
        accounts=("wrkspc_01ClaimsLab",),
    ),
    Workflow(
        "invoice-matcher",
        "invoice-matching",
        (Stage("exploration", date(2026, 1, 15)), Stage("golden", date(2026, 4, 1))),
        api_keys=("apikey_01InvoiceMatcher",),
    ),
    Workflow(
        "invoice-explainer",
        "invoice-matching",
        (Stage("exploration", date(2026, 10, 1)),),
        api_keys=("key_InvoiceExplainer",),
    ),
    Workflow(
        "upgrade-lockfiles",
        "dependency-upgrades",
        (Stage("exploration", date(2026, 9, 15)),),
        branch_prefixes=("agent/lockfiles/",),
        scope_repositories=("meridian-freight/billing-engine", "meridian-freight/customer-portal"),
    ),
)

ACCOUNTS: tuple[Account, ...] = (
    Account(ANTHROPIC_DEFAULT, ANTHROPIC),
    Account("wrkspc_01PlatformProd", ANTHROPIC, "platform-engineering", "production"),
    Account("wrkspc_01PlatformLab", ANTHROPIC, "platform-engineering", "exploration"),
    Account("wrkspc_01ClaimsProd", ANTHROPIC, "customer-operations", "production"),
    Account("wrkspc_01ClaimsLab", ANTHROPIC, "customer-operations", "exploration"),
    Account("wrkspc_01Payments", ANTHROPIC, "customer-operations", "production"),
    Account("proj_PlatformProd", OPENAI, "platform-engineering", "production"),
    Account("proj_CoverageLab", OPENAI, "platform-engineering", "exploration"),
    Account("proj_LegacyUpgrades", OPENAI, "platform-engineering", "production"),
    Account("proj_PaymentsLab", OPENAI, "customer-operations", "exploration"),
)

#: What the year adds: seats by contract, which no report tells of, and tokens and licences
#: bought through a cloud, which a file bills in euros.
CURSOR = "cursor"
CURSOR_SEATS = "cursor-team"
CLOUD = "cloudmart"
CLOUD_MAIN = "cloud-main"
CLOUD_SEATS = "cloud-seats"
YEAR_ACCOUNTS: tuple[Account, ...] = (
    Account(CURSOR_SEATS, CURSOR, "platform-engineering", "production"),
    Account(CLOUD_MAIN, CLOUD, "customer-operations", "production"),
    Account(CLOUD_SEATS, CLOUD, "customer-operations", "exploration"),
)

#: Key -> pool that the catalog declares for it; every other key declares none.
KEY_PAID_FROM = {"key_InvoiceExplainer": "production"}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository; `renamed_from` held the name until the day of the rename."""

    id: int
    name: str
    renamed_from: str = ""


RENAME_DAY = date(2026, 11, 5)
REPOSITORIES: tuple[Repository, ...] = (
    Repository(640_100_101, "route-planner"),
    Repository(640_100_102, "tracking-api"),
    Repository(640_100_103, "customer-portal"),
    Repository(640_100_104, "dock-scheduler", renamed_from="yard-board"),
    Repository(640_100_105, "billing-engine"),
    Repository(640_100_106, "infra-live"),
)
