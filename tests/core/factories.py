"""Cells, charges and configuration with defaults: a test names only what it is about."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from config.shapes.catalog import Catalog
from config.shapes.policy import Policy
from config.shapes.sources import Issuer
from tasks.core.books import Strength
from tasks.core.cells import ChargeCell, RunCell, TokenSum, UsageCell
from tasks.core.night import NightInputs
from tasks.core.prices import compile_card, seen_in
from tasks.core.reconciling.breaks import Legs
from tasks.core.tables import TOKEN_KINDS

DAY = date(2026, 11, 10)
MODEL = "claude-opus-5"
SKU = f"{MODEL}·standard·0-200k"
ISSUER = Issuer(id="anthropic", price_provider="anthropic")

#: alpha owns key `key-alpha`, beta owns account `beta-account`, gamma is explored.
_WORKFLOWS: tuple[dict[str, Any], ...] = (
    {
        "id": "alpha",
        "family": "upgrades",
        "stages": [{"from": "2026-01-01", "stage": "golden"}],
        "match": {"api_keys": ["key-alpha"]},
    },
    {
        "id": "beta",
        "family": "triage",
        "stages": [{"from": "2026-01-01", "stage": "golden"}],
        "match": {"accounts": ["beta-account"]},
    },
    {
        "id": "gamma",
        "family": "upgrades",
        "stages": [{"from": "2026-01-01", "stage": "exploration"}],
    },
)


def catalog(*workflows: Mapping[str, Any], **parts: Any) -> Catalog:
    """Make a catalog of two portfolios; workflows get a family, a title and a risk tier."""
    filled = [
        {"family": "upgrades", "title": "Any", "risk_tier": 0, **workflow}
        for workflow in workflows or _WORKFLOWS
    ]
    return Catalog.model_validate(
        {
            "version": 1,
            "portfolios": [
                {"id": "platform", "title": "Platform", "owner": "lead", "cost_centre": "CC-1"},
                {"id": "operations", "title": "Operations", "owner": "lead", "cost_centre": "CC-2"},
            ],
            "families": [
                {"id": "upgrades", "portfolio": "platform", "title": "Upgrades"},
                {"id": "triage", "portfolio": "operations", "title": "Triage"},
            ],
            "workflows": filled,
            "accounts": [
                {
                    "id": "main",
                    "issuer": "anthropic",
                    "portfolio": "platform",
                    "paid_from": "production",
                },
                {"id": "beta-account", "issuer": "anthropic", "portfolio": "operations"},
            ],
            "api_keys": [{"id": "key-lab", "issuer": "anthropic", "paid_from": "exploration"}],
            **parts,
        }
    )


def policy(absolute: str = "0.01", relative: str = "0.005", far_beyond: int = 2) -> Policy:
    entry = {"from": "2026-01-01", "absolute": absolute, "relative": relative}
    return Policy.model_validate(
        {"version": 1, "matching": {"tolerances": [entry], "far_beyond": far_beyond}}
    )


def tokens(**kinds: int) -> tuple[TokenSum, ...]:
    return tuple(TokenSum(kinds.get(kind, 0), 0) for kind in TOKEN_KINDS)


def run(workflow: str = "alpha", **fields: Any) -> RunCell:
    """Make logged tokens; give kinds of tokens by name, e.g. `input=100`."""
    kinds = {kind: fields.pop(kind) for kind in TOKEN_KINDS if kind in fields}
    values: dict[str, Any] = {
        "issuer": "anthropic",
        "account": "main",
        "day": DAY,
        "model": MODEL,
        "tier": None,
        "context": None,
        "api_key": None,
        "workflow": workflow,
        "family": "",
        "portfolio": "",
        "pool": "production" if workflow else "",
        "strength": Strength.STAMP if workflow else Strength.NONE,
        "rule": "id" if workflow else "",
        "is_out_of_scope": False,
        "runs": 1,
        "tokens": tokens(**kinds),
        "reported_cost_nano": None,
        **fields,
    }
    return RunCell(**values)


def usage(quantity: int = 100, **fields: Any) -> UsageCell:
    values: dict[str, Any] = {
        "issuer": "anthropic",
        "account": "main",
        "day": DAY,
        "api_key": None,
        "model": MODEL,
        "sku": SKU,
        "tier": "standard",
        "context": "0-200k",
        "kind": "input",
        "quantity": quantity,
        **fields,
    }
    return UsageCell(**values)


def charge(billed_nano: int = 500_000, **fields: Any) -> ChargeCell:
    values: dict[str, Any] = {
        "issuer": "anthropic",
        "account": "main",
        "day": DAY,
        "billing_period": "2026-11",
        "currency": "USD",
        "category": "usage",
        "charge_class": None,
        "sku": SKU,
        "model": MODEL,
        "kind": "input",
        "run_id": None,
        "billed_nano": billed_nano,
        "quantity": None,
        "lines": 1,
        **fields,
    }
    return ChargeCell(**values)


def legs(*days: date, issuers: Sequence[str] = ("anthropic",), **fields: Any) -> Legs:
    """Make every leg complete on the given days, `DAY` by default."""
    complete = {(issuer, day) for issuer in issuers for day in days or (DAY,)}
    values: dict[str, Any] = {
        "charges": complete,
        "usage": complete,
        "logged_days": set(days or (DAY,)),
        "first_late_day": dict.fromkeys(issuers, date(2026, 11, 1)),
        **fields,
    }
    return Legs(**values)


def night(
    runs: Sequence[RunCell] = (),
    usage: Sequence[UsageCell] = (),
    charges: Sequence[ChargeCell] = (),
    **fields: Any,
) -> NightInputs:
    """Make a night's inputs with a card compiled for what is in them."""
    issuers = fields.pop("issuers", (ISSUER,))
    values: dict[str, Any] = {
        "issuers": issuers,
        "catalog": catalog(),
        "policy": policy(),
        "card": compile_card(issuers, seen_in(runs, usage)),
        "runs": runs,
        "usage": usage,
        "charges": charges,
        "legs": legs(),
        **fields,
    }
    return NightInputs(**values)
