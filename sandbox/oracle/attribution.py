"""Whose run it is, and whose money a key or an account is: layers, stages, scopes, pools."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import NamedTuple

from sandbox.catalog import ALL_FAMILIES, ALL_WORKFLOWS, account_of
from sandbox.organisation import DEFAULT_ACCOUNT, KEY_PAID_FROM, Workflow
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


class Evidence(NamedTuple):
    """What tells whose a run or a session is; None where nobody says.

    Attributes:
        day: UTC day it started.
        item: As `item_stamps` name it.
        repo: `owner/name`.
    """

    day: date
    stamp: str | None = None
    account: str | None = None
    api_key: str | None = None
    item: str | None = None
    repo: str | None = None
    branch: str | None = None


def account_of_run(run: LogRecord) -> str:
    """Name the account a run was on; the log's default where it names none."""
    return run.account or DEFAULT_ACCOUNT[run.issuer]


def line_of_run(run: LogRecord, item_stamps: Mapping[str, str]) -> Line:
    """Decide whose run it is, by the stage in force when it started.

    Args:
        run: As logged.
        item_stamps: Workflow that a work item itself names, by the item's name or its branch.
    """
    evidence = Evidence(
        (run.started_at or run.ended_at).date(),
        stamp=run.process_id,
        account=account_of_run(run),
        item=run.work_item,
        repo=run.repo,
        branch=run.branch,
    )
    return line_of(evidence, item_stamps)


def line_of(evidence: Evidence, item_stamps: Mapping[str, str]) -> Line:
    """Decide whose work it is; `item_stamps` as for `line_of_run`."""
    linked = f"branch:{evidence.repo}#{evidence.branch}" if evidence.branch else ""
    item_stamp = item_stamps.get(evidence.item or "", item_stamps.get(linked))
    for workflow, strength in _matches(evidence, item_stamp):
        pool = pool_on(workflow, evidence.day)
        if pool is not None:
            if _is_out_of_scope(workflow, evidence.repo):
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
    for workflow in ALL_WORKFLOWS:
        if api_key in workflow.api_keys and pool_on(workflow, day) is not None:
            return workflow
    return None


def account_owner(account: str, day: date) -> Workflow | None:
    """Find the workflow that owns a whole account on a day."""
    for workflow in ALL_WORKFLOWS:
        if account in workflow.accounts and pool_on(workflow, day) is not None:
            return workflow
    return None


def paid_from(issuer: str, account: str, api_key: str | None) -> str:
    """Name the pool that pays: what the key declares, else the account; empty if neither."""
    return KEY_PAID_FROM.get(api_key or "") or account_of(issuer, account).paid_from


def portfolio_of(workflow: Workflow) -> str:
    """Name the portfolio of a workflow's family."""
    return ALL_FAMILIES[workflow.family]


def _matches(evidence: Evidence, item_stamp: str | None) -> list[tuple[Workflow, str]]:
    """List the workflows it may be of, strongest evidence first, file order within it."""
    found = [(w, "stamp") for w in ALL_WORKFLOWS if evidence.stamp == w.id]
    found += [(w, "stamp") for w in ALL_WORKFLOWS if _fits(evidence.stamp, w.stamps)]
    found += [(w, "stamp") for w in ALL_WORKFLOWS if item_stamp == w.id]
    for workflow in ALL_WORKFLOWS:
        if evidence.api_key in workflow.api_keys:
            found.append((workflow, "api_key"))
        elif evidence.account in workflow.accounts:
            found.append((workflow, "account"))
    for workflow in ALL_WORKFLOWS:
        if evidence.branch and evidence.branch.startswith(workflow.branch_prefixes):
            found.append((workflow, "branch"))
        elif _fits(evidence.repo, workflow.repositories):
            found.append((workflow, "repository"))
    return found


def _is_out_of_scope(workflow: Workflow, repo: str | None) -> bool:
    names = workflow.scope_repositories
    return bool(names) and repo is not None and not _fits(repo, names)


def _fits(value: str | None, patterns: tuple[str, ...]) -> bool:
    return value is not None and any(fnmatchcase(value, pattern) for pattern in patterns)
