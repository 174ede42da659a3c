"""The configuration of the year, as text: what it changes of the organisation's own files."""

from collections.abc import Iterator

from sandbox.organisation import CLOUD, CURSOR, YEAR_ACCOUNTS
from sandbox.year.budgets import BUDGETS

_REPORT = """
  - name: {name}
    type: {name}
    base_url: https://{host}
    secret: {name}-admin-key
    issuer: {name}
    window_days: 31
    lag_days: 2
"""
_CLOUD_FILE = f"""
  - name: cloud-bill
    type: focus_file
    paths: ["cloud-bill/*.csv"]
    issuer: {CLOUD}
    services: ["Model tokens", "Team seats", "Credit pack"]
    skus:
      - {{sku: "Sonnet input tokens", model: claude-sonnet-5, kind: input}}
      - {{sku: "Sonnet output tokens", model: claude-sonnet-5, kind: output}}
    window_days: 31
    lag_days: 2
"""


def sources_text() -> str:
    """Write `sources.yaml`: a log, two reports over HTTP, and the cloud's bill as a file."""
    parts = [
        "version: 1\n\nissuers:\n",
        "  - id: anthropic\n    price_provider: anthropic\n    contract:\n",
        '      - {model: claude-sonnet-5, factor: "0.90", from: 2026-11-01, to: 2027-10-31}\n',
        "  - {id: openai, price_provider: openai}\n",
        f"  - {{id: {CURSOR}}}\n  - {{id: {CLOUD}}}\n\nsources:\n",
        '  - name: agent-logs\n    type: agent_log\n    paths: ["agent-logs/*.ndjson"]\n',
        '    default_accounts: {anthropic: "anthropic:default", openai: proj_PlatformProd}\n',
        '    repositories: ["meridian-freight/*"]\n',
        _REPORT.format(name="anthropic", host="api.anthropic.com"),
        _REPORT.format(name="openai", host="api.openai.com"),
    ]
    return "".join([*parts, _CLOUD_FILE])


def catalog_text(ordinary: str) -> str:
    """Change the organisation's catalog: the year's accounts and its small budgets.

    Args:
        ordinary: The text of `catalog.yaml`.
    """
    accounts = "".join(
        f"  - {{id: {one.id}, issuer: {one.issuer}, portfolio: {one.portfolio}, "
        f"paid_from: {one.paid_from}}}\n"
        for one in YEAR_ACCOUNTS
    )
    text = "".join(_with_budgets(ordinary.splitlines(keepends=True)))
    return text.replace("\naccounts:\n", f"\naccounts:\n{accounts}", 1)


def _with_budgets(lines: list[str]) -> Iterator[str]:
    families = {family for family, _ in BUDGETS}
    family = ""
    for line in lines:
        if line.startswith("  - id: "):
            family = line.removeprefix("  - id: ").strip()
        if family in families and line.startswith("      - {from: "):
            continue
        yield line
        if family in families and line == "    budgets:\n":
            for (of, pool), dated in BUDGETS.items():
                if of == family:
                    for start, dollars in dated:
                        yield f'      - {{from: {start}, pool: {pool}, amount: "{dollars}.00"}}\n'
