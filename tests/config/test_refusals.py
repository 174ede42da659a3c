"""Each thing that a configuration file may not say: the error names file, line and key."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

Refused = Callable[[str, str, str], list[str]]


class Case(NamedTuple):
    """An edit of the shipped file, and the problem it causes.

    `line` is counted from the line where the edit begins.
    """

    old: str
    new: str
    key: str
    says: str
    line: int = 0


BUDGET = "portfolios[0].budgets[0].amount"
AMOUNT = 'amount: "3000.00"'
FROM = "from: 2026-01-01, pool: exploration"
OWNER = "owner: platform-lead"
GOLDEN = "{from: 2026-06-01, stage: golden}"
SUNSET = "{from: 2026-10-01, stage: sunset, until: 2026-11-15}"
PROVISIONAL = 'stage: provisional, until: 2027-01-15, cap: "1500.00"'

CATALOG_SHAPES = [
    Case("risk_tier: 2", "risk_teir: 2", "workflows[0].risk_teir", "Did you mean `risk_tier`?"),
    Case(f"\n    {OWNER}", "", "portfolios[0].owner", "is missing; add it", -1),
    Case(OWNER, "owner:", "portfolios[0].owner", "is empty; give it a value"),
    Case(OWNER, "owner: 7", "portfolios[0].owner", "must be text; put it in quotes"),
    Case(OWNER, "owner: [a]", "portfolios[0].owner", "must be text."),
    Case(OWNER, "owner: A B", "portfolios[0].owner", "must be a short id: a-z"),
    Case('version: "2"', "version: 2.0", "workflows[3].version", "put it in quotes"),
    Case("version: 1", "version: 2", "version", "must be `1`"),
    Case("version: 1", "version: true", "version", "must be `1`"),
    Case("version: 1", "version: 1.0", "version", "must be `1`"),
    Case("risk_tier: 3", "risk_tier: true", "workflows[6].risk_tier", "a whole number"),
    Case("risk_tier: 3", "risk_tier: 5", "workflows[6].risk_tier", "must be at most 4"),
    Case("minutes: 5,", "minutes: 0,", "workflows[6].rollback.minutes", "must be more than 0"),
    Case("stage: golden", "stage: goldn", "workflows[0].stages[1].stage", "mean `golden`?"),
    Case("capability: act", "capability: do", "workflows[0].capability", "one of `draft`, `act`"),
    Case("portfolios:\n", "portfolios: 3\nx:\n", "portfolios", "must be a list"),
    Case("match:\n", "match: 3\n    x:\n", "workflows[0].match", "must be a mapping"),
    Case("currency: USD", "currency: usd", "portfolios[0].currency", "such as `USD`"),
    Case("title: Routing", 'title: ""', "squads[0].title", "is empty"),
    Case("title: Routing", f"title: {'r' * 501}", "squads[0].title", "longer than 500 characters"),
    Case("[agent.copilot]", "[a b]", "workflows[0].match.bots[0]", "must be a short id"),
    Case('["agent/flaky/"]', "[a/*/b]", "workflows[3].match.branch_prefixes[0]", "wildcards"),
    Case("[proj_CoverageLab]", "[a b]", "workflows[4].match.accounts[0]", "as the vendor writes"),
    Case(AMOUNT, "amount: true", BUDGET, "must be a number"),
    Case(AMOUNT, 'amount: "1_0"', BUDGET, "must be a number"),
    Case(AMOUNT, "amount: -1", BUDGET, "must be at least 0"),
    Case(AMOUNT, "amount: lots", BUDGET, "must be a decimal number"),
    Case(AMOUNT, "amount: [1]", BUDGET, "must be a decimal number"),
    Case(AMOUNT, "amount: .inf", BUDGET, "must be a decimal number"),
    Case(AMOUNT, 'amount: "NaN"', BUDGET, "must be a finite number"),
    Case(AMOUNT, 'amount: "1e99999"', BUDGET, "more than 18 digits"),
    Case(AMOUNT, "amount: 0.1234567891", BUDGET, "more than 9 digits after the point"),
    Case(FROM, "from: 1767225600, pool: exploration", "portfolios[0].budgets[0].from", "be a day"),
    Case(FROM, "from: 2026-02-30, pool: exploration", "portfolios[0].budgets[0].from", "calendar"),
    Case(FROM, 'from: "2026-02-30", pool: production', "portfolios[0].budgets[0].from", "calendar"),
]

POLICY_SHAPES = [
    Case("far_beyond: 2", "far_beyond: 0", "matching.far_beyond", "must be at least 1"),
    Case('relative: "0.005"', "relative: 2", "matching.tolerances[0].relative", "at most 1"),
    Case("matching:", "unmatching:", "unmatching", "Did you mean `matching`?"),
]

SOURCES_SHAPES = [
    Case("type: github", "type: gihub", "sources[1].type", "Did you mean `github`?"),
    Case("    type: github\n", "", "sources[1].type", "must be one of `agent_log`", -1),
    Case("type: jira", "enabled: no\n    type: jira", "sources[2].enabled", "`true` or `false`"),
    Case("[OPS, PAY]", "[ops]", "sources[2].projects[0]", "such as `OPS`"),
    Case("[OPS, PAY]", "[]", "sources[2].projects", "needs at least 1 entry"),
    Case('["meridian-freight/*"]', "[all]", "sources[1].repositories[0]", "`owner/name`"),
    Case("customfield_10042", "severity", "sources[2].severity_field", "`customfield_10042`"),
    Case("https://api.g", "http://api.g", "sources[1].base_url", "must start with https://"),
    Case("https://api.g", "api.g", "sources[1].base_url", "such as https://api.example.com"),
    Case("github.com", "github.com/?q=1", "sources[1].base_url", "remove `?...`"),
    Case(
        "projects:",
        "link_origins: [ftp://x]\n    projects:",
        "sources[2].link_origins[0]",
        "address",
    ),
    Case("openai: proj", "Open Ai: proj", "sources[0].default_accounts.Open Ai", "a short id"),
]

CATALOG_CHECKS = [
    Case(
        "portfolio: platform-e",
        "portfolio: platfrom-e",
        "families[0].portfolio",
        "is no portfolio of catalog.yaml; declare it or correct the id. Did you mean `platform-e",
    ),
    Case("family: claims-triage", "family: claims", "workflows[6].family", "is no family"),
    Case(
        "portfolio: customer-operations\n    squad",
        "portfolio: x\n    squad",
        "accounts[3].portfolio",
        "is no portfolio",
    ),
    Case("squad: portal", "squad: portals", "accounts[7].squad", "Did you mean `portal`?"),
    Case("anthropic, squad: infra", "anthropic, squad: x", "api_keys[0].squad", "is no squad"),
    Case("issuer: anthropic}", "issuer: antropic}", "accounts[0].issuer", "mean `anthropic`?"),
    Case("issuer: openai, squad", "issuer: opnai, squad", "api_keys[4].issuer", "of sources.yaml"),
    Case(
        "id: key_PlatformShared", "id: apikey_01PlatformCi", "api_keys[5].id", "as in api_keys[0]"
    ),
    Case("id: proj_PlatformProd", "id: proj_CoverageLab", "accounts[7].id", "in accounts[6]", 5),
    Case("id: portal", "id: routing", "squads[1].id", "same as in squads[0]"),
    Case("id: claims-drafter", "id: claims-router", "workflows[7].id", "same as in workflows[6]"),
    Case("id: test-repair", "id: dependency-upgrades", "families[1].id", "as in families[0]"),
    Case(
        "id: customer-operations", "id: platform-engineering", "portfolios[1].id", "portfolios[0]"
    ),
    Case(
        "[wrkspc_01ClaimsLab]",
        "[proj_CoverageLab]",
        "workflows[7].match.accounts[0]",
        "claimed at workflows[4].match.accounts[0] already",
    ),
    Case(
        "[key_InvoiceExplainer]",
        "[apikey_01InvoiceMatcher]",
        "workflows[9].match.api_keys[0]",
        "claimed at workflows[8].match.api_keys[0] already",
    ),
    Case("[agent.copilot]", "[a, a]", "workflows[0].match.bots[1]", "already; remove one"),
    Case(
        '["coverage-writer-v?"]',
        "[upgrade-legacy]",
        "workflows[4].match.stamps[0]",
        "claimed at workflows[2].id already",
    ),
    Case(
        '["agent/upgrade/"]',
        '["agent/*"]',
        "workflows[1].match.branch_prefixes[0]",
        "never matches, because workflows[0].match.branch_prefixes[0] (`agent/*`)",
        33,
    ),
    Case(
        '["meridian-freight/infra-*"]',
        '["meridian-freight/*", "*/infra-live", "*/infra-live"]',
        "workflows[5].match.repositories[2]",
        "already; remove one",
    ),
    Case(
        '["meridian-freight/infra-*"]',
        '["meridian-freight/*", "meridian-freight/infra-*"]',
        "workflows[5].match.repositories[1]",
        "never matches",
    ),
    Case(
        "[meridian-freight/billing-engine]",
        "[meridian-freight/yard-board]",
        "squads[3].repositories[0]",
        "claimed at squads[2].repositories[1] already",
    ),
    Case("projects: [OPS]", "projects: [PAY]", "squads[5].projects[0]", "squads[3].projects[0]"),
    Case("\n    owner: payments-lead", "", "workflows[8].owner", "a golden workflow needs it", -8),
    Case("\n    escalation: payments-oncall", "", "workflows[8].escalation", "golden", -9),
    Case("rollback: {plan: Return", "# {plan: Return", "workflows[8].rollback", "golden", -16),
    Case("capability: act", "# no", "workflows[0].capability", "golden", -8),
    Case(SUNSET, "{from: 2026-10-01, stage: sunset}", "workflows[2].stages[1].until", "last day"),
    Case(
        SUNSET,
        "{from: 2026-10-01, stage: sunset, until: 2026-09-30}",
        "workflows[2].stages[1].until",
        "must not be before `from` (2026-10-01)",
    ),
    Case(PROVISIONAL, "stage: provisional, cap: 1", "workflows[5].stages[1].until", "last day"),
    Case(
        PROVISIONAL,
        "stage: provisional, until: 2027-01-15",
        "workflows[5].stages[1].cap",
        "a provisional stage needs a monthly cap",
    ),
    Case(
        GOLDEN,
        "{from: 2026-06-01, stage: golden, cap: 1}",
        "workflows[0].stages[1].cap",
        "belongs to a provisional stage only; remove it",
    ),
    Case(
        GOLDEN,
        "{from: 2026-03-01, stage: golden}",
        "workflows[0].stages[1].from",
        "must be later than the entry before it (2026-03-01)",
    ),
    Case(
        GOLDEN,
        f"{GOLDEN}\n      - {{from: 2026-07-01, stage: golden}}",
        "workflows[0].stages[2].stage",
        "repeats the stage before it",
        1,
    ),
    Case(
        GOLDEN,
        GOLDEN + "\n      - {from: 2026-07-01, stage: provisional, until: 2026-08-01, cap: 1}",
        "workflows[0].stages[2].stage",
        "demote to exploration first",
        1,
    ),
    Case(
        SUNSET,
        f"{SUNSET}\n      - {{from: 2026-12-01, stage: exploration}}",
        "workflows[2].stages[2].stage",
        "follows sunset, which is the last stage",
        1,
    ),
    Case(
        "{from: 2026-11-01, pool",
        "{from: 2026-01-01, pool",
        "families[0].budgets[2].from",
        "order entries by day",
    ),
    Case(
        "scope:\n",
        "outcomes: {success: [x], failure: [x]}\n    scope:\n",
        "workflows[0].outcomes.failure",
        "`x` counts as success and as failure",
    ),
    Case(
        "scope:\n",
        "claims:\n"
        "      - {from: 2026-05-01, metric: success_rate, value: 1, n: 9, tolerance: 0}\n"
        "      - {from: 2026-05-01, metric: success_rate, value: 1, n: 9, tolerance: 0}\n"
        "    scope:\n",
        "workflows[0].claims[1].from",
        "must be later",
        2,
    ),
]

POLICY_CHECKS = [
    Case("tier: 4", "tier: 3", "risk_tiers[4].tier", "same as in risk_tiers[3]"),
    Case(
        "far_beyond",
        "  - {from: 2025-01-01, absolute: 0, relative: 0}\n  far_beyond",
        "matching.tolerances[1].from",
        "must be later",
    ),
    Case(
        "{from: 2026-01-01,",
        "{from: 2026-01-01, issuer: google,",
        "matching.tolerances[0].issuer",
        "`google` is no issuer of sources.yaml",
    ),
]

SOURCES_CHECKS = [
    Case("issuer: openai", "issuer: opnai", "sources[4].issuer", "Did you mean `openai`?"),
    Case("name: jira", "name: github", "sources[2].name", "same as in sources[1]"),
    Case("id: openai", "id: anthropic", "issuers[1].id", "same as in issuers[0]"),
    Case(
        "  - id: openai\n",
        "  - id: openai\n    day_offset_minutes: 480\n",
        "issuers[1].day_offset_minutes",
        "counts its days in UTC",
        1,
    ),
    Case(
        "  - name: openai\n",
        "  - name: openai-2\n    type: openai\n    base_url: https://api.openai.com\n"
        "    secret: openai-admin-key\n    issuer: openai\n\n  - name: openai\n",
        "sources[5].name",
        "`openai-2` read the same reports with the same secret",
        6,
    ),
    Case('factor: "0.90", ', "", "issuers[0].contract[0]", "exactly one of `per_million` and"),
    Case('factor: "0.90"', "factor: 1, per_million: 2", "issuers[0].contract[0]", "exactly one"),
    Case("to: 2027-10-31", "to: 2026-10-31", "issuers[0].contract[0].to", "not be before `from`"),
    Case(
        "\n  - id: openai",
        "\n      - {model: claude-sonnet-5, kind: output, factor: 1,"
        " from: 2026-12-01, to: 2026-12-31}\n  - id: openai",
        "issuers[0].contract[1]",
        "never applies, because contract[0] comes first",
        1,
    ),
    Case("openai: proj", "opnai: proj", "sources[0].default_accounts.opnai", "mean `openai`?"),
    Case("key: ticket_id", "key: ticket", "sources[0].work_item_key", "one of `input_keys`"),
    Case(
        "auth: token",
        "auth: app\n    app_id: '1'",
        "sources[1].installation_id",
        "`auth: app` needs it",
        -5,
    ),
    Case("\n    user: jira-user", "", "sources[2].user", "Jira Cloud needs the name", -4),
    Case(
        "secret: github-token",
        "secret: jira.token",
        "sources[2].secret",
        "and `jira.token` would both be GRADUAND_SECRET_JIRA_TOKEN",
        10,
    ),
    Case("secret: github-token", "secret: my-hosts", "sources[1].secret", "must not end in"),
]

YAML = [
    Case("version: 1", "version: 1\nversion: 1", "version", "already in line 4; keep one", 1),
    Case("id: portal", "id: &p portal", "squads[1].id", "has an anchor"),
    Case("id: portal", "id: *p", "squads[1].id", "is an alias (`*name`); write the value out"),
    Case("id: portal", "id: !!str portal", "squads[1].id", "has a tag (`!...`); remove it"),
    Case("id: portal", "id: !!python/name:os.system portal", "squads[1].id", "has a tag"),
    Case("id: portal", "id: portal\n    <<: {id: x}", "squads[1]", "has a merge key (`<<`)", 1),
    Case("id: portal", "? [a]\n    : b", "squads[1]", "has a key that is not text"),
    Case("version: 1", "version: 1\n---\na: b", "", "starts a second document", 1),
    Case("version: 1", f"version: 1\nx: {'[' * 99}", "x" + "[0]" * 15, "deeper than 16 levels", 1),
    Case("version: 1", f"version: 1\nx: {'9' * 65}", "x", "a number of too many digits", 1),
    Case("version: 1", f"version: 1\nx: {'y' * 4097}", "x", "longer than 4096 characters", 1),
    Case("version: 1", "version: 1\nx: \x07", "", "character that YAML does not allow", 1),
    Case("title: Routing", 'title: "\\e[2J"', "squads[0].title", "invisible control character"),
    Case("title: Routing", 'title: "a\u202eb"', "squads[0].title", "invisible control character"),
    Case("version: 1", "version: 1\n\tx: y", "version", "is indented with a tab", 1),
    Case("version: 1", "version: 1\nx: [", "x", "is not valid YAML", 1),
    Case("version: 1", "version: 1\nx: @y", "x", "name a role, or quote it", 1),
]  # fmt: skip


def _cases() -> list[object]:
    of_file = {
        "catalog.yaml": [*CATALOG_SHAPES, *CATALOG_CHECKS, *YAML],
        "policy.yaml": [*POLICY_SHAPES, *POLICY_CHECKS],
        "sources.yaml": [*SOURCES_SHAPES, *SOURCES_CHECKS],
    }
    return [
        pytest.param(file, case, id=f"{case.key}: {case.new[:30]!r}")
        for file, cases in of_file.items()
        for case in cases
    ]


@pytest.mark.parametrize(("file", "case"), _cases())
def test_a_refusal_names_file_line_and_key(
    folder: Path, refused: Refused, file: str, case: Case
) -> None:
    before = (folder / file).read_text(encoding="utf-8")
    line = before[: before.index(case.old)].count("\n") + 1 + case.line

    problems = refused(file, case.old, case.new)

    place = f"{file}:{line} {case.key}: " if case.key else f"{file}:{line}: "
    assert [text for text in problems if text.startswith(place) and case.says in text], problems
