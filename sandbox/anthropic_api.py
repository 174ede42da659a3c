"""Anthropic's Admin API: messages usage and cost report, in their documented shapes.

Paths, parameters and fields as documented in 2026-11: amounts are decimal strings in
cents, the cache counts are nested, a null workspace is the default one, 429 carries no
Retry-After, cost appears for closed days only.
"""

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox.estate import claude_code_report
from sandbox.organisation import ANTHROPIC
from sandbox.records import ChargeRow, UsageRow, World
from sandbox.reports import (
    BadQueryError,
    billed_days,
    days_between,
    grouped,
    metered_days,
    page_of,
    workspace_or_null,
)
from sandbox.wire import Json, Reply, Request, iso, parse_moment

KEY = "sk-ant-admin01-sandbox-meridian"
USAGE_PATH = "/v1/organizations/usage_report/messages"
COST_PATH = "/v1/organizations/cost_report"
_USAGE_DIMENSIONS = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "workspace_id",
)
_COST_DIMENSIONS = ("workspace_id", "description")
TOKEN_TYPES = {
    "input": "uncached_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write_5m": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
}
_WORDS = {
    "input": "Input Tokens",
    "cache_read": "Input Tokens, Cache Read",
    "cache_write_5m": "Input Tokens, Cache Write",
    "cache_write_1h": "Input Tokens, Cache Write 1h",
    "output": "Output Tokens",
}
_TITLES = {
    "web_search": "Web Search Usage",
    "code_execution": "Code Execution Usage",
    None: "Promotional credit",
}
# All eight dimensions at once are refused, whatever the window.
_FEWEST_REFUSED_DIMENSIONS = 8
_LONGEST_PAGE = 31
_DEFAULT_PAGE = 7
_NANO_PER_CENT = 10_000_000


def answer(world: World, request: Request, page_days: int) -> Reply:
    """Answer a request; `page_days` caps the days on a page."""
    if not _is_allowed(request):
        return _error(401, "authentication_error", "invalid x-api-key")
    if not request.headers.get("anthropic-version"):
        return _error(400, "invalid_request_error", "anthropic-version: header is required")
    report = _REPORTS.get(request.path)
    if report is None or request.method != "GET":
        return _error(404, "not_found_error", "Not found")
    try:
        return report(world, request, page_days)
    except BadQueryError as error:
        return _error(400, "invalid_request_error", str(error))


def _is_allowed(request: Request) -> bool:
    bearer = request.headers.get("authorization", "")
    return KEY in (request.headers.get("x-api-key"), bearer.removeprefix("Bearer "))


def _usage(world: World, request: Request, page_days: int) -> Reply:
    dimensions = request.many("group_by")
    _check_dimensions(dimensions, (*_USAGE_DIMENSIONS, "speed"))
    if len(set(dimensions)) >= _FEWEST_REFUSED_DIMENSIONS:
        message = "group_by: too many groups; use fewer dimensions"
        raise BadQueryError(message)
    shown = metered_days(world, ANTHROPIC, request.now)
    days, following = _page(request, page_days)
    buckets: list[Json] = [
        _bucket(
            day,
            [
                _usage_row(values, rows)
                for values, rows in grouped(
                    shown[day],
                    lambda row: {name: _usage_value(row, name) for name in dimensions},
                )
            ],
        )
        for day in days
        if day in shown
    ]
    return _envelope(buckets, following)


def _usage_value(row: UsageRow, dimension: str) -> str | None:
    return {
        "api_key_id": row.api_key,
        "context_window": row.context,
        "inference_geo": "global",
        "model": row.model,
        "service_tier": row.tier,
        "workspace_id": workspace_or_null(row.issuer, row.account),
    }.get(dimension)


def _usage_row(values: dict[str, object], rows: list[UsageRow]) -> Json:
    return {**counts(rows), **{name: _text(values.get(name)) for name in _USAGE_DIMENSIONS}}


def counts(rows: Collection[UsageRow]) -> dict[str, Json]:
    """Add up what was metered, in the words of both of Anthropic's usage reports."""

    def total(kind: str) -> int:
        return sum(row.tokens.get(kind, 0) for row in rows)

    return {
        "uncached_input_tokens": total("input"),
        "cache_creation": {
            "ephemeral_1h_input_tokens": total("cache_write_1h"),
            "ephemeral_5m_input_tokens": total("cache_write_5m"),
        },
        "cache_read_input_tokens": total("cache_read"),
        "output_tokens": total("output"),
        "server_tool_use": {"web_search_requests": sum(row.web_searches for row in rows)},
    }


