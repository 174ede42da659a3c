"""Gather agents' pull requests into clusters that a match rule of the catalog can tell apart.

A cluster stands on one shape: a stamp, a declared branch prefix, or an agent. Repositories split
no cluster: no rule of the catalog could tell such halves apart, only another stamp can.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.core.adoption.agent_work import AgentWork, Signal
from tasks.core.adoption.stamp_names import StampedRuns, stems_of
from tasks.core.work.branches import AGENT_PREFIXES

#: More drafts than that nobody reads on the first day.
MOST_DRAFTS = 20
#: Fewer pull requests show no pattern; a stamp on one is a name that somebody gave, and needs
#: none. Of runs alone a stamp needs as many: logs hold typing errors.
FEWEST_ITEMS = 5
#: A rule goes with a stamp if so many of a hundred pull requests that it matches carry it.
_GOES_WITH_PERCENT = 80


class Shape(StrEnum):
    """What holds a cluster together, strongest first."""

    STAMP = "stamp"
    PREFIX = "prefix"
    AGENT = "agent"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Home:
    """A shape and its value: the name that stamps are variants of, a prefix, a vendor."""

    shape: Shape
    value: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Pull requests of one shape, with every rule that leads to it.

    Attributes:
        home: What gives it its name.
        homes: Shapes that it holds, more than one where small ones were put together.
        stamps, prefixes, vendors: What leads here and nowhere else, sorted.
        items: By key.
        runs: Logged ones that carry its stamps, by stamp.
    """

    home: Home
    homes: tuple[Home, ...]
    stamps: tuple[str, ...]
    prefixes: tuple[str, ...]
    vendors: tuple[str, ...]
    items: tuple[AgentWork, ...]
    runs: tuple[StampedRuns, ...]


