"""Which pull requests agents made, and which signals say so: a lower bound.

A trailer can be switched off, a branch renamed and a label forgotten, so agents made at least
what is found here (`docs/adopt.md`). No signal is a name: identities end as `agent:<vendor>`
where they are parsed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tasks.core.work.branches import AGENT_PREFIXES
from tasks.core.work.item_facts import Outcome
from tasks.core.work.item_outcomes import Judged
from tasks.core.work.item_states import ItemState, ItemStatus
from tasks.core.work.work_items import ItemType

_AGENT = "agent:"


class Signal(StrEnum):
    """What says that an agent made a pull request, strongest first."""

    STAMP = "stamp"
    AUTHOR = "bot author"
    TRAILER = "trailer"
    BRANCH = "branch prefix"


@dataclass(frozen=True, slots=True)
class AgentWork:
    """A pull request that an agent made.

    Attributes:
        repository: `owner/name`; empty where the owner is a person or nobody told.
        stamp: Workflow id that it carries; empty without one.
        vendor: Of the agent, e.g. `copilot`; empty where only a stamp or a declared prefix tells.
        prefix: Kept beginning of its branch: an agent's own, or one that was declared.
        signals: What fired, never empty.
        opened_on: UTC day.
        is_matured: Closed so long ago that its outcome counts.
    """

    item: str
    repository: str
    stamp: str
    vendor: str
    prefix: str
    signals: frozenset[Signal]
    opened_on: date
    status: ItemStatus
    is_reverted: bool
    outcome: Outcome
    is_matured: bool


def agent_work(
    states: Mapping[str, ItemState],
    judged: Mapping[str, Judged],
    repositories: Mapping[str, str],
    *,
    now: datetime,
    maturation_days: int,
) -> tuple[AgentWork, ...]:
    """List the pull requests that agents made, by key.

    Args:
        states: Every item known, by key.
        judged: What became of each, by key.
        repositories: `owner/name` by item key; those of people's accounts have no name.
        now: Aware UTC.
        maturation_days: After so many days a closed item counts.
    """
    pulls = {
        key: state
        for key, state in states.items()
        if state.item_type is ItemType.PULL_REQUEST and state.opened_at is not None
    }
    proven = _proven_prefixes(pulls.values())
    found = []
    for key, state in sorted(pulls.items()):
        signals = _signals(state, proven)
        if not signals:
            continue
        verdict = judged[key]
        ripe = verdict.closed_at is not None and now - verdict.closed_at >= timedelta(
            days=maturation_days
        )
        opened_at = state.opened_at or now
        found.append(
            AgentWork(
                item=key,
                repository=repositories.get(key, ""),
                stamp=state.stamps[0] if state.stamps else "",
                vendor=_vendor(state),
                prefix=state.branch_prefix or "",
                signals=signals,
                opened_on=opened_at.date(),
                status=state.status,
                is_reverted=state.reverted_at is not None,
                outcome=verdict.outcome,
                is_matured=ripe,
            )
        )
    return tuple(found)


def _proven_prefixes(pulls: Iterable[ItemState]) -> frozenset[str]:
    """Find the declared prefixes that agents use: half of what is there has another signal."""
    every: Counter[str] = Counter()
    by_agents: Counter[str] = Counter()
    for state in pulls:
        if state.branch_prefix and state.branch_prefix not in AGENT_PREFIXES:
            every[state.branch_prefix] += 1
            by_agents[state.branch_prefix] += bool(state.agents or state.stamps)
    declared = {prefix for prefix, count in every.items() if 2 * by_agents[prefix] >= count}
    return frozenset({*AGENT_PREFIXES, *declared})


def _signals(state: ItemState, proven: frozenset[str]) -> frozenset[Signal]:
    by_author = (state.author or "").startswith(_AGENT)
    fired = {
        Signal.STAMP: bool(state.stamps),
        Signal.AUTHOR: by_author,
        Signal.TRAILER: any(agent != state.author for agent in state.agents),
        Signal.BRANCH: state.branch_prefix in proven,
    }
    return frozenset(signal for signal, is_on in fired.items() if is_on)


def _vendor(state: ItemState) -> str:
    """Name the vendor by the author, else by the agent's own branch, else by a trailer."""
    if (state.author or "").startswith(_AGENT):
        return str(state.author).removeprefix(_AGENT)
    if state.branch_prefix in AGENT_PREFIXES:
        return str(state.branch_prefix).removesuffix("/")
    return state.agents[0].removeprefix(_AGENT) if state.agents else ""
