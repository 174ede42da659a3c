"""The estate's own vendors: what answers below which prefix, and the keys that open it."""

from collections.abc import Callable, Mapping

from sandbox.estate import (
    copilot_api,
    copilot_links,
    cursor_api,
    devin_api,
    enterprise_api,
    langfuse_api,
    litellm_api,
)
from sandbox.estate.facts import ANALYTICS, PROXY, TRACES
from sandbox.estate.records import Estate
from sandbox.records import World
from sandbox.wire import Reply, Request

#: Answers a request; the number is the most items on a page.
Answer = Callable[[World, Request, int], Reply]


def _of_estate(world: World) -> Estate:
    """Give the estate: without one nothing leads here."""
    if world.estate is None:
        message = "this world has no estate"
        raise LookupError(message)
    return world.estate


FURTHER: Mapping[str, Answer] = {
    "copilot": lambda world, request, _: copilot_api.answer(_of_estate(world).copilot, request),
    "copilot-links": lambda world, request, _: copilot_links.answer_link(
        _of_estate(world).copilot, request
    ),
    "cursor": lambda world, request, most: cursor_api.answer(
        _of_estate(world).cursor, request, most
    ),
    "devin": lambda world, request, most: devin_api.answer(_of_estate(world).devin, request, most),
    "claude-enterprise": enterprise_api.answer,
    "litellm": litellm_api.answer,
    "langfuse": langfuse_api.answer,
}
ESTATE_SECRETS: Mapping[str, str] = {
    "copilot-token": copilot_api.TOKEN,
    "cursor-admin-key": cursor_api.KEY,
    "devin-key": devin_api.KEY,
    "claude-analytics-key": enterprise_api.KEY,
    "litellm-key": litellm_api.KEY,
    "langfuse-secret-key": langfuse_api.SECRET_KEY,
}
#: The same of somebody who may not see what is asked for.
NARROW_SECRETS: Mapping[str, str] = {
    "copilot-token": copilot_api.NARROW_TOKEN,
    "cursor-admin-key": cursor_api.NARROW_KEY,
    "devin-key": devin_api.NARROW_KEY,
    "claude-analytics-key": enterprise_api.NARROW_KEY,
}
#: Source -> prefix that it is read from, of sources over HTTP.
BASES: Mapping[str, str] = {
    PROXY: "litellm",
    TRACES: "langfuse",
    ANALYTICS: "anthropic",
    "copilot": "copilot",
    "cursor": "cursor",
    "devin": "devin",
    "claude-enterprise": "claude-enterprise",
}
