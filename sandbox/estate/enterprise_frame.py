"""The frame of Claude Enterprise's analytics: what may be asked, pages, and how answers look."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox.estate.billed import CENT_NANO
from sandbox.estate.enterprise import refreshed_at
from sandbox.reports import BadQueryError, Row, days_between, page_of
from sandbox.wire import Json, Reply, Request, iso, parse_moment

COST_PATH = "/v1/organizations/analytics/cost_report"
USAGE_PATH = "/v1/organizations/analytics/usage_report"
USER_COST_PATH = "/v1/organizations/analytics/user_cost_report"
_ORGANIZATION = "dc9f6c26-0000-4000-8000-0446bada88f1"
GROUPS = (
    *("claude_tag_category", "claude_tag_user_id", "context_window", "inference_geo", "model"),
    *("product", "rbac_group_id", "slack_channel_id", "speed"),
)
#: Rows of these do not count towards the most groups.
FINER = ("cost_type", "token_type")
_WINDOW = {"starting_at", "ending_at", "bucket_width", "group_by", "limit", "page", "beta"}
_PARAMS = {
    COST_PATH: _WINDOW,
    USAGE_PATH: _WINDOW,
    USER_COST_PATH: {*_WINDOW, "order", "order_by", "exclude_deleted_users"},
}
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=31)
_DEFAULT_LIMIT = 20
_LARGEST_LIMIT = 1_000


def asked(request: Request, finer: tuple[str, ...]) -> tuple[list[date], list[str]]:
    """Read the days and dimensions of a query.

    Raises:
        BadQueryError: It is not a query that the vendor answers.
    """
    for name, _ in request.params:
        if name.removesuffix("[]") not in _PARAMS[request.path]:
            message = f"{name}: Extra inputs are not permitted"
            raise BadQueryError(message)
    if request.param("bucket_width", "1d") != "1d":
        message = "bucket_width: the sandbox knows days only"
        raise BadQueryError(message)
    groups = request.many("group_by")
    for name in groups:
        if name not in (*GROUPS, *finer):
            message = f"group_by: {name!r} is not a dimension"
            raise BadQueryError(message)
    try:
        start = parse_moment(request.param("starting_at"))
        latest = min(request.now, start + _LONGEST)
        end = parse_moment(request.param("ending_at", iso(latest)))
    except ValueError:
        message = "starting_at: invalid RFC 3339 date-time"
        raise BadQueryError(message) from None
    if start < _EARLIEST or end <= start or end - start > _LONGEST:
        message = "Invalid date range: at most 31 days, from 2026-01-01 on"
        raise BadQueryError(message)
    return days_between(start, end), groups


def page(
    rows: Sequence[Row], request: Request, page_items: int
) -> tuple[Sequence[Row], str | None]:
    """Cut one page, and name the next one.

    Raises:
        BadQueryError: The limit or the token is none of this query's.
    """
    wanted = request.param("limit", str(_DEFAULT_LIMIT))
    if not wanted.isdigit() or not 1 <= int(wanted) <= _LARGEST_LIMIT:
        message = f"limit: must be between 1 and {_LARGEST_LIMIT}"
        raise BadQueryError(message)
    query = [(name, value) for name, value in request.params if name != "page"]
    return page_of(rows, min(int(wanted), page_items), request.param("page"), query)


def ends(day: date) -> dict[str, Json]:
    """Write the ends of a day's bucket."""
    start = datetime.combine(day, time(), UTC)
    return {"starting_at": iso(start), "ending_at": iso(start + timedelta(days=1))}


def cents(nano: Fraction) -> str:
    """Write nano-USD as a decimal string of cents; the last of nine decimals is rounded."""
    whole, rest = divmod(round(nano / CENT_NANO * 10**9), 10**9)
    return f"{whole}.{rest:09d}"


def text(value: object) -> str | None:
    """Write the value of a dimension; null where it is not grouped by."""
    return None if value is None else str(value)


def envelope(request: Request, data: list[Json], following: str | None) -> Reply:
    """Frame a page, and say up to when data is whole."""
    return Reply(
        200,
        {
            "data": data,
            "data_refreshed_at": iso(refreshed_at(request.now)),
            "has_more": following is not None,
            "next_page": following,
            "organization_id": _ORGANIZATION,
        },
    )


def error(status: int, kind: str, message: str) -> Reply:
    """Answer as Anthropic refuses."""
    details: Json = {"type": kind, "message": message}
    body: Json = {"type": "error", "error": details, "request_id": "req_sandbox_analytics"}
    return Reply(status, body)
