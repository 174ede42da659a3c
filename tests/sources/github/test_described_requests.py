"""Every request to GitHub is one that its official descriptions allow."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sources.described import Description, description
from tests.sources.github.conftest import STREAMS, Nights
from tests.sources.github.fake_github import FakeGithub, FakeRepo, check_run, issue, merged
from tests.sources.github.test_feeds import deployment, run, state
from tests.transport.loopback import Reply, Request

pytestmark = pytest.mark.shared

# Not in the descriptions at hand, which are trimmed to 41 paths: GitHub documents both as
# "List organization repositories" and "List repositories for a user".
UNDESCRIBED = {"/orgs/acme/repos", "/users/jane-roe/repos"}
DESCRIPTIONS = ["gh-trim.json", "ghes-3.17-trim.json"]


def busy() -> FakeRepo:
    """A repository whose pull needs every endpoint, and second pages of the long ones."""
    pulls = [merged(number, "2026-11-20T10:00:00Z") for number in range(1, 131)]
    return FakeRepo(
        pulls=pulls,
        check_runs={pulls[0]["head"]["sha"]: [check_run(None)]},
        events=[
            {"id": number, "event": "closed", "created_at": "2026-11-19T10:00:00Z", "issue": None}
            for number in range(1, 131)
        ],
        issues=[issue(1)],
        runs=[run(1, None)],
        deployments=[deployment(41)],
        deployment_states={41: [state(1, "queued", "2026-11-10T10:01:00Z")]},
    )


def all_requests(night: Nights) -> list[Request]:
    for name in STREAMS:
        night.pull(name)
        night.pull(name)
    return night.server.requests


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_requests_for_named_repositories_are_described(
    nights: Callable[..., Nights], shared: Path, name: str
) -> None:
    described = description(shared / "data" / "recorded" / "specs" / name)

    requests = all_requests(nights(busy()))

    assert [fault for request in requests for fault in described.faults(request)] == []
    assert templates(described, requests) == {
        "/repos/{owner}/{repo}",
        "/repos/{owner}/{repo}/pulls",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
        "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
        "/repos/{owner}/{repo}/commits/{ref}/check-runs",
        "/repos/{owner}/{repo}/commits/{ref}/status",
        "/repos/{owner}/{repo}/issues/events",
        "/repos/{owner}/{repo}/issues",
        "/repos/{owner}/{repo}/actions/runs",
        "/repos/{owner}/{repo}/deployments",
        "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    }


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_an_apps_listing_of_its_repositories_is_described(
    nights: Callable[..., Nights], shared: Path, name: str
) -> None:
    described = description(shared / "data" / "recorded" / "specs" / name)
    night = nights(FakeGithub(busy()), repositories=["acme/*"], auth="app")

    night.pull("deployments")

    faults = [fault for request in night.server.requests for fault in described.faults(request)]
    assert faults == []
    assert "/installation/repositories" in templates(described, night.server.requests)


def test_requests_below_an_enterprise_servers_prefix_are_described(
    nights: Callable[..., Nights], shared: Path
) -> None:
    path = shared / "data" / "recorded" / "specs" / "ghes-3.17-trim.json"
    described = description(path, "/api/v3")
    fake = FakeGithub(busy())

    def enterprise(request: Request) -> Reply:
        inner = Request(request.method, request.path.removeprefix("/api/v3"), request.headers, b"")
        assert request.path.startswith("/api/v3/")
        reply = fake(inner)
        if "Link" in reply.headers:
            reply.headers["Link"] = reply.headers["Link"].replace("/repos/", "/api/v3/repos/")
        return reply

    night = nights(enterprise)
    night.config = night.config.model_copy(update={"repositories": ("acme/engine",)})
    night.base_path = "/api/v3"

    requests = all_requests(night)

    assert [fault for request in requests for fault in described.faults(request)] == []
    assert len(requests) > 500


def test_only_the_listings_of_an_owners_repositories_are_undescribed(
    nights: Callable[..., Nights], shared: Path
) -> None:
    described = description(shared / "data" / "recorded" / "specs" / "gh-trim.json")
    owner = {"id": 5, "login": "jane-roe", "type": "User"}
    fake = FakeGithub(FakeRepo(), FakeRepo(905, "jane-roe/x", owner))
    night = nights(fake, repositories=["acme/*", "jane-roe/*"])

    night.pull("deployments")

    undescribed = {
        urlsplit(request.path).path
        for request in night.server.requests
        if described.faults(request)
    }
    assert undescribed == UNDESCRIBED | {"/orgs/jane-roe/repos"}


@pytest.mark.parametrize(
    "path", ["pulls?since=2026-11-01", "pulls?state=merged", "issues?startAt=0", "reverts"]
)
def test_a_request_of_another_api_would_be_found_out(shared: Path, path: str) -> None:
    described = description(shared / "data" / "recorded" / "specs" / "gh-trim.json")

    assert described.faults(Request("GET", f"/repos/acme/engine/{path}", {}, b""))


def test_every_request_says_its_version_next_pages_included(nights: Callable[..., Nights]) -> None:
    night = nights(busy())

    requests = all_requests(night)

    assert any("page=2" in request.path for request in requests)
    versions = {request.headers.get("x-github-api-version") for request in requests}
    assert versions == {"2022-11-28"}


def templates(described: Description, requests: list[Request]) -> set[str]:
    return {described.template(urlsplit(request.path).path) for request in requests}
