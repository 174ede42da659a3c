from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import RawRow, Reject
from tasks.core.tables import CHARGES, TOKEN_KINDS, USAGE
from tasks.sources.anthropic.payloads import parse_buckets, parse_cost, parse_usage
from tasks.sources.anthropic.rows import conform_charges, conform_usage
from tasks.sources.report_days import gather_days
from tasks.sources.report_fields import cents_to_nano
from tests.sources.vendor_reports import recorded

DAY = date(2026, 11, 10)
SHARED: dict[str, Any] = {
    "source": "anthropic",
    "issuer": "anthropic",
    "day": DAY,
    "default_account": "anthropic:default",
}


def billed(*rows: dict[str, object]) -> list[dict[str, object]]:
    parsed = [cost_row(row) for row in rows]
    kept = [row for row in parsed if not isinstance(row, Reject)]
    return list(conform_charges(kept, **SHARED).rows)


def metered(*rows: dict[str, object]) -> list[dict[str, object]]:
    parsed = [usage_row(row) for row in rows]
    kept = [row for row in parsed if not isinstance(row, Reject)]
    return list(conform_usage(kept, **SHARED).rows)


def cost_row(row: dict[str, object]) -> RawRow | Reject:
    said = {"amount": "100", "currency": "USD"} | row
    return parse_cost(said, "p", 0, issuer="anthropic", default_account="anthropic:default")


def usage_row(row: dict[str, object]) -> RawRow | Reject:
    return parse_usage({"model": "claude-opus-5"} | row, "p", 0, issuer="anthropic")


def test_a_token_charge_has_every_column_of_its_table() -> None:
    (row,) = billed(
        {
            "amount": "123.78912",
            "model": "claude-haiku-4-5-20251001",
            "token_type": "cache_creation.ephemeral_1h_input_tokens",
            "cost_type": "tokens",
            "service_tier": "batch",
            "context_window": "200k-1M",
            "workspace_id": "wrkspc_01",
        }
    )

    assert row == {
        "source": "anthropic",
        "issuer": "anthropic",
        "account": "wrkspc_01",
        "day": DAY,
        "charge_start": datetime(2026, 11, 10, tzinfo=UTC),
        "charge_end": datetime(2026, 11, 11, tzinfo=UTC),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "charge_class": None,
        "sku": "claude-haiku-4-5·batch·200k-1M",
        "model": "claude-haiku-4-5",
        "tier": "batch",
        "context": "200k-1M",
        "kind": "cache_write_1h",
        "quantity": None,
        "unit": None,
        "billed_nano": 1_237_891_200,
        "list_nano": None,
        "currency": "USD",
        "invoice_id": None,
        "run_id": None,
        "api_key": None,
    }
    assert set(row) == set(CHARGES.column_names())


@pytest.mark.parametrize(
    ("row", "sku", "kind", "category"),
    [
        ({"cost_type": "web_search"}, "web_search", None, "usage"),
        ({"cost_type": "code_execution"}, "code_execution", None, "usage"),
        ({"cost_type": "session_usage", "model": "claude-opus-5"}, "session_usage", None, "usage"),
        ({}, "other", None, "usage"),
        ({"amount": "-250"}, "other", None, "credit"),
        ({"amount": "-1", "model": "claude-opus-5"}, "claude-opus-5·-·-", None, "usage"),
        (
            {"model": "claude-opus-5", "token_type": "thinking_tokens", "cost_type": "tokens"},
            "claude-opus-5·-·-",
            None,
            "usage",
        ),
    ],
)
def test_what_a_charge_is_for(
    row: dict[str, object], sku: str, kind: str | None, category: str
) -> None:
    (charge,) = billed(row)

    assert (charge["sku"], charge["kind"], charge["category"]) == (sku, kind, category)


def test_the_null_workspace_is_an_account_of_its_own_and_other_currencies_stay() -> None:
    (row,) = billed({"currency": "eur", "workspace_id": None})

    assert (row["account"], row["currency"]) == ("anthropic:default", "EUR")


@pytest.mark.parametrize(
    ("cents", "nano"),
    [
        ("123.45", 1_234_500_000),
        ("1.2345E+2", 1_234_500_000),
        (12, 120_000_000),
        (Decimal("0.00000005"), 0),
        ("0.00000015", 2),
        ("-0.00000025", -2),
        ("0", 0),
    ],
)
def test_cents_become_nano_once_half_even(cents: object, nano: int) -> None:
    (row,) = billed({"amount": cents})

    assert row["billed_nano"] == nano


@given(st.integers(min_value=-(10**24), max_value=10**24))
def test_an_amount_in_cents_is_exact_to_the_last_digit(units: int) -> None:
    """Of 1e-7 cents, which are 1e-9 dollars: nothing is rounded at any size."""
    if abs(units) < 9 * 10**18:
        assert cents_to_nano(Decimal(f"{units}e-7")) == units


@pytest.mark.parametrize(
    ("row", "field", "code", "account", "amount"),
    [
        ({"amount": "1e30"}, "amount", "out_of_range", "anthropic:default", None),
        ({"amount": "1e-900"}, "amount", "out_of_range", "anthropic:default", None),
        ({"amount": "NaN"}, "amount", "bad_amount", "anthropic:default", None),
        ({"amount": True}, "amount", "bad_amount", "anthropic:default", None),
        ({"amount": "1.000,00"}, "amount", "bad_amount", "anthropic:default", None),
        ({"currency": None}, "currency", "string_type", "anthropic:default", 10**9),
        (
            {"currency": "dollars"},
            "currency",
            "string_pattern_mismatch",
            "anthropic:default",
            10**9,
        ),
        ({"model": "a b"}, "model", "string_pattern_mismatch", "anthropic:default", 10**9),
        ({"workspace_id": "jo@x.example"}, "workspace_id", "string_pattern_mismatch", "", 10**9),
        (
            {"workspace_id": "wrkspc_7", "cost_type": 3},
            "cost_type",
            "string_type",
            "wrkspc_7",
            10**9,
        ),
    ],
)
def test_a_refused_charge_keeps_what_could_be_read_of_its_money(
    row: dict[str, object], field: str, code: str, account: str, amount: int | None
) -> None:
    reject = cost_row({"workspace_id": None} | row)

    assert isinstance(reject, Reject)
    assert (reject.field_path, reject.code) == (field, code)
    assert (reject.issuer, reject.account, reject.amount_nano) == ("anthropic", account, amount)


