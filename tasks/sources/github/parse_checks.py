"""Parse check runs, statuses, workflow runs and deployments into raw rows."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tasks.core.batches import RawRow
from tasks.core.instants import instant_text
from tasks.sources.github import payloads
from tasks.sources.github.context import OTHER, Repo, repository_fields

_CONCLUSIONS = frozenset(
    {
        "success",
        "failure",
        "neutral",
        "cancelled",
        "skipped",
        "timed_out",
        "action_required",
        "stale",
        "startup_failure",
    }
)
_TRIGGERS = frozenset(
    {
        "push",
        "pull_request",
        "pull_request_target",
        "merge_group",
        "schedule",
        "workflow_dispatch",
        "workflow_run",
        "repository_dispatch",
        "release",
    }
)
_GOOD = frozenset({"success", "neutral", "skipped"})
# A check that somebody stopped, or GitHub gave up on, says nothing of the head.
_SAYS_NOTHING = frozenset({"cancelled", "stale"})
_FINAL_DEPLOYMENT = frozenset({"success", "failure", "error", "inactive"})
_DEPLOYMENT_STATES = _FINAL_DEPLOYMENT | {"in_progress", "queued", "pending", "waiting"}
#: A check, run or deployment that has not come to its end.
PENDING = "pending"
#: Environments that deploy to customers, where a deployment does not say so itself.
PRODUCTION_NAMES = frozenset({"production", "prod", "live"})


def parse_check_run(payload: object) -> RawRow:
    """Reduce a check run; its name and output are never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    run = payloads.CheckRun.model_validate(payload)
    is_done = run.status == "completed"
    return {
        "result": _conclusion(run.conclusion) if is_done else PENDING,
        "at": _text((run.completed_at or run.started_at) if is_done else run.started_at),
    }


def parse_status(payload: object) -> RawRow:
    """Reduce a commit status; its context, description and link are never read.

    Raises:
        pydantic.ValidationError: An instant is malformed.
    """
    status = payloads.Status.model_validate(payload)
    result = {"success": "success", "pending": PENDING}.get(status.state, "failure")
    return {
        "result": result,
        "at": _text(status.created_at if result == PENDING else status.updated_at),
    }


def checks_row(record: str, item: str, sha: str, checks: Sequence[RawRow]) -> RawRow:
    """Sum up the checks of one head.

    Args:
        record: `check_runs` or `statuses`: GitHub keeps the two apart.
        item: Key of the pull request.
        sha: Its head.
        checks: From `parse_check_run` or `parse_status`, the newest of each name.
    """
    results = [str(check["result"]) for check in checks]
    result = _overall(results)
    relevant = [check for check in checks if result != PENDING or check["result"] == PENDING]
    return {
        "record": record,
        "key": f"{item}@{sha}",
        "item": item,
        "sha": sha,
        "result": result,
        "counts": dict(sorted(Counter(results).items())),
        "at": max((str(check["at"]) for check in relevant if check["at"]), default=None),
        "is_final": bool(checks) and PENDING not in results,
    }


def parse_workflow_run(payload: object, repo: Repo) -> RawRow:
    """Reduce a workflow run; its name, title, actors and commit are never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    run = payloads.WorkflowRun.model_validate(payload)
    attempt = run.run_attempt or 1
    pulls = [pull for pull in run.pull_requests or () if _is_of(pull, repo)]
    return {
        "key": f"gh:{repo.id}/run/{run.id}/{attempt}",
        **repository_fields(repo),
        "run_id": run.id,
        "attempt": attempt,
        "workflow_id": run.workflow_id,
        "trigger": run.event if run.event in _TRIGGERS else OTHER,
        "result": _conclusion(run.conclusion) if run.status == "completed" else PENDING,
        "sha": run.head_sha,
        "items": [repo.item(pull.number) for pull in pulls],
        "created_at": instant_text(run.created_at),
        "updated_at": instant_text(run.updated_at),
    }


def parse_deployment(payload: object, repo: Repo) -> RawRow:
    """Reduce a deployment; its payload, description and creator are never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    deployment = payloads.Deployment.model_validate(payload)
    environment = (deployment.environment or "").lower()
    is_production = deployment.production_environment
    if is_production is None:  # only answered to clients that ask for a preview
        is_production = environment in PRODUCTION_NAMES
    return deployment_row(repo, deployment.id, deployment.sha, is_production=is_production)


def deployment_row(repo: Repo, number: int, sha: str, *, is_production: bool) -> RawRow:
    """Give the row of a deployment whose statuses are not known yet."""
    return {
        "key": f"gh:{repo.id}/deployment/{number}",
        **repository_fields(repo),
        "deployment_id": number,
        "sha": sha,
        "is_production": is_production,
        "states": None,
    }


def parse_deployment_status(payload: object) -> RawRow:
    """Reduce a status of a deployment.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    status = payloads.DeploymentStatus.model_validate(payload)
    return {
        "id": status.id,
        "state": status.state if status.state in _DEPLOYMENT_STATES else OTHER,
        "at": instant_text(status.created_at),
    }


def is_final_deployment(row: RawRow) -> bool:
    """Tell whether a deployment has reached an end; unknown statuses are no end."""
    states = row["states"]
    return isinstance(states, list) and any(
        state["state"] in _FINAL_DEPLOYMENT for state in states if isinstance(state, dict)
    )


def _text(instant: datetime | None) -> str | None:
    return instant_text(instant) if instant else None


def _conclusion(conclusion: str | None) -> str:
    return conclusion if conclusion in _CONCLUSIONS else OTHER


def _overall(results: Sequence[str]) -> str | None:
    """One failed check fails the head; otherwise it waits for the last one."""
    if not results:
        return None
    told = [result for result in results if result not in _SAYS_NOTHING]
    if any(result not in _GOOD and result != PENDING for result in told):
        return "failure"
    return PENDING if PENDING in told or not told else "success"


def _is_of(pull: payloads.WorkflowRunPull, repo: Repo) -> bool:
    """Leave out pull requests of forks that contain the same commit."""
    return pull.base is None or pull.base.repo is None or pull.base.repo.id == repo.id
