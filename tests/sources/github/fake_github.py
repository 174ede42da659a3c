"""A GitHub on loopback with just enough behaviour: lists, order, links, renames, refusals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.transport.loopback import Reply, Request

Payload = dict[str, Any]


def account(number: int = 4001, login: str = "octo-human", kind: str = "User") -> Payload:
    return {"id": number, "login": login, "type": kind, "node_id": f"U_{number}"}


def pull(number: int = 1, repository_id: int = 900, **changes: object) -> Payload:
    sha = f"{repository_id:x}{number:x}".rjust(40, "0")
    payload: Payload = {
        "id": repository_id * 100_000 + number,
        "node_id": f"PR_{repository_id}_{number}",
        "number": number,
        "state": "open",
        "draft": False,
        "title": "Tidy up",
        "body": None,
        "user": account(),
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-02T10:00:00Z",
        "closed_at": None,
        "merged_at": None,
        "merge_commit_sha": None,
        "labels": [],
        "head": {"ref": "topic", "sha": sha, "repo": {"id": repository_id}},
        "base": {"ref": "main", "sha": "b" * 40, "repo": {"id": repository_id}},
    }
    return payload | changes


def merged(number: int, at: str = "2026-11-03T10:00:00Z", **changes: Any) -> Payload:
    done = {"state": "closed", "closed_at": at, "merged_at": at, "updated_at": at}
    return pull(number, **({**done, "merge_commit_sha": f"{number:x}".rjust(40, "c")} | changes))


def check_run(result: str | None = "success", **changes: object) -> Payload:
    return {
        "id": 1,
        "head_sha": "a" * 40,
        "status": "completed" if result else "in_progress",
        "conclusion": result,
        "started_at": "2026-11-02T09:00:00Z",
        "completed_at": "2026-11-02T09:30:00Z" if result else None,
    } | changes


def commit(message: str = "Tidy up", sha: str = "d" * 40, **changes: object) -> Payload:
    git = {"email": "someone@example.invalid", "date": "2026-11-01T09:00:00Z"}
    return {
        "sha": sha,
        "commit": {"message": message, "author": git, "committer": git},
        "author": account(),
    } | changes


def review(number: int, state: str = "APPROVED", **changes: object) -> Payload:
    return {
        "id": number,
        "state": state,
        "user": account(),
        "submitted_at": "2026-11-02T08:00:00Z",
    } | changes


def issue(number: int, **changes: object) -> Payload:
    return {
        "id": number,
        "number": number,
        "state": "open",
        "state_reason": None,
        "title": "Down",
        "body": None,
        "user": account(),
        "labels": [{"name": "incident"}],
        "created_at": "2026-11-04T10:00:00Z",
        "updated_at": "2026-11-04T10:00:00Z",
        "closed_at": None,
    } | changes


@dataclass
class FakeRepo:
    id: int = 900
    name: str = "acme/engine"
    owner: Payload = field(default_factory=lambda: account(77, "acme", "Organization"))
    pulls: list[Payload] = field(default_factory=list)
    reviews: dict[int, list[Payload]] = field(default_factory=dict)
    commits: dict[int, list[Payload]] = field(default_factory=dict)
    check_runs: dict[str, list[Payload]] = field(default_factory=dict)
    statuses: dict[str, list[Payload]] = field(default_factory=dict)
    events: list[Payload] = field(default_factory=list)
    issues: list[Payload] = field(default_factory=list)
    runs: list[Payload] = field(default_factory=list)
    deployments: list[Payload] = field(default_factory=list)
    deployment_states: dict[int, list[Payload]] = field(default_factory=dict)
    #: What else it answers, by the path below it.
    answers: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def payload(self) -> Payload:
        named = {"id": self.id, "full_name": self.name, "owner": self.owner}
        return named | {"default_branch": "main"}


class FakeGithub:
    """Answers for its repositories; unknown paths are 404."""

    def __init__(self, *repos: FakeRepo) -> None:
        self.repos = {repo.name: repo for repo in repos}
        self.renamed: dict[str, str] = {}
        self.stop_after: int | None = None
        self.answered = 0

    def __call__(self, request: Request) -> Reply:  # noqa: PLR0911 - a table of routes
        self.answered += 1
        if self.stop_after is not None and self.answered > self.stop_after:
            return Reply(403, {"retry-after": "86400"}, {"message": "slow down"})
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        steps = parts.path.strip("/").split("/")
        match steps:
            case ["orgs", owner, "repos"]:
                found = [one for one in self.repos.values() if one.owner["login"] == owner]
                if any(one.owner["type"] == "User" for one in found):
                    return Reply(404, body={"message": "Not Found"})
                return self._page(request, [one.payload for one in found], query)
            case ["users", owner, "repos"]:
                found = [one for one in self.repos.values() if one.owner["login"] == owner]
                return self._page(request, [one.payload for one in found], query)
            case ["installation", "repositories"]:
                all_of = [one.payload for one in self.repos.values()]
                return self._page(request, all_of, query, "repositories")
            case ["repos", owner, name, *rest]:
                return self._repo_reply(request, f"{owner}/{name}", rest, query)
            case ["repositories", number, *rest]:
                known = {str(one.id): one for one in self.repos.values()}
                return self._of(request, known[number], rest, query)
            case _:
                return Reply(404, body={"message": "Not Found"})

    def _repo_reply(
        self, request: Request, name: str, rest: list[str], query: dict[str, str]
    ) -> Reply:
        if name in self.renamed:
            repo = self.repos[self.renamed[name]]
            tail = "/".join(["", "repositories", str(repo.id), *rest])
            return Reply(301, {"location": tail}, {"message": "Moved Permanently"})
        if name not in self.repos:
            return Reply(404, body={"message": "Not Found"})
        return self._of(request, self.repos[name], rest, query)

    def _of(  # noqa: C901, PLR0911, PLR0912 - a table of routes
        self, request: Request, repo: FakeRepo, rest: list[str], query: dict[str, str]
    ) -> Reply:
        for tail, status in repo.refused.items():
            if "/".join(rest).endswith(tail):
                return Reply(status, body={"message": "Resource not accessible"})
        told = repo.answers.get("/".join(rest))
        if told is not None:
            return self._page(request, told, query) if isinstance(told, list) else Reply(body=told)
        match rest:
            case []:
                return Reply(body=repo.payload)
            case ["pulls"]:
                newest = sorted(repo.pulls, key=lambda one: one["updated_at"], reverse=True)
                return self._page(request, newest, query)
            case ["pulls", number, "reviews"]:
                return self._page(request, repo.reviews.get(int(number), []), query)
            case ["pulls", number, "commits"]:
                return self._page(request, repo.commits.get(int(number), []), query)
            case ["commits", sha, "check-runs"]:
                return self._page(request, repo.check_runs.get(sha, []), query, "check_runs")
            case ["commits", sha, "status"]:
                return self._page(request, repo.statuses.get(sha, []), query, "statuses")
            case ["issues", "events"]:
                return self._page(request, _newest(repo.events), query)
            case ["issues"]:
                return self._page(request, list(_labelled(repo.issues, query)), query)
            case ["actions", "runs"]:
                start, _, end = query["created"].partition("..")
                chosen = [one for one in repo.runs if start <= one["created_at"] <= end]
                return self._page(request, chosen[:1000], query, "workflow_runs", len(chosen))
            case ["deployments"]:
                return self._page(request, _newest(repo.deployments), query)
            case ["deployments", number, "statuses"]:
                return self._page(request, repo.deployment_states.get(int(number), []), query)
            case _:
                return Reply(404, body={"message": "Not Found"})

    def _page(
        self,
        request: Request,
        items: list[Payload],
        query: dict[str, str],
        member: str | None = None,
        total: int | None = None,
    ) -> Reply:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        chosen = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            base = f"http://{request.headers['host']}{urlsplit(request.path).path}"
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
            headers["Link"] = f'<{base}?{rest}&page={page + 1}>; rel="next"'
        count = len(items) if total is None else total
        body = {"total_count": count, member: chosen} if member else chosen
        return Reply(200, headers, body)


def _newest(items: list[Payload]) -> list[Payload]:
    return sorted(items, key=lambda one: one["created_at"], reverse=True)


def _labelled(issues: list[Payload], query: dict[str, str]) -> Iterable[Payload]:
    since = datetime.fromisoformat(query["since"])
    for one in sorted(issues, key=lambda found: found["updated_at"]):
        names = {label["name"] for label in one["labels"]}
        if query["labels"] in names and datetime.fromisoformat(one["updated_at"]) >= since:
            yield one


Start = Callable[[Callable[[Request], Reply]], Any]
