"""GitHub's JSON for what exists at a moment; field names as of API version 2022-11-28.

Every field in which a real server puts a person holds a made-up one.
"""

from datetime import datetime, timedelta

from sandbox.organisation import ORG, REPOSITORIES, Repository
from sandbox.people import Person, someone
from sandbox.pulls import BOT_LOGINS, name_at
from sandbox.records import Comment, Commit, GitHubIssue, PullRequest, Review
from sandbox.wire import Json, iso

_ORG_ID = 90_210_001
_BY_ID = {repository.id: repository for repository in REPOSITORIES}


def is_closed(pull: PullRequest, now: datetime) -> bool:
    """Tell whether a pull request is closed, merged or not."""
    if pull.merged_at is not None and pull.merged_at <= now:
        return True
    closed = sum(1 for moment in pull.closings if moment <= now)
    return closed > sum(1 for moment in pull.reopenings if moment <= now)


def closed_at(pull: PullRequest, now: datetime) -> datetime | None:
    """Give the moment a pull request was closed; None while it is open."""
    if not is_closed(pull, now):
        return None
    if pull.merged_at is not None and pull.merged_at <= now:
        return pull.merged_at
    return max(moment for moment in pull.closings if moment <= now)


def updated_at(pull: PullRequest, now: datetime) -> datetime:
    """Give the last moment up to now that GitHub counts as a change; checks do not."""
    moments: list[datetime | None] = [
        pull.created_at,
        pull.merged_at,
        *pull.closings,
        *pull.reopenings,
        *(comment.at for comment in pull.comments),
    ]
    for review in pull.reviews:
        moments.extend((review.submitted_at, review.dismissed_at))
    return max(moment for moment in moments if moment is not None and moment <= now)


def user(person: Person, base_url: str) -> Json:
    """Write a person's account."""
    return _account(person.login, person.github_id, "User", base_url)


def repository(repo: Repository, base_url: str, now: datetime) -> Json:
    """Write a repository under the name it has at a moment."""
    full_name = f"{ORG}/{name_at(repo, now)}"
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": name_at(repo, now),
        "full_name": full_name,
        "private": True,
        "owner": _account(ORG, _ORG_ID, "Organization", base_url),
        "html_url": f"https://github.example/{full_name}",
        "description": f"Kept by {someone(repo.id).name}",
        "fork": False,
        "url": f"{base_url}/repos/{full_name}",
        "created_at": "2024-02-01T09:00:00Z",
        "updated_at": iso(now - timedelta(hours=2)),
        "pushed_at": iso(now - timedelta(hours=1)),
        "default_branch": "main",
        "visibility": "private",
        "archived": False,
        "disabled": False,
    }


def pull_request(pull: PullRequest, base_url: str, now: datetime, *, is_list: bool) -> Json:
    """Write a pull request; the list form lacks what needs a computation."""
    repo = _BY_ID[pull.repository]
    url = f"{base_url}/repos/{ORG}/{name_at(repo, now)}"
    closed = closed_at(pull, now)
    merged = pull.merged_at if pull.merged_at is not None and pull.merged_at <= now else None
    author = author_of(pull, base_url)
    shared: dict[str, Json] = {
        "url": f"{url}/pulls/{pull.number}",
        "id": pull.id,
        "node_id": f"PR_{pull.id}",
        "html_url": f"https://github.example/{ORG}/{repo.name}/pull/{pull.number}",
        "issue_url": f"{url}/issues/{pull.number}",
        "number": pull.number,
        "state": "closed" if closed else "open",
        "locked": False,
        "title": pull.title,
        "user": author,
        "body": pull.body,
        "created_at": iso(pull.created_at),
        "updated_at": iso(updated_at(pull, now)),
        "closed_at": iso(closed) if closed else None,
        "merged_at": iso(merged) if merged else None,
        "merge_commit_sha": pull.merge_sha if merged else pull.head_sha(),
        "assignee": author,
        "assignees": [author] if author else [],
        "requested_reviewers": [user(someone(pull.id), base_url)],
        "requested_teams": [],
        "labels": [_label(name, url) for name in pull.labels],
        "milestone": None,
        "draft": False,
        "author_association": "MEMBER",
        "auto_merge": None,
        "head": {
            "label": f"{ORG}:{pull.branch}",
            "ref": pull.branch,
            "sha": pull.head_sha(),
            "user": author,
            "repo": None if pull.from_deleted_fork else repository(repo, base_url, now),
        },
        "base": {
            "label": f"{ORG}:main",
            "ref": "main",
            "sha": f"{pull.id:040x}",
            "user": _account(ORG, _ORG_ID, "Organization", base_url),
            "repo": repository(repo, base_url, now),
        },
    }
    if is_list:
        return shared
    return {
        **shared,
        "merged": merged is not None,
        "mergeable": None if merged else True,
        "merged_by": user(someone(pull.id + 1), base_url) if merged else None,
        "comments": len(pull.comments),
        "review_comments": 0,
        "commits": len(pull.commits),
        "additions": 10 + pull.id % 400,
        "deletions": pull.id % 90,
        "changed_files": 1 + pull.id % 12,
    }


