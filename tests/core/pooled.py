"""A catalog with budgets, and what its pools spent, with defaults for what a test ignores."""

from datetime import date
from typing import Any

from config.shapes.catalog import Catalog
from tasks.core.books import DestinationKind
from tasks.core.budgeting.pool_days import PendingDay, PoolDay
from tests.core.factories import catalog

THROUGH = date(2026, 11, 20)
NANO = 10**9


def line(amount: str, pool: str = "exploration", from_day: str = "2026-01-01") -> dict[str, str]:
    """Write a budget line as the catalog has it."""
    return {"from": from_day, "pool": pool, "amount": amount}


def budgeted(
    *family_lines: dict[str, str], portfolio_lines: tuple[dict[str, str], ...] = (), **parts: Any
) -> Catalog:
    """Make a catalog whose family `upgrades` of `platform` has budgets."""
    portfolios = [
        {
            "id": "platform",
            "title": "Platform",
            "owner": "lead",
            "cost_centre": "CC-1",
            "budgets": list(portfolio_lines),
        },
        {"id": "operations", "title": "Operations", "owner": "lead", "cost_centre": "CC-2"},
    ]
    families = [
        {"id": "upgrades", "portfolio": "platform", "title": "U", "budgets": list(family_lines)},
        {"id": "triage", "portfolio": "operations", "title": "T"},
    ]
    return catalog(**{"portfolios": portfolios, "families": families} | parts)


def booked(amount_nano: int, day: date = THROUGH, **fields: Any) -> PoolDay:
    """Book exploration of `upgrades` in the day's own month."""
    values: dict[str, Any] = {
        "day": day,
        "billing_period": f"{day:%Y-%m}",
        "origin_period": "",
        "kind": DestinationKind.FAMILY,
        "portfolio": "platform",
        "family": "upgrades",
        "pool": "exploration",
        "paid_from": "",
        "currency": "USD",
        "amount_nano": amount_nano,
    }
    return PoolDay(**values | fields)


def waiting(amount_nano: int, day: date = THROUGH, **fields: Any) -> PendingDay:
    """Let exploration of `upgrades` wait for its bill."""
    values: dict[str, Any] = {
        "day": day,
        "portfolio": "platform",
        "family": "upgrades",
        "pool": "exploration",
        "currency": "USD",
        "amount_nano": amount_nano,
    }
    return PendingDay(**values | fields)
