"""A made-up large organisation: how much of everything it has, and its configuration."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FIRST_DAY = date(2026, 10, 1)
#: The night is computed when every source is past its lag.
NIGHT = datetime(2026, 11, 5, 3, tzinfo=UTC)
LOG = "agent-logs"
#: Issuer to what its report looks like, who lists its prices, and its models.
VENDORS = {
    "anthropic": ("anthropic", "anthropic", ("claude-opus-4-5", "claude-haiku-4-5")),
    "openai": ("openai", "openai", ("gpt-5", "gpt-5-mini")),
    "resold-anthropic": ("anthropic", "anthropic", ("claude-opus-4-5", "claude-haiku-4-5")),
    "resold-openai": ("openai", "openai", ("gpt-5", "gpt-5-mini")),
}
ACCOUNTS = 5  # of each vendor
_WORKFLOWS_A_FAMILY = 10


@dataclass(frozen=True)
class Scale:
    """How much of everything there is.

    Attributes:
        repositories: One of every workflow's own, the others shared.
        runs_an_item: Runs that share a work item and its branch.
        stamped_items: Work items that carry a workflow's label themselves.
    """

    runs: int
    days: int = 30
    workflows: int = 400
    repositories: int = 1000
    runs_an_item: int = 5
    stamped_items: int = 2000

    def items_a_workflow(self) -> int:
        """Give how many work items each workflow has."""
        return max(1, self.runs // self.runs_an_item // self.workflows)

    def dates(self) -> list[date]:
        """List the days of the month."""
        return [FIRST_DAY + timedelta(days=number) for number in range(self.days)]


def write_config(folder: Path, scale: Scale) -> None:
    """Write catalog, policy and sources; JSON is YAML."""
    folder.mkdir(parents=True)
    for name, body in (
        ("catalog", _catalog(scale)),
        ("policy", _POLICY),
        ("sources", _sources()),
    ):
        (folder / f"{name}.yaml").write_text(json.dumps({"version": 1, **body}, indent=1))


def issuer_of(n: int) -> str:
    """Name the vendor that a workflow uses."""
    return list(VENDORS)[n % len(VENDORS)]


def account_of(n: int) -> str:
    """Name the vendor's account that a workflow runs on."""
    return f"{issuer_of(n)}:account-{n // len(VENDORS) % ACCOUNTS}"


def api_key_of(n: int) -> str:
    """Name the key that a workflow uses."""
    return f"key-{n:03d}"


def workflow_of(n: int) -> str:
    """Give a workflow's id."""
    return f"wf-{n:03d}"


def repository_of(n: int) -> str:
    """Name a workflow's own repository."""
    return f"acme/service-{n:04d}"


def _catalog(scale: Scale) -> dict[str, object]:
    families = -(-scale.workflows // _WORKFLOWS_A_FAMILY)
    return {
        "portfolios": [
            {
                "id": f"portfolio-{n}",
                "title": f"Portfolio {n}",
                "owner": "lead",
                "cost_centre": f"C{n}",
            }
            for n in range(4)
        ],
        "families": [
            {"id": f"family-{n:02d}", "portfolio": f"portfolio-{n % 4}", "title": f"Family {n}"}
            for n in range(families)
        ],
        "workflows": [_workflow(n) for n in range(scale.workflows)],
        "accounts": [
            {
                "id": f"{issuer}:account-{n}",
                "issuer": issuer,
                "portfolio": f"portfolio-{n % 4}",
                "paid_from": "production" if n else "exploration",
            }
            for issuer in VENDORS
            for n in range(ACCOUNTS)
        ],
    }


def _workflow(n: int) -> dict[str, object]:
    """Describe a workflow: all are stamped; some are known by key, branch or repository too."""
    match: dict[str, list[str]] = {}
    if n % 4 == 1 and n % 16 != 5:
        match["api_keys"] = [api_key_of(n)]
    elif n % 4 == 2:
        match["branch_prefixes"] = [f"agent/{workflow_of(n)}/"]
    elif n % 4 == 3:
        match["repositories"] = [repository_of(n)]
    return {
        "id": workflow_of(n),
        "family": f"family-{n // _WORKFLOWS_A_FAMILY:02d}",
        "title": f"Workflow {n}",
        "stages": [
            {"from": "2026-01-01", "stage": "exploration"},
            *([{"from": "2026-10-11", "stage": "golden"}] if n % 3 == 0 else []),
        ],
        "risk_tier": 1,
        "capability": "draft",
        "owner": "lead",
        "escalation": "lead",
        "raci": {"responsible": "lead", "accountable": "lead"},
        "blast_radius": "One service.",
        "rollback": {"plan": "Revert.", "minutes": 10, "tested_on": "2026-01-01"},
        "scope": {
            "repositories": ["acme/service-*", "acme/shared-*"] if n % 10 else ["acme/service-*"]
        },
        "match": match,
    }


_POLICY = {
    "matching": {"tolerances": [{"from": "2026-01-01", "absolute": "0.01", "relative": "0.005"}]},
    "risk_tiers": [
        {"tier": tier, "required_controls": [], "review_cadence_days": 90} for tier in range(5)
    ],
}


def _sources() -> dict[str, object]:
    return {
        "issuers": [
            {"id": issuer, "price_provider": provider}
            for issuer, (_, provider, _) in VENDORS.items()
        ],
        "sources": [
            {"name": LOG, "type": "agent_log", "paths": ["logs/*.ndjson"]},
            *(
                {
                    "name": issuer,
                    "type": kind,
                    "base_url": "https://localhost",
                    "secret": f"{issuer}-key",
                    "issuer": issuer,
                }
                for issuer, (kind, _, _) in VENDORS.items()
            ),
        ],
    }
