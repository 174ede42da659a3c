"""Draft workflows: one for each cluster of agents' pull requests, with what became of them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tasks.core.adoption.agent_work import AgentWork, Signal
from tasks.core.adoption.clusters import Cluster, Home, Shape, clustered
from tasks.core.adoption.stamp_names import StampedRuns
from tasks.core.work.item_facts import Outcome
from tasks.core.work.item_states import ItemStatus

#: Roles that stand for nobody yet; the first edit of a draft replaces them.
OWNER_ROLE = "todo-owner"
ESCALATION_ROLE = "todo-escalation"
#: Families of drafts whose job no shared word tells.
AGENTS_FAMILY = "coding-agents"
UNSORTED_FAMILY = "to-sort"
#: More repositories than that are told by their owners.
MOST_SCOPED = 12

_NOT_SLUG = re.compile(r"[^a-z0-9_.]+", re.ASCII)
_LONGEST_ID = 48
_WORD = re.compile(r"[-_.]")


@dataclass(frozen=True, slots=True)
class DraftCounts:
    """What became of a draft's pull requests.

    Attributes:
        open, merged, closed: All of them, by where they stand.
        reverted: Merged ones that something took back.
        success, failure, unknown: Of those that matured; cancelled ones count nowhere here.
    """

    open: int
    merged: int
    closed: int
    reverted: int
    success: int
    failure: int
    unknown: int

    def total(self) -> int:
        """Count all pull requests."""
        return self.open + self.merged + self.closed

    def matured(self) -> int:
        """Count those whose outcome counts."""
        return self.success + self.failure + self.unknown


@dataclass(frozen=True, slots=True)
class Draft:
    """A workflow that somebody may want to declare.

    Attributes:
        id: Slug, unlike any id that was taken.
        stamps: Stamps that mean it, but for its own id.
        bots: Agent identities, e.g. `agent.copilot`.
        scope: Repositories as globs, sorted; empty where not all have a name.
        places: Repositories by count, most first, ties by name.
        signals: How many pull requests each signal fired on, strongest first.
        items: Keys, sorted.
        runs: Logged ones that carry one of its stamps.
        unmatched: Of its pull requests: no rule of a catalog matches them until they are stamped.
    """

    id: str
    title: str
    family: str
    from_day: date
    last_day: date
    stamps: tuple[str, ...]
    prefixes: tuple[str, ...]
    bots: tuple[str, ...]
    scope: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    signals: tuple[tuple[Signal, int], ...]
    counts: DraftCounts
    items: tuple[str, ...]
    runs: int = 0
    unmatched: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What the present catalog uses already, so that no draft claims it again."""

    ids: frozenset[str] = frozenset()
    stamps: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts, largest first, and what was left out.

    Attributes:
        too_few: Pull requests of shapes too rare to draft anything from.
        rare: Stamps that no pull request and only a few runs carry.
    """

    drafts: tuple[Draft, ...]
    too_few: int
    rare: tuple[str, ...]


def drafts_of(
    work: Iterable[AgentWork], taken: Taken, logged: Iterable[StampedRuns] = ()
) -> Drafts:
    """Draft workflows from what the catalog does not claim.

    Args:
        work: Pull requests that agents made, in any order.
        taken: Of the present catalog.
        logged: Stamps of runs, one entry each.
    """
    found = clustered(work, logged)
    ids: set[str] = {*taken.ids}
    stamps = {stamp for cluster in found.clusters for stamp in cluster.stamps}
    drafts = []
    for cluster in found.clusters:
        # An id is a stamp, too: it must not be the one that means another draft.
        name = _free(_slug(cluster.home), ids | stamps.difference(cluster.stamps))
        ids.add(name)
        drafts.append(_draft(cluster, name, taken))
    shared = _shared_words(draft.id for draft in drafts if draft.family != AGENTS_FAMILY)
    return Drafts(
        tuple(_sorted_in(draft, shared) for draft in drafts),
        len(found.too_few),
        tuple(run.stamp for run in found.rare),
    )


def _draft(cluster: Cluster, name: str, taken: Taken) -> Draft:
    items, runs = cluster.items, cluster.runs
    days = [one.opened_on for one in items]
    days += [day for run in runs for day in (run.first_day, run.last_day)]
    bots = (_slug_text(f"agent.{vendor}") for vendor in cluster.vendors)
    stamps = (stamp for stamp in cluster.stamps if stamp not in {name, *taken.stamps})
    places = Counter(one.repository for one in items if one.repository)
    fired = Counter(signal for one in items for signal in one.signals)
    is_agents = cluster.home.shape in {Shape.AGENT, Shape.OTHER}
    return Draft(
        id=name,
        title=_title(cluster.home),
        family=AGENTS_FAMILY if is_agents else UNSORTED_FAMILY,
        from_day=min(days),
        last_day=max(days),
        stamps=tuple(stamps),
        prefixes=tuple(prefix for prefix in cluster.prefixes if prefix not in taken.prefixes),
        bots=tuple(bot for bot in bots if bot not in taken.bots),
        scope=_scope(items),
        places=tuple(sorted(places.items(), key=lambda place: (-place[1], place[0]))),
        signals=tuple((signal, fired[signal]) for signal in Signal if fired[signal]),
        counts=_counts(items),
        items=tuple(one.item for one in items),
        runs=sum(run.runs for run in runs),
        unmatched=sum(not one.stamp and one.prefix not in cluster.prefixes for one in items),
    )


def _counts(items: Sequence[AgentWork]) -> DraftCounts:
    status = Counter(one.status for one in items)
    outcome = Counter(one.outcome for one in items if one.is_matured)
    return DraftCounts(
        open=status[ItemStatus.OPEN],
        merged=status[ItemStatus.MERGED],
        closed=status[ItemStatus.CLOSED],
        reverted=sum(one.is_reverted for one in items),
        success=outcome[Outcome.SUCCESS],
        failure=outcome[Outcome.FAILURE],
        unknown=outcome[Outcome.UNKNOWN],
    )


def _title(home: Home) -> str:
    return {
        Shape.STAMP: f"Work that is stamped {home.value}",
        Shape.PREFIX: f"Pull requests from branches {home.value}",
        Shape.AGENT: f"Pull requests by the agent {home.value}",
        Shape.OTHER: "Pull requests of agents, to be sorted",
    }[home.shape]


def _slug(home: Home) -> str:
    return "other-agents" if home.shape is Shape.OTHER else _slug_text(home.value)


def _slug_text(text: str) -> str:
    slug = _NOT_SLUG.sub("-", text.lower()).strip("-_.")
    return slug[:_LONGEST_ID].rstrip("-_.") or "agents"


def _free(name: str, ids: Collection[str]) -> str:
    """Number a name until nobody has it."""
    number, free = 2, name
    while free in ids:
        free = f"{name}-{number}"
        number += 1
    return free


def _scope(items: Sequence[AgentWork]) -> tuple[str, ...]:
    names = {one.repository for one in items}
    if "" in names or not names:
        return ()
    if len(names) > MOST_SCOPED:
        names = {f"{name.partition('/')[0]}/*" for name in names}
    return tuple(sorted(names)) if len(names) <= MOST_SCOPED else ()


def _shared_words(ids: Iterable[str]) -> frozenset[str]:
    """Find the first words that two drafts have in common: they may do the same job."""
    words = Counter(_WORD.split(name)[0] for name in ids)
    return frozenset(word for word, count in words.items() if count > 1)


def _sorted_in(draft: Draft, shared: frozenset[str]) -> Draft:
    word = _WORD.split(draft.id)[0]
    if draft.family == AGENTS_FAMILY or word not in shared:
        return draft
    return replace(draft, family=word)