def _cost(world: World, request: Request, page_days: int) -> Reply:
    if request.param("bucket_width", "1d") != "1d":
        message = "bucket_width: only '1d' is supported"
        raise BadQueryError(message)
    dimensions = request.many("group_by")
    _check_dimensions(dimensions, _COST_DIMENSIONS)
    shown = billed_days(world, ANTHROPIC, request.now)
    days, following = _page(request, page_days)
    buckets: list[Json] = [
        _bucket(
            day,
            [
                _cost_row(dimensions, rows)
                for _, rows in grouped(shown[day], lambda row: _cost_key(row, dimensions))
            ],
        )
        for day in days
        if day in shown
    ]
    return _envelope(buckets, following)


def _cost_key(row: ChargeRow, dimensions: list[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    if "workspace_id" in dimensions:
        values["workspace_id"] = workspace_or_null(row.issuer, row.account)
    if "description" in dimensions:
        values["description"] = _description(row)
    return values


def _cost_row(dimensions: list[str], rows: list[ChargeRow]) -> Json:
    first = rows[0]
    nano = sum((row.exact_nano or Fraction(row.amount_nano) for row in rows), Fraction(0))
    is_described = "description" in dimensions
    is_split = "workspace_id" in dimensions
    return {
        "amount": _cents(nano),
        "currency": "USD",
        "cost_type": first.cost_type if is_described else None,
        "description": _description(first) if is_described else None,
        "model": first.model if is_described else None,
        "service_tier": first.tier if is_described else None,
        "context_window": first.context if is_described else None,
        "inference_geo": "global" if is_described and first.model else None,
        "token_type": TOKEN_TYPES[first.kind] if is_described and first.kind else None,
        "workspace_id": workspace_or_null(first.issuer, first.account) if is_split else None,
    }


def _description(row: ChargeRow) -> str:
    if row.model is None or row.kind is None:
        return _TITLES[row.cost_type]
    batch = " Batch" if row.tier == "batch" else ""
    return f"{row.model} Usage{batch} - {_WORDS[row.kind]}"


def _cents(nano: Fraction) -> str:
    """Write nano-USD as a decimal string of cents, exactly."""
    tenths_of_nano = nano * 10
    scaled = int(tenths_of_nano)
    sign, scaled = ("-", -scaled) if scaled < 0 else ("", scaled)
    whole, rest = divmod(scaled, _NANO_PER_CENT * 10)
    return f"{sign}{whole}.{rest:08d}".rstrip("0").rstrip(".")


def _page(request: Request, page_days: int) -> tuple[list[date], str | None]:
    """Work out the days that a request asks for, and cut a page."""
    try:
        start = parse_moment(request.param("starting_at"))
        end = parse_moment(request.param("ending_at", iso(request.now)))
    except ValueError:
        message = "starting_at: invalid RFC 3339 date-time"
        raise BadQueryError(message) from None
    closed = datetime.combine(request.now.date(), time(), UTC)
    days = days_between(start, min(end, closed))
    if end <= start or not days:
        message = "Invalid date range: ending date must be after starting date"
        raise BadQueryError(message)
    limit_text = request.param("limit", str(_DEFAULT_PAGE))
    if not limit_text.isdigit() or not 1 <= int(limit_text) <= _LONGEST_PAGE:
        message = f"limit: must be between 1 and {_LONGEST_PAGE}"
        raise BadQueryError(message)
    query = [(name, value) for name, value in request.params if name != "page"]
    page, following = page_of(days, min(int(limit_text), page_days), request.param("page"), query)
    return list(page), following


def _check_dimensions(wanted: list[str], known: tuple[str, ...]) -> None:
    for name in wanted:
        if name not in known:
            message = f"group_by: {name!r} is not one of {', '.join(known)}"
            raise BadQueryError(message)


def _bucket(day: date, results: list[Json]) -> Json:
    start = datetime.combine(day, time(), UTC)
    return {
        "starting_at": iso(start),
        "ending_at": iso(start + timedelta(days=1)),
        "results": results,
    }


def _envelope(buckets: list[Json], following: str | None) -> Reply:
    return Reply(200, {"data": buckets, "has_more": following is not None, "next_page": following})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _error(status: int, kind: str, message: str) -> Reply:
    return Reply(
        status,
        {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": "req_sandbox",
        },
    )


_REPORTS: dict[str, Callable[[World, Request, int], Reply]] = {
    USAGE_PATH: _usage,
    COST_PATH: _cost,
    claude_code_report.PATH: claude_code_report.report,
}
