"""What guards a default branch: classic protection and rulesets, and who may pass them by.

A control is `present` if any guard demands it, `absent` only if all guards are known and none
does, else `unknown`. Details are closed codes, listed in docs/controls.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.core.promotion.controls import ControlName, ControlTold
from tasks.sources.github import control_payloads as payloads
from tasks.sources.github.answers import (
    NO_PERMISSION,
    NOT_FOUND,
    UNAVAILABLE,
    Answer,
    Judged,
    read,
    read_all,
)

# Rules that keep anybody from pushing straight to the branch.
_STOP_PUSHES = frozenset({"pull_request", "merge_queue", "update"})
_MAY_BYPASS = frozenset({"always", "pull_requests_only", "pull_request", "exempt"})
_ADMINS = frozenset({"OrganizationAdmin", "EnterpriseOwner"})
_ADMIN_ROLE = 5
_MOST_APPROVALS = 10
_TWO = 2
# Who may pass by, the worst first.
_BYPASSES = ("own_bypass", "app_bypass", "admin_bypass", "others_bypass")


@dataclass(frozen=True, slots=True)
class Guard:
    """What one protection of a default branch demands, as far as it is told.

    Attributes:
        kind: `classic` or `ruleset`.
        stops_pushes: Nobody but `bypass` can push straight to the branch.
        bypass: Codes of those who may pass it by.
        gap: Why its demands are not all known; empty if they are.
        bypass_gap: Why `bypass` is not.
    """

    kind: str
    stops_pushes: bool = False
    approvals: int = 0
    asks_code_owners: bool = False
    has_checks: bool = False
    bypass: frozenset[str] = frozenset()
    gap: str = ""
    bypass_gap: str = ""


def is_unprotected(branch: Answer) -> bool:
    """Tell whether a branch says that nothing protects it."""
    told, _ = read(payloads.ControlledBranch, branch)
    return told is not None and not told.protected


def classic_guard(branch: Answer, protection: Answer, app: str | None) -> Guard:
    """Read classic branch protection.

    Args:
        branch: The branch itself, which says a little to everybody.
        protection: Its protection; ignored where the branch says that it has none.
        app: Id or client id of the App that asks, if it is one.
    """
    summary, summary_gap = read(payloads.ControlledBranch, branch)
    if summary is not None and not summary.protected:
        return Guard("classic")
    told, gap = read(payloads.Protection, protection)
    if told is not None:
        return _classic(told, app)
    said = summary.protection if summary else None
    if said is not None and said.enabled is False:
        return Guard("classic")  # what protects it are rulesets
    # To those who may not read it, protection is not found.
    gap = NO_PERMISSION if gap == NOT_FOUND and not summary_gap else gap
    has_checks = said is not None and _has_checks(said.required_status_checks)
    return Guard("classic", has_checks=has_checks, gap=gap, bypass_gap=gap)


def _classic(told: payloads.Protection, app: str | None) -> Guard:
    reviews = told.required_pull_request_reviews
    # Those on the list of a restriction may push, unless a review is required of them, too.
    may_pass = reviews.bypass_pull_request_allowances if reviews else told.restrictions
    is_locked = told.lock_branch is not None and told.lock_branch.enabled
    bypass = _actors(may_pass, app)
    if told.enforce_admins is None or not told.enforce_admins.enabled:
        bypass |= {"admin_bypass"}
    return Guard(
        "classic",
        stops_pushes=reviews is not None or told.restrictions is not None or is_locked,
        approvals=(reviews.required_approving_review_count or 0) if reviews else 0,
        asks_code_owners=bool(reviews and reviews.require_code_owner_reviews),
        has_checks=_has_checks(told.required_status_checks),
        bypass=frozenset(bypass),
    )


def _actors(actors: payloads.Actors | None, app: str | None) -> set[str]:
    if actors is None:
        return set()
    found = {"others_bypass"} if actors.users or actors.teams else set()
    for one in actors.apps or ():
        is_own = app is not None and app in (str(one.id), one.client_id)
        found.add("own_bypass" if is_own else "app_bypass")
    return found


def _has_checks(checks: payloads.RequiredChecks | None) -> bool:
    if checks is None or checks.enforcement_level == "off":
        return False
    return bool(checks.contexts or checks.checks)


def ruleset_ids(rules: Answer) -> list[int]:
    """List the rulesets whose rules stop pushes, so that their exceptions matter."""
    found, _ = read_all(payloads.Rule, rules)
    return sorted({rule.ruleset_id for rule in found if rule.type in _STOP_PUSHES})


def ruleset_guards(rules: Answer, rulesets: Mapping[int, Answer], app: str | None) -> list[Guard]:
    """Read the active rules of a branch, one guard a ruleset.

    Args:
        rules: All that apply, from rulesets of the repository, organisation and enterprise.
        rulesets: Those of `ruleset_ids`, by id.
        app: As for `classic_guard`.
    """
    found, gap = read_all(payloads.Rule, rules)
    by_id: dict[int, list[payloads.Rule]] = {}
    for rule in found:
        by_id.setdefault(rule.ruleset_id, []).append(rule)
    guards = [
        _ruleset(of_one, rulesets.get(number, Answer(gap=UNAVAILABLE)), app)
        for number, of_one in sorted(by_id.items())
    ]
    return [*guards, Guard("ruleset", gap=gap, bypass_gap=gap)] if gap else guards


def _ruleset(rules: Sequence[payloads.Rule], ruleset: Answer, app: str | None) -> Guard:
    told = [rule.parameters or payloads.RuleParameters() for rule in rules]
    bypass, gap = _ruleset_bypass(ruleset, app)
    return Guard(
        "ruleset",
        stops_pushes=any(rule.type in _STOP_PUSHES for rule in rules),
        approvals=max(one.required_approving_review_count or 0 for one in told),
        asks_code_owners=any(one.require_code_owner_review for one in told),
        has_checks=any(one.required_status_checks or one.workflows for one in told),
        bypass=frozenset(bypass),
        bypass_gap=gap,
    )


def _ruleset_bypass(ruleset: Answer, app: str | None) -> tuple[set[str], str]:
    told, gap = read(payloads.Ruleset, ruleset)
    if told is None:
        return set(), gap
    found = {"own_bypass"} if told.current_user_can_bypass in _MAY_BYPASS else set()
    if told.bypass_actors is None:  # shown only to those who may edit the ruleset
        return found, NO_PERMISSION
    for actor in told.bypass_actors:
        is_admin = actor.actor_type == "RepositoryRole" and actor.actor_id == _ADMIN_ROLE
        if actor.actor_type == "Integration":
            found.add("own_bypass" if app == str(actor.actor_id) else "app_bypass")
        elif is_admin or actor.actor_type in _ADMINS:
            found.add("admin_bypass")
        else:
            found.add("others_bypass")
    return found, ""


def judge_branch(guards: Sequence[Guard]) -> dict[ControlName, Judged]:
    """Judge the controls that guards of the default branch stand for, all of them together."""
    gap = next((guard.gap for guard in guards if guard.gap), "")
    kinds = sorted({guard.kind for guard in guards if guard.stops_pushes})
    approvals = max((guard.approvals for guard in guards), default=0)
    counted = f"{min(approvals, _MOST_APPROVALS)}_approvals" if approvals else "no_approvals"
    by_owner = approvals == 1 and any(guard.asks_code_owners for guard in guards)
    has_checks = any(guard.has_checks for guard in guards)
    return {
        ControlName.BRANCH_PROTECTION: _judged("_and_".join(kinds), gap, "unprotected"),
        ControlName.HUMAN_APPROVAL: _judged(counted if approvals else "", gap, counted),
        ControlName.TWO_PERSON_APPROVAL: _judged(
            "code_owner_approval" if by_owner else counted if approvals >= _TWO else "",
            gap,
            counted,
        ),
        ControlName.CI_GATES: _judged(
            "required_checks" if has_checks else "", gap, "no_required_checks"
        ),
        ControlName.BYPASS: _judged_bypass(guards),
    }


def _judged(present: str, gap: str, absent: str) -> Judged:
    if present:
        return ControlTold.PRESENT, present
    return (ControlTold.UNKNOWN, gap) if gap else (ControlTold.ABSENT, absent)


def _judged_bypass(guards: Sequence[Guard]) -> Judged:
    """Say who may pass by every guard; one without exceptions is enough."""
    stopping = [guard for guard in guards if guard.stops_pushes]
    if any(not guard.bypass and not guard.bypass_gap for guard in stopping):
        return ControlTold.ABSENT, "nobody"
    who = {code for guard in stopping for code in guard.bypass}
    gaps = [one.gap for one in guards] + [one.bypass_gap for one in stopping]
    gap = next(filter(None, gaps), "")
    if gap and "own_bypass" not in who:
        return ControlTold.UNKNOWN, gap
    return ControlTold.PRESENT, next((code for code in _BYPASSES if code in who), "unprotected")
