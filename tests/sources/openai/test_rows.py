from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks.core.batches import RawRow, Reject
from tasks.core.tables import CHARGES, USAGE
from tasks.sources.openai.line_items import split_line_item
from tasks.sources.openai.payloads import parse_buckets, parse_cost, parse_usage
from tasks.sources.openai.rows import conform_charges, conform_usage
from tests.sources.vendor_reports import recorded

SHARED: dict[str, Any] = {
    "source": "openai",
    "issuer": "openai",
    "day": date(2026, 11, 10),
    "default_account": "openai:default",
}


def cost_row(row: dict[str, object]) -> RawRow | Reject:
    said = {"amount": {"value": 1, "currency": "usd"}, "project_id": "proj_a"} | row
    return parse_cost(said, "p", 0, issuer="openai", default_account="openai:default")


def usage_row(row: dict[str, object]) -> RawRow | Reject:
    return parse_usage({"model": "gpt-5"} | row, "p", 0, issuer="openai")


def billed(row: dict[str, object]) -> dict[str, object]:
    parsed = cost_row(row)
    assert not isinstance(parsed, Reject)
    (charge,) = conform_charges([parsed], **SHARED).rows
    return charge


def metered(*rows: dict[str, object]) -> list[dict[str, object]]:
    parsed = [usage_row(row) for row in rows]
    return list(
        conform_usage([row for row in parsed if not isinstance(row, Reject)], **SHARED).rows
    )


def test_a_token_charge_has_every_column_of_its_table() -> None:
    charge = billed(
        {
            "amount": {"value": "0.6251234567891", "currency": "usd"},
            "line_item": "gpt-5.4-2026-03-05, cached input",
            "project_id": None,
            "quantity": 2_500_000,
            "quantity_unit": "tokens",
        }
    )

    assert charge == {
        "source": "openai",
        "issuer": "openai",
        "account": "openai:default",
        "day": date(2026, 11, 10),
        "charge_start": datetime(2026, 11, 10, tzinfo=UTC),
        "charge_end": datetime(2026, 11, 11, tzinfo=UTC),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "charge_class": None,
        "sku": "gpt-5.4",
        "model": "gpt-5.4",
        "tier": None,
        "context": None,
        "kind": "cache_read",
        "quantity": 2_500_000,
        "unit": "tokens",
        "billed_nano": 625_123_457,
        "list_nano": None,
        "currency": "USD",
        "invoice_id": None,
        "run_id": None,
        "api_key": None,
    }
    assert set(charge) == set(CHARGES.column_names())


@pytest.mark.parametrize(
    ("line_item", "model", "kind"),
    [
        ("gpt-5-2026-03-05, input", "gpt-5", "input"),
        ("gpt-5, Cached  Input", "gpt-5", "cache_read"),
        ("gpt-5, cached write input", "gpt-5", "cache_write_5m"),
        ("gpt-5, cache write", "gpt-5", "cache_write_5m"),
        ("ft-gpt-4o-2024-08-06, output", "ft-gpt-4o", "output"),
        ("gpt-5, audio input", None, None),
        ("web search tool calls", None, None),
        ("a model of ours, input", None, None),
        (", input", None, None),
        ("input", None, None),
        ("", None, None),
    ],
)
def test_a_line_item_is_a_model_and_a_kind_or_neither(
    line_item: str, model: str | None, kind: str | None
) -> None:
    assert split_line_item(line_item) == (model, kind)


