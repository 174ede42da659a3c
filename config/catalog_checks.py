"""Checks inside the catalog: references, lives of workflows, dated lists, what golden asks for."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from config.gate_checks import gate_misfits
from config.misfits import CATALOG, Misfit, not_ascending, repeated
from config.problems import Path, shown, suggestion
from config.shapes.base import Stage
from config.shapes.catalog import Budget, Catalog, StageEntry, Workflow

#: What a workflow must declare before it may be golden, and why.
_GOLDEN_NEEDS = {
    "owner": "the role that answers for it",
    "escalation": "the role that is called when it fails",
    "rollback": "how to undo what it did",
    "capability": "`draft` or `act`",
}
#: Stages that may not follow a stage; what is not listed may.
_IMPOSSIBLE_NEXT = {
    Stage.EXPLORATION: {Stage.EXPLORATION},
    Stage.PROVISIONAL: set[Stage](),
    Stage.GOLDEN: {Stage.GOLDEN, Stage.PROVISIONAL},
    Stage.SUNSET: set(Stage),
}


def catalog_misfits(catalog: Catalog) -> Iterator[Misfit]:
    """Check everything about the catalog that its own content can tell."""
    yield from _repeated_ids(catalog)
    yield from _dangling_references(catalog)
    for position, portfolio in enumerate(catalog.portfolios):
        yield from _budgets(("portfolios", position, "budgets"), portfolio.budgets)
    for position, family in enumerate(catalog.families):
        yield from _budgets(("families", position, "budgets"), family.budgets)
    for position, workflow in enumerate(catalog.workflows):
        yield from _workflow(("workflows", position), workflow)


def unknown_reference(file: str, path: Path, value: str, what: str, known: Iterable[str]) -> Misfit:
    """Report an id that nothing declares; `what` is e.g. `family of catalog.yaml`."""
    message = f"{shown(value)} is no {what}; declare it or correct the id."
    return Misfit(file, path, message + suggestion(value, known))


def _repeated_ids(catalog: Catalog) -> Iterator[Misfit]:
    yield from repeated(CATALOG, "portfolios", catalog.portfolios, lambda item: item.id, "id")
    yield from repeated(CATALOG, "families", catalog.families, lambda item: item.id, "id")
    yield from repeated(CATALOG, "workflows", catalog.workflows, lambda item: item.id, "id")
    yield from repeated(CATALOG, "squads", catalog.squads, lambda item: item.id, "id")
    # Match rules name accounts and keys without their issuer, so ids are unique over all.
    yield from repeated(CATALOG, "accounts", catalog.accounts, lambda item: item.id, "id")
    yield from repeated(CATALOG, "api_keys", catalog.api_keys, lambda item: item.id, "id")


def _dangling_references(catalog: Catalog) -> Iterator[Misfit]:
    portfolios = {portfolio.id for portfolio in catalog.portfolios}
    families = {family.id for family in catalog.families}
    squads = {squad.id for squad in catalog.squads}
    references: list[tuple[Path, str | None, str, set[str]]] = [
        (("families", at, "portfolio"), family.portfolio, "portfolio", portfolios)
        for at, family in enumerate(catalog.families)
    ]
    references += [
        (("workflows", at, "family"), workflow.family, "family", families)
        for at, workflow in enumerate(catalog.workflows)
    ]
    references += [
        (("accounts", at, "portfolio"), account.portfolio, "portfolio", portfolios)
        for at, account in enumerate(catalog.accounts)
    ]
    references += [
        (("accounts", at, "squad"), account.squad, "squad", squads)
        for at, account in enumerate(catalog.accounts)
    ]
    references += [
        (("api_keys", at, "squad"), key.squad, "squad", squads)
        for at, key in enumerate(catalog.api_keys)
    ]
    for path, value, what, known in references:
        if value is not None and value not in known:
            yield unknown_reference(CATALOG, path, value, f"{what} of {CATALOG}", known)


def _budgets(path: Path, budgets: tuple[Budget, ...]) -> Iterator[Misfit]:
    return not_ascending(CATALOG, path, ((budget.pool, budget.from_day) for budget in budgets))


def _workflow(path: Path, workflow: Workflow) -> Iterator[Misfit]:
    stages = (*path, "stages")
    for position, entry in enumerate(workflow.stages):
        yield from _stage_entry((*stages, position), entry)
    days = (("stage", entry.from_day) for entry in workflow.stages)
    yield from not_ascending(CATALOG, stages, days)
    yield from _stage_order(stages, workflow.stages)
    if any(entry.stage is Stage.GOLDEN for entry in workflow.stages):
        for field, why in _GOLDEN_NEEDS.items():
            if getattr(workflow, field) is None:
                message = f"is missing; a golden workflow needs it ({why})."
                yield Misfit(CATALOG, (*path, field), message)
    if workflow.outcomes is not None:
        for slug in set(workflow.outcomes.success) & set(workflow.outcomes.failure):
            message = f"{shown(slug)} counts as success and as failure; keep one."
            yield Misfit(CATALOG, (*path, "outcomes", "failure"), message)
    claims = ((claim.metric, claim.from_day) for claim in workflow.claims)
    yield from not_ascending(CATALOG, (*path, "claims"), claims)
    yield from gate_misfits(path, workflow)


def _stage_entry(path: Path, entry: StageEntry) -> Iterator[Misfit]:
    if entry.until is None and entry.stage in {Stage.PROVISIONAL, Stage.SUNSET}:
        message = f"is missing; a {entry.stage} stage needs its last day."
        yield Misfit(CATALOG, (*path, "until"), message)
    if entry.until is not None and entry.until < entry.from_day:
        message = f"must not be before `from` ({entry.from_day})."
        yield Misfit(CATALOG, (*path, "until"), message)
    if entry.stage is Stage.PROVISIONAL and entry.cap is None:
        message = "is missing; a provisional stage needs a monthly cap."
        yield Misfit(CATALOG, (*path, "cap"), message)
    if entry.stage is not Stage.PROVISIONAL and entry.cap is not None:
        message = "belongs to a provisional stage only; remove it."
        yield Misfit(CATALOG, (*path, "cap"), message)


def _stage_order(path: Path, entries: tuple[StageEntry, ...]) -> Iterator[Misfit]:
    for position, (before, entry) in enumerate(pairwise(entries), start=1):
        if entry.stage not in _IMPOSSIBLE_NEXT[before.stage]:
            continue
        if before.stage is Stage.SUNSET:
            message = "follows sunset, which is the last stage; give the successor its own id."
        elif before.stage is entry.stage:
            message = f"repeats the stage before it ({entry.stage}); remove the entry."
        else:
            message = "cannot be provisional after golden; demote to exploration first."
        yield Misfit(CATALOG, (*path, position, "stage"), message)
