from datetime import date, timedelta

import pytest

from tasks.core.errors import SourceError
from tasks.sources import anthropic
from tests.sources.vendor_reports import WINDOW, codes, days_of, midnight, pull
from tests.transport.loopback import SECRET, Request


def bucket(day: date, *results: object, **changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "starting_at": f"{day}T00:00:00Z",
        "ending_at": f"{day + timedelta(days=1)}T00:00:00Z",
        "results": list(results),
    }
    return said | changes


def cost(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "amount": "246.9134",
        "currency": "USD",
        "cost_type": "tokens",
        "model": "claude-opus-5",
        "token_type": "output_tokens",
        "service_tier": "standard",
        "context_window": "0-200k",
        "workspace_id": None,
        "description": "free text",
    }
    return said | changes


def usage(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "model": "claude-opus-5",
        "api_key_id": "apikey_01A",
        "workspace_id": None,
        "service_tier": "standard",
        "context_window": "0-200k",
        "uncached_input_tokens": 5,
        "account_id": "user_01SomebodysAccount",
        "service_account_id": "svac_01A",
    }
    return said | changes


DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]


def test_usage_is_asked_by_bracketed_groups_one_day_past_the_window() -> None:
    seen: list[Request] = []

    pull(anthropic, anthropic.USAGE, [{"data": []}], seen=seen)

    (request,) = seen
    assert request.path.startswith("/v1/organizations/usage_report/messages?")
    assert request.query == {
        "starting_at": ["2026-11-16T00:00:00Z"],
        "ending_at": ["2026-11-22T00:00:00Z"],
        "bucket_width": ["1d"],
        "limit": ["31"],
        "group_by[]": [
            "api_key_id",
            "workspace_id",
            "model",
            "service_tier",
            "context_window",
        ],
    }
    assert request.headers["x-api-key"] == SECRET
    assert request.headers["anthropic-version"] == "2023-06-01"


def test_cost_is_asked_by_workspace_and_description_with_a_closed_day_in_every_window() -> None:
    seen: list[Request] = []
    yesterday = (date(2026, 11, 20), date(2026, 11, 20))

    pulled = pull(
        anthropic,
        anthropic.COST,
        [{"data": [bucket(day, cost()) for day in DAYS[2:]]}],
        window=yesterday,
        seen=seen,
    )

    query = seen[0].query
    assert seen[0].path.startswith("/v1/organizations/cost_report?")
    assert query["group_by[]"] == ["workspace_id", "description"]
    assert query["starting_at"] == ["2026-11-18T00:00:00Z"]
    assert list(days_of(pulled)) == [date(2026, 11, 20)]


def test_pages_follow_their_token_with_the_same_query() -> None:
    seen: list[Request] = []
    pages = [{"data": [bucket(day, usage())]} for day in DAYS]

    pulled = pull(anthropic, anthropic.USAGE, pages, seen=seen)

    queries = [request.query for request in seen]
    assert [query.pop("page", None) for query in queries] == [None, ["1"], ["2"], ["3"], ["4"]]
    assert all(query == queries[0] for query in queries)
    assert days_of(pulled) == dict.fromkeys(DAYS, (1, True))
    assert pulled.requests == 5


def test_a_bucket_split_over_pages_is_put_together() -> None:
    pages = [
        {"data": [bucket(DAYS[0], cost(amount="1"))]},
        {"data": [bucket(DAYS[0], cost(amount="2"))]},
    ]

    assert days_of(pull(anthropic, anthropic.COST, pages)) == {DAYS[0]: (2, True)}


def test_a_row_that_two_pages_bring_is_a_fault_and_not_counted_twice() -> None:
    page = {"data": [bucket(DAYS[0], cost())]}

    with pytest.raises(SourceError, match=r"page 2 of .* repeats rows of 2026-11-16"):
        pull(anthropic, anthropic.COST, [page, page])


def test_equal_lines_of_one_bucket_are_two_lines() -> None:
    page = {"data": [bucket(DAYS[0], cost(), cost())]}

    assert days_of(pull(anthropic, anthropic.COST, [page])) == {DAYS[0]: (2, True)}


def test_an_empty_cost_bucket_says_nothing_within_the_lag_and_zero_after_it() -> None:
    data = [bucket(day) for day in DAYS]

    assert days_of(pull(anthropic, anthropic.COST, [{"data": data}], lag_days=2)) == {
        DAYS[0]: (0, True),
        DAYS[1]: (0, True),
        DAYS[2]: (0, True),
        DAYS[3]: (0, False),
        DAYS[4]: (0, False),
    }


def test_an_empty_usage_bucket_of_an_ended_day_is_zero() -> None:
    data = [bucket(day) for day in DAYS]

    pulled = pull(anthropic, anthropic.USAGE, [{"data": data}])

    assert days_of(pulled) == dict.fromkeys(DAYS, (0, True))


def test_a_day_without_a_bucket_is_unknown_and_ends_the_watermark() -> None:
    data = [bucket(day, cost()) for day in DAYS if day != DAYS[2]]

    pulled = pull(anthropic, anthropic.COST, [{"data": data}])

    assert list(days_of(pulled)) == [DAYS[0], DAYS[1], DAYS[3], DAYS[4]]
    assert pulled.watermark
    assert pulled.watermark.read_to == midnight(DAYS[2])


def test_the_running_day_is_incomplete_and_days_past_the_window_are_left_out() -> None:
    today = date(2026, 11, 21)
    data = [bucket(day, usage()) for day in (*DAYS, today, today + timedelta(days=1))]

    pulled = pull(anthropic, anthropic.USAGE, [{"data": data}], window=(DAYS[4], today))

    assert days_of(pulled) == {DAYS[4]: (1, True), today: (1, False)}


@pytest.mark.parametrize(
    "page",
    [
        {"data": None},
        {"data": {}},
        {"data": [{}]},
        {"data": [bucket(DAYS[0], starting_at=None)]},
        {"data": [bucket(DAYS[0], starting_at="yesterday")]},
        {"data": [bucket(DAYS[0], starting_at="2026-11-16T00:00:00")]},
        {"data": [bucket(DAYS[0], starting_at=1794787200)]},
        {"data": [bucket(DAYS[0], starting_at="9999-12-31T00:00:00-14:00")]},
        {"data": [bucket(DAYS[0], results=None)]},
        {"data": [bucket(DAYS[0], ending_at="2026-11-16T01:00:00Z")]},
        {"data": [bucket(DAYS[0], starting_at="2026-11-16T01:00:00Z")]},
        {"data": [], "has_more": True, "next_page": None},
    ],
)
def test_a_malformed_page_is_a_fault_and_nothing_of_it_is_taken(page: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        pull(anthropic, anthropic.COST, [page])


def test_a_malformed_row_is_refused_and_the_rest_of_its_day_is_kept() -> None:
    rows: list[object] = [cost(), "text", None, [], 7, cost(amount=None)]

    pulled = pull(anthropic, anthropic.COST, [{"data": [bucket(DAYS[0], *rows)]}])

    assert days_of(pulled) == {DAYS[0]: (1, True)}
    assert codes(pulled) == [("", "model_type")] * 4 + [("amount", "bad_amount")]
