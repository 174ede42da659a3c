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


@dataclass(frozen=True, slots=True)
class Recipe:
    """Runs of one kind.

    Attributes:
        every: One run every so many days.
        size: Tokens against an ordinary run's, in tenths.
        metered_more: One part in so many is metered on top of what is logged; 0 for none.
        is_metered: False on seats: a log is all there is.
        names_account: The line names its account.
        until: Last day.
    """

    name: str
    file: str
    issuer: str
    account: str
    key: str | None
    model: str
    every: int = 1
    size: int = 10
    stamp: str = ""
    repo: str = ""
    branch: str = ""
    metered_more: int = 0
    is_metered: bool = True
    names_account: bool = True
    until: date = date(2026, 12, 31)


_PROD = "wrkspc_01PlatformProd"
_CI = "apikey_01PlatformCi"

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "guarded", "platform", ANTHROPIC, _PROD, _CI, "claude-sonnet-5", stamp="upgrade-guarded"
    ),
    Recipe(
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
    Recipe(
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
    Recipe(
        "doctor-outside",
        "lab",
        ANTHROPIC,
        "wrkspc_01PlatformLab",
        "apikey_01PlatformBench",
        "claude-sonnet-5",
        repo=f"{ORG}/infra-old",
        every=5,
    ),
    Recipe(
        "router",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsProd",
        "apikey_01ClaimsFlow",
        "claude-haiku-4-5",
        stamp="claims-router",
        size=30,
    ),
    Recipe(
        "drafter",
        "operations",
        ANTHROPIC,
        "wrkspc_01ClaimsLab",
        None,
        "claude-sonnet-5",
        every=2,
        metered_more=7,
    ),
    Recipe(
        "matcher",
        "operations",
        ANTHROPIC,
        "wrkspc_01Payments",
        "apikey_01InvoiceMatcher",
        "claude-sonnet-5",
        stamp="invoice-matcher",
        size=20,
    ),
    Recipe(
        "scratch",
        "lab",
        ANTHROPIC,
        ANTHROPIC_DEFAULT,
        None,
        "claude-haiku-4-5",
        every=3,
        names_account=False,
    ),
    Recipe(
        "flaky",
        "platform",
        OPENAI,
        "proj_PlatformProd",
        "key_PlatformShared",
        "gpt-5",
        branch="agent/flaky/mend",
        repo=f"{ORG}/tracking-api",
    ),
    Recipe(
        "coverage",
        "lab",
        OPENAI,
        "proj_CoverageLab",
        None,
        "gpt-5-mini",
        stamp="coverage-writer-v2",
        every=2,
    ),
    Recipe(
        "legacy",
        "platform",
        OPENAI,
        "proj_LegacyUpgrades",
        None,
        "gpt-5-mini",
        branch="legacy-bump/weekly",
        every=4,
    ),
    Recipe(
        "explainer",
        "operations",
        OPENAI,
        "proj_PaymentsLab",
        "key_InvoiceExplainer",
        "gpt-5-mini",
        stamp="invoice-explainer",
    ),
    Recipe(
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
    Recipe(
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
    Recipe(
        "seat-ad-hoc", "editors", CURSOR, CURSOR_SEATS, None, "gpt-5", every=5, is_metered=False
    ),
    Recipe(
        "cloud-doctor",
        "editors",
        CLOUD,
        CLOUD_MAIN,
        None,
        "claude-sonnet-5",
        stamp="ci-doctor",
        is_metered=False,
    ),
    Recipe(
        "cloud-ad-hoc",
        "editors",
        CLOUD,
        CLOUD_MAIN,
        None,
        "claude-sonnet-5",
        every=4,
        is_metered=False,
    ),
    Recipe(
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
