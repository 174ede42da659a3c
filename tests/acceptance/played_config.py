"""What real agents are judged by: their catalog, their policy, and where logs and bills lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import family
from tests.acceptance.played import ACCOUNT, ISSUER, PER_MILLION, START, Run, skus

GOLDEN = "claude-4.5-opus-medium-20251101"
CONTRADICTED = "claude-3.7-sonnet-20250219"
#: Of tier 0; all others are of tier 1.
DRAFTING = ("gpt-5-nano-2025-08-07-medium-reasoning", "llama-4-maverick-instruct")
#: Its declared control runs out before the half year does.
LAPSING, LAST_DAY = "gemini-2.5-pro-2025-05-06", date(2026, 10, 15)


@dataclass(frozen=True)
class Terms:
    """What the policy asks of a tier: two lines of its own, the rest by the table of gate.md."""

    floor: float
    golden_margin: float
    alpha: float
    items: int
    days: int
    weeks: int
    repositories: int
    largest_stratum: float
    cost_ratio: float


#: By tier: drafts that people finish, and pull requests that people review. The floors are what a
#: benchmark of hard items allows, and golden is far ahead: the margins let others be worth having.
TERMS = (
    Terms(0.30, 0.45, 0.10, 15, 5, 2, 1, 0.90, 2.0),
    Terms(0.45, 0.30, 0.05, 20, 8, 3, 2, 0.80, 1.5),
)


def tier_of(name: str) -> int:
    return 0 if name in DRAFTING else 1


def catalog_of(rates: Mapping[str, Decimal]) -> dict[str, Any]:
    catalog = family(*(_workflow(name, rate) for name, rate in rates.items()))
    catalog["accounts"] = [{"id": ACCOUNT, "issuer": ISSUER, "portfolio": "coding"}]
    catalog["squads"] = [
        {"id": "web", "title": "Web", "repositories": ["django/*", "pallets/*", "psf/*"]},
        {"id": "science", "title": "Science", "repositories": ["astropy/*", "sympy/*", "*/*learn"]},
        {"id": "tools", "title": "Tools", "repositories": ["pylint-dev/*", "pytest-dev/*"]},
    ]
    return catalog


def _workflow(name: str, rate: Decimal) -> dict[str, Any]:
    until = LAST_DAY if name == LAPSING else date(2027, 1, 31)
    return {
        "id": name,
        "stages": [{"from": str(START), "stage": "golden" if name == GOLDEN else "exploration"}],
        "risk_tier": tier_of(name),
        "capability": "draft",
        "owner": "coding-lead",
        "escalation": "coding-on-call",
        "rollback": {"plan": "close its pull request", "minutes": 5, "tested_on": str(START)},
        "outcomes": {"success": ["resolved"], "failure": ["unresolved"]},
        "controls": [{"control": "human-review", "evidence": "rota", "until": str(until)}],
        "claims": [
            {
                "metric": "success_rate",
                "value": str(rate),
                "n": 500,
                "tolerance": "0.01",
                "from": str(START),
            }
        ],
    }


def sources_of(agents: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    return {
        "issuers": [
            {
                "id": ISSUER,
                "contract": [{"model": "*", "from": str(START), "per_million": PER_MILLION}],
            }
        ],
        "sources": [
            {
                "name": "agents",
                "type": "agent_log",
                "paths": ["logs/*.ndjson"],
                "repositories": sorted(
                    {run.repository for runs in agents.values() for run in runs}
                ),
                "default_accounts": {ISSUER: ACCOUNT},
            },
            {
                "name": "bill",
                "type": "focus_file",
                "paths": ["bills/*.csv"],
                "issuer": ISSUER,
                "services": ["Model tokens"],
                "skus": skus(agents),
                "lag_days": 0,
            },
        ],
    }


def policy() -> dict[str, Any]:
    return {
        "version": 1,
        "matching": {"tolerances": [{"from": str(START), "absolute": "0.01", "relative": "0.005"}]},
        "risk_tiers": [
            {
                "tier": tier,
                "required_controls": ["human-review"] * tier,
                "review_cadence_days": 90,
                "gate": {"floor": str(terms.floor), "golden_margin": str(terms.golden_margin)},
            }
            for tier, terms in enumerate(TERMS)
        ],
    }
