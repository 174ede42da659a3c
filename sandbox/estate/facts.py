"""The facts of the estate, as literals: what the shipped catalog and sources also say of it.

The estate has accounts, keys and workflows of its own, so that the organisation without it
stays as it is. The oracle judges by these and not by any file.
"""

from dataclasses import dataclass
from datetime import date

from sandbox.estate import copilot, cursor, devin
from sandbox.organisation import ANTHROPIC, OPENAI, Account, Stage, Workflow

CLAUDE_CODE = "wrkspc_01ClaudeCode"
ASSISTANTS = "wrkspc_01Assistants"
GATEWAY = {ANTHROPIC: "wrkspc_01Gateway", OPENAI: "proj_Gateway"}
CUSTOMS = "proj_CustomsBatch"
CODEX = "proj_Codex"

#: family -> portfolio
FAMILIES = {
    "developer-agents": "platform-engineering",
    "shipment-desk": "customer-operations",
}

ACCOUNTS: tuple[Account, ...] = (
    Account(CLAUDE_CODE, ANTHROPIC, "platform-engineering", "exploration"),
    Account(ASSISTANTS, ANTHROPIC, "customer-operations", "production"),
    Account(GATEWAY[ANTHROPIC], ANTHROPIC, "customer-operations", "production"),
    Account(CODEX, OPENAI, "platform-engineering", "exploration"),
    Account(GATEWAY[OPENAI], OPENAI, "customer-operations", "production"),
    Account(CUSTOMS, OPENAI, "customer-operations", "exploration"),
    Account(copilot.ACCOUNT, copilot.ISSUER, "platform-engineering", "production"),
    Account(cursor.ACCOUNT, cursor.ISSUER, "platform-engineering", "exploration"),
    Account(devin.ACCOUNT, devin.ISSUER, "platform-engineering", "exploration"),
)

#: Account -> the key that the vendor meters its requests under.
API_KEYS = {
    CLAUDE_CODE: "apikey_01ClaudeCode",
    ASSISTANTS: "apikey_01Assistants",
    GATEWAY[ANTHROPIC]: "apikey_01Gateway",
    CODEX: "key_Codex",
    GATEWAY[OPENAI]: "key_Gateway",
    CUSTOMS: "key_Customs",
}

RELEASE_NOTES = "release-notes"
MIGRATION = "framework-migration"
ANSWERS = "shipment-answers"
CUSTOMS_CODES = "customs-codes"
DISPATCH = "dispatch-assistant"
API_DOCS = "api-docs"
MAINTENANCE = "nightly-maintenance"

#: Behind the other workflows of the catalog, in this order.
WORKFLOWS: tuple[Workflow, ...] = (
    # Known by a resource attribute of its telemetry alone.
    Workflow(RELEASE_NOTES, "developer-agents", (Stage("exploration", date(2026, 9, 1)),)),
    # Known by the branch that sessions work on.
    Workflow(
        MIGRATION,
        "developer-agents",
        (Stage("exploration", date(2026, 8, 1)), Stage("golden", date(2026, 11, 2))),
        branch_prefixes=("agent/migrate/",),
    ),
    # Known by a tag that callers of the gateway set.
    Workflow(ANSWERS, "shipment-desk", (Stage("golden", date(2026, 6, 1)),)),
    # Owns a project: what no log tells of is its own all the same.
    Workflow(
        CUSTOMS_CODES,
        "shipment-desk",
        (Stage("exploration", date(2026, 9, 15)),),
        accounts=(CUSTOMS,),
    ),
    # Known by its pull requests alone, which sessions on their branches lead to.
    Workflow(API_DOCS, "developer-agents", (Stage("exploration", date(2026, 9, 1)),)),
    # Known by a stamp that it declares as a pattern.
    Workflow(
        DISPATCH,
        "shipment-desk",
        (Stage("exploration", date(2026, 10, 1)),),
        stamps=("dispatch-*",),
    ),
    # Known by the service account that its sessions run under.
    Workflow(
        MAINTENANCE,
        "developer-agents",
        (Stage("golden", date(2026, 7, 1)),),
        api_keys=(cursor.NIGHTLY,),
    ),
    # Known by a tag of its sessions.
    Workflow(devin.STAMPED, "developer-agents", (Stage("exploration", date(2026, 9, 1)),)),
)


@dataclass(frozen=True, slots=True)
class Log:
    """A log of requests; of those that tell of one account's day the lowest rank counts."""

    name: str
    precedence: int


@dataclass(frozen=True, slots=True)
class Report:
    """A report of what an issuer billed; a second opinion is never booked."""

    name: str
    issuer: str
    is_second_opinion: bool = False


TRANSCRIPTS = "claude-code-logs"
ROLLOUTS = "codex-logs"
TELEMETRY = "telemetry"
PROXY = "gateway"
EXPORT = "gateway-export"
TRACES = "traces"
ANALYTICS = "claude-code-analytics"

LOGS: tuple[Log, ...] = (
    Log(TRANSCRIPTS, 110),
    Log(ROLLOUTS, 110),
    Log(TELEMETRY, 120),
    Log(PROXY, 130),
    Log(EXPORT, 130),
    Log(TRACES, 140),
    Log(ANALYTICS, 900),
)
COPILOT = "copilot"
CURSOR = "cursor"
DEVIN = "devin"
CLAUDE_ENTERPRISE = "claude-enterprise"

REPORTS: tuple[Report, ...] = (
    Report(COPILOT, copilot.ISSUER),
    Report(CURSOR, cursor.ISSUER),
    Report(DEVIN, devin.ISSUER),
    Report(CLAUDE_ENTERPRISE, ANTHROPIC, is_second_opinion=True),
)
