"""GitHub's JSON for what happens around an item: checks, runs, deployments, events."""

from collections.abc import Iterable
from datetime import datetime

from sandbox.github_views import issue, pull_as_issue, user
from sandbox.people import someone
from sandbox.records import Check, Deployment, GitHubIssue, PullRequest
from sandbox.wire import Json, iso


def check_run(item: Check, now: datetime) -> Json:
    """Write a check run as far as it has come."""
    done = item.completed_at if item.completed_at and item.completed_at <= now else None
    return {
        "id": item.id,
        "head_sha": item.sha,
        "name": item.name,
        "status": "completed" if done else "in_progress",
        "conclusion": item.conclusion if done else None,
        "started_at": iso(item.started_at),
        "completed_at": iso(done) if done else None,
        "output": {"title": f"Started by {someone(item.id).name}", "annotations_count": 0},
        "app": {"id": 15_368, "slug": "github-actions"},
        "pull_requests": [],
    }


def status(item: Check, base_url: str, now: datetime) -> Json:
    """Write a commit status."""
    done = item.completed_at is not None and item.completed_at <= now
    at = item.completed_at if done and item.completed_at else item.started_at
    return {
        "id": item.id,
        "state": item.conclusion if done else "pending",
        "context": item.name,
        "description": f"for {someone(item.id).name}",
        "created_at": iso(at),
        "updated_at": iso(at),
        "creator": user(someone(item.id), base_url),
    }


def workflow_run(item: Check, pull: PullRequest, base_url: str, now: datetime) -> Json:
    """Write the Actions run behind a check run."""
    done = item.completed_at if item.completed_at and item.completed_at <= now else None
    actor = user(someone(item.id), base_url)
    return {
        "id": item.id + 7_000_000_000,
        "name": item.name,
        "run_number": item.id % 10_000,
        "run_attempt": 1,
        "workflow_id": 4_400_001,
        "event": "pull_request",
        "status": "completed" if done else "in_progress",
        "conclusion": item.conclusion if done else None,
        "head_branch": pull.branch,
        "head_sha": item.sha,
        "display_title": pull.title,
        "created_at": iso(item.started_at),
        "run_started_at": iso(item.started_at),
        "updated_at": iso(done or item.started_at),
        "actor": actor,
        "triggering_actor": actor,
        "pull_requests": [
            {
                "id": pull.id,
                "number": pull.number,
                "url": f"{base_url}/repositories/{pull.repository}/pulls/{pull.number}",
                "head": {"ref": pull.branch, "sha": item.sha, "repo": {"id": pull.repository}},
                "base": {
                    "ref": "main",
                    "sha": f"{pull.id:040x}",
                    "repo": {"id": pull.repository},
                },
            }
        ],
    }


def deployment(item: Deployment, base_url: str) -> Json:
    """Write a deployment."""
    return {
        "id": item.id,
        "sha": item.sha,
        "ref": "main",
        "task": "deploy",
        "environment": item.environment,
        "production_environment": True,
        "description": f"Asked for by {someone(item.id).name}",
        "creator": user(someone(item.id), base_url),
        "payload": {"requested_by": someone(item.id).email},
        "created_at": iso(item.at),
        "updated_at": iso(item.at),
    }


def deployment_states(item: Deployment, base_url: str, now: datetime) -> list[Json]:
    """Write the states of a deployment so far, newest first."""
    states = [("in_progress", item.at), (item.state, item.finished_at)]
    return [
        {
            "id": item.id * 10 + position,
            "state": state,
            "creator": user(someone(item.id), base_url),
            "description": f"by {someone(item.id).login}",
            "environment": item.environment,
            "created_at": iso(at),
            "updated_at": iso(at),
        }
        for position, (state, at) in reversed(list(enumerate(states)))
        if at <= now
    ]


def item_events(
    pulls: Iterable[PullRequest], issues: Iterable[GitHubIssue], base_url: str, now: datetime
) -> list[Json]:
    """Write a repository's issue events up to now, newest first."""
    events: list[tuple[datetime, int, str, str | None, Json]] = []
    for pull in pulls:
        shown = pull_as_issue(pull, base_url, now)
        events.extend(
            (pull.created_at, pull.id * 100 + position, "labeled", name, shown)
            for position, name in enumerate(pull.labels)
        )
        for offset, (kind, moments) in enumerate(
            (
                ("closed", pull.closings),
                ("reopened", pull.reopenings),
                ("merged", (pull.merged_at,) if pull.merged_at else ()),
                ("closed", (pull.merged_at,) if pull.merged_at else ()),
            )
        ):
            events.extend(
                (moment, pull.id * 100 + 20 + 10 * offset + position, kind, None, shown)
                for position, moment in enumerate(moments)
            )
    for item in issues:
        shown = issue(item, base_url, now)
        events.extend(
            (item.created_at, item.id * 100 + position, "labeled", name, shown)
            for position, name in enumerate(item.labels)
        )
        if item.closed_at:
            events.append((item.closed_at, item.id * 100 + 50, "closed", None, shown))
    visible = sorted(
        (event for event in events if event[0] <= now),
        key=lambda event: event[:2],
        reverse=True,
    )
    return [
        {
            "id": number,
            "event": kind,
            "actor": user(someone(number), base_url),
            "label": {"name": name, "color": "ededed"} if name else None,
            "commit_id": None,
            "created_at": iso(at),
            "issue": shown,
        }
        for at, number, kind, name, shown in visible
    ]