def test_lines_of_one_key_are_numbered_whatever_order_they_come_in() -> None:
    rows: list[dict[str, object]] = [
        {"amount": str(cents), "cost_type": "web_search"} for cents in (3, 1, 2, 1)
    ]

    forward, backward = billed(*rows), billed(*reversed(rows))

    assert forward == backward
    assert [(row["line"], row["billed_nano"]) for row in forward] == [
        (0, 10_000_000),
        (1, 10_000_000),
        (2, 20_000_000),
        (3, 30_000_000),
    ]


def test_usage_gives_a_row_per_kind_that_was_used() -> None:
    rows = metered(
        {
            "api_key_id": "apikey_1",
            "service_tier": "priority",
            "uncached_input_tokens": 1,
            "cache_read_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
            "output_tokens": 5,
            "server_tool_use": {"web_search_requests": 6},
        }
    )

    assert [(row["kind"], row["quantity"]) for row in rows] == [
        *zip(TOKEN_KINDS, (1, 2, 3, 4, 5), strict=True),
        ("web_search_requests", 6),
    ]
    assert {row["sku"] for row in rows} == {"claude-opus-5·priority·-", "web_search"}
    assert all(set(row) == set(USAGE.column_names()) for row in rows)


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"uncached_input_tokens": None, "cache_creation": None, "server_tool_use": None},
        {"uncached_input_tokens": 0, "cache_creation": {}, "server_tool_use": {}},
        {"cache_creation_input_tokens": 7},
    ],
)
def test_a_count_that_is_zero_or_not_reported_makes_no_row(counts: dict[str, object]) -> None:
    assert metered(counts) == []


def test_releases_of_one_model_are_added_up() -> None:
    rows = metered(
        {"model": "claude-haiku-4-5-20251001", "output_tokens": 10**12},
        {"model": "claude-haiku-4-5", "output_tokens": 1},
        {"model": "claude-haiku-4-5", "output_tokens": 1, "api_key_id": "apikey_2"},
    )

    assert [(row["api_key"], row["quantity"]) for row in rows] == [
        (None, 10**12 + 1),
        ("apikey_2", 1),
    ]


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ({"output_tokens": -1}, "output_tokens", "greater_than_equal"),
        ({"output_tokens": 10**12 + 1}, "output_tokens", "less_than_equal"),
        ({"output_tokens": Decimal("1.0")}, "output_tokens", "int_type"),
        ({"output_tokens": "1"}, "output_tokens", "int_type"),
        ({"cache_creation": 4}, "cache_creation", "model_type"),
        ({"model": None}, "model", "string_type"),
        ({"api_key_id": "Jo Doe"}, "api_key_id", "string_pattern_mismatch"),
    ],
)
def test_a_malformed_count_or_id_is_refused(row: dict[str, object], field: str, code: str) -> None:
    reject = usage_row(row)

    assert isinstance(reject, Reject)
    assert (reject.field_path, reject.code, reject.issuer) == (field, code, "anthropic")


@pytest.mark.shared
def test_the_recorded_pair_of_reports_is_read_exactly(shared: Path) -> None:
    usage = gather_days(
        "a",
        "usage",
        [parse_buckets("a", "usage", recorded(shared, "anthropic_pair_usage.json"))],
        partial(parse_usage, issuer="anthropic"),
    )
    cost = gather_days(
        "a",
        "cost",
        [
            parse_buckets("a", "cost", recorded(shared, f"anthropic_pair_cost_page{page}.json"))
            for page in (1, 2)
        ],
        partial(parse_cost, issuer="anthropic", default_account="a:default"),
    )

    tokens = {
        day: sum(int(str(row["quantity"])) for row in conform_usage(read.rows, **SHARED).rows)
        for day, read in usage.items()
    }
    nano = {
        day: sum(int(str(row["billed_nano"])) for row in conform_charges(read.rows, **SHARED).rows)
        for day, read in cost.items()
    }
    assert not any(read.rejects for read in (*usage.values(), *cost.values()))
    days = [DAY + timedelta(days=at) for at in range(4)]
    assert tokens == {days[0]: 12_992_605, days[1]: 6_660_000, days[2]: 199_000, days[3]: 0}
    assert nano == {days[0]: 14_451_867_950, days[1]: 4_625_000_000, days[2]: 0}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "parse"),
    [
        ("anthropic_cost_report.json", partial(parse_cost, default_account="a:default")),
        ("anthropic_usage_messages.json", parse_usage),
    ],
)
def test_the_documented_examples_are_read_without_their_people(
    shared: Path, name: str, parse: partial[RawRow | Reject]
) -> None:
    page = parse_buckets("a", name, recorded(shared, name))

    rows = [parse(row, "p", 0, issuer="anthropic") for one in page for row in one.results]

    assert len(rows) == 1
    assert not isinstance(rows[0], Reject)
    assert "user_" not in repr(rows)
    assert "svac_" not in repr(rows)
    assert "Usage" not in repr(rows)
