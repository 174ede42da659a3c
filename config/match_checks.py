"""Checks of the match rules: a value claimed twice, a rule that can never match.

Rules of one dimension are looked at in file order, the order in which they are
tried; the first that matches wins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from config.globs import covers, is_exact, plain_head
from config.misfits import CATALOG, Misfit
from config.problems import Path, shown, shown_path
from config.shapes.catalog import Catalog


class _Rule(NamedTuple):
    path: Path
    value: str
    owner: int  # position of the workflow or squad


def match_misfits(catalog: Catalog) -> Iterator[Misfit]:
    """Report exact values claimed twice and rules wholly shadowed by an earlier one."""
    for field in ("accounts", "api_keys", "bots"):
        yield from _claimed_twice(_workflow_rules(catalog, field))
    yield from _unreachable(_stamps(catalog))
    yield from _unreachable(_workflow_rules(catalog, "branch_prefixes"))
    yield from _unreachable(_workflow_rules(catalog, "repositories"))
    for field in ("repositories", "projects"):
        yield from _unreachable(
            _Rule(("squads", position, field, at), value, position)
            for position, squad in enumerate(catalog.squads)
            for at, value in enumerate(getattr(squad, field))
        )


def _stamps(catalog: Catalog) -> Iterator[_Rule]:
    # Ids of workflows are stamps that are tried before all others.
    for position, workflow in enumerate(catalog.workflows):
        yield _Rule(("workflows", position, "id"), workflow.id, position)
    yield from _workflow_rules(catalog, "stamps")


def _workflow_rules(catalog: Catalog, field: str) -> Iterator[_Rule]:
    for position, workflow in enumerate(catalog.workflows):
        for at, value in enumerate(getattr(workflow.match, field)):
            yield _Rule(("workflows", position, "match", field, at), value, position)


def _claimed_twice(rules: Iterable[_Rule]) -> Iterator[Misfit]:
    first: dict[str, _Rule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.value, rule)
        if earlier is not rule:
            yield _claim(earlier, rule)


def _unreachable(rules: Iterable[_Rule]) -> Iterator[Misfit]:
    """Report each rule that repeats an earlier one or is covered by it."""
    first: dict[str, _Rule] = {}
    globs: dict[str, list[_Rule]] = {}  # by plain head, so that few are compared
    for rule in rules:
        earlier = first.setdefault(rule.value, rule)
        if earlier is not rule:
            # Two workflows with one id are reported as such.
            if rule.path[-1] != "id":
                yield _claim(earlier, rule)
            continue
        wider = next(
            (wide for wide in _rivals(globs, rule) if covers(wide.value, rule.value)), None
        )
        if wider is not None:
            yield _shadow(wider, rule)
        if not is_exact(rule.value):
            globs.setdefault(plain_head(rule.value), []).append(rule)


def _rivals(globs: Mapping[str, Sequence[_Rule]], rule: _Rule) -> Iterator[_Rule]:
    """Give the earlier globs whose plain head does not rule out that they cover a rule."""
    glob = rule.value
    if "[" in glob:
        heads: Iterable[str] = globs
    else:
        heads = (glob[:length] for length in range(len(plain_head(glob)) + 1))
    for head in heads:
        yield from globs.get(head, ())


def _claim(earlier: _Rule, rule: _Rule) -> Misfit:
    place = shown_path(earlier.path)
    if earlier.owner == rule.owner:
        message = f"{shown(rule.value)} is at {place} already; remove one."
    else:
        message = f"{shown(rule.value)} is claimed at {place} already; keep it in one place."
    return Misfit(CATALOG, rule.path, message)


def _shadow(wider: _Rule, rule: _Rule) -> Misfit:
    message = (
        f"{shown(rule.value)} never matches, because {shown_path(wider.path)} "
        f"({shown(wider.value)}) comes first and takes all of it; "
        "narrow that one, move this one before it, or remove it."
    )
    return Misfit(CATALOG, rule.path, message)
