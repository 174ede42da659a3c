"""Whose run it is: each distinct hint value is resolved once, against the whole catalog.

Layers by strength, file order inside a layer (`docs/arithmetic.md`, R5). The lake
joins the result to the runs; no run is ever looked at here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from config.globs import is_exact
from config.shapes.base import Pool
from config.shapes.catalog import Catalog, Workflow
from tasks.core.books import Strength
from tasks.core.cells import Candidate, Dimension, Hint, Resolutions, RunCell, StageSpan
from tasks.core.findings import Finding
from tasks.core.globs import compiled
from tasks.core.ownership import stage_spans

# A layer's ranks all lie below the next layer's, whatever the size of the catalog.
_LAYER = 1_000_000
# Own id and patterns as the run stamps them, then the same as its work item carries them.
_OWN_STAMP, _STAMP, _ITEM_OWN_STAMP, _ITEM_STAMP = range(4)
_OWNED, _BRANCH_OR_REPOSITORY, _BOT = range(4, 7)
# Within one workflow of a layer the finer evidence goes first.
_FINER, _COARSER = 0, 1


class _Kind(NamedTuple):
    """How one dimension is held against the catalog.

    Attributes:
        field: Which list of `match` it is held against.
        own_id_layer: Layer of the workflow's own id; None where the id says nothing.
        is_glob: Vendors' ids are compared whole: a workspace is owned or it is not.
    """

    field: str
    layer: int
    strength: Strength
    fineness: int = _FINER
    own_id_layer: int | None = None
    is_glob: bool = True


_KINDS = {
    Dimension.STAMP: _Kind("stamps", _STAMP, Strength.STAMP, own_id_layer=_OWN_STAMP),
    Dimension.WORK_ITEM: _Kind("stamps", _ITEM_STAMP, Strength.STAMP, own_id_layer=_ITEM_OWN_STAMP),
    Dimension.API_KEY: _Kind("api_keys", _OWNED, Strength.API_KEY, is_glob=False),
    Dimension.ACCOUNT: _Kind("accounts", _OWNED, Strength.ACCOUNT, _COARSER, is_glob=False),
    Dimension.BRANCH_PREFIX: _Kind("branch_prefixes", _BRANCH_OR_REPOSITORY, Strength.BRANCH),
    Dimension.REPO: _Kind("repositories", _BRANCH_OR_REPOSITORY, Strength.REPOSITORY, _COARSER),
    Dimension.ACTOR: _Kind("bots", _BOT, Strength.BOT, is_glob=False),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line of a workflow's `match`."""

    workflow: str
    pattern: str
    rank: int
    strength: Strength
    name: str
    is_glob: bool


class _Rules:
    """The rules of one dimension: exact values by look-up, globs one by one."""

    def __init__(self, rules: Iterable[_Rule]) -> None:
        self._exact: dict[str, list[_Rule]] = {}
        self._globs: list[tuple[Callable[[str], object], _Rule]] = []
        self._found: dict[str, list[_Rule]] = {}
        for rule in rules:
            # Exact look-up for globs too: a branch is kept as the prefix that was declared,
            # and so may equal its own pattern.
            self._exact.setdefault(rule.pattern, []).append(rule)
            if rule.is_glob and not is_exact(rule.pattern):
                self._globs.append((compiled(rule.pattern), rule))

    def matching(self, value: str) -> list[_Rule]:
        """List the strongest rule of each workflow that a value matches, by rank."""
        if value not in self._found:
            matched = [rule for matches, rule in self._globs if matches(value)]
            matched += self._exact.get(value, ())
            best: dict[str, _Rule] = {}
            for rule in sorted(matched, key=lambda rule: rule.rank):
                best.setdefault(rule.workflow, rule)
            self._found[value] = list(best.values())
        return self._found[value]


def resolve(
    catalog: Catalog, hints: Iterable[Hint], item_stamps: Mapping[str, str] | None = None
) -> Resolutions:
    """Resolve every distinct hint value to the workflows that it may mean.

    Args:
        catalog: The catalog in force.
        hints: As `run_hints` of the lake lists them.
        item_stamps: Work item key to the workflow stamp that the item itself carries (an
            `Agent-Workflow:` trailer or a `workflow:<id>` label).
    """
    stamps = item_stamps or {}
    rules = {dimension: _rules(catalog, dimension) for dimension in Dimension}
    scopes = _scopes(catalog)
    candidates: list[Candidate] = []
    outside: set[tuple[str, str]] = set()
    for hint in sorted(set(hints)):
        value = _comparable(hint, stamps)
        if value is None:
            continue
        candidates += (_candidate(hint, rule) for rule in rules[hint.dimension].matching(value))
        if hint.dimension is Dimension.REPO:
            for tests, workflows in scopes:
                if not any(matches(value) for matches in tests):
                    outside.update((workflow, value) for workflow in workflows)
    return Resolutions(
        candidates=tuple(candidates),
        stages=stage_spans(catalog),
        out_of_scope=tuple(sorted(outside)),
        out_of_scope_pool=Pool.EXPLORATION,
    )


