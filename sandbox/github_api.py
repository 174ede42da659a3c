"""GitHub's REST API for the organisation: routes, paging by Link, ETags, renames, app tokens."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sandbox import github_controls as controls
from sandbox import github_views as views
from sandbox.github_lists import DOCS, Call, answer_below, error, not_found
from sandbox.organisation import ORG, REPOSITORIES, Repository
from sandbox.pulls import name_at
from sandbox.records import World
from sandbox.wire import Json, Reply, Request, iso

TOKEN = "ghp_sandboxMeridianFreight000000000000"  # noqa: S105  # made up; opens nothing
INSTALLATION_ID = 52_000_001
_APP_TOKEN = "ghs_sandboxInstallationToken000000000000"  # noqa: S105  # made up; opens nothing
_BY_ID = {str(repository.id): repository for repository in REPOSITORIES}


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps the items on a page."""
    token_path = f"/app/installations/{INSTALLATION_ID}/access_tokens"
    if request.method == "POST" and request.path == token_path:
        return _app_token(request)
    if not _is_allowed(request):
        return error(401, "Bad credentials")
    if request.method != "GET":
        return not_found()
    return _with_headers(request, _route(world, request, page_items))


def _is_allowed(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() in {"bearer", "token"} and token in {TOKEN, _APP_TOKEN}


def _app_token(request: Request) -> Reply:
    """Exchange an app's JWT for an installation token; the signature is not checked."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:  # noqa: PLR2004  # header.claims.signature
        return error(401, "A JSON web token could not be decoded")
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
    if reply.status != 200:  # noqa: PLR2004  # a status, and the length of a path
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
        call = Call(world, request, REPOSITORIES[0], (), cap)
        reply = call.listed(shown, listing[tuple(parts)])
        return replace(reply, headers=_own_links(reply.headers, request, REPOSITORIES[0]))
    if parts == ["rate_limit"]:
        core: Json = {"limit": 5000, "used": 10, "remaining": 4990, "reset": 1_900_000_000}
        return Reply(200, {"resources": {"core": core}, "rate": core})
    found, rest, moved = _repository(request, parts)
    if found is None:
        return not_found()
    if moved:
        target = request.url(
            f"/repositories/{found.id}{'/' if rest else ''}{'/'.join(rest)}", request.params
        )
        return Reply(
            301,
            {"message": "Moved Permanently", "url": target, "documentation_url": DOCS},
            {"Location": target},
        )
    path = "/".join(rest)

    def call_of(caught: Sequence[str]) -> Call:
        return Call(world, request, found, caught, cap)

    return controls.answer_below(call_of, path) or answer_below(call_of, path)


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
    if parts[0] != "repos" or len(parts) < 3 or parts[1].lower() != ORG:  # noqa: PLR2004  # a status, and the length of a path
        return None, [], False
    for repo in REPOSITORIES:
        present = name_at(repo, request.now)
        if parts[2] == present:
            return repo, parts[3:], False
        if parts[2] == repo.renamed_from:
            return repo, parts[3:], True
    return None, [], False
