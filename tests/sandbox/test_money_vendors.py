from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import anthropic_api, openai_api, script
from sandbox.records import World
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask

ANTHROPIC = {"x-api-key": anthropic_api.KEY, "anthropic-version": "2023-06-01"}
OPENAI = {"Authorization": f"Bearer {openai_api.KEY}"}
WINDOW = {"starting_at": "2026-10-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}
COST_GROUPS = ["workspace_id", "description"]
USAGE_GROUPS = ["workspace_id", "api_key_id", "model", "service_tier", "context_window"]


def anthropic_buckets(sandbox: Sandbox, ask: Ask, path: str, groups: list[str]) -> list[Any]:
    buckets, token = [], None
    while True:
        query = urlencode(
            {**WINDOW, "limit": 31, "group_by[]": groups} | ({"page": token} if token else {}),
            doseq=True,
        )
        status, _, body = ask(f"{sandbox.base_url('anthropic')}{path}?{query}", ANTHROPIC)
        assert status == 200, body
        buckets += body["data"]
        token = body["next_page"]
        assert body["has_more"] == (token is not None)
        if token is None:
            return buckets


def openai_buckets(sandbox: Sandbox, ask: Ask, path: str, groups: list[str]) -> list[Any]:
    buckets, token = [], None
    while True:
        params = {"start_time": 1792281600, "end_time": 1794960000, "limit": 31}
        query = urlencode(
            params | {"group_by": groups} | ({"page": token} if token else {}), doseq=True
        )
        status, _, body = ask(f"{sandbox.base_url('openai')}{path}?{query}", OPENAI)
        assert status == 200, body
        buckets += body["data"]
        token = body["next_page"]
        if token is None:
            return buckets


def test_pages_of_the_cost_report_add_up_to_what_was_billed(
    sandbox: Sandbox, ask: Ask, world: World
) -> None:
    buckets = anthropic_buckets(sandbox, ask, anthropic_api.COST_PATH, COST_GROUPS)

    cents = sum(Decimal(row["amount"]) for bucket in buckets for row in bucket["results"])
    days = {date.fromisoformat(bucket["starting_at"][:10]) for bucket in buckets}
    exact = sum(
        row.exact_nano or row.amount_nano
        for day in days
        for row in world.charges["anthropic", day][0].rows or ()
    )
    assert cents * 10_000_000 == Decimal(exact.numerator) / exact.denominator
    assert max(days) == date(2026, 11, 16)  # the newest closed day has no cost yet


def test_the_usage_report_leaves_the_missing_day_out(sandbox: Sandbox, ask: Ask) -> None:
    buckets = anthropic_buckets(sandbox, ask, anthropic_api.USAGE_PATH, USAGE_GROUPS)

    days = {bucket["starting_at"][:10] for bucket in buckets}
    assert script.USAGE_GAP_DAY.isoformat() not in days
    assert {"2026-10-27", "2026-10-29"} <= days


def test_usage_has_nested_cache_counts_and_a_null_workspace(sandbox: Sandbox, ask: Ask) -> None:
    buckets = anthropic_buckets(sandbox, ask, anthropic_api.USAGE_PATH, USAGE_GROUPS)

    rows = [row for bucket in buckets for row in bucket["results"]]
    assert any(row["workspace_id"] is None for row in rows)
    assert any(row["cache_creation"]["ephemeral_1h_input_tokens"] for row in rows)
    assert any(row["service_tier"] == "priority" for row in rows)
    assert any(row["server_tool_use"]["web_search_requests"] == 40 for row in rows)


def test_a_late_day_is_an_empty_bucket_until_it_is_filled(sandbox: Sandbox, ask: Ask) -> None:
    def results() -> list[Any]:
        buckets = anthropic_buckets(sandbox, ask, anthropic_api.COST_PATH, COST_GROUPS)
        late = script.LATE_DAY.isoformat()
        return next(b["results"] for b in buckets if b["starting_at"].startswith(late))

    before = results()
    sandbox.move_to(script.NIGHTS[2])

    assert before == []
    assert results() != []


def test_credits_and_code_execution_have_no_model(sandbox: Sandbox, ask: Ask) -> None:
    buckets = anthropic_buckets(sandbox, ask, anthropic_api.COST_PATH, COST_GROUPS)

    rows = [row for bucket in buckets for row in bucket["results"] if row["model"] is None]
    assert {row["cost_type"] for row in rows} == {"code_execution", "web_search", None}
    assert [row["amount"] for row in rows if row["cost_type"] is None] == ["-10000", "-2500"]


def test_half_a_nano_unit_reaches_the_wire(sandbox: Sandbox, ask: Ask) -> None:
    buckets = anthropic_buckets(sandbox, ask, anthropic_api.COST_PATH, COST_GROUPS)

    halves = [
        row["amount"]
        for bucket in buckets
        for row in bucket["results"]
        if (Decimal(row["amount"]) * 10_000_000) % 1 == Decimal("0.5")
    ]
    assert len(halves) == 2


def test_a_page_token_holds_for_its_own_query_only(sandbox: Sandbox, ask: Ask) -> None:
    url = f"{sandbox.base_url('anthropic')}{anthropic_api.COST_PATH}"
    token = ask(f"{url}?{urlencode(WINDOW)}", ANTHROPIC)[2]["next_page"]

    status, _, body = ask(f"{url}?{urlencode(WINDOW | {'page': token, 'limit': 3})}", ANTHROPIC)

    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"starting_at": "yesterday"},
        {**WINDOW, "limit": 32},
        {**WINDOW, "bucket_width": "1h"},
        {**WINDOW, "group_by[]": "user"},
        {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-18T03:00:00Z"},
    ],
)
def test_anthropic_refuses_bad_queries(sandbox: Sandbox, ask: Ask, query: dict[str, str]) -> None:
    url = f"{sandbox.base_url('anthropic')}{anthropic_api.COST_PATH}?{urlencode(query)}"

    status, _, body = ask(url, ANTHROPIC)

    assert (status, body["type"]) == (400, "error")


