"""Required controls of a workflow: what systems tell of its repositories, else what is declared.

docs/controls.md has the rules in words.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from config.globs import is_exact
from config.shapes.catalog import Workflow
from tasks.core.globs import compiled
from tasks.core.promotion.gate_words import listed
from tasks.core.promotion.verdict import Status

#: A declaration, waiver or rollback test that ends so soon is told.
ENDS_SOON = timedelta(days=14)
#: What a system told longer ago is no longer known.
FRESH_FOR = timedelta(days=7)
#: A rollback that was rehearsed longer ago is not tested.
TESTED_FOR = timedelta(days=365)
#: What a policy may call a control that a system knows under another name.
SAME_AS = {
    "ci-checks": "ci-gates",
    "required-checks": "ci-gates",
    "code-review": "human-approval",
    "human-review": "human-approval",
    "codeowners": "code-owners",
    "protected-branch": "branch-protection",
    "production-approval": "environment-approval",
}
ROLLBACK_PLAN = "rollback-plan"
ROLLBACK_TESTED = "rollback-tested"


class ControlName(StrEnum):
    """What a system that keeps code can tell of a repository."""

    BRANCH_PROTECTION = "branch-protection"
    BYPASS = "bypass"  # who may pass protection by; `present` means that somebody may
    CI_GATES = "ci-gates"
    CODE_OWNERS = "code-owners"
    ENVIRONMENT_APPROVAL = "environment-approval"
    HUMAN_APPROVAL = "human-approval"
    TWO_PERSON_APPROVAL = "two-person-approval"


class ControlTold(StrEnum):
    """What a system says of a control; `unknown` is never taken for `absent`."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


# `bypass` weakens other controls and is none that could be required.
_CAN_BE_TOLD = frozenset(ControlName) - {ControlName.BYPASS}


@dataclass(frozen=True, slots=True)
class FetchedControl:
    """A control of one repository as a system told it; a row of `controls`.

    Attributes:
        repository: Its key, `gh:<id>`.
        name: `owner/name`, also an old one that a scope still uses; a keyed digest where the
            owner is a person.
        control: A `ControlName`.
        detail: Closed code, see docs/controls.md.
        observed_at: Aware UTC.
    """

    repository: str
    name: str
    control: str
    state: ControlTold
    detail: str
    observed_at: datetime


#: By key or name of the repository, and name of the control.
FreshControls = Mapping[tuple[str, str], FetchedControl]


@dataclass(frozen=True, slots=True)
class ControlState:
    """How a workflow stands at one control that its tier requires.

    Attributes:
        name: As the policy spells it.
        status: `met`, `waived` or `unmet`.
        source: Who says so: `system`, `catalog` (its rollback), `declared`, `waiver`; empty where
            nobody does.
        until: Last UTC day on which that holds; of what has expired, the day it did; None without
            an end.
        detail: One sentence, safe to show: names of repositories, days, no text from outside.
        ends_soon: It holds, and ends within 14 days.
    """

    name: str
    status: Status
    source: str
    until: date | None
    detail: str
    ends_soon: bool = False


def fresh_controls(fetched: Iterable[FetchedControl], as_of: date) -> FreshControls:
    """Look rows of a pull up by repository: once for all workflows.

    Args:
        fetched: Of any repositories, newest pull only; older than a week it says nothing.
        as_of: UTC day.
    """
    return {
        (key, row.control): row
        for row in fetched
        if row.observed_at.date() >= as_of - FRESH_FOR
        for key in (row.repository, row.name)
    }


def controls_of(
    workflow: Workflow,
    required: Iterable[str],
    fresh: FreshControls,
    *,
    repositories: Collection[str],
    as_of: date,
) -> tuple[ControlState, ...]:
    """Say how a workflow stands at the controls that its tier requires.

    A system's word wins: what it tells to be absent cannot be declared, only waived. What no
    system tells of every repository may be declared until a day.

    Args:
        workflow: Declares and waives controls, and has a rollback.
        required: Names as the policy spells them, in the order of the answer.
        fresh: As `fresh_controls` gives them for the same day.
        repositories: Names or keys of all repositories that the workflow may work in, as
            `repositories_in_scope` gives them; none where it works on tickets.
        as_of: UTC day.
    """
    answers, in_order = [], sorted(repositories)
    for name in dict.fromkeys(required):
        told = _told(fresh, SAME_AS.get(name, name), in_order)
        answers.append(_state(workflow, name, told, as_of))
    return tuple(answers)


def repositories_in_scope(workflow: Workflow, known: Iterable[str]) -> tuple[str, ...]:
    """List the repositories that a workflow's scope allows, sorted.

    Args:
        workflow: A scope without repositories leaves all of them open.
        known: Names of the repositories that are read, or that its items are in.

    Returns:
        Known names that a glob of the scope matches, and every name that the scope spells out,
        so that one which nobody can read is asked for all the same.
    """
    globs = workflow.scope.repositories
    if not globs:
        return () if workflow.scope.tickets else tuple(sorted(set(known)))
    spelled_out = {glob for glob in globs if is_exact(glob)}
    matched = {name for name in known if any(compiled(glob)(name) for glob in globs)}
    return tuple(sorted(matched | spelled_out))


