"""What GitHub's REST API answers about controls, as far as we read it; names are GitHub's.

Tolerant like `payloads`. Logins, teams, names of checks and lines of CODEOWNERS are read
only by `branch_guards`, `parse_controls` and `codeowners`, which count or compare them and
drop them.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Switch(_Payload):
    """A setting that is on or off."""

    enabled: bool


class RequiredChecks(_Payload):
    """Required status checks; `contexts` is what older servers send, and how it is enforced."""

    enforcement_level: str | None = None
    contexts: list[object] | None = None
    checks: list[object] | None = None


class ProtectionSummary(_Payload):
    """What a branch says of its classic protection to everybody who may read it."""

    enabled: bool | None = None
    required_status_checks: RequiredChecks | None = None


class ControlledBranch(_Payload):
    """`GET /repos/{owner}/{repo}/branches/{branch}`; `protected` is true by rulesets, too."""

    protected: bool
    protection: ProtectionSummary | None = None


class App(_Payload):
    """An App on a list of those that may do something."""

    id: int | None = None
    client_id: str | None = None


class Actors(_Payload):
    """Lists of those that may do something; people and teams are only counted."""

    users: list[object] | None = None
    teams: list[object] | None = None
    apps: list[App] | None = None


class RequiredReviews(_Payload):
    """Reviews that classic protection requires."""

    required_approving_review_count: int | None = None
    require_code_owner_reviews: bool | None = None
    bypass_pull_request_allowances: Actors | None = None


class Protection(_Payload):
    """`GET /repos/{owner}/{repo}/branches/{branch}/protection`."""

    required_status_checks: RequiredChecks | None = None
    required_pull_request_reviews: RequiredReviews | None = None
    enforce_admins: Switch | None = None
    restrictions: Actors | None = None
    lock_branch: Switch | None = None


class RuleParameters(_Payload):
    """Parameters of those rules that matter to a control."""

    required_approving_review_count: int | None = None
    require_code_owner_review: bool | None = None
    required_status_checks: list[object] | None = None
    workflows: list[object] | None = None


class Rule(_Payload):
    """`GET /repos/{owner}/{repo}/rules/branches/{branch}`: active rules only."""

    type: str
    ruleset_id: int
    parameters: RuleParameters | None = None


class BypassActor(_Payload):
    """One that a ruleset lets pass by; `actor_id` 5 of `RepositoryRole` is the admin role."""

    actor_id: int | None = None
    actor_type: str


class Ruleset(_Payload):
    """`GET /repos/{owner}/{repo}/rulesets/{id}`; `bypass_actors` only for those who may edit it."""

    bypass_actors: list[BypassActor] | None = None
    current_user_can_bypass: str | None = None


class CodeownersErrors(_Payload):
    """`GET /repos/{owner}/{repo}/codeowners/errors`; the errors quote lines."""

    errors: list[object]


class ContentFile(_Payload):
    """`GET /repos/{owner}/{repo}/contents/{path}` of a file."""

    type: Literal["file"]
    encoding: Literal["base64"]
    content: str


class EnvironmentRule(_Payload):
    """A protection rule of an environment."""

    type: str
    reviewers: list[object] | None = None


class Environment(_Payload):
    """`GET /repos/{owner}/{repo}/environments`, one of `environments`."""

    name: str
    protection_rules: list[EnvironmentRule] | None = None