@dataclass(frozen=True, slots=True)
class Clusters:
    """All of it: what is in `clusters` and in `too_few` is everything that was found.

    Attributes:
        clusters: Largest first, at most `MOST_DRAFTS`.
        too_few: Pull requests without a stamp whose shape is too rare to draft anything from.
        rare: Stamps that no pull request and only a few runs carry.
    """

    clusters: tuple[Cluster, ...]
    too_few: tuple[AgentWork, ...]
    rare: tuple[StampedRuns, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything by its home, and where each value of a rule leads."""

    items: dict[Home, list[AgentWork]]
    runs: dict[Home, list[StampedRuns]]
    stamps: dict[str, Home]
    prefixes: dict[str, Home]
    vendors: dict[str, Home]

    def size(self, home: Home) -> tuple[int, int]:
        """Count pull requests, then runs."""
        return len(self.items.get(home, ())), sum(one.runs for one in self.runs.get(home, ()))


def clustered(work: Iterable[AgentWork], logged: Iterable[StampedRuns] = ()) -> Clusters:
    """Gather pull requests and stamped runs; in any order they give the same clusters.

    Args:
        work: Pull requests that agents made.
        logged: One entry a stamp.
    """
    found = _homed(sorted(set(work), key=lambda one: one.item), sorted(set(logged)))
    rare = [home for home in found.runs if _is_rare(found, home)]
    homes = sorted({*found.items, *found.runs} - {*rare})
    into = _merged(found, homes)
    groups: dict[Home, list[Home]] = {}
    for home in homes:
        groups.setdefault(into.get(home, home), []).append(home)
    rest = Home(Shape.OTHER)
    few = [one for home in groups.get(rest, ()) for one in found.items.get(home, ())]
    is_drafted = len(few) >= FEWEST_ITEMS or any(
        home.shape is Shape.STAMP for home in groups.get(rest, ())
    )
    clusters = [
        _cluster(target, members, found)
        for target, members in groups.items()
        if target != rest or is_drafted
    ]
    clusters.sort(key=lambda one: (-len(one.items), -sum(run.runs for run in one.runs), one.homes))
    return Clusters(
        clusters=tuple(clusters),
        too_few=() if is_drafted else tuple(few),
        rare=tuple(run for home in rare for run in found.runs[home]),
    )


def _homed(items: Sequence[AgentWork], logged: Sequence[StampedRuns]) -> _Found:
    stems = stems_of([one.stamp for one in items if one.stamp] + [one.stamp for one in logged])
    stamps = {stamp: Home(Shape.STAMP, stem) for stamp, stem in stems.items()}
    found = _Found(
        items={},
        runs={},
        stamps=stamps,
        prefixes=_homes_of(items, stamps, lambda one: one.prefix, _home_of_prefix),
        vendors=_homes_of(
            items, stamps, lambda one: one.vendor, lambda name: Home(Shape.AGENT, name)
        ),
    )
    for one in items:
        found.items.setdefault(_home(one, found), []).append(one)
    for run in logged:
        found.runs.setdefault(stamps[run.stamp], []).append(run)
    return found


def _is_rare(found: _Found, home: Home) -> bool:
    items, runs = found.size(home)
    return not items and runs < FEWEST_ITEMS


def _homes_of(
    items: Sequence[AgentWork],
    stamps: Mapping[str, Home],
    value_of: Callable[[AgentWork], str],
    own: Callable[[str], Home],
) -> dict[str, Home]:
    """Say where each value of a rule leads: to the stamp it nearly always goes with, or its own."""
    seen: dict[str, Counter[Home]] = {}
    for one in items:
        if value := value_of(one):
            home = stamps[one.stamp] if one.stamp else own(value)
            seen.setdefault(value, Counter())[home] += 1
    homes = {}
    for value, counts in seen.items():
        home, most = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        is_companion = 100 * most >= _GOES_WITH_PERCENT * counts.total()
        homes[value] = home if is_companion else own(value)
    return homes


def _home_of_prefix(prefix: str) -> Home:
    if prefix in AGENT_PREFIXES:
        return Home(Shape.AGENT, prefix.removesuffix("/"))
    return Home(Shape.PREFIX, prefix)


def _home(one: AgentWork, found: _Found) -> Home:
    """Say where a pull request belongs, by the strongest of what it shows."""
    if one.stamp:
        return found.stamps[one.stamp]
    if one.prefix and Signal.BRANCH in one.signals:
        return found.prefixes[one.prefix]
    return found.vendors[one.vendor]


def _merged(found: _Found, homes: Sequence[Home]) -> dict[Home, Home]:
    """Say which homes go into another one: rare shapes first, then what is beyond the limit."""
    rest = Home(Shape.OTHER)
    into: dict[Home, Home] = {}
    for home in homes:
        if home.shape is Shape.STAMP or found.size(home)[0] >= FEWEST_ITEMS:
            continue
        into[home] = rest
        if home.shape is Shape.PREFIX:
            names = Counter(one.vendor for one in found.items[home] if one.vendor)
            name = min(names, key=lambda name: (-names[name], name), default="")
            wider = found.vendors.get(name, rest)
            if found.size(wider)[0] >= FEWEST_ITEMS:
                into[home] = wider
    kept = sorted(set(homes) - set(into))
    kept.sort(key=found.size, reverse=True)
    room = MOST_DRAFTS - (rest in into.values())
    if len(kept) > room:
        beyond = frozenset(kept[MOST_DRAFTS - 1 :])
        into |= dict.fromkeys(beyond, rest)
        into |= {home: rest for home, wider in into.items() if wider in beyond}
    return into


def _cluster(target: Home, homes: Sequence[Home], found: _Found) -> Cluster:
    # Stamps are anybody's to set: of thousands most are put together here.
    members = frozenset(homes)

    def led(rules: Mapping[str, Home]) -> tuple[str, ...]:
        return tuple(sorted(value for value, home in rules.items() if home in members))

    items = [one for home in homes for one in found.items.get(home, ())]
    runs = [one for home in homes for one in found.runs.get(home, ())]
    return Cluster(
        home=target,
        homes=tuple(sorted(homes)),
        stamps=led(found.stamps),
        prefixes=led(found.prefixes),
        vendors=led(found.vendors),
        items=tuple(sorted(items, key=lambda one: one.item)),
        runs=tuple(sorted(runs)),
    )
