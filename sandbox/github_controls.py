"""GitHub's endpoints for the controls of a repository: protection, rules, owners, environments.

Every field in which a real server puts a person holds a made-up one.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.github_lists import Call, error, not_found
from sandbox.github_views import user
from sandbox.organisation import ORG
from sandbox.people import someone
from sandbox.wire import Json, Reply

#: The ruleset of the repository that has rulesets instead of classic protection.
RULESET = 7_100_001
_OWNERS = "# Kept by {name}\n* @{org}/maintainers @{login}\n/docs/ {email}\n"
_ERROR = "Unknown owner on line 2: make sure @{login} exists and has write access"


@dataclass(frozen=True, slots=True)
class Controls:
    """What guards a repository.

    Attributes:
        by: `classic` protection, or a `ruleset`.
        owners: Path of CODEOWNERS.
        are_owners_wrong: GitHub finds an error in that file.
        is_reviewed: Its production environment asks somebody; None: it has none.
        is_hidden: Protection and environments are refused to the credential.
    """

    approvals: int
    by: str = "classic"
    asks_owners: bool = False
    holds_admins: bool = True
    owners: str = ".github/CODEOWNERS"
    are_owners_wrong: bool = False
    is_reviewed: bool | None = None
    is_hidden: bool = False


#: By name as of the last day; one has every control, each of the others its own quirk.
CONTROLS = {
    "route-planner": Controls(2, asks_owners=True, is_reviewed=True),
    "tracking-api": Controls(1, asks_owners=True, holds_admins=False, owners="CODEOWNERS"),
    "customer-portal": Controls(1, by="ruleset"),
    "dock-scheduler": Controls(1, owners="docs/CODEOWNERS"),
    "billing-engine": Controls(2, are_owners_wrong=True, is_reviewed=False),
    "infra-live": Controls(1, is_hidden=True),
}


def answer_below(call_of: Callable[[Sequence[str]], Call], path: str) -> Reply | None:
    """Answer a path below a repository; None if it is about something else.

    Args:
        call_of: Makes the call from what the path's pattern caught.
        path: Without slashes at its ends.
    """
    for pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, path)
        if match:
            call = call_of(match.groups())
            controls = CONTROLS.get(call.repo.name)
            return handler(call, controls) if controls else not_found()
    return None


def _branch(call: Call, controls: Controls) -> Reply:
    is_classic = controls.by == "classic"
    checks = _checks(call) if is_classic else {"contexts": [], "checks": []}
    level: Json = "everyone" if is_classic else "off"
    url = f"{call.request.base_url}/repos/{ORG}/{call.repo.name}/branches/main"
    return Reply(
        200,
        {
            "name": "main",
            "commit": {"sha": f"{call.repo.id:040x}", "author": _person(call)},
            "protected": True,
            "protection": {
                "enabled": is_classic,
                "required_status_checks": {"enforcement_level": level, **checks},
            },
            "protection_url": f"{url}/protection",
        },
    )


def _protection(call: Call, controls: Controls) -> Reply:
    if controls.is_hidden:
        return error(403, "Resource not accessible by integration")
    if controls.by != "classic":
        return error(404, "Branch not protected")
    return Reply(
        200,
        {
            "required_status_checks": {"strict": True, **_checks(call)},
            "required_pull_request_reviews": {
                "dismiss_stale_reviews": True,
                "require_code_owner_reviews": controls.asks_owners,
                "required_approving_review_count": controls.approvals,
                "dismissal_restrictions": {"users": [_person(call)], "teams": [], "apps": []},
            },
            "enforce_admins": {"enabled": controls.holds_admins},
            "required_linear_history": {"enabled": False},
            "allow_force_pushes": {"enabled": False},
            "lock_branch": {"enabled": False},
        },
    )


def _checks(call: Call) -> dict[str, Json]:
    context = f"build-of-{someone(call.repo.id).login}"
    return {"contexts": [context], "checks": [{"context": context, "app_id": 15_368}]}


def _rules(call: Call, controls: Controls) -> Reply:
    if controls.by != "ruleset":
        return call.listed([])
    origin: dict[str, Json] = {
        "ruleset_source_type": "Repository",
        "ruleset_source": f"{ORG}/{call.repo.name}",
        "ruleset_id": RULESET,
    }
    review: Json = {
        "required_approving_review_count": controls.approvals,
        "require_code_owner_review": controls.asks_owners,
        "dismiss_stale_reviews_on_push": True,
    }
    checks: Json = {"required_status_checks": _checks(call)["checks"]}
    return call.listed(
        [
            {"type": "deletion", **origin},
            {"type": "pull_request", "parameters": review, **origin},
            {"type": "required_status_checks", "parameters": checks, **origin},
        ]
    )


def _ruleset(call: Call, controls: Controls) -> Reply:
    if controls.by != "ruleset" or call.parts[0] != str(RULESET):
        return not_found()
    # `bypass_actors` is shown only to those who may edit the ruleset.
    return Reply(
        200,
        {
            "id": RULESET,
            "name": f"Rules of {someone(RULESET).name}",
            "target": "branch",
            "enforcement": "active",
            "current_user_can_bypass": "never",
        },
    )


def _owner_errors(call: Call, controls: Controls) -> Reply:
    if not controls.are_owners_wrong:
        return Reply(200, {"errors": []})
    person = someone(call.repo.id)
    return Reply(
        200,
        {
            "errors": [
                {
                    "line": 2,
                    "column": 3,
                    "kind": "Unknown owner",
                    "source": f"* @{person.login}",
                    "suggestion": None,
                    "message": _ERROR.format(login=person.login),
                    "path": controls.owners,
                }
            ]
        },
    )


def _owners(call: Call, controls: Controls) -> Reply:
    if call.parts[0] != controls.owners:
        return not_found()
    person = someone(call.repo.id)
    text = _OWNERS.format(name=person.name, org=ORG, login=person.login, email=person.email)
    content = base64.encodebytes(text.encode()).decode()
    return Reply(
        200,
        {
            "type": "file",
            "encoding": "base64",
            "size": len(text),
            "name": "CODEOWNERS",
            "path": controls.owners,
            "content": content,
        },
    )


def _environments(call: Call, controls: Controls) -> Reply:
    if controls.is_hidden:
        return error(403, "Resource not accessible by integration")
    reviewer: Json = {"type": "User", "reviewer": _person(call)}
    reviews: Json = {"id": 1, "type": "required_reviewers", "reviewers": [reviewer]}
    rules: dict[bool, Json] = {True: [reviews], False: [{"id": 2, "type": "wait_timer"}]}
    shown: list[Json] = [{"id": 11, "name": "staging", "protection_rules": []}]
    if controls.is_reviewed is not None:
        live: Json = {
            "id": 12,
            "name": "production",
            "protection_rules": rules[controls.is_reviewed],
        }
        shown.append(live)
    return call.listed(shown, "environments")


def _person(call: Call) -> Json:
    return user(someone(call.repo.id), call.request.base_url)


_ROUTES: tuple[tuple[str, Callable[[Call, Controls], Reply]], ...] = (
    (r"branches/main", _branch),
    (r"branches/main/protection", _protection),
    (r"rules/branches/main", _rules),
    (r"rulesets/(\d+)", _ruleset),
    (r"codeowners/errors", _owner_errors),
    (r"contents/((?:\.github/|docs/)?CODEOWNERS)", _owners),
    (r"environments", _environments),
)
