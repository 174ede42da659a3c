"""A LiteLLM proxy's spend logs over HTTP: numbered pages of rows, by when they started."""

from datetime import UTC, datetime

from sandbox.estate.gateway_rows import row
from sandbox.records import World
from sandbox.wire import Json, Reply, Request

KEY = "sk-sandbox-litellm-admin"
PATH = "/spend/logs/v2"
_PARAMS = {"start_date", "end_date", "page", "page_size", "sort_by", "sort_order"}
_DEFAULT_PAGE, _LONGEST_PAGE = 50, 100


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps the rows on a page."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "auth_error", "Authentication Error, Invalid proxy server token passed.")
    if request.path != PATH or request.method != "GET":
        return Reply(404, {"detail": "Not Found"})
    unknown = [name for name, _ in request.params if name not in _PARAMS]
    try:
        start, end = (_moment(request.param(name)) for name in ("start_date", "end_date"))
    except ValueError:
        unknown = ["start_date or end_date"]
    if unknown:
        return _error(400, "bad_request_error", f"Invalid parameter: {unknown[0]}")
    size = min(request.whole("page_size", _DEFAULT_PAGE, _LONGEST_PAGE), page_items)
    number = request.whole("page", 1, 10_000)
    rows = [
        row(one)
        for one in (world.estate.requests if world.estate else ())
        if one.tool == "gateway"
        and one.is_logged
        and one.ended_at <= request.now
        and start <= one.started_at <= end
    ]
    rows.sort(key=lambda one: str(one["startTime"]), reverse=request.param("sort_order") != "asc")
    shown: Json = rows[(number - 1) * size : number * size]  # type: ignore[assignment]  # plain JSON
    return Reply(
        200,
        {
            "data": shown,
            "total": len(rows),
            "page": number,
            "page_size": size,
            "total_pages": -(-len(rows) // size),
        },
    )


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _error(status: int, kind: str, message: str) -> Reply:
    error = {"message": message, "type": kind, "param": "None", "code": str(status)}
    return Reply(status, {"error": error})
