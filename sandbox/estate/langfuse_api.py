"""Langfuse's observations over HTTP: a copy of some of the gateway's requests, by cursor."""

import base64
from collections.abc import Iterable

from sandbox.estate.otlp import dollars, list_cost_nano
from sandbox.estate.records import AgentRequest
from sandbox.recipes import WIRE_MODEL
from sandbox.records import World
from sandbox.reports import page_of
from sandbox.wire import Json, Reply, Request, iso_milliseconds, parse_moment

PUBLIC_KEY = "pk-lf-sandbox"
SECRET_KEY = "sk-lf-sandbox"  # noqa: S105  # made up; opens nothing
PATH = "/api/public/v2/observations"
_PARAMS = {"type", "fields", "fromStartTime", "toStartTime", "limit", "cursor"}
_DEFAULT_PAGE, _LONGEST_PAGE = 50, 1000


def tells_time_to_live(one: AgentRequest) -> bool:
    """Say whether a copy tells cache writes of five minutes and of an hour apart."""
    return int(one.id[-1], 16) % 2 == 0


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps the observations on a page."""
    pair = base64.b64encode(f"{PUBLIC_KEY}:{SECRET_KEY}".encode()).decode()
    if request.headers.get("authorization") != f"Basic {pair}":
        return _error(401, "Invalid credentials. Confirm that you've configured the correct host.")
    if request.path != PATH or request.method != "GET":
        return _error(404, "Not found")
    unknown = [name for name, _ in request.params if name not in _PARAMS]
    if unknown:
        return _error(400, f"Invalid request data: {unknown[0]}")
    limit = min(request.whole("limit", _DEFAULT_PAGE, _LONGEST_PAGE), page_items)
    query = [pair for pair in request.params if pair[0] != "cursor"]
    try:
        found = list(_asked(world, request))
        shown, following = page_of(found, limit, request.param("cursor"), query)
    except ValueError as error:
        return _error(400, f"Invalid request data: {error}")
    data: list[Json] = [_observation(one) for one in shown]
    return Reply(200, {"data": data, "meta": {"cursor": following}})


def _asked(world: World, request: Request) -> Iterable[AgentRequest]:
    start, end = (parse_moment(request.param(name)) for name in ("fromStartTime", "toStartTime"))
    for one in world.estate.requests if world.estate else ():
        is_there = one.is_logged and one.is_traced and one.ended_at <= request.now
        if is_there and start <= one.started_at < end:
            yield one


def _observation(one: AgentRequest) -> dict[str, Json]:
    cost = dollars(list_cost_nano(one))
    usage = _usage(one)
    return {
        "id": f"time-{one.started_at:%H-%M-%S-%f}_{one.id}",
        "traceId": one.session.replace("-", ""),
        "startTime": iso_milliseconds(one.started_at),
        "endTime": iso_milliseconds(one.ended_at),
        "projectId": "proj-1",
        "parentObservationId": None,
        "type": "GENERATION",
        "name": "llm",
        "userId": one.user.email,
        "sessionId": one.session,
        "environment": "production",
        "providedModelName": WIRE_MODEL[one.model],
        "internalModelId": "model-1",
        "usageDetails": {**usage, "total": sum(usage.values())},
        "costDetails": {"total": cost},
        "totalCost": cost,
        "usagePricingTierName": "Standard",
        "tags": [f"workflow:{one.stamp}"] if one.stamp else ["team:operations"],
        "release": None,
        "traceName": f"run of {one.user.name}",
    }


def _usage(one: AgentRequest) -> dict[str, int]:
    counts = {"input": one.tokens["input"], "output": one.tokens["output"]}
    short, long = one.tokens.get("cache_write_5m", 0), one.tokens.get("cache_write_1h", 0)
    if one.issuer != "anthropic":
        return {**counts, "input_cached_tokens": one.tokens["cache_read"]}
    counts["cache_read_input_tokens"] = one.tokens["cache_read"]
    if tells_time_to_live(one):
        return {**counts, "input_cache_creation_5m": short, "input_cache_creation_1h": long}
    return {**counts, "cache_creation_input_tokens": short + long}


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"error": "Error", "message": message})