class WorkItemRules:
    """Names the workflow that a work item belongs to by its own marks."""

    def __init__(self, catalog: Catalog) -> None:
        self._by_stamp = _rules(catalog, Dimension.STAMP)
        self._by_branch = _rules(catalog, Dimension.BRANCH_PREFIX)

    def workflow_of(self, stamps: Iterable[str], branch: str | None) -> str | None:
        """Name the workflow, or None.

        Args:
            stamps: Workflow stamps of the item's trailers and labels, the first known one wins.
            branch: Declared prefix of its branch; counts if no stamp is known.
        """
        matched = [rule for stamp in stamps for rule in self._by_stamp.matching(stamp)]
        if branch is not None:
            matched += self._by_branch.matching(branch)
        return matched[0].workflow if matched else None


def hint_findings(hints: Iterable[Hint], resolutions: Resolutions) -> tuple[Finding, ...]:
    """List stamps that the catalog does not know, or not on all days they were used."""
    known: dict[str, list[str]] = {}
    for candidate in resolutions.candidates:
        if candidate.dimension is Dimension.STAMP:
            known.setdefault(candidate.value, []).append(candidate.workflow)
    findings: list[Finding] = []
    for hint in sorted(set(hints)):
        first, last = hint.first_start, hint.last_start
        if hint.dimension is not Dimension.STAMP or first is None or last is None:
            continue
        workflows = known.get(hint.value, [])
        spans = [span for span in resolutions.stages if span.workflow in workflows]
        if not workflows:
            why = "no workflow of the catalog has this id or declares it"
        elif not _covers(spans, first, last):
            why = f"{workflows[0]} has no stage on some of the days its runs started"
        else:
            continue
        started = f"{first} to {last}"
        detail = f"{hint.runs} runs started {started} carry the stamp {hint.value!r}, but {why}"
        findings.append(Finding("unknown_stamp", hint.value, detail))
    return tuple(findings)


def scope_findings(cells: Iterable[RunCell]) -> tuple[Finding, ...]:
    """List workflows that ran outside their scope, with how many runs."""
    runs: dict[str, int] = {}
    for cell in cells:
        if cell.is_out_of_scope:
            runs[cell.workflow] = runs.get(cell.workflow, 0) + cell.runs
    return tuple(
        Finding(
            "out_of_scope",
            workflow,
            f"{count} runs of {workflow} worked on repositories outside its scope; "
            "they count as exploration",
        )
        for workflow, count in sorted(runs.items())
    )


def _rules(catalog: Catalog, dimension: Dimension) -> _Rules:
    """Gather the rules of a dimension from every workflow, in file order."""
    return _Rules(
        rule
        for order, workflow in enumerate(catalog.workflows)
        for rule in _rules_of(workflow, order, dimension)
    )


def _rules_of(workflow: Workflow, order: int, dimension: Dimension) -> Iterator[_Rule]:
    kind = _KINDS[dimension]
    if kind.own_id_layer is not None:
        rank = kind.own_id_layer * _LAYER + order
        yield _Rule(workflow.id, workflow.id, rank, kind.strength, "id", is_glob=False)
    patterns: tuple[str, ...] = getattr(workflow.match, kind.field)
    rank = kind.layer * _LAYER + 2 * order + kind.fineness
    for number, pattern in enumerate(patterns):
        name = f"match.{kind.field}[{number}]"
        yield _Rule(workflow.id, pattern, rank, kind.strength, name, kind.is_glob)


def _candidate(hint: Hint, rule: _Rule) -> Candidate:
    return Candidate(
        dimension=hint.dimension,
        issuer=hint.issuer,
        value=hint.value,
        workflow=rule.workflow,
        strength=rule.strength,
        rank=rule.rank,
        rule=rule.name,
    )


def _comparable(hint: Hint, item_stamps: Mapping[str, str]) -> str | None:
    """Give the text that rules are held against; None if there is none."""
    if hint.dimension is Dimension.WORK_ITEM:
        return item_stamps.get(hint.value)
    if hint.dimension is Dimension.ACTOR:
        # The catalog spells `agent:copilot` as the slug `agent.copilot`.
        return hint.value.replace(":", ".")
    return hint.value


def _scopes(catalog: Catalog) -> list[tuple[list[Callable[[str], object]], list[str]]]:
    """List the scopes that name repositories, with their tests and whose they are."""
    workflows: dict[tuple[str, ...], list[str]] = {}
    for workflow in catalog.workflows:
        if workflow.scope.repositories:
            workflows.setdefault(workflow.scope.repositories, []).append(workflow.id)
    return [([compiled(glob) for glob in globs], ids) for globs, ids in workflows.items()]


def _covers(spans: Iterable[StageSpan], first: date, last: date) -> bool:
    """Tell whether every day from `first` to `last` lies in some span."""
    day = first
    for span in sorted(spans, key=lambda span: span.from_day):
        if span.from_day <= day and (span.to_day is None or day <= span.to_day):
            if span.to_day is None or span.to_day >= last:
                return True
            day = span.to_day + timedelta(days=1)
    return False