def rollback_state(workflow: Workflow, as_of: date) -> ControlState:
    """Say whether a workflow can be undone, and whether that was rehearsed within a year.

    Every tier is asked; a policy may name it `rollback-tested`, too.
    """
    rollback = workflow.rollback
    if rollback is None:
        return _unmet(ROLLBACK_TESTED, "the catalog has no rollback plan")
    tested_on = rollback.tested_on
    if tested_on is None:
        return _unmet(ROLLBACK_TESTED, "the rollback plan was never rehearsed")
    if tested_on > as_of:
        return _unmet(ROLLBACK_TESTED, f"the rehearsal of {tested_on} has not come yet")
    until = tested_on + TESTED_FOR
    if until < as_of:
        return _unmet(ROLLBACK_TESTED, f"last rehearsed on {tested_on}, over a year ago", until)
    detail = f"{rollback.minutes} minutes, rehearsed on {tested_on}"
    return _holding(ROLLBACK_TESTED, Status.MET, "catalog", detail, until=until, as_of=as_of)


def _told(
    fresh: FreshControls, control: str, repositories: Sequence[str]
) -> tuple[ControlTold, str]:
    """Say whether all repositories have a control, one lacks it, or nobody can tell; and why."""
    if control not in _CAN_BE_TOLD:
        return ControlTold.UNKNOWN, "no system can tell"
    if not repositories:
        return ControlTold.UNKNOWN, "no repository of its scope can tell"
    by_state: dict[ControlTold, list[str]] = {state: [] for state in ControlTold}
    for repository in repositories:
        row = fresh.get((repository, control))
        by_state[row.state if row else ControlTold.UNKNOWN].append(repository)
    absent, unknown = by_state[ControlTold.ABSENT], by_state[ControlTold.UNKNOWN]
    if absent:
        return ControlTold.ABSENT, f"{listed(absent)} {'lacks' if len(absent) == 1 else 'lack'} it"
    if unknown:
        return ControlTold.UNKNOWN, f"no system tells of {listed(unknown)}"
    return ControlTold.PRESENT, f"in every repository of its scope, {len(repositories)} in all"


def _state(
    workflow: Workflow, name: str, told: tuple[ControlTold, str], as_of: date
) -> ControlState:
    """Take the first that holds: what systems tell, the catalog's rollback, declared, waived."""
    verdict, why = told
    if verdict is ControlTold.PRESENT:
        return ControlState(name, Status.MET, "system", None, why)
    rollback = _of_rollback(workflow, name, as_of)
    if rollback is not None and rollback.status is Status.MET:
        return rollback
    names = {name, SAME_AS.get(name, name)}
    controls = [one for one in workflow.controls if one.control in names]
    waivers = [one for one in workflow.waivers if one.waives in names]
    declared = max(controls, key=lambda one: one.until, default=None)
    waiver = max(waivers, key=lambda one: one.until, default=None)
    if declared and declared.until >= as_of and verdict is ControlTold.UNKNOWN:
        detail = f"declared; {why}"
        return _holding(name, Status.MET, "declared", detail, until=declared.until, as_of=as_of)
    if waiver and waiver.until >= as_of:
        detail = f"waived by {waiver.approved_by}; {why}"
        return _holding(name, Status.WAIVED, "waiver", detail, until=waiver.until, as_of=as_of)
    ended = max((one.until for one in (declared, waiver) if one), default=None)
    if verdict is ControlTold.ABSENT:
        contradicted = "; what the catalog declares does not count" if declared else ""
        return ControlState(name, Status.UNMET, "system", ended, why + contradicted)
    vouched = f"what vouched for it ended on {ended}" if ended else "nobody declares it"
    return rollback or _unmet(name, f"{vouched}; {why}", ended)


def _of_rollback(workflow: Workflow, name: str, as_of: date) -> ControlState | None:
    if name == ROLLBACK_TESTED:
        return rollback_state(workflow, as_of)
    if name != ROLLBACK_PLAN:
        return None
    if workflow.rollback is None:
        return _unmet(name, "the catalog has no rollback plan")
    return ControlState(name, Status.MET, "catalog", None, f"{workflow.rollback.minutes} minutes")


def _unmet(name: str, detail: str, until: date | None = None) -> ControlState:
    return ControlState(name, Status.UNMET, "", until, detail)


def _holding(
    name: str, status: Status, source: str, detail: str, *, until: date, as_of: date
) -> ControlState:
    days = (until - as_of).days
    ends_soon = days <= ENDS_SOON.days
    if ends_soon:
        detail += f"; ends in {days} days, on {until}" if days else "; ends today"
    return ControlState(name, status, source, until, detail, ends_soon)
