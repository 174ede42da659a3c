"""GitHub's JSON for what was written: issues, comments, events, pull requests, files."""

import base64

from sandbox.catalog_repository import REPOSITORY, Commit, PullState, blob_sha
from sandbox.github_views import repository, user
from sandbox.organisation import ORG
from sandbox.people import Person
from sandbox.tickets_board import APP, Event, Posted, Remark
from sandbox.wire import Json, Request, iso

APP_ID = 1_020_417
APP_SLUG = "graduand-gate"


def account(person: Person, base_url: str) -> Json:
    """Write an account; the app's is a bot."""
    shown = user(person, base_url)
    if person is APP and isinstance(shown, dict):
        return {**shown, "type": "Bot"}
    return shown


def application(base_url: str) -> Json:
    """Write the app."""
    return {
        "id": APP_ID,
        "slug": APP_SLUG,
        "name": "Graduand Gate",
        "owner": user(APP, base_url),
        "permissions": {"metadata": "read", "issues": "write", "contents": "write"},
    }


def issue(posted: Posted, request: Request) -> dict[str, Json]:
    """Write an issue, or the issue side of a pull request."""
    base_url = request.base_url
    url = f"{base_url}/repos/{ORG}/{REPOSITORY.name}"
    by_app: Json = application(base_url) if posted.author is APP else None
    kind = "pull" if posted.is_pull else "issues"
    shown: dict[str, Json] = {
        "id": posted.id + 3_000_000_000,
        "node_id": f"I_{posted.id}",
        "url": f"{url}/issues/{posted.key}",
        "repository_url": url,
        "comments_url": f"{url}/issues/{posted.key}/comments",
        "html_url": f"https://github.example/{ORG}/{REPOSITORY.name}/{kind}/{posted.key}",
        "number": int(posted.key),
        "title": posted.title,
        "user": account(posted.author, base_url),
        "labels": [label(name, url) for name in posted.labels],
        "state": posted.state,
        "state_reason": posted.resolution,
        "locked": False,
        "assignees": [],
        "comments": len(posted.remarks),
        "created_at": iso(posted.created_at),
        "updated_at": iso(posted.updated_at),
        "closed_at": iso(posted.updated_at) if posted.state == "closed" else None,
        "author_association": "NONE",
        "body": posted.body,
        "performed_via_github_app": by_app,
    }
    if posted.is_pull:
        shown["pull_request"] = {"url": f"{url}/pulls/{posted.key}"}
    return shown


def comment(remark: Remark, request: Request) -> Json:
    """Write a comment."""
    return {
        "id": remark.id,
        "node_id": f"IC_{remark.id}",
        "user": account(remark.author, request.base_url),
        "body": remark.text,
        "created_at": iso(remark.created_at),
        "updated_at": iso(remark.updated_at),
        "performed_via_github_app": application(request.base_url) if remark.author is APP else None,
    }


def event(item: Event, request: Request) -> Json:
    """Write one event of an issue."""
    shown: dict[str, Json] = {
        "id": item.id,
        "event": item.kind,
        "actor": account(item.actor, request.base_url),
        "created_at": iso(item.at),
    }
    if item.kind in ("labeled", "unlabeled"):
        shown["label"] = {"name": item.after or item.before, "color": "ededed"}
    return shown


def label(name: str, url: str) -> Json:
    """Write a label."""
    return {"id": 7_100_000 + sum(map(ord, name)), "url": f"{url}/labels/{name}", "name": name}


def pull(state: PullState, posted: Posted, head: str, request: Request) -> dict[str, Json]:
    """Write a pull request; `head` is the last commit of its branch."""
    base_url = request.base_url
    url = f"{base_url}/repos/{ORG}/{REPOSITORY.name}"
    return {
        **{
            name: value
            for name, value in issue(posted, request).items()
            if name not in ("pull_request", "state_reason", "comments_url")
        },
        "url": f"{url}/pulls/{posted.key}",
        "draft": state.is_draft,
        "merged": state.merged_at is not None,
        "merged_at": iso(state.merged_at) if state.merged_at else None,
        "merge_commit_sha": state.merge_sha or None,
        "head": {
            "label": f"{ORG}:{state.head}",
            "ref": state.head,
            "sha": head,
            "repo": repository(REPOSITORY, base_url, request.now),
        },
        "base": {
            "label": f"{ORG}:{state.base}",
            "ref": state.base,
            "repo": repository(REPOSITORY, base_url, request.now),
        },
    }


def content(path: str, data: bytes, ref: str, request: Request) -> dict[str, Json]:
    """Write a file with its content."""
    url = f"{request.base_url}/repos/{ORG}/{REPOSITORY.name}/contents/{path}?ref={ref}"
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob_sha(data),
        "size": len(data),
        "url": url,
        "html_url": f"https://github.example/{ORG}/{REPOSITORY.name}/blob/{ref}/{path}",
        "encoding": "base64",
        # Real answers break the text into lines of sixty.
        "content": base64.encodebytes(data).decode(),
    }


def commit(item: Commit, request: Request) -> Json:
    """Write a commit."""
    stamp: Json = {"name": item.author.name, "email": item.author.email, "date": iso(item.at)}
    return {
        "sha": item.sha,
        "commit": {"message": item.message, "author": stamp, "committer": stamp},
        "author": account(item.author, request.base_url),
        "committer": account(item.author, request.base_url),
        "parents": [{"sha": item.parent}] if item.parent else [],
    }
