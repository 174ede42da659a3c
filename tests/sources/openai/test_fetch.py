from datetime import date, timedelta

import pytest

from tasks.core.batches import Stream
from tasks.core.errors import SourceError
from tasks.sources import openai
from tests.sources.vendor_reports import WINDOW, codes, days_of, midnight, pull
from tests.transport.loopback import SECRET, Request

DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]
TODAY = date(2026, 11, 21)


def bucket(day: date, *results: object, **changes: object) -> dict[str, object]:
    start = int(midnight(day).timestamp())
    said: dict[str, object] = {
        "object": "bucket",
        "start_time": start,
        "end_time": start + 86_400,
        "results": list(results),
    }
    return said | changes


def cost(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "amount": {"value": "12.50", "currency": "usd"},
        "line_item": "gpt-5-2026-03-05, input",
        "project_id": "proj_a",
    }
    return said | changes


def usage(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "model": "gpt-5-2026-03-05",
        "project_id": "proj_a",
        "user_id": "user-abc",
        "input_tokens": 10,
        "output_tokens": 1,
    }
    return said | changes


@pytest.mark.parametrize(
    ("stream", "path", "groups"),
    [
        (
            openai.USAGE,
            "/v1/organization/usage/completions",
            ["project_id", "api_key_id", "model", "batch", "service_tier"],
        ),
        (openai.COSTS, "/v1/organization/costs", ["project_id", "line_item"]),
    ],
)
def test_reports_are_asked_by_seconds_with_the_end_exclusive(
    stream: Stream, path: str, groups: list[str]
) -> None:
    seen: list[Request] = []

    pull(openai, stream, [{"data": []}], seen=seen)

    (request,) = seen
    assert request.path.partition("?")[0] == path
    assert request.query == {
        "start_time": ["1794787200"],
        "end_time": ["1795219200"],
        "bucket_width": ["1d"],
        "limit": ["31"],
        "group_by": groups,
    }
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_pages_are_followed_and_days_closed() -> None:
    pages = [{"data": [bucket(day, usage())]} for day in (*DAYS, TODAY)]

    pulled = pull(openai, openai.USAGE, pages, window=(DAYS[0], TODAY))

    assert days_of(pulled) == dict.fromkeys(DAYS, (1, True)) | {TODAY: (1, False)}
    assert pulled.requests == 6


def test_an_empty_cost_bucket_says_nothing_within_the_lag_and_zero_after_it() -> None:
    data = [bucket(day) for day in DAYS]

    pulled = pull(openai, openai.COSTS, [{"data": data}], lag_days=1)

    assert days_of(pulled) == dict.fromkeys(DAYS[:4], (0, True)) | {DAYS[4]: (0, False)}


def test_a_missing_day_makes_no_batch() -> None:
    data = [bucket(day, cost()) for day in DAYS[1:]]

    pulled = pull(openai, openai.COSTS, [{"data": data}])

    assert list(days_of(pulled)) == DAYS[1:]
    assert pulled.watermark
    assert pulled.watermark.read_to == midnight(DAYS[0])


@pytest.mark.parametrize(
    "page",
    [
        {"data": "none"},
        {"data": [bucket(DAYS[0], start_time="1794787200")]},
        {"data": [bucket(DAYS[0], start_time=True)]},
        {"data": [bucket(DAYS[0], start_time=-1)]},
        {"data": [bucket(DAYS[0], end_time=10**18)]},
        {"data": [bucket(DAYS[0], end_time=1794787200 + 3600)]},
        {"data": [bucket(DAYS[0], results={})]},
        {"data": [], "has_more": True, "next_page": ""},
    ],
)
def test_a_malformed_page_is_a_fault(page: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        pull(openai, openai.COSTS, [page])


def test_a_malformed_row_is_refused_and_the_rest_of_its_day_is_kept() -> None:
    rows: list[object] = [cost(), None, cost(amount=3), cost(amount={"value": 1})]

    pulled = pull(openai, openai.COSTS, [{"data": [bucket(DAYS[0], *rows)]}])

    assert days_of(pulled) == {DAYS[0]: (1, True)}
    assert codes(pulled) == [
        ("", "model_type"),
        ("amount", "model_type"),
        ("amount.currency", "missing"),
    ]
