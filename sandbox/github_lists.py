"""GitHub's endpoints below a repository, one small function each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sandbox import github_checks as checks
from sandbox import github_views as views
from sandbox.organisation import Repository
from sandbox.records import GitHubIssue, PullRequest, World
from sandbox.wire import Json, Params, Reply, Request, iso, parse_moment

DOCS = "https://docs.github.com/rest"
_DEFAULT_PAGE = 30
_LONGEST_PAGE = 100
#: A filtered search of workflow runs shows its first thousand results and no more.
_MOST_RUNS = 1000


class Call:
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
        """List the repository's pull requests so far."""
        return [
            pull
            for pull in self.world.pulls
            if pull.repository == self.repo.id and pull.created_at <= self.now
        ]

    def issues(self) -> list[GitHubIssue]:
        """List the repository's other issues so far."""
        return [
            issue
            for issue in self.world.issues
            if issue.repository == self.repo.id and issue.created_at <= self.now
        ]

    def pull(self) -> PullRequest | None:
        """Find the pull request whose number the path names."""
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


def not_found() -> Reply:
    """Answer that there is nothing here."""
    return error(404, "Not Found")


def error(status: int, message: str) -> Reply:
    """Answer with an error in GitHub's shape."""
    return Reply(status, {"message": message, "documentation_url": DOCS, "status": str(status)})


def answer_below(call_of: Callable[[Sequence[str]], "Call"], path: str) -> Reply:
    """Answer a path below a repository.

    Args:
        call_of: Makes the call from what the path's pattern caught.
        path: Without slashes at its ends.
    """
    for pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, path)
        if match:
            return handler(call_of(match.groups()))
    return not_found()


def _pulls(call: Call) -> Reply:
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


def _paged(call: Call, items: list[PullRequest], write: Callable[[PullRequest], Json]) -> Reply:
    numbers: list[Json] = list(range(len(items)))
    reply = call.listed(numbers)
    shown = reply.body if isinstance(reply.body, list) else []
    return replace(reply, body=[write(items[int(str(number))]) for number in shown])


def _pull_json(call: Call, pull: PullRequest, *, is_list: bool) -> Json:
    return views.pull_request(pull, call.request.base_url, call.now, is_list=is_list)


def _one_pull(call: Call) -> Reply:
    pull = call.pull()
    return Reply(200, _pull_json(call, pull, is_list=False)) if pull else not_found()


def _reviews(call: Call) -> Reply:
    pull = call.pull()
    if pull is None:
        return not_found()
    return call.listed(
        [
            views.review(review, pull, call.request.base_url, call.now)
            for review in pull.reviews
            if review.submitted_at <= call.now
        ]
    )


def _commits(call: Call) -> Reply:
    pull = call.pull()
    if pull is None:
        return not_found()
    return call.listed([views.commit(item, call.request.base_url) for item in pull.commits])


def _no_items(call: Call) -> Reply:
    return call.listed([])


def _issue_comments(call: Call) -> Reply:
    pull = call.pull()
    return call.listed(
        [
            views.comment(item, call.request.base_url)
            for item in (pull.comments if pull else ())
            if item.at <= call.now
        ]
    )


def _checks_of(call: Call, *, is_status: bool) -> list[tuple[PullRequest, int]]:
    sha = call.parts[0]
    return [
        (pull, position)
        for pull in call.pulls()
        for position, check in enumerate(pull.checks)
        if check.is_status == is_status
        and check.started_at <= call.now
        and sha in (check.sha, pull.branch)
    ]


def _check_runs(call: Call) -> Reply:
    found = _checks_of(call, is_status=False)
    return call.listed(
        [checks.check_run(pull.checks[place], call.now) for pull, place in found], "check_runs"
    )


def _status(call: Call) -> Reply:
    found = _checks_of(call, is_status=True)
    statuses = [
        checks.status(pull.checks[place], call.request.base_url, call.now) for pull, place in found
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


def _statuses(call: Call) -> Reply:
    found = _checks_of(call, is_status=True)
    return call.listed(
        [
            checks.status(pull.checks[place], call.request.base_url, call.now)
            for pull, place in found
        ]
    )


def _pulls_of_commit(call: Call) -> Reply:
    sha = call.parts[0]
    return call.listed(
        [
            _pull_json(call, pull, is_list=True)
            for pull in call.pulls()
            if sha == pull.merge_sha or sha in {item.sha for item in pull.commits}
        ]
    )


def _runs(call: Call) -> Reply:
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
    return call.listed(
        [
            checks.workflow_run(check, pull, call.request.base_url, call.now)
            for _, _, check, pull in runs[:_MOST_RUNS]
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


def _deployments(call: Call) -> Reply:
    found = [
        item
        for item in reversed(call.world.deployments)
        if item.repository == call.repo.id
        and item.at <= call.now
        and call.request.param("sha", item.sha) == item.sha
        and call.request.param("environment", item.environment) == item.environment
    ]
    found.sort(key=lambda item: (item.at, item.id), reverse=True)
    return call.listed([checks.deployment(item, call.request.base_url) for item in found])


def _deployment_states(call: Call) -> Reply:
    found = [
        item
        for item in call.world.deployments
        if item.repository == call.repo.id and str(item.id) == call.parts[0]
    ]
    if not found:
        return not_found()
    return call.listed(checks.deployment_states(found[0], call.request.base_url, call.now))


def _issues(call: Call) -> Reply:
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


def _one_issue(call: Call) -> Reply:
    base_url, now = call.request.base_url, call.now
    for item in call.issues():
        if str(item.number) == call.parts[0]:
            return Reply(200, views.issue(item, base_url, now))
    pull = call.pull()
    return Reply(200, views.pull_as_issue(pull, base_url, now)) if pull else not_found()


def _events(call: Call) -> Reply:
    return call.listed(
        checks.item_events(call.pulls(), call.issues(), call.request.base_url, call.now)
    )


def _events_of_issue(call: Call) -> Reply:
    wanted = call.parts[0]
    pulls = [pull for pull in call.pulls() if str(pull.number) == wanted]
    issues = [item for item in call.issues() if str(item.number) == wanted]
    events = checks.item_events(pulls, issues, call.request.base_url, call.now)
    return call.listed(events[::-1])


def _repo(call: Call) -> Reply:
    return Reply(200, views.repository(call.repo, call.request.base_url, call.now))


_ROUTES: tuple[tuple[str, Callable[[Call], Reply]], ...] = (
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
