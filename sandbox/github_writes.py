"""GitHub for the accounts that write tickets: who they are, and where their requests go.

A token writes as a machine user, an installation of the app as the app. Neither sees anything of
the organisation, and the account of the nightly pull sees nothing of this.
"""

import re
from datetime import timedelta
from urllib.parse import unquote

from sandbox import github_posted as views
from sandbox.catalog_repository import REPOSITORY
from sandbox.github_catalog import ROUTES as CATALOG_ROUTES
from sandbox.github_catalog_history import ROUTES as HISTORY_ROUTES
from sandbox.github_desk import FULL_NAME, Desk
from sandbox.github_issues import ROUTES as ISSUE_ROUTES
from sandbox.github_issues import search
from sandbox.github_lists import error, not_found
from sandbox.github_pulls import ROUTES as PULL_ROUTES
from sandbox.github_views import repository
from sandbox.people import Person
from sandbox.records import World
from sandbox.tickets_board import APP, BOT, Board
from sandbox.wire import Json, Reply, Request, iso

TOKEN = "ghp_sandboxMeridianGate0000000000000000"  # noqa: S105  # made up; opens nothing
INSTALLATION_ID = 52_000_002
_APP_TOKEN = "ghs_sandboxGateToken00000000000000000000"  # noqa: S105  # made up; opens nothing
_TOKEN_PATH = f"/app/installations/{INSTALLATION_ID}/access_tokens"
_LIMITS = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4990",
    "x-ratelimit-used": "10",
    "x-ratelimit-resource": "core",
}
_BELOW = re.compile(rf"/(?:repos/{FULL_NAME}|repositories/{REPOSITORY.id})(?:/(.*))?")


def is_ours(request: Request) -> bool:
    """Tell whether a request comes with a writing account's credentials, or asks for them."""
    return request.path in (_TOKEN_PATH, "/app") or _bearer(request) in (TOKEN, _APP_TOKEN)


def is_write(request: Request) -> bool:
    """Tell whether a request changes anything; asking for a token does not."""
    return request.method != "GET" and request.path != _TOKEN_PATH


def forbidden() -> Reply:
    """Refuse a write for want of permission."""
    return error(403, "Resource not accessible by integration")


def secondary_limit() -> Reply:
    """Refuse a write as the limit on content does: nothing in the headers tells how long."""
    reply = error(
        403,
        "You have exceeded a secondary rate limit and have been temporarily blocked "
        "from content creation. Please retry your request again later.",
    )
    return Reply(403, reply.body, _LIMITS)


def answer(world: World, board: Board, request: Request, page_items: int) -> Reply:
    """Answer a request of a writing account; `page_items` caps the items on a page.

    The caller holds the board's lock.
    """
    reply = _route(world, board, request, page_items)
    return Reply(reply.status, reply.body, {**_LIMITS, **reply.headers})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() in {"bearer", "token"} else ""


def _route(world: World, board: Board, request: Request, cap: int) -> Reply:
    token = _bearer(request)
    if request.path in (_TOKEN_PATH, "/app"):
        return _as_app(request, token)
    actor = BOT if token == TOKEN else APP
    identity = _identity(request, actor)
    if identity is not None:
        return identity
    if request.path == "/search/issues" and request.method == "GET":
        return search(Desk(world, request, (), cap, board, actor))
    below = _BELOW.fullmatch(request.path)
    for methods, pattern, handler in (
        (*ISSUE_ROUTES, *PULL_ROUTES, *CATALOG_ROUTES, *HISTORY_ROUTES) if below else ()
    ):
        match = re.fullmatch(pattern, below[1] or "") if below else None
        if match and request.method in methods.split():
            parts = [unquote(part) for part in match.groups()]
            return handler(Desk(world, request, parts, cap, board, actor))
    return not_found()


def _identity(request: Request, actor: Person) -> Reply | None:
    """Answer who asks, and what that account can see."""
    shown: dict[str, Json] = {
        "/rate_limit": {"resources": {"core": {"limit": 5000, "remaining": 4990}}},
    }
    listed: list[Json] = [repository(REPOSITORY, request.base_url, request.now)]
    if actor is BOT:
        shown |= {"/user": views.account(BOT, request.base_url), "/user/repos": listed}
    else:
        shown["/installation/repositories"] = {"total_count": 1, "repositories": listed}
    if request.path == "/user" and actor is APP:
        return forbidden()
    known = request.method == "GET" and request.path in shown
    return Reply(200, shown[request.path]) if known else None


def _as_app(request: Request, token: str) -> Reply:
    """Answer the app itself, which comes with a signed JWT; the signature is not checked."""
    if token.count(".") != 2:  # noqa: PLR2004  # header.claims.signature
        return error(401, "A JSON web token could not be decoded")
    if request.path == "/app":
        return Reply(200, views.application(request.base_url))
    return Reply(
        201,
        {
            "token": _APP_TOKEN,
            "expires_at": iso(request.now + timedelta(hours=1)),
            "permissions": {
                "metadata": "read",
                "issues": "write",
                "contents": "write",
                "pull_requests": "write",
            },
            "repository_selection": "selected",
        },
    )