@pytest.mark.parametrize(
    ("row", "sku", "category"),
    [
        ({"line_item": "Web Search tool calls"}, "web_search_tool_calls", "usage"),
        (
            {"line_item": "Assistants API | Code interpreter"},
            "assistants_api_code_interpreter",
            "usage",
        ),
        ({"line_item": "text-embedding-3-small"}, "text-embedding-3-small", "usage"),
        ({"line_item": "Jo Doe's own models"}, "other", "usage"),
        ({"line_item": "jo@x.example"}, "other", "usage"),
        ({"line_item": " "}, "other", "usage"),
        ({"line_item": None}, "other", "usage"),
        ({"amount": {"value": -3, "currency": "usd"}, "line_item": "grant"}, "grant", "credit"),
        ({"amount": {"value": -3, "currency": "usd"}}, "other", "credit"),
        (
            {"amount": {"value": "-3", "currency": "usd"}, "line_item": "gpt-5, input"},
            "gpt-5",
            "usage",
        ),
    ],
)
def test_what_a_charge_is_for(row: dict[str, object], sku: str, category: str) -> None:
    charge = billed(row)

    assert (charge["sku"], charge["category"]) == (sku, category)


@pytest.mark.parametrize(
    ("value", "nano"),
    [
        (12, 12 * 10**9),
        ("12.50", 12_500_000_000),
        (Decimal("0.06"), 60_000_000),
        ("6e-2", 60_000_000),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
    ],
)
def test_an_amount_is_read_as_number_or_text(value: object, nano: int) -> None:
    assert billed({"amount": {"value": value, "currency": "usd"}})["billed_nano"] == nano


@pytest.mark.parametrize("value", ["0E-6176", "-0.00e6111", Decimal("0E-6176"), Decimal("0E+400")])
def test_a_zero_of_any_exponent_is_zero(value: object) -> None:
    charge = billed({"amount": {"value": value, "currency": "usd"}, "quantity": value})

    assert (charge["billed_nano"], charge["quantity"]) == (0, 0)


@pytest.mark.parametrize(
    ("quantity", "unit", "kept"),
    [
        (5, "tokens", (5, "tokens")),
        ("5", "tokens", (5, "tokens")),
        (Decimal("5.0"), "tokens", (5, "tokens")),
        (Decimal("12.5"), "1000_tokens", (12_500, "tokens")),
        (Decimal("0.0005"), "1000_tokens", (None, "1000_tokens")),
        (Decimal("1.5"), "gibibyte_hours", (None, "gibibyte_hours")),
        (10, None, (10, None)),
        (None, None, (None, None)),
        (9 * 10**18, "1000_tokens", (None, "1000_tokens")),
    ],
)
def test_a_quantity_is_kept_where_it_is_whole(
    quantity: object, unit: str | None, kept: tuple[int | None, str | None]
) -> None:
    charge = billed({"quantity": quantity, "quantity_unit": unit})

    assert (charge["quantity"], charge["unit"]) == kept


def test_another_currency_is_kept_as_it_is() -> None:
    assert billed({"amount": {"value": 1, "currency": "eur"}})["currency"] == "EUR"


@pytest.mark.parametrize(
    ("row", "field", "code", "amount"),
    [
        ({"amount": {"value": "NaN", "currency": "usd"}}, "amount.value", "bad_amount", None),
        ({"amount": {"value": None, "currency": "usd"}}, "amount.value", "bad_amount", None),
        ({"amount": {"value": 10**10, "currency": "usd"}}, "amount.value", "out_of_range", None),
        ({"amount": None}, "amount", "model_type", None),
        ({"amount": {"value": 1}}, "amount.currency", "missing", 10**9),
        ({"line_item": "x" * 501}, "line_item", "string_too_long", 10**9),
        ({"line_item": 7}, "line_item", "string_type", 10**9),
        ({"quantity": "many"}, "quantity", "value_error", 10**9),
        ({"quantity": True}, "quantity", "value_error", 10**9),
        ({"quantity": Decimal("1e30")}, "quantity", "value_error", 10**9),
        ({"api_key_id": "Jo Doe"}, "api_key_id", "string_pattern_mismatch", 10**9),
    ],
)
def test_a_refused_charge_keeps_what_could_be_read_of_its_money(
    row: dict[str, object], field: str, code: str, amount: int | None
) -> None:
    reject = cost_row(row)

    assert isinstance(reject, Reject)
    assert (reject.field_path, reject.code) == (field, code)
    assert (reject.issuer, reject.account, reject.amount_nano) == ("openai", "proj_a", amount)


