"""Anthropic's Claude Code analytics: a day of each person or key, terminal by terminal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox.estate.billed import CENT_NANO
from sandbox.estate.otlp import list_cost_nano
from sandbox.estate.records import AgentRequest
from sandbox.recipes import WIRE_MODEL
from sandbox.records import World
from sandbox.reports import BadQueryError, page_of
from sandbox.wire import Json, Reply, Request, iso

PATH = "/v1/organizations/usage_report/claude_code"
_PARAMS = {"starting_at", "limit", "page"}
_DEFAULT_PAGE, _LONGEST_PAGE = 20, 1000
#: Only what is older is told, so that pages stay as they are.
_AGE = timedelta(hours=1)
_ORGANIZATION = "0d5c2f10-0000-4000-8000-000000000001"


def report(world: World, request: Request, page_items: int) -> Reply:
    """Answer for one UTC day; `page_items` caps the rows on a page.

    Raises:
        BadQueryError: A parameter is unknown, or no day.
    """
    unknown = [name for name, _ in request.params if name not in _PARAMS]
    if unknown:
        message = f"{unknown[0]}: Extra inputs are not permitted"
        raise BadQueryError(message)
    try:
        day = date.fromisoformat(request.param("starting_at"))
    except ValueError:
        message = "starting_at: Input should be a valid date, YYYY-MM-DD"
        raise BadQueryError(message) from None
    requests = world.estate.requests if world.estate else ()
    groups: dict[tuple[str, str], list[AgentRequest]] = {}
    for one in requests:
        is_shown = one.tool == "claude-code" and one.is_logged
        if is_shown and one.ended_at.date() == day and one.ended_at + _AGE <= request.now:
            groups.setdefault((one.user.email, _terminal(one)), []).append(one)
    limit = min(request.whole("limit", _DEFAULT_PAGE, _LONGEST_PAGE), page_items)
    query = [pair for pair in request.params if pair[0] != "page"]
    rows = [own for _, own in sorted(groups.items())]
    shown, following = page_of(rows, limit, request.param("page"), query)
    data: list[Json] = [_row(day, own) for own in shown]
    return Reply(200, {"data": data, "has_more": following is not None, "next_page": following})


def _terminal(one: AgentRequest) -> str:
    return ("vscode", "iTerm.app", "tmux")[int(one.session[0], 16) % 3]


def _row(day: date, own: Sequence[AgentRequest]) -> dict[str, Json]:
    by_model: dict[str, list[AgentRequest]] = {}
    for one in own:
        by_model.setdefault(one.model, []).append(one)
    accepted: Json = {"accepted": len(own), "rejected": 1}
    return {
        "date": iso(datetime.combine(day, time(), UTC)),
        "actor": {"type": "user_actor", "email_address": own[0].user.email},
        "organization_id": _ORGANIZATION,
        "customer_type": "api",
        "terminal_type": _terminal(own[0]),
        "core_metrics": {
            "num_sessions": len({one.session for one in own}),
            "lines_of_code": {"added": 40 * len(own), "removed": 9 * len(own)},
            "commits_by_claude_code": 1,
            "pull_requests_by_claude_code": 0,
        },
        "tool_actions": {
            "edit_tool": accepted,
            "multi_edit_tool": accepted,
            "write_tool": accepted,
            "notebook_edit_tool": accepted,
        },
        "model_breakdown": [_of_model(model, some) for model, some in sorted(by_model.items())],
    }


def _of_model(model: str, some: Iterable[AgentRequest]) -> dict[str, Json]:
    sums: dict[str, int] = {}
    cost = Fraction()
    for one in some:
        cost += list_cost_nano(one)
        for kind, count in one.tokens.items():
            sums[kind] = sums.get(kind, 0) + count
    return {
        "model": WIRE_MODEL[model],
        "tokens": {
            "input": sums["input"],
            "output": sums["output"],
            "cache_read": sums["cache_read"],
            "cache_creation": sums["cache_write_5m"] + sums.get("cache_write_1h", 0),
        },
        "estimated_cost": {"currency": "USD", "amount": float(cost / CENT_NANO)},
    }
