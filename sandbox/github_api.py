"""GitHub's REST API for the organisation: routes, paging by Link, ETags, renames, app tokens."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from sandbox import github_views as views
from sandbox.organisation import ORG, REPOSITORIES, Repository
from sandbox.pulls import name_at
from sandbox.records import GitHubIssue, PullRequest, World
from sandbox.wire import Json, Params, Reply, Request, iso, parse_moment

TOKEN = "ghp_sandboxMeridianFreight000000000000"  # noqa: S105  # made up; opens nothing
APP_ID = "410001"
INSTALLATION_ID = 52_000_001
_APP_TOKEN = "ghs_sandboxInstallationToken000000000000"  # noqa: S105  # made up; opens nothing
_DEFAULT_PAGE = 30
_LONGEST_PAGE = 100
_DOCS = "https://docs.github.com/rest"
_BY_ID = {str(repository.id): repository for repository in REPOSITORIES}

_Handler = Callable[["_Call"], Reply]


class _Call:
    """One authorised request for one repository."""

    def __init__(
        self, world: World, request: Request, repo: Repository, parts: Sequence[str], cap: int
    ) -> None:
        self.request = request
        self.repo = repo
        self.parts = parts
        self.cap = cap
        self.world = world
        self.now = request.now

    def pulls(self) -> list[PullRequest]:
        return [
            pull
            for pull in self.world.pulls
            if pull.repository == self.repo.id and pull.created_at <= self.now
        ]

    def issues(self) -> list[GitHubIssue]:
        return [
            issue
            for issue in self.world.issues
            if issue.repository == self.repo.id and issue.created_at <= self.now
        ]

    def pull(self) -> PullRequest | None:
        wanted = self.parts[0]
        return next((pull for pull in self.pulls() if str(pull.number) == wanted), None)

    def listed(self, items: Sequence[Json], under: str = "") -> Reply:
        """Answer one page of a list; `under` wraps it with a total, as some endpoints do."""
        size = min(self.request.whole("per_page", _DEFAULT_PAGE, _LONGEST_PAGE), self.cap)
        number = self.request.whole("page", 1, 10**6)
        pages = max(1, -(-len(items) // size))
        shown = list(items[(number - 1) * size : number * size])
        headers = {}
        links = [("next", number + 1), ("last", pages)] if number < pages else []
        if number > 1:
            links += [("prev", number - 1), ("first", 1)]
        if links:
            headers["Link"] = ", ".join(
                f'<{self._page_url(page)}>; rel="{name}"' for name, page in links
            )
        body: Json = {"total_count": len(items), under: shown} if under else shown
        return Reply(200, body, headers)

    def _page_url(self, number: int) -> str:
        # Real links lead to /repositories/{id}/..., whatever name was asked for.
        rest = re.sub(r"^/(repos/[^/]+/[^/]+|repositories/\d+)", "", self.request.path)
        params: Params = [item for item in self.request.params if item[0] != "page"]
        return self.request.url(
            f"/repositories/{self.repo.id}{rest}", [*params, ("page", str(number))]
        )


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps the items on a page."""
    token_path = f"/app/installations/{INSTALLATION_ID}/access_tokens"
    if request.method == "POST" and request.path == token_path:
        return _app_token(request)
    if not _is_allowed(request):
        return _error(401, "Bad credentials")
    if request.method != "GET":
        return _error(404, "Not Found")
    return _with_headers(request, _route(world, request, page_items))


