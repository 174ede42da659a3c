from typing import Any

import pytest

from tasks.core.tables import USAGE as USAGE_TABLE
from tasks.sources.anthropic_enterprise import USAGE
from tests.sources.anthropic_enterprise.analytics import (
    DAYS,
    Analytics,
    buckets,
    metered,
    pull,
    usage,
)
from tests.sources.vendor_reports import codes, days_of


def told(*rows: object, total: object = None) -> Analytics:
    whole = usage() if total is None else total
    return Analytics(buckets({DAYS[0]: rows}), buckets({DAYS[0]: [whole]}))


def test_usage_is_asked_by_product_model_and_context_and_in_total() -> None:
    analytics = told(usage())

    pull(USAGE, analytics)

    grouped, whole = analytics.requests
    assert grouped.path.partition("?")[0] == "/v1/organizations/analytics/usage_report"
    assert grouped.query["group_by[]"] == ["product", "model", "context_window"]
    assert "group_by[]" not in whole.query


def test_the_kinds_of_tokens_are_disjoint_rows_of_one_sku() -> None:
    rows = metered(pull(USAGE, told(usage())))

    assert {row["kind"]: (row["sku"], row["quantity"]) for row in rows} == {
        "input": ("claude-opus-5·-·0-200k", 10),
        "cache_read": ("claude-opus-5·-·0-200k", 20),
        "cache_write_5m": ("claude-opus-5·-·0-200k", 30),
        "cache_write_1h": ("claude-opus-5·-·0-200k", 40),
        "output": ("claude-opus-5·-·0-200k", 50),
        "web_search_requests": ("web_search", 2),
    }
    assert {row["account"] for row in rows} == {"enterprise:claude_code"}
    assert set(rows[0]) == set(USAGE_TABLE.column_names())


def test_usage_that_no_group_tells_is_kept_under_a_name_of_its_own() -> None:
    pulled = pull(USAGE, told(usage(), total=usage(output_tokens=1_000_050)))

    rest = [row for row in metered(pulled) if row["model"] == "other-groups"]
    assert [(row["sku"], row["kind"], row["quantity"]) for row in rest] == [
        ("other-groups", "output", 1_000_000)
    ]
    assert "1,000,000 tokens" in pulled.findings[0].detail


def test_a_day_whose_groups_exceed_its_total_is_not_taken() -> None:
    pulled = pull(USAGE, told(usage(), total=usage(output_tokens=49)))

    assert days_of(pulled)[DAYS[0]] == (1, False)
    assert [one.code for one in pulled.findings] == ["report_contradicted"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"output_tokens": "50"}, ("output_tokens", "int_type")),
        ({"output_tokens": -1}, ("output_tokens", "greater_than_equal")),
        ({"output_tokens": 10**13}, ("output_tokens", "less_than_equal")),
        ({"model": None}, ("model", "string_type")),
        ({"cache_creation": 7}, ("cache_creation", "model_type")),
    ],
)
def test_a_refused_row_is_part_of_the_rest(row: dict[str, Any], fault: tuple[str, str]) -> None:
    pulled = pull(USAGE, told(usage() | row))

    assert codes(pulled) == [fault]
    assert sum(int(str(one["quantity"])) for one in metered(pulled)) == 152
    assert {one["model"] for one in metered(pulled)} == {"other-groups"}
