"""What GitHub's REST API answers, as far as we read it; field names are GitHub's.

Tolerant: unknown fields are ignored and everything real servers leave out or send as
null may be missing. Strict: keys and instants. Texts that may hold names of people are
read only by `parse`, which drops them. Endpoints and fields as of version 2022-11-28.
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tasks.core.instants import parse_instant

Instant: TypeAlias = Annotated[datetime, BeforeValidator(parse_instant)]
Id: TypeAlias = Annotated[int, Field(strict=True, gt=0)]
Sha: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z]{4,64}$")]

#: Servers of other makes send empty text where GitHub sends null.
MaybeSha: TypeAlias = Annotated[Sha | None, BeforeValidator(lambda value: value or None)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Account(_Payload):
    """A user, app or organisation; only its kind survives parsing."""

    id: Id
    login: str | None = None
    type: str | None = None


class Owner(_Payload):
    """The owner of a repository; only its type matters, and only some answers tell it."""

    type: str | None = None


class Repository(_Payload):
    """`GET /repos/{owner}/{repo}`, and wherever a repository is embedded."""

    id: Id
    full_name: str | None = None
    owner: Owner | None = None
    default_branch: str | None = None


class Branch(_Payload):
    """The head or base of a pull request; `repo` is null once a fork is deleted."""

    ref: str | None = None
    sha: Sha
    repo: Repository | None = None


class Label(_Payload):
    """A label; in old answers a plain string stands instead."""

    name: str | None = None


def _as_label(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Labels: TypeAlias = list[Annotated[Label, BeforeValidator(_as_label)]]


class PullRequest(_Payload):
    """`GET /repos/{owner}/{repo}/pulls`: the list form, without sizes."""

    number: Id
    state: Annotated[str, StringConstraints(pattern="^(open|closed)$")]
    title: str | None = None
    body: str | None = None
    user: Account | None = None
    draft: bool | None = None
    created_at: Instant
    updated_at: Instant
    closed_at: Instant | None = None
    merged_at: Instant | None = None
    merge_commit_sha: MaybeSha = None
    labels: Labels | None = None
    head: Branch
    base: Branch


class Review(_Payload):
    """`GET /repos/{owner}/{repo}/pulls/{n}/reviews`; PENDING ones have no `submitted_at`."""

    id: Id
    user: Account | None = None
    state: str
    submitted_at: Instant | None = None


class GitActor(_Payload):
    """Author or committer of a commit as git has it."""

    email: str | None = None
    date: Instant | None = None


class GitCommit(_Payload):
    """The `commit` part of a commit."""

    message: str
    author: GitActor | None = None
    committer: GitActor | None = None


class Commit(_Payload):
    """`GET /repos/{owner}/{repo}/pulls/{n}/commits`; `author` is null for unknown e-mails."""

    sha: Sha
    commit: GitCommit
    author: Account | None = None


class CheckRun(_Payload):
    """`GET /repos/{owner}/{repo}/commits/{ref}/check-runs`, one of `check_runs`."""

    id: Id
    head_sha: Sha
    status: str
    conclusion: str | None = None
    started_at: Instant | None = None
    completed_at: Instant | None = None


class Status(_Payload):
    """`GET /repos/{owner}/{repo}/commits/{ref}/status`, one of `statuses`."""

    state: str
    created_at: Instant | None = None
    updated_at: Instant | None = None


class WorkflowRunPull(_Payload):
    """A pull request that a workflow run belongs to; none for forks."""

    number: Id
    base: Branch | None = None


class WorkflowRun(_Payload):
    """`GET /repos/{owner}/{repo}/actions/runs`, one of `workflow_runs`."""

    id: Id
    run_attempt: int | None = None
    workflow_id: int | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    head_sha: Sha
    created_at: Instant
    updated_at: Instant
    pull_requests: list[WorkflowRunPull] | None = None


class Dated(_Payload):
    """Anything newest-first lists hold, read only to know where to stop."""

    created_at: Instant


class Deployment(_Payload):
    """`GET /repos/{owner}/{repo}/deployments`."""

    id: Id
    sha: Sha
    environment: str | None = None
    production_environment: bool | None = None
    created_at: Instant


class DeploymentStatus(_Payload):
    """`GET /repos/{owner}/{repo}/deployments/{id}/statuses`."""

    id: Id
    state: str
    created_at: Instant


class Issue(_Payload):
    """`GET /repos/{owner}/{repo}/issues`; pull requests among them have `pull_request`."""

    number: Id
    state: Annotated[str, StringConstraints(pattern="^(open|closed)$")] | None = None
    state_reason: str | None = None
    title: str | None = None
    body: str | None = None
    user: Account | None = None
    labels: Labels | None = None
    created_at: Instant
    updated_at: Instant
    closed_at: Instant | None = None
    pull_request: dict[str, object] | None = None


class EventIssue(_Payload):
    """The issue or pull request that an issue event is about."""

    number: Id
    labels: Labels | None = None
    pull_request: dict[str, object] | None = None


class IssueEvent(_Payload):
    """`GET /repos/{owner}/{repo}/issues/events`."""

    id: Id
    event: str
    created_at: Instant
    label: Label | None = None
    issue: EventIssue | None = None
    state_reason: str | None = None