def test_all_eight_dimensions_at_once_are_refused(sandbox: Sandbox, ask: Ask) -> None:
    every = [*USAGE_GROUPS, "account_id", "inference_geo", "service_account_id"]
    query = urlencode({**WINDOW, "group_by[]": every}, doseq=True)

    url = f"{sandbox.base_url('anthropic')}{anthropic_api.USAGE_PATH}?{query}"

    assert ask(url, ANTHROPIC)[0] == 400


@pytest.mark.parametrize(
    ("source", "path", "headers", "find"),
    [
        ("anthropic", anthropic_api.COST_PATH, {}, lambda body: body["error"]["type"]),
        ("anthropic", anthropic_api.COST_PATH, {"x-api-key": "no"}, lambda b: b["error"]["type"]),
        ("openai", openai_api.COSTS_PATH, {}, lambda body: body["error"]["type"]),
        ("github", "/rate_limit", {"Authorization": "token no"}, lambda body: body["message"]),
        ("jira", "/rest/api/3/myself", {}, lambda body: body["errorMessages"]),
        (
            "jira",
            "/rest/api/2/myself",
            {"Authorization": "Bearer no"},
            lambda b: b["errorMessages"],
        ),
    ],
)
def test_a_wrong_key_gets_the_vendors_own_401(
    sandbox: Sandbox,
    ask: Ask,
    source: str,
    path: str,
    headers: dict[str, str],
    find: Callable[[Any], object],
) -> None:
    status, _, body = ask(f"{sandbox.base_url(source)}{path}", headers)

    assert status == 401
    assert find(body)


def test_openai_amounts_are_numbers_and_on_some_days_text(sandbox: Sandbox, ask: Ask) -> None:
    buckets = openai_buckets(sandbox, ask, openai_api.COSTS_PATH, ["project_id", "line_item"])

    kinds = {
        type(row["amount"]["value"]).__name__ for bucket in buckets for row in bucket["results"]
    }
    assert kinds == {"float", "str"}


def test_openai_costs_add_up_exactly(sandbox: Sandbox, ask: Ask, world: World) -> None:
    buckets = openai_buckets(sandbox, ask, openai_api.COSTS_PATH, ["project_id", "line_item"])

    dollars = sum(
        Decimal(str(row["amount"]["value"])) for bucket in buckets for row in bucket["results"]
    )
    first, last = date(2026, 10, 18), date(2026, 11, 17)
    nano = sum(
        row.amount_nano
        for (issuer, day), versions in world.charges.items()
        if issuer == "openai" and first <= day <= last
        for row in versions[0].rows or ()
    )
    assert dollars * 10**9 == nano


def test_openai_input_tokens_include_the_cached_ones(sandbox: Sandbox, ask: Ask) -> None:
    buckets = openai_buckets(sandbox, ask, openai_api.USAGE_PATH, ["project_id", "model"])

    for bucket in buckets:
        for row in bucket["results"]:
            assert row["input_tokens"] == row["input_cached_tokens"] + row["input_uncached_tokens"]


def test_both_spellings_of_repeated_parameters_are_understood(sandbox: Sandbox, ask: Ask) -> None:
    url = f"{sandbox.base_url('openai')}{openai_api.COSTS_PATH}?start_time=1793836800"

    plain = ask(f"{url}&group_by=project_id&group_by=line_item", OPENAI)[2]["data"]
    bracketed = ask(f"{url}&group_by[]=project_id&group_by[]=line_item", OPENAI)[2]["data"]

    assert plain == bracketed
    assert plain[0]["results"][0]["line_item"]


def test_a_day_that_flaps_shows_a_then_b_then_a(sandbox: Sandbox, ask: Ask) -> None:
    def total() -> Decimal:
        buckets = openai_buckets(sandbox, ask, openai_api.COSTS_PATH, ["project_id", "line_item"])
        start = 1793923200  # 2026-11-06
        rows = next(bucket["results"] for bucket in buckets if bucket["start_time"] == start)
        return sum((Decimal(str(row["amount"]["value"])) for row in rows), Decimal(0))

    seen = []
    for night in script.NIGHTS:
        sandbox.move_to(night)
        seen.append(total())

    assert seen[0] == seen[2] > seen[1]
