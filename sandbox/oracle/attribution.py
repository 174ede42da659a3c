"""Whose run it is, and whose money a key or an account is: layers, stages, scopes, pools."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import NamedTuple

from sandbox.organisation import (
    DEFAULT_ACCOUNT,
    FAMILIES,
    KEY_PAID_FROM,
    WORKFLOWS,
    Workflow,
    account_of,
)
from sandbox.records import LogRecord

_POOLS = {
    "exploration": "exploration",
    "provisional": "production",
    "golden": "production",
    "sunset": "production",
}


class Line(NamedTuple):
    """Where a run's tokens belong; all empty but the strength for ad-hoc."""

    workflow: str
    pool: str
    strength: str


AD_HOC = Line("", "", "none")


def account_of_run(run: LogRecord) -> str:
    """Name the account a run was on; the log's default where it names none."""
    return run.account or DEFAULT_ACCOUNT[run.issuer]


def line_of_run(run: LogRecord, item_stamps: Mapping[str, str]) -> Line:
    """Decide whose run it is, by the stage in force when it started.

    Args:
        run: As logged.
        item_stamps: Workflow that a work item itself names, by the item's name.
    """
    day = (run.started_at or run.ended_at).date()
    for workflow, strength in _matches(run, item_stamps.get(run.work_item or "")):
        pool = pool_on(workflow, day)
        if pool is not None:
            if _is_out_of_scope(workflow, run):
                pool = "exploration"
            return Line(workflow.id, pool, strength)
    return AD_HOC


def pool_on(workflow: Workflow, day: date) -> str | None:
    """Give the pool that a workflow's stage entitles it to on a day; None without a stage."""
    in_force = [stage for stage in workflow.stages if stage.from_day <= day]
    if not in_force:
        return None
    stage = max(in_force, key=lambda entry: entry.from_day)
    if stage.until is not None and day > stage.until:
        return None
    return _POOLS[stage.name]


def key_owner(api_key: str | None, day: date) -> Workflow | None:
    """Find the workflow that owns a key on a day."""
    for workflow in WORKFLOWS:
        if api_key in workflow.api_keys and pool_on(workflow, day) is not None:
            return workflow
    return None


def account_owner(account: str, day: date) -> Workflow | None:
    """Find the workflow that owns a whole account on a day."""
    for workflow in WORKFLOWS:
        if account in workflow.accounts and pool_on(workflow, day) is not None:
            return workflow
    return None


def paid_from(issuer: str, account: str, api_key: str | None) -> str:
    """Name the pool that pays: what the key declares, else the account; empty if neither."""
    return KEY_PAID_FROM.get(api_key or "") or account_of(issuer, account).paid_from


def portfolio_of(workflow: Workflow) -> str:
    """Name the portfolio of a workflow's family."""
    return FAMILIES[workflow.family]


def _matches(run: LogRecord, item_stamp: str | None) -> list[tuple[Workflow, str]]:
    """List the workflows a run may be of, strongest evidence first, file order within it."""
    found = [(w, "stamp") for w in WORKFLOWS if run.process_id == w.id]
    found += [(w, "stamp") for w in WORKFLOWS if _fits(run.process_id, w.stamps)]
    found += [(w, "stamp") for w in WORKFLOWS if item_stamp == w.id]
    account = account_of_run(run)
    found += [(w, "account") for w in WORKFLOWS if account in w.accounts]
    for workflow in WORKFLOWS:
        if run.branch and run.branch.startswith(workflow.branch_prefixes):
            found.append((workflow, "branch"))
        elif _fits(run.repo, workflow.repositories):
            found.append((workflow, "repository"))
    return found


def _is_out_of_scope(workflow: Workflow, run: LogRecord) -> bool:
    names = workflow.scope_repositories
    return bool(names) and run.repo is not None and not _fits(run.repo, names)


def _fits(value: str | None, patterns: tuple[str, ...]) -> bool:
    return value is not None and any(fnmatchcase(value, pattern) for pattern in patterns)