@pytest.mark.parametrize(
    ("counts", "kinds"),
    [
        (
            {
                "input_tokens": 1000,
                "input_cached_tokens": 400,
                "input_cache_write_tokens": 100,
                "input_uncached_tokens": 500,
                "output_tokens": 7,
            },
            {"input": 500, "cache_read": 400, "cache_write_5m": 100, "output": 7},
        ),
        (
            {"input_tokens": 1000, "input_cached_tokens": 400},
            {"input": 600, "cache_read": 400},
        ),
        ({"input_tokens": 1000}, {"input": 1000}),
        ({"input_uncached_tokens": 5, "input_cached_tokens": 6}, {"input": 5, "cache_read": 6}),
        ({"input_tokens": 10, "input_cached_tokens": 10}, {"cache_read": 10}),
        ({"output_tokens": None, "input_tokens": None}, {}),
    ],
)
def test_input_is_made_disjoint(counts: dict[str, object], kinds: dict[str, int]) -> None:
    assert {row["kind"]: row["quantity"] for row in metered(counts)} == kinds


@pytest.mark.parametrize(
    "counts",
    [
        {"input_tokens": 10, "input_cached_tokens": 11},
        {"input_tokens": 10, "input_cached_tokens": 5, "input_cache_write_tokens": 6},
        {"input_tokens": 10, "input_uncached_tokens": 9},
        {"input_tokens": 10, "input_uncached_tokens": 10, "input_cached_tokens": 1},
    ],
)
def test_parts_that_contradict_the_whole_are_refused(counts: dict[str, object]) -> None:
    reject = usage_row(counts)

    assert isinstance(reject, Reject)
    assert reject.code == "value_error"


@pytest.mark.parametrize(
    ("row", "tier"),
    [
        ({"batch": True, "service_tier": "default"}, "batch"),
        ({"batch": False, "service_tier": "flex"}, "flex"),
        ({"batch": None, "service_tier": None}, None),
    ],
)
def test_the_sku_is_the_model_and_the_tier_stays_for_pricing(
    row: dict[str, object], tier: str | None
) -> None:
    (usage,) = metered({"model": "gpt-5-2026-03-05", "output_tokens": 1} | row)

    assert (usage["sku"], usage["model"], usage["tier"]) == ("gpt-5", "gpt-5", tier)
    assert set(usage) == set(USAGE.column_names())


@pytest.mark.shared
def test_the_documented_costs_are_read_exactly(shared: Path) -> None:
    parse = partial(parse_cost, issuer="openai", default_account="openai:default")
    names = ("openai_costs.json", "openai_costs_by_line_item.json")

    rows = [
        parse(row, "p", 0)
        for name in names
        for one in parse_buckets("o", name, recorded(shared, name))
        for row in one.results
    ]

    charges = conform_charges([row for row in rows if not isinstance(row, Reject)], **SHARED).rows
    assert {(row["account"], row["sku"], row["kind"]): row["billed_nano"] for row in charges} == {
        ("openai:default", "other", None): 60_000_000,
        ("proj_abc", "gpt-5.4", "input"): 12_500_000_000,
        ("proj_abc", "gpt-5.4", "cache_read"): 625_000_000,
        ("proj_abc", "gpt-5.4", "output"): 30_000_000_000,
        ("proj_abc", "web_search_tool_calls", None): 100_000_000,
    }


@pytest.mark.shared
def test_the_documented_usage_that_was_not_grouped_is_refused_for_want_of_a_model(
    shared: Path,
) -> None:
    name = "openai_usage_completions.json"
    (bucket,) = parse_buckets("o", name, recorded(shared, name))

    (row,) = [parse_usage(row, "p", 0, issuer="openai") for row in bucket.results]

    assert isinstance(row, Reject)
    assert (row.field_path, row.code) == ("model", "string_type")