def _is_allowed(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() in {"bearer", "token"} and token in {TOKEN, _APP_TOKEN}


def _app_token(request: Request) -> Reply:
    """Exchange an app's JWT for an installation token; the signature is not checked."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:  # noqa: PLR2004  # header.claims.signature
        return _error(401, "A JSON web token could not be decoded")
    return Reply(
        201,
        {
            "token": _APP_TOKEN,
            "expires_at": iso(request.now + timedelta(hours=1)),
            "permissions": {"metadata": "read", "pull_requests": "read"},
            "repository_selection": "all",
        },
    )


def _with_headers(request: Request, reply: Reply) -> Reply:
    limits = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4990",
        "x-ratelimit-used": "10",
        "x-ratelimit-resource": "core",
        "X-GitHub-Media-Type": "github.v3; format=json",
    }
    if reply.status != 200:  # noqa: PLR2004
        return replace(reply, headers={**limits, **reply.headers})
    digest = hashlib.sha256(reply.encoded() + json.dumps(reply.headers).encode()).hexdigest()[:32]
    etag = f'W/"{digest}"'
    headers = {**limits, **reply.headers, "ETag": etag, "Vary": "Accept, Authorization"}
    if request.headers.get("if-none-match") == etag:
        return Reply(304, None, headers)
    return replace(reply, headers=headers)


def _route(world: World, request: Request, cap: int) -> Reply:
    parts = request.path.strip("/").split("/")
    listing = {
        ("orgs", ORG, "repos"): "",
        ("users", ORG, "repos"): "",
        ("installation", "repositories"): "repositories",
        ("user", "repos"): "",
    }
    if tuple(parts) in listing:
        shown = [views.repository(repo, request.base_url, request.now) for repo in REPOSITORIES]
        call = _Call(world, request, REPOSITORIES[0], (), cap)
        reply = call.listed(shown, listing[tuple(parts)])
        return replace(reply, headers=_own_links(reply.headers, request, REPOSITORIES[0]))
    if parts == ["rate_limit"]:
        core: Json = {"limit": 5000, "used": 10, "remaining": 4990, "reset": 1_900_000_000}
        return Reply(200, {"resources": {"core": core}, "rate": core})
    found, rest, moved = _repository(request, parts)
    if found is None:
        return _error(404, "Not Found")
    if moved:
        target = request.url(
            f"/repositories/{found.id}{'/' if rest else ''}{'/'.join(rest)}", request.params
        )
        return Reply(
            301,
            {"message": "Moved Permanently", "url": target, "documentation_url": _DOCS},
            {"Location": target},
        )
    for pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, "/".join(rest))
        if match:
            return handler(_Call(world, request, found, match.groups(), cap))
    return _error(404, "Not Found")


def _own_links(headers: dict[str, str], request: Request, repo: Repository) -> dict[str, str]:
    """Have the links of a list without a repository lead back to its own path."""
    wrong = request.url(f"/repositories/{repo.id}{request.path}", [])
    return {
        name: value.replace(wrong, request.url(request.path, [])) for name, value in headers.items()
    }


def _repository(request: Request, parts: list[str]) -> tuple[Repository | None, list[str], bool]:
    """Find the repository of a path, the rest of the path, and whether the name is an old one."""
    if parts[0] == "repositories" and len(parts) > 1:
        return _BY_ID.get(parts[1]), parts[2:], False
    if parts[0] != "repos" or len(parts) < 3 or parts[1].lower() != ORG:  # noqa: PLR2004
        return None, [], False
    for repo in REPOSITORIES:
        present = name_at(repo, request.now)
        if parts[2] == present:
            return repo, parts[3:], False
        if parts[2] == repo.renamed_from:
            return repo, parts[3:], True
    return None, [], False


def _pulls(call: _Call) -> Reply:
    state = call.request.param("state", "open")
    pulls = [
        pull
        for pull in call.pulls()
        if state == "all" or views.is_closed(pull, call.now) == (state == "closed")
    ]
    is_by_update = call.request.param("sort", "created") == "updated"
    is_falling = call.request.param("direction", "desc") == "desc"
    pulls.sort(
        key=lambda pull: (
            views.updated_at(pull, call.now) if is_by_update else pull.created_at,
            pull.id,
        ),
        reverse=is_falling,
    )
    # Written out only as far as the page reaches: a big repository is asked for often.
    return _paged(call, pulls, lambda pull: _pull_json(call, pull, is_list=True))


def _paged(call: _Call, items: list[PullRequest], write: Callable[[PullRequest], Json]) -> Reply:
    numbers: list[Json] = list(range(len(items)))
    reply = call.listed(numbers)
    shown = reply.body if isinstance(reply.body, list) else []
    return replace(reply, body=[write(items[int(str(number))]) for number in shown])


def _pull_json(call: _Call, pull: PullRequest, *, is_list: bool) -> Json:
    return views.pull_request(pull, call.request.base_url, call.now, is_list=is_list)


def _one_pull(call: _Call) -> Reply:
    pull = call.pull()
    return Reply(200, _pull_json(call, pull, is_list=False)) if pull else _error(404, "Not Found")


def _reviews(call: _Call) -> Reply:
    pull = call.pull()
    if pull is None:
        return _error(404, "Not Found")
    return call.listed(
        [
            views.review(review, pull, call.request.base_url, call.now)
            for review in pull.reviews
            if review.submitted_at <= call.now
        ]
    )


def _commits(call: _Call) -> Reply:
    pull = call.pull()
    if pull is None:
        return _error(404, "Not Found")
    return call.listed([views.commit(item, call.request.base_url) for item in pull.commits])


def _no_items(call: _Call) -> Reply:
    return call.listed([])


def _issue_comments(call: _Call) -> Reply:
    pull = call.pull()
    return call.listed(
        [
            views.comment(item, call.request.base_url)
            for item in (pull.comments if pull else ())
            if item.at <= call.now
        ]
    )


def _checks_of(call: _Call, *, is_status: bool) -> list[tuple[PullRequest, int]]:
    sha = call.parts[0]
    return [
        (pull, position)
        for pull in call.pulls()
        for position, check in enumerate(pull.checks)
        if check.is_status == is_status
        and check.started_at <= call.now
        and sha in (check.sha, pull.branch)
    ]


def _check_runs(call: _Call) -> Reply:
    found = _checks_of(call, is_status=False)
    return call.listed(
        [views.check_run(pull.checks[place], call.now) for pull, place in found], "check_runs"
    )


def _status(call: _Call) -> Reply:
    found = _checks_of(call, is_status=True)
    statuses = [
        views.status(pull.checks[place], call.request.base_url, call.now) for pull, place in found
    ]
    states = {str(item["state"]) for item in statuses if isinstance(item, dict)}
    overall = "pending" if not states or "pending" in states else "success"
    return Reply(
        200,
        {
            "state": "failure" if "failure" in states else overall,
            "statuses": statuses,
            "sha": call.parts[0],
            "total_count": len(statuses),
            "repository": views.repository(call.repo, call.request.base_url, call.now),
        },
    )


def _statuses(call: _Call) -> Reply:
    found = _checks_of(call, is_status=True)
    return call.listed(
        [views.status(pull.checks[place], call.request.base_url, call.now) for pull, place in found]
    )


def _pulls_of_commit(call: _Call) -> Reply:
    sha = call.parts[0]
    return call.listed(
        [
            _pull_json(call, pull, is_list=True)
            for pull in call.pulls()
            if sha == pull.merge_sha or sha in {item.sha for item in pull.commits}
        ]
    )


def _runs(call: _Call) -> Reply:
    created = call.request.param("created")
    head = call.request.param("head_sha")
    runs = []
    for pull in call.pulls():
        for check in pull.checks:
            if check.is_status or check.started_at > call.now or head not in ("", check.sha):
                continue
            if _in_range(iso(check.started_at), created):
                runs.append((check.started_at, check.id, check, pull))
    runs.sort(key=lambda run: run[:2], reverse=True)
    # A filtered search shows its first thousand results and no more.
    return call.listed(
        [
            views.workflow_run(check, pull, call.request.base_url, call.now)
            for _, _, check, pull in runs[:1000]
        ],
        "workflow_runs",
    )


def _in_range(stamp: str, wanted: str) -> bool:
    """Apply GitHub's date search: `A..B`, `>=A`, `<=B`, or one day."""
    if not wanted:
        return True
    if ".." in wanted:
        low, _, high = wanted.partition("..")
        return (low == "*" or stamp >= low) and (high == "*" or stamp[: len(high)] <= high)
    if wanted.startswith(">="):
        return stamp >= wanted[2:]
    if wanted.startswith("<="):
        return stamp[: len(wanted) - 2] <= wanted[2:]
    return stamp.startswith(wanted)


def _deployments(call: _Call) -> Reply:
    found = [
        item
        for item in reversed(call.world.deployments)
        if item.repository == call.repo.id
        and item.at <= call.now
        and call.request.param("sha", item.sha) == item.sha
        and call.request.param("environment", item.environment) == item.environment
    ]
    found.sort(key=lambda item: (item.at, item.id), reverse=True)
    return call.listed([views.deployment(item, call.request.base_url) for item in found])


def _deployment_states(call: _Call) -> Reply:
    found = [
        item
        for item in call.world.deployments
        if item.repository == call.repo.id and str(item.id) == call.parts[0]
    ]
    if not found:
        return _error(404, "Not Found")
    return call.listed(views.deployment_states(found[0], call.request.base_url, call.now))


def _issues(call: _Call) -> Reply:
    base_url, now = call.request.base_url, call.now
    shown = [views.issue(item, base_url, now) for item in call.issues()]
    shown += [views.pull_as_issue(pull, base_url, now) for pull in call.pulls()]
    items = [item for item in shown if isinstance(item, dict)]
    state = call.request.param("state", "open")
    if state != "all":
        items = [item for item in items if item["state"] == state]
    wanted = {name for name in call.request.param("labels").split(",") if name}
    items = [item for item in items if wanted <= _label_names(item)]
    since = call.request.param("since")
    if since:
        items = [item for item in items if str(item["updated_at"]) >= iso(parse_moment(since))]
    order = "updated_at" if call.request.param("sort") == "updated" else "created_at"
    items.sort(
        key=lambda item: (str(item[order]), str(item["id"])),
        reverse=call.request.param("direction", "desc") == "desc",
    )
    return call.listed(items)


def _label_names(item: dict[str, Json]) -> set[str]:
    labels = item["labels"]
    return (
        {str(label["name"]) for label in labels if isinstance(label, dict)}
        if isinstance(labels, list)
        else set()
    )


def _one_issue(call: _Call) -> Reply:
    base_url, now = call.request.base_url, call.now
    for item in call.issues():
        if str(item.number) == call.parts[0]:
            return Reply(200, views.issue(item, base_url, now))
    pull = call.pull()
    return (
        Reply(200, views.pull_as_issue(pull, base_url, now)) if pull else _error(404, "Not Found")
    )


def _events(call: _Call) -> Reply:
    return call.listed(
        views.item_events(call.pulls(), call.issues(), call.request.base_url, call.now)
    )


def _events_of_issue(call: _Call) -> Reply:
    wanted = call.parts[0]
    pulls = [pull for pull in call.pulls() if str(pull.number) == wanted]
    issues = [item for item in call.issues() if str(item.number) == wanted]
    events = views.item_events(pulls, issues, call.request.base_url, call.now)
    return call.listed(events[::-1])


def _repo(call: _Call) -> Reply:
    return Reply(200, views.repository(call.repo, call.request.base_url, call.now))


_ROUTES: tuple[tuple[str, _Handler], ...] = (
    (r"", _repo),
    (r"pulls", _pulls),
    (r"pulls/(\d+)", _one_pull),
    (r"pulls/(\d+)/reviews", _reviews),
    (r"pulls/(\d+)/commits", _commits),
    (r"pulls/(\d+)/comments", _no_items),
    (r"pulls/(\d+)/files", _no_items),
    (r"commits/([^/]+)/check-runs", _check_runs),
    (r"commits/([^/]+)/status", _status),
    (r"commits/([^/]+)/statuses", _statuses),
    (r"commits/([^/]+)/pulls", _pulls_of_commit),
    (r"actions/runs", _runs),
    (r"deployments", _deployments),
    (r"deployments/(\d+)/statuses", _deployment_states),
    (r"issues", _issues),
    (r"issues/events", _events),
    (r"issues/(\d+)", _one_issue),
    (r"issues/(\d+)/comments", _issue_comments),
    (r"issues/(\d+)/(?:events|timeline)", _events_of_issue),
)


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"message": message, "documentation_url": _DOCS, "status": str(status)})
