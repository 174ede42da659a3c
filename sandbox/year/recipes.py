"""Who runs what in the year: few runs a day, one of every kind that the rules tell apart."""

from dataclasses import dataclass
from datetime import date

from sandbox.organisation import (
    ANTHROPIC,
    ANTHROPIC_DEFAULT,
    CLOUD,
    CLOUD_MAIN,
    CLOUD_SEATS,
    CURSOR,
    CURSOR_SEATS,
    OPENAI,
    ORG,
)
from sandbox.recipes import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRecipe(Recipe):
    """Runs of one kind in the year.

    Attributes:
        every: One run every so many days.
        size: Tokens against an ordinary run's, in tenths.
        is_metered: False on seats: a log is all there is.
        until: Last day.
    """

    every: int = 1
    size: int = 10
    is_metered: bool = True
    until: date = date(2026, 12, 31)


_PROD = "wrkspc_01PlatformProd"
_CI = "apikey_01PlatformCi"

RECIPES: tuple[YearRecipe, ...] = (
    YearRecipe(
        "guarded", "platform", ANTHROPIC, _PROD, _CI, "claude-sonnet-5", stamp="upgrade-guarded"
    ),
    YearRecipe(
        "guarded-by-branch",
        "platform",
        ANTHROPIC,
        _PROD,
        _CI,
        "claude-sonnet-5",
        every=3,
        repo=f"{ORG}/customer-portal",
        branch="agent/upgrade/bump",
    ),
    YearRecipe(
        "swarm",
        "lab",
        ANTHROPIC,
        "wrkspc_01PlatformLab",
        "apikey_01PlatformBench",
        "claude-opus-5",
        stamp="upgrade-swarm-b",
        every=2,
        metered_more=9,
    ),
    YearRecipe(
        "doctor-outside",
        "lab",
        ANTHROPIC,
        "wrkspc_01PlatformLab",
        "apikey_01PlatformBench",
        "claude-sonnet-5",
        repo=f"{ORG}/infra-old",
        every=5,
    ),
    YearRecipe(
        "router",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-haiku-4-5",
        stamp="claims-router",
        size=30,
    ),
    YearRecipe(
        "drafter",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        None,
        "claude-sonnet-5",
        every=2,
        metered_more=7,
    ),
    YearRecipe(
        "matcher",
        "operations",
        ANTHROPIC,
        "wrkspc_01Payments",
        "apikey_01InvoiceMatcher",
        "claude-sonnet-5",
        stamp="invoice-matcher",
        size=20,
    ),
    YearRecipe(
        "scratch",
        "lab",
        ANTHROPIC,
        ANTHROPIC_DEFAULT,
        None,
        "claude-haiku-4-5",
        every=3,
        names_account=False,
    ),
    YearRecipe(
        "flaky",
        "platform",
        OPENAI,
        "proj_PlatformProd",
        "key_PlatformShared",
        "gpt-5",
        branch="agent/flaky/mend",
        repo=f"{ORG}/tracking-api",
    ),
    YearRecipe(
        "coverage",
        "lab",
        OPENAI,
        "proj_CoverageLab",
        None,
        "gpt-5-mini",
        stamp="coverage-writer-v2",
        every=2,
    ),
    YearRecipe(
        "legacy",
        "platform",
        OPENAI,
        "proj_LegacyUpgrades",
        None,
        "gpt-5-mini",
        branch="legacy-bump/weekly",
        every=4,
    ),
    YearRecipe(
        "explainer",
        "operations",
        OPENAI,
        "proj_PaymentsLab",
        "key_InvoiceExplainer",
        "gpt-5-mini",
        stamp="invoice-explainer",
    ),
    YearRecipe(
        "seat-flaky",
        "editors",
        CURSOR,
        CURSOR_SEATS,
        None,
        "gpt-5",
        stamp="flaky-test-fixer",
        every=2,
        is_metered=False,
    ),
    YearRecipe(
        "seat-guarded",
        "editors",
        CURSOR,
        CURSOR_SEATS,
        None,
        "gpt-5",
        stamp="upgrade-guarded",
        every=3,
        is_metered=False,
    ),
    YearRecipe(
        "seat-ad-hoc", "editors", CURSOR, CURSOR_SEATS, None, "gpt-5", every=5, is_metered=False
    ),
    YearRecipe(
        "cloud-doctor",
        "editors",
        CLOUD,
        CLOUD_MAIN,
        None,
        "claude-sonnet-5",
        stamp="ci-doctor",
        is_metered=False,
    ),
    YearRecipe(
        "cloud-ad-hoc",
        "editors",
        CLOUD,
        CLOUD_MAIN,
        None,
        "claude-sonnet-5",
        every=4,
        is_metered=False,
    ),
    YearRecipe(
        "cloud-seats",
        "editors",
        CLOUD,
        CLOUD_SEATS,
        None,
        "claude-sonnet-5",
        every=2,
        stamp="claims-drafter",
        is_metered=False,
    ),
)
