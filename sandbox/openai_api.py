"""OpenAI's Admin API: completions usage and costs, in their documented shapes.

Amounts are dollars, a JSON number on most days and a numeric string on some, as live
servers do; input tokens include cached ones; line items are free text.
"""

from datetime import UTC, date, datetime, time, timedelta

from sandbox import script
from sandbox.organisation import OPENAI
from sandbox.people import someone
from sandbox.records import ChargeRow, UsageRow, World
from sandbox.reports import (
    BadQueryError,
    billed_days,
    days_between,
    grouped,
    metered_days,
    page_of,
)
from sandbox.wire import Json, Reply, Request

KEY = "sk-admin-sandbox-meridian"
USAGE_PATH = "/v1/organization/usage/completions"
COSTS_PATH = "/v1/organization/costs"
_USAGE_DIMENSIONS = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier")
_COST_DIMENSIONS = ("project_id", "line_item", "api_key_id")
_WORDS = {"input": "input", "cache_read": "cached input", "output": "output"}
_LONGEST_USAGE_PAGE = 31
_LONGEST_COST_PAGE = 180
_DEFAULT_PAGE = 7
_NANO = 1_000_000_000


def answer(world: World, request: Request, page_days: int) -> Reply:
    """Answer a request; `page_days` caps the days on a page."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "Incorrect API key provided.", "invalid_api_key")
    if request.method != "GET":
        return _error(405, "Not allowed.", None)
    try:
        if request.path == USAGE_PATH:
            return _usage(world, request, page_days)
        if request.path == COSTS_PATH:
            return _costs(world, request, page_days)
    except BadQueryError as error:
        return _error(400, str(error), None)
    return _error(404, f"Invalid URL (GET {request.path})", None)


def _usage(world: World, request: Request, page_days: int) -> Reply:
    dimensions = _dimensions(request, _USAGE_DIMENSIONS)
    shown = metered_days(world, OPENAI, request.now)
    days, following = _page(request, page_days, _LONGEST_USAGE_PAGE)
    buckets: list[Json] = [
        _bucket(
            day,
            [
                _usage_row(values, rows)
                for values, rows in grouped(
                    shown[day], lambda row: {name: _usage_value(row, name) for name in dimensions}
                )
            ],
        )
        for day in days
        if day in shown
    ]
    return _envelope(buckets, following)


def _usage_value(row: UsageRow, dimension: str) -> Json:
    return {
        "project_id": row.account,
        "user_id": f"user-{someone(row.day.day).login}",
        "api_key_id": row.api_key,
        "model": row.model,
        "batch": row.tier == "batch",
        "service_tier": row.tier,
    }[dimension]


def _usage_row(values: dict[str, object], rows: list[UsageRow]) -> Json:
    uncached = sum(row.tokens.get("input", 0) for row in rows)
    cached = sum(row.tokens.get("cache_read", 0) for row in rows)
    output = sum(row.tokens.get("output", 0) for row in rows)
    batch = values.get("batch")
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": uncached + cached,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": 0,
        "input_uncached_tokens": uncached,
        "output_tokens": output,
        "input_text_tokens": uncached,
        "output_text_tokens": output,
        "input_cached_text_tokens": cached,
        "input_audio_tokens": 0,
        "input_cached_audio_tokens": 0,
        "output_audio_tokens": 0,
        "num_model_requests": sum(row.requests for row in rows),
        **{
            name: None if values.get(name) is None else str(values[name])
            for name in _USAGE_DIMENSIONS
            if name != "batch"
        },
        "batch": batch if isinstance(batch, bool) else None,
    }


def _costs(world: World, request: Request, page_days: int) -> Reply:
    if request.param("bucket_width", "1d") != "1d":
        message = "Invalid value for 'bucket_width': only '1d' is supported."
        raise BadQueryError(message)
    dimensions = _dimensions(request, _COST_DIMENSIONS)
    shown = billed_days(world, OPENAI, request.now)
    days, following = _page(request, page_days, _LONGEST_COST_PAGE)
    buckets: list[Json] = [
        _bucket(
            day,
            [
                _cost_row(day, values, rows)
                for values, rows in grouped(
                    shown[day], lambda row: {name: _cost_value(row, name) for name in dimensions}
                )
            ],
        )
        for day in days
        if day in shown
    ]
    return _envelope(buckets, following)


def _cost_value(row: ChargeRow, dimension: str) -> str | None:
    if dimension == "project_id":
        return row.account
    if dimension == "line_item" and row.kind is not None:
        return f"{row.model}, {_WORDS[row.kind]}"
    return None


def _cost_row(day: date, values: dict[str, object], rows: list[ChargeRow]) -> Json:
    nano = sum(row.amount_nano for row in rows)
    text = f"{'-' if nano < 0 else ''}{abs(nano) // _NANO}.{abs(nano) % _NANO:09d}"
    is_text = day in script.NUMERIC_STRING_DAYS
    line_item = values.get("line_item")
    return {
        "object": "organization.costs.result",
        # Fifteen significant digits survive a float unchanged; no amount has more.
        "amount": {"value": text if is_text else float(text), "currency": "usd"},
        "line_item": None if line_item is None else str(line_item),
        "project_id": None if values.get("project_id") is None else str(values["project_id"]),
        "api_key_id": None,
        "quantity": sum(row.quantity or 0 for row in rows) if line_item else None,
        "quantity_unit": "tokens" if line_item else None,
    }


def _dimensions(request: Request, known: tuple[str, ...]) -> list[str]:
    wanted = request.many("group_by")
    for name in wanted:
        if name not in known:
            message = f"Invalid value: '{name}'. Supported values are: {', '.join(known)}."
            raise BadQueryError(message)
    return wanted


def _page(request: Request, page_days: int, longest: int) -> tuple[list[date], str | None]:
    start_text, end_text = request.param("start_time"), request.param("end_time")
    if not start_text.isdigit() or not (end_text or "0").isdigit():
        message = "Missing or invalid 'start_time'."
        raise BadQueryError(message)
    start = datetime.fromtimestamp(int(start_text), UTC)
    end = datetime.fromtimestamp(int(end_text), UTC) if end_text else request.now
    limit_text = request.param("limit", str(_DEFAULT_PAGE))
    if not limit_text.isdigit() or not 1 <= int(limit_text) <= longest:
        message = f"Invalid 'limit': must be between 1 and {longest}."
        raise BadQueryError(message)
    closed = datetime.combine(request.now.date(), time(), UTC)
    query = [(name, value) for name, value in request.params if name != "page"]
    page, following = page_of(
        days_between(start, min(end, closed)),
        min(int(limit_text), page_days),
        request.param("page"),
        query,
    )
    return list(page), following


def _bucket(day: date, results: list[Json]) -> Json:
    start = datetime.combine(day, time(), UTC)
    return {
        "object": "bucket",
        "start_time": int(start.timestamp()),
        "end_time": int((start + timedelta(days=1)).timestamp()),
        "results": results,
    }


def _envelope(buckets: list[Json], following: str | None) -> Reply:
    return Reply(
        200,
        {
            "object": "page",
            "data": buckets,
            "has_more": following is not None,
            "next_page": following,
        },
    )


def _error(status: int, message: str, code: str | None) -> Reply:
    return Reply(
        status,
        {
            "error": {
                "message": message,
                "type": "invalid_request_error",
                "param": None,
                "code": code,
            }
        },
    )
