"""Who runs what, how often and on which account: the ordinary days of the organisation."""

from collections.abc import Mapping
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
    """Runs of one kind, as far as the showcase and the year say the same of them.

    Attributes:
        file: Log that they are written to.
        stamp: What the line's `process_id` says; empty: nothing.
        repo: Fixed repository, where no pull request gives one.
        branch: Fixed branch or prefix of one, where no pull request gives one.
        metered_more: One part in this many is metered on top of what is logged; 0 for none.
        names_account: The log line names the account.
    """

    name: str
    file: str
    issuer: str
    account: str
    key: str | None
    model: str
    stamp: str = ""
    repo: str = ""
    branch: str = ""
    metered_more: int = 0
    names_account: bool = True

    def metered(self, tokens: Mapping[str, int]) -> dict[str, int]:
        """Give what the vendor meters of a run that used some tokens, by kind."""
        more = self.metered_more
        return {kind: count + (count // more if more else 0) for kind, count in tokens.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowcaseRecipe(Recipe):
    """Runs of one kind in the showcase.

    Attributes:
        per_day: Runs a day at scale 1.
        works_on: Workflow whose pull requests the runs touch, or a Jira project.
        at_least_one: Even at the smallest scale there is one a day.
        one_hour_cache: The log reports one-hour cache writes.
        unlogged: Days on which no line is written.
        logs_from: First day with log lines; None: every day.
        is_known_by_item: Only the pull request that it names says whose it is: no branch.
        purpose: As logged; None: the line does not say.
    """

    per_day: float
    works_on: str = ""
    at_least_one: bool = False
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

RECIPES: tuple[ShowcaseRecipe, ...] = (
    ShowcaseRecipe(
        "guarded",
        "platform-ci",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-sonnet-5",
        per_day=7,
        stamp="upgrade-guarded",
        works_on="upgrade-guarded",
        one_hour_cache=True,
        unlogged=(script.LOST_LOG_DAY,),
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "guarded-by-branch",
        "platform-ci",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-sonnet-5",
        per_day=2,
        repo="customer-portal",
        branch="agent/upgrade/",
    ),
    ShowcaseRecipe(
        "guarded-by-item",
        "platform-ci",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        per_day=0.8,
        works_on="upgrade-guarded",
        is_known_by_item=True,
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "guarded-in-lab",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-sonnet-5",
        per_day=0.6,
        stamp="upgrade-guarded",
        works_on="upgrade-guarded",
    ),
    ShowcaseRecipe(
        "swarm",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        per_day=4,
        stamp="upgrade-swarm-b",
        works_on="upgrade-swarm",
        one_hour_cache=True,
    ),
    ShowcaseRecipe(
        "swarm-by-branch",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        per_day=0.5,
        repo="tracking-api",
        branch="agent/swarm/",
    ),
    ShowcaseRecipe(
        "swarm-shadow",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-opus-5",
        per_day=0.4,
        stamp="upgrade-swarm",
        purpose="shadow",
        repo="route-planner",
    ),
    ShowcaseRecipe(
        "doctor",
        "platform-ci",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        per_day=4,
        repo="infra-live",
        branch="ci-doctor/",
    ),
    ShowcaseRecipe(
        "doctor-out-of-scope",
        "platform-ci",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-haiku-4-5",
        per_day=0.5,
        stamp="ci-doctor",
        repo="infra-modules",
        branch="ci-doctor/",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "legacy",
        "platform-ci",
        OPENAI,
        "proj_LegacyUpgrades",
        "key_LegacyBatch",
        "gpt-5-mini",
        per_day=3,
        repo="billing-engine",
        branch="legacy-bump/",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "flaky",
        "platform-ci",
        OPENAI,
        _OPEN_PROD,
        _SHARED,
        "gpt-5",
        per_day=6,
        stamp="flaky-test-fixer",
        works_on="flaky-test-fixer",
        at_least_one=True,
        metered_more=499,
        names_account=False,
    ),
    ShowcaseRecipe(
        "flaky-eval",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        _BENCH,
        "claude-haiku-4-5",
        per_day=0.5,
        stamp="flaky-test-fixer",
        purpose="eval",
        repo="route-planner",
    ),
    ShowcaseRecipe(
        "coverage",
        "platform-lab",
        OPENAI,
        "proj_CoverageLab",
        "key_Coverage",
        "gpt-5",
        per_day=3,
        stamp="coverage-writer-v2",
        works_on="coverage-writer",
    ),
    ShowcaseRecipe(
        "coverage-unstamped",
        "platform-lab",
        OPENAI,
        "proj_CoverageLab",
        "key_Coverage",
        "gpt-5",
        per_day=1,
        repo="billing-engine",
        branch="coverage/",
        purpose=None,
    ),
    ShowcaseRecipe(
        "router",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-haiku-4-5",
        per_day=8,
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "router-hard",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-sonnet-5",
        per_day=2,
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "router-in-lab",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        "apikey_01ClaimsNotebook",
        "claude-haiku-4-5",
        per_day=0.4,
        stamp="claims-router",
        works_on="OPS",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "drafter",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        "apikey_01ClaimsNotebook",
        "claude-haiku-4-5",
        per_day=3,
        works_on="OPS",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "matcher",
        "payments",
        ANTHROPIC,
        "wrkspc_01Payments",
        "apikey_01InvoiceMatcher",
        "claude-sonnet-5",
        per_day=5,
        stamp="invoice-matcher",
        works_on="PAY",
        at_least_one=True,
        unlogged=script.OWNED_WITHOUT_LOGS_DAYS,
    ),
    ShowcaseRecipe(
        "explainer",
        "payments",
        OPENAI,
        "proj_PaymentsLab",
        "key_InvoiceExplainer",
        "gpt-5-mini",
        per_day=2,
        stamp="invoice-explainer",
        works_on="PAY",
        at_least_one=True,
        logs_from=script.EXPLAINER_LOGS_FROM,
    ),
    ShowcaseRecipe(
        "scratch-lab",
        "platform-lab",
        ANTHROPIC,
        _LAB,
        None,
        "claude-haiku-4-5",
        per_day=2.5,
        repo="customer-portal",
        branch="scratch/",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "scratch-turbo",
        "platform-lab",
        ANTHROPIC,
        "wrkspc_01Unlisted",
        "apikey_01Unlisted",
        "claude-haiku-4-5",
        per_day=0.8,
        stamp="upgrade-turbo",
        at_least_one=True,
    ),
    ShowcaseRecipe(
        "scratch-console",
        "operations",
        ANTHROPIC,
        ANTHROPIC_DEFAULT,
        None,
        "claude-sonnet-5",
        per_day=0.7,
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
