"""Who runs what, how often and on which account: the ordinary days of the organisation."""

from dataclasses import dataclass
from datetime import date

from sandbox import script
from sandbox.organisation import ANTHROPIC, ANTHROPIC_DEFAULT, OPENAI

#: Canonical model -> the vendor's own spelling.
WIRE_MODEL = {
    "claude-opus-5": "claude-opus-5",
    "claude-sonnet-5": "claude-sonnet-5",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-nimbus-1": "claude-nimbus-1",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
}
CONTEXT = {ANTHROPIC: "0-200k", OPENAI: ""}
TIER = {ANTHROPIC: "standard", OPENAI: "default"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Runs of one kind.

    Attributes:
        per_day: Runs a day at scale 1.
        stamp: What the line's `process_id` says; empty: nothing.
        works_on: Workflow whose pull requests the runs touch, or a Jira project.
        repo: Fixed repository, where no pull request gives one.
        branch: Fixed branch prefix, where no pull request gives one.
        at_least_one: Even at the smallest scale there is one a day.
        metered_more: One part in this many is metered on top of what is logged; 0 for none.
        names_account: The log line names the account.
        one_hour_cache: The log reports one-hour cache writes.
        unlogged: Days on which no line is written.
        logs_from: First day with log lines; None: every day.
        is_known_by_item: Only the pull request that it names says whose it is: no branch.
        purpose: As logged; None: the line does not say.
    """

    name: str
    file: str
    per_day: float
    issuer: str
    account: str
    key: str | None
    model: str
    stamp: str = ""
    works_on: str = ""
    repo: str = ""
    branch: str = ""
    at_least_one: bool = False
    metered_more: int = 0
    names_account: bool = True
    one_hour_cache: bool = False
    unlogged: tuple[date, ...] = ()
    logs_from: date | None = None
    is_known_by_item: bool = False
    purpose: str | None = "work"


_PROD = "wrkspc_01PlatformProd"
_LAB = "wrkspc_01PlatformLab"
_CI = "apikey_01PlatformCi"
_BENCH = "apikey_01PlatformBench"
_OPEN_PROD = "proj_PlatformProd"
_SHARED = "key_PlatformShared"

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "guarded",
        "platform-ci",
        7,
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-sonnet-5",
        stamp="upgrade-guarded",
        works_on="upgrade-guarded",
        one_hour_cache=True,
        unlogged=(script.LOST_LOG_DAY,),
        at_least_one=True,
    ),
    Recipe(
        "guarded-by-branch",
        "platform-ci",
        2,
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-sonnet-5",
        repo="customer-portal",
        branch="agent/upgrade/",
    ),
    Recipe(
        "guarded-by-item",
        "platform-ci",
        0.8,
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        works_on="upgrade-guarded",
        is_known_by_item=True,
        at_least_one=True,
    ),
    Recipe(
        "guarded-in-lab",
        "platform-lab",
        0.6,
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-sonnet-5",
        stamp="upgrade-guarded",
        works_on="upgrade-guarded",
    ),
    Recipe(
        "swarm",
        "platform-lab",
        4,
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        stamp="upgrade-swarm-b",
        works_on="upgrade-swarm",
        one_hour_cache=True,
    ),
    Recipe(
        "swarm-by-branch",
        "platform-lab",
        0.5,
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        repo="tracking-api",
        branch="agent/swarm/",
    ),
    Recipe(
        "swarm-shadow",
        "platform-lab",
        0.4,
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        stamp="upgrade-swarm",
        purpose="shadow",
        repo="route-planner",
    ),
    Recipe(
        "doctor",
        "platform-ci",
        4,
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        repo="infra-live",
        branch="ci-doctor/",
    ),
    Recipe(
        "doctor-out-of-scope",
        "platform-ci",
        0.5,
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        stamp="ci-doctor",
        repo="infra-modules",
        branch="ci-doctor/",
        at_least_one=True,
    ),
    Recipe(
        "legacy",
        "platform-ci",
        3,
        OPENAI,
        "proj_LegacyUpgrades",
        "key_LegacyBatch",
        "gpt-5-mini",
        repo="billing-engine",
        branch="legacy-bump/",
        at_least_one=True,
    ),
    Recipe(
        "flaky",
        "platform-ci",
        6,
        OPENAI,
        _OPEN_PROD,
        _SHARED,
        "gpt-5",
        stamp="flaky-test-fixer",
        works_on="flaky-test-fixer",
        at_least_one=True,
        metered_more=499,
        names_account=False,
    ),
    Recipe(
        "flaky-eval",
        "platform-lab",
        0.5,
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-haiku-4-5",
        stamp="flaky-test-fixer",
        purpose="eval",
        repo="route-planner",
    ),
    Recipe(
        "coverage",
        "platform-lab",
        3,
        OPENAI,
        "proj_CoverageLab",
        "key_Coverage",
        "gpt-5",
        stamp="coverage-writer-v2",
        works_on="coverage-writer",
    ),
    Recipe(
        "coverage-unstamped",
        "platform-lab",
        1,
        OPENAI,
        "proj_CoverageLab",
        "key_Coverage",
        "gpt-5",
        repo="billing-engine",
        branch="coverage/",
        purpose=None,
    ),
    Recipe(
        "router",
        "operations",
        8,
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-haiku-4-5",
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    Recipe(
        "router-hard",
        "operations",
        2,
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-sonnet-5",
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    Recipe(
        "router-in-lab",
        "operations",
        0.4,
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        "apikey_01ClaimsNotebook",
        "claude-haiku-4-5",
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    Recipe(
        "drafter",
        "operations",
        3,
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        "apikey_01ClaimsNotebook",
        "claude-haiku-4-5",
        works_on="OPS",
        at_least_one=True,
    ),
    Recipe(
        "matcher",
        "payments",
        5,
        ANTHROPIC,
        "wrkspc_01Payments",
        "apikey_01InvoiceMatcher",
        "claude-sonnet-5",
        stamp="invoice-matcher",
        works_on="PAY",
        at_least_one=True,
        unlogged=script.OWNED_WITHOUT_LOGS_DAYS,
    ),
    Recipe(
        "explainer",
        "payments",
        2,
        OPENAI,
        "proj_PaymentsLab",
        "key_InvoiceExplainer",
        "gpt-5-mini",
        stamp="invoice-explainer",
        works_on="PAY",
        at_least_one=True,
        logs_from=script.EXPLAINER_LOGS_FROM,
    ),
    Recipe(
        "scratch-lab",
        "platform-lab",
        2.5,
        ANTHROPIC,
        _LAB,
        None,
        "claude-haiku-4-5",
        repo="customer-portal",
        branch="scratch/",
        at_least_one=True,
    ),
    Recipe(
        "scratch-turbo",
        "platform-lab",
        0.8,
        ANTHROPIC,
        "wrkspc_01Unlisted",
        "apikey_01Unlisted",
        "claude-haiku-4-5",
        stamp="upgrade-turbo",
        at_least_one=True,
    ),
    Recipe(
        "scratch-console",
        "operations",
        0.7,
        ANTHROPIC,
        ANTHROPIC_DEFAULT,
        None,
        "claude-sonnet-5",
        names_account=False,
        purpose=None,
        at_least_one=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Background:
    """Usage that nobody logs: the vendor's console, a notebook; every day.

    Attributes:
        input_tokens: About this many uncached input tokens a day at scale 1.
    """

    issuer: str
    account: str
    model: str
    input_tokens: int


BACKGROUND: tuple[Background, ...] = (
    Background(ANTHROPIC, ANTHROPIC_DEFAULT, "claude-sonnet-5", 900_000),
    Background(ANTHROPIC, _LAB, "claude-opus-5", 250_000),
    Background(OPENAI, _OPEN_PROD, "gpt-5-mini", 1_200_000),
)
