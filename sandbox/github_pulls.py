"""Pull requests to the catalog for the accounts that write, and what guards its default branch."""

import difflib
from collections.abc import Callable

from sandbox import github_posted as views
from sandbox.catalog_repository import MAIN, PullState
from sandbox.github_desk import Desk, invalid
from sandbox.github_lists import error, not_found
from sandbox.organisation import ORG
from sandbox.tickets_board import GITHUB
from sandbox.wire import Json, Reply

_RULESET_ID = 4_210_077


def create_pull(call: Desk) -> Reply:
    """Open a pull request; a second open one of the same branch is refused."""
    catalog = call.board.catalog
    head, base = call.text("head").removeprefix(f"{ORG}:"), call.text("base")
    if not call.text("title"):
        return invalid("PullRequest", "title", "missing_field")
    for name, branch in (("head", head), ("base", base)):
        if branch not in catalog.branches:
            return invalid("PullRequest", name)
    if catalog.branches[head] == catalog.branches[base]:
        return invalid("PullRequest", "head", "custom", f"No commits between {base} and {head}")
    if any(one.head == head and _state(call, one) == "open" for one in catalog.pulls.values()):
        return invalid(
            "PullRequest", "head", "custom", f"A pull request already exists for {ORG}:{head}."
        )
    posted = call.board.add(
        GITHUB, call.text("title"), call.text("body"), [], call.actor, call.now, is_pull=True
    )
    state = PullState(int(posted.key), head, base, is_draft=call.body.get("draft") is True)
    catalog.pulls[state.number] = state
    return Reply(201, _shown(call, state))


def list_pulls(call: Desk) -> Reply:
    """List pull requests, by state, head (`owner:branch`) and base."""
    state = call.request.param("state", "open")
    head, base = call.request.param("head"), call.request.param("base")
    found = [
        one
        for one in reversed(call.board.catalog.pulls.values())
        if state in ("all", _state(call, one))
        and head in ("", f"{ORG}:{one.head}")
        and base in ("", one.base)
    ]
    return call.listed([_shown(call, one) for one in found])


def one_pull(call: Desk) -> Reply:
    """Read a pull request, or change its title, text or state."""
    state = call.board.catalog.pulls.get(int(call.parts[0]))
    posted = call.posted()
    if state is None or posted is None:
        return not_found()
    if call.request.method == "PATCH":
        posted.title = call.text("title") or posted.title
        posted.body = call.text("body") or posted.body
        if "state" in call.body:
            call.board.move(posted, call.text("state"), None, call.actor, call.now)
        call.board.touch(posted, call.now)
    merger = views.account(state.merged_by, call.request.base_url) if state.merged_by else None
    shown = views.pull(state, posted, call.board.catalog.branches.get(state.head, ""), call.request)
    return Reply(200, {**shown, "merged_by": merger})


def pull_files(call: Desk) -> Reply:
    """List the files of a pull request with the lines that they gain and lose."""
    catalog = call.board.catalog
    state = catalog.pulls.get(int(call.parts[0]))
    if state is None:
        return not_found()
    before, after = catalog.at(state.base), catalog.at(state.head)
    old, new = (before.files if before else {}), (after.files if after else {})
    shown: list[Json] = []
    for path in sorted(path for path in new if new[path] != old.get(path)):
        lines = list(difflib.ndiff(_lines(old.get(path, b"")), _lines(new[path])))
        added = sum(1 for line in lines if line.startswith("+ "))
        gone = sum(1 for line in lines if line.startswith("- "))
        shown.append(
            {
                "filename": path,
                "status": "modified" if path in old else "added",
                "additions": added,
                "deletions": gone,
                "changes": added + gone,
            }
        )
    return call.listed(shown)


def branch(call: Desk) -> Reply:
    """Describe a branch."""
    sha = call.board.catalog.branches.get(call.parts[0])
    if sha is None:
        return error(404, "Branch not found")
    is_protected = call.parts[0] == MAIN and call.board.catalog.protection != "open"
    return Reply(200, {"name": call.parts[0], "commit": {"sha": sha}, "protected": is_protected})


def protection(call: Desk) -> Reply:
    """Tell the classic protection of a branch, if there is one and we may know."""
    kind = call.board.catalog.protection
    if kind == "forbidden":
        return error(403, "Resource not accessible by integration")
    if kind == "open" or call.parts[0] != MAIN:
        return error(404, "Branch not protected")
    apps: list[Json] = [views.application(call.request.base_url)] if kind == "bypass" else []
    return Reply(
        200,
        {
            "enforce_admins": {"enabled": True},
            "required_pull_request_reviews": {
                "dismiss_stale_reviews": True,
                "require_code_owner_reviews": True,
                "required_approving_review_count": 1,
                "bypass_pull_request_allowances": {"users": [], "teams": [], "apps": apps},
            },
            "required_status_checks": {"strict": True, "contexts": ["check"], "checks": []},
            "allow_force_pushes": {"enabled": False},
            "allow_deletions": {"enabled": False},
        },
    )


def rules(call: Desk) -> Reply:
    """List the rules of rulesets that apply to a branch."""
    kind = call.board.catalog.protection
    if kind == "forbidden":
        return error(403, "Resource not accessible by integration")
    if kind == "open" or call.parts[0] != MAIN:
        return call.listed([])
    source: dict[str, Json] = {"ruleset_source_type": "Repository", "ruleset_id": _RULESET_ID}
    reviews: Json = {"required_approving_review_count": 1, "require_code_owner_review": True}
    return call.listed(
        [
            {"type": "deletion", **source},
            {"type": "pull_request", "parameters": reviews, **source},
        ]
    )


def ruleset(call: Desk) -> Reply:
    """Describe the ruleset, and whether who asks may go round it."""
    kind = call.board.catalog.protection
    if kind in ("open", "forbidden") or call.parts[0] != str(_RULESET_ID):
        return not_found()
    bypass: Json = {"actor_id": views.APP_ID, "actor_type": "Integration", "bypass_mode": "always"}
    return Reply(
        200,
        {
            "id": _RULESET_ID,
            "name": "main",
            "target": "branch",
            "enforcement": "active",
            "bypass_actors": [bypass] if kind == "bypass" else [],
            "current_user_can_bypass": "always" if kind == "bypass" else "never",
        },
    )


def _state(call: Desk, state: PullState) -> str:
    posted = call.board.find(GITHUB, str(state.number))
    return posted.state if posted else "closed"


def _shown(call: Desk, state: PullState) -> Json:
    posted = call.board.find(GITHUB, str(state.number))
    if posted is None:
        return None
    return views.pull(state, posted, call.board.catalog.branches.get(state.head, ""), call.request)


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").splitlines()


#: (methods, path below the repository, handler)
ROUTES: tuple[tuple[str, str, Callable[[Desk], Reply]], ...] = (
    ("POST", r"pulls", create_pull),
    ("GET", r"pulls", list_pulls),
    ("GET PATCH", r"pulls/(\d+)", one_pull),
    ("GET", r"pulls/(\d+)/files", pull_files),
    ("GET", r"branches/(.+)/protection", protection),
    ("GET", r"branches/(.+)", branch),
    ("GET", r"rules/branches/(.+)", rules),
    ("GET", r"rulesets/(\d+)", ruleset),
)
