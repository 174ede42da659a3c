"""Which agents are at work although nothing that bills them is connected."""

from collections.abc import Iterable, Mapping

from config.shapes.sources import ChargeSource, Source

#: Types of sources, and usual issuers of bills in files, by the agent that they bill.
_BILLED_BY: Mapping[str, frozenset[str]] = {
    "claude": frozenset({"anthropic", "anthropic_enterprise"}),
    "codex": frozenset({"openai"}),
    "copilot": frozenset({"copilot", "github"}),
    "gemini": frozenset({"google"}),
    "jules": frozenset({"google"}),
}
#: Bring their own keys: their tokens are on the bill of whichever model they call.
_WITHOUT_BILL = frozenset({"aider"})


def unbilled_agents(pulls: Mapping[str, int], sources: Iterable[Source]) -> dict[str, int]:
    """Pick the agents of which no bill is connected.

    Args:
        pulls: Pull requests by agent.
        sources: Those that are enabled.
    """
    billed: set[str] = set()
    for source in sources:
        if isinstance(source, ChargeSource):
            billed |= {source.type, source.issuer}
    return {
        agent: count
        for agent, count in pulls.items()
        if agent not in _WITHOUT_BILL and not billed & _BILLED_BY.get(agent, frozenset({agent}))
    }
