"""Make the whole estate from a seed and a scale."""

from collections.abc import Iterable, Iterator

from sandbox.estate.copilot import make_copilot
from sandbox.estate.cursor import make_cursor
from sandbox.estate.devin import AgentPull, make_devin
from sandbox.estate.facts import API_KEYS
from sandbox.estate.records import AgentRequest, Estate
from sandbox.estate.requests import make_requests
from sandbox.organisation import ORG, REPOSITORIES
from sandbox.pulls import name_at
from sandbox.recipes import CONTEXT, TIER, WIRE_MODEL
from sandbox.records import PullRequest, UsageRow


def make_estate(seed: int, scale: float, pulls: Iterable[PullRequest] = ()) -> Estate:
    """Make everything that ever happens in the estate.

    Args:
        seed: The same seed, scale and pull requests make the same estate.
        scale: As in `make_world`.
        pulls: In order of opening; Devin's sessions work on its own.
    """
    return Estate(
        requests=make_requests(seed, scale),
        copilot=make_copilot(seed, scale),
        cursor=make_cursor(seed, scale),
        devin=make_devin(seed, scale, [_of_devin(pull) for pull in pulls if pull.bot == "devin"]),
    )


def _of_devin(pull: PullRequest) -> AgentPull:
    names = {repository.id: repository for repository in REPOSITORIES}
    name = name_at(names[pull.repository], pull.created_at)
    return AgentPull(f"{ORG}/{name}#{pull.number}", pull.created_at, pull.merged_at)


def metered(requests: Iterable[AgentRequest]) -> Iterator[UsageRow]:
    """Give what the vendors meter of each request, on the day it ends."""
    for one in requests:
        yield UsageRow(
            one.issuer,
            one.account,
            one.ended_at.date(),
            API_KEYS[one.account],
            WIRE_MODEL[one.model],
            TIER[one.issuer],
            CONTEXT[one.issuer],
            dict(one.tokens),
        )
