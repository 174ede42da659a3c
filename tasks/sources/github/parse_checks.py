"""Parse check runs, statuses, workflow runs and deployments into raw rows."""

from collections import Counter
from collections.abc import Sequence

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
_GOOD = frozenset({"success", "neutral", "skipped"})
_FINAL_DEPLOYMENT = frozenset({"success", "failure", "error", "inactive"})
_DEPLOYMENT_STATES = _FINAL_DEPLOYMENT | {"in_progress", "queued", "pending", "waiting"}
_PRODUCTION_NAMES = frozenset({"production", "prod", "live"})


def parse_check_run(payload: object) -> RawRow:
    """Reduce a check run; its name and output are never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    run = payloads.CheckRun.model_validate(payload)
    is_done = run.status == "completed"
    return {
        "id": run.id,
        "sha": run.head_sha,
        "result": _conclusion(run.conclusion) if is_done else "pending",
        "completed_at": instant_text(run.completed_at) if is_done and run.completed_at else None,
    }


def parse_status(payload: object) -> RawRow:
    """Reduce a commit status; its context, description and link are never read.

    Raises:
        pydantic.ValidationError: An instant is malformed.
    """
    status = payloads.Status.model_validate(payload)
    result = {"success": "success", "pending": "pending"}.get(status.state, "failure")
    return {
        "result": result,
        "completed_at": instant_text(status.updated_at)
        if status.updated_at and result != "pending"
        else None,
    }


def checks_row(item: str, sha: str, runs: Sequence[RawRow], statuses: Sequence[RawRow]) -> RawRow:
    """Sum up all checks of one head.

    Args:
        item: Key of the pull request.
        sha: Its head.
        runs: From `parse_check_run`.
        statuses: From `parse_status`; the newest of each context, as the combined status has.
    """
    results = [str(check["result"]) for check in (*runs, *statuses)]
    times = [str(check["completed_at"]) for check in (*runs, *statuses) if check["completed_at"]]
    return {
        "record": "checks",
        "key": f"{item}@{sha}",
        "item": item,
        "sha": sha,
        "result": _overall(results),
        "counts": dict(sorted(Counter(results).items())),
        "completed_at": max(times, default=None),
        "runs_pending": any(check["result"] == "pending" for check in runs),
        "statuses_pending": any(check["result"] == "pending" for check in statuses),
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
        "trigger": run.event if run.event and run.event.isidentifier() else None,
        "result": _conclusion(run.conclusion) if run.status == "completed" else "pending",
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
        is_production = environment in _PRODUCTION_NAMES
    return {
        "key": f"gh:{repo.id}/deployment/{deployment.id}",
        **repository_fields(repo),
        "deployment_id": deployment.id,
        "sha": deployment.sha,
        "is_production": is_production,
        "created_at": instant_text(deployment.created_at),
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


def is_final_deployment(states: Sequence[RawRow]) -> bool:
    """Tell whether a deployment has reached an end."""
    return any(state["state"] in _FINAL_DEPLOYMENT for state in states)


def _conclusion(conclusion: str | None) -> str:
    return conclusion if conclusion in _CONCLUSIONS else OTHER


def _overall(results: Sequence[str]) -> str | None:
    """One failed check fails the head; otherwise it waits for the last one."""
    if not results:
        return None
    if any(result not in _GOOD and result != "pending" for result in results):
        return "failure"
    return "pending" if "pending" in results else "success"


def _is_of(pull: payloads.WorkflowRunPull, repo: Repo) -> bool:
    """Leave out pull requests of forks that contain the same commit."""
    return pull.base is None or pull.base.repo is None or pull.base.repo.id == repo.id