def pull_as_issue(pull: PullRequest, base_url: str, now: datetime) -> Json:
    """Write a pull request the way the list of issues shows it: another id, a marker."""
    repo = _BY_ID[pull.repository]
    url = f"{base_url}/repos/{ORG}/{name_at(repo, now)}"
    closed = closed_at(pull, now)
    return {
        "id": pull.id + 400_000_000,
        "node_id": f"I_{pull.id}",
        "url": f"{url}/issues/{pull.number}",
        "number": pull.number,
        "title": pull.title,
        "user": author_of(pull, base_url),
        "labels": [_label(name, url) for name in pull.labels],
        "state": "closed" if closed else "open",
        "state_reason": None,
        "comments": len(pull.comments),
        "created_at": iso(pull.created_at),
        "updated_at": iso(updated_at(pull, now)),
        "closed_at": iso(closed) if closed else None,
        "body": pull.body,
        "pull_request": {"url": f"{url}/pulls/{pull.number}"},
    }


def issue(item: GitHubIssue, base_url: str, now: datetime) -> Json:
    """Write an ordinary issue."""
    repo = _BY_ID[item.repository]
    url = f"{base_url}/repos/{ORG}/{name_at(repo, now)}"
    closed = item.closed_at if item.closed_at is not None and item.closed_at <= now else None
    return {
        "id": item.id,
        "node_id": f"I_{item.id}",
        "url": f"{url}/issues/{item.number}",
        "number": item.number,
        "title": item.title,
        "user": user(item.author, base_url),
        "labels": [_label(name, url) for name in item.labels],
        "state": "closed" if closed else "open",
        "state_reason": "completed" if closed else None,
        "assignees": [user(someone(item.number), base_url)],
        "comments": 0,
        "created_at": iso(item.created_at),
        "updated_at": iso(closed or item.created_at),
        "closed_at": iso(closed) if closed else None,
        "closed_by": user(someone(item.number), base_url) if closed else None,
        "body": item.body,
    }


def review(item: Review, pull: PullRequest, base_url: str, now: datetime) -> Json:
    """Write a review; a dismissal replaces its state in place."""
    is_dismissed = item.dismissed_at is not None and item.dismissed_at <= now
    return {
        "id": item.id,
        "node_id": f"PRR_{item.id}",
        "user": user(item.author, base_url) if item.author else None,
        "body": f"Looks good, {item.author.name}" if item.author else "",
        "state": "DISMISSED" if is_dismissed else item.state,
        "submitted_at": iso(item.submitted_at),
        "commit_id": pull.head_sha(),
        "author_association": "MEMBER",
    }


def commit(item: Commit, base_url: str) -> Json:
    """Write a commit; `author` is null where GitHub knows nobody by its address."""
    person = item.author
    name, email = (person.name, person.email) if person else (someone(1).name, someone(1).email)
    stamp = {"name": name, "email": email, "date": iso(item.at)}
    account = user(person, base_url) if person else None
    return {
        "sha": item.sha,
        "node_id": f"C_{item.sha[:12]}",
        "commit": {
            "author": stamp,
            "committer": stamp,
            "message": item.message,
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None},
        },
        "author": account,
        "committer": account,
        "parents": [],
    }


def comment(item: Comment, base_url: str) -> Json:
    """Write a comment."""
    return {
        "id": item.id,
        "user": user(item.author, base_url) if item.author else None,
        "body": item.text,
        "created_at": iso(item.at),
        "updated_at": iso(item.at),
    }


def author_of(pull: PullRequest, base_url: str) -> Json:
    """Write the account that opened a pull request; null for a deleted one."""
    if pull.bot:
        login, number = BOT_LOGINS[pull.bot]
        return _account(login, number, "Bot", base_url)
    return user(pull.author, base_url) if pull.author else None


def _account(login: str, number: int, kind: str, base_url: str) -> Json:
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"https://avatars.github.example/u/{number}",
        "url": f"{base_url}/users/{login}",
        "html_url": f"https://github.example/{login}",
        "type": kind,
        "site_admin": False,
    }


def _label(name: str, repo_url: str) -> Json:
    return {
        "id": 7_000_000 + sum(map(ord, name)),
        "node_id": f"LA_{name}",
        "url": f"{repo_url}/labels/{name}",
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }
