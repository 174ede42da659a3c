"""A usage report and the bill for it: the planted differences are found, and nothing else.

The payloads are read by hand here, so that this holds whatever the source adapter does.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cells import ChargeCell, UsageCell
from tasks.core.models import canonical_model, sku
from tasks.core.money import to_nano
from tasks.core.night import Books
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import charge, legs, night, usage

pytestmark = pytest.mark.shared

FIRST = date(2026, 11, 10)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]
KINDS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}


def _rows(*files: Path) -> list[dict[str, Any]]:
    return [
        {**row, "day": date.fromisoformat(bucket["starting_at"][:10])}
        for file in files
        for bucket in json.loads(file.read_text())["data"]
        for row in bucket["results"]
    ]


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {"day": row["day"], "account": row["workspace_id"] or "anthropic:default"}


def _usage_cells(row: dict[str, Any]) -> list[UsageCell]:
    model = canonical_model(row["model"])
    tier, context = row["service_tier"], row["context_window"]
    counts = {**row, **{f"cache_creation.{k}": v for k, v in row["cache_creation"].items()}}
    parts = {"model": model, "tier": tier, "context": context, "sku": sku(model, tier, context)}
    cells = [
        usage(counts[field], kind=kind, **parts, **_place(row)) for field, kind in KINDS.items()
    ]
    searches = row["server_tool_use"]["web_search_requests"]
    parts |= {"sku": "web_search"}
    return [*cells, usage(searches, kind="web_search_requests", **parts, **_place(row))]


def _charge_cell(row: dict[str, Any]) -> ChargeCell:
    model = canonical_model(row["model"]) if row["model"] else None
    is_by_token = row["cost_type"] == "tokens"
    return charge(
        to_nano(Decimal(row["amount"]) / 100),  # cents
        model=model,
        sku=sku(str(model), row["service_tier"], row["context_window"])
        if is_by_token
        else row["cost_type"],
        kind=KINDS[row["token_type"]] if is_by_token else None,
        **_place(row),
    )


@pytest.fixture
def books(shared: Path) -> Books:
    folder = shared / "reference" / "payloads"
    metered = _rows(folder / "anthropic_pair_usage.json")
    billed = _rows(
        folder / "anthropic_pair_cost_page1.json", folder / "anthropic_pair_cost_page2.json"
    )
    return reconcile(
        night(
            [],
            [cell for row in metered for cell in _usage_cells(row)],
            [_charge_cell(row) for row in billed],
            legs=legs(
                *DAYS,
                # The newest day's bill is not there yet, and no log is connected.
                charges={("anthropic", day) for day in DAYS[:2]},
                logged_days=(),
                first_late_day={"anthropic": DAYS[2]},
            ),
        )
    )


def test_the_planted_differences_are_found_and_nothing_else(books: Books) -> None:
    found = {
        (item.break_class.value, item.account[:9], str(item.day), item.sku): item.amount_nano
        for item in books.breaks
    }

    assert found == {
        ("charge_without_usage", "anthropic", "2026-11-11", "code_execution"): 375_000_000,
        (
            "usage_without_charge",
            "anthropic",
            "2026-11-11",
            "claude-sonnet-5·priority·0-200k",
        ): 2_400_000_000,
        ("pending", "wrkspc_01", "2026-11-12", "claude-opus-5·standard·0-200k"): 1_615_000_000,
    }


def test_the_three_other_groups_agree_to_the_nano(books: Books) -> None:
    (tie,) = books.ties

    assert tie.billed_within_nano == 0
    assert tie.units_nano == 120_000_000, "web searches, which no card prices"
