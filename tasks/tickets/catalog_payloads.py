"""What GitHub answers about the catalog's repository, as far as it is read."""

import base64
import binascii

from pydantic import BaseModel, ConfigDict


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Repository(_Payload):
    """`GET /repos/{owner}/{repo}`."""

    default_branch: str


class _Object(_Payload):
    sha: str


class Ref(_Payload):
    """`GET /repos/{owner}/{repo}/git/ref/heads/{branch}`."""

    object: _Object


class ContentFile(_Payload):
    """`GET /repos/{owner}/{repo}/contents/{path}`."""

    sha: str
    content: str
    encoding: str

    def text(self) -> str | None:
        """Decode the file; None if it is too large to be sent along, or no UTF-8."""
        if self.encoding != "base64":
            return None
        try:
            return base64.b64decode(self.content).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None


class PullRequest(_Payload):
    """`GET /repos/{owner}/{repo}/pulls`."""

    number: int
    state: str | None = None


class Rule(_Payload):
    """`GET /repos/{owner}/{repo}/rules/branches/{branch}`: active rules only."""

    type: str
    ruleset_id: int


class Ruleset(_Payload):
    """`GET /repos/{owner}/{repo}/rulesets/{id}`."""

    current_user_can_bypass: str | None = None


class _App(_Payload):
    id: int | None = None


class _Allowances(_Payload):
    users: list[object] | None = None
    teams: list[object] | None = None
    apps: list[_App] | None = None


class _Reviews(_Payload):
    bypass_pull_request_allowances: _Allowances | None = None


class _Switch(_Payload):
    enabled: bool


class Protection(_Payload):
    """`GET /repos/{owner}/{repo}/branches/{branch}/protection`."""

    required_pull_request_reviews: _Reviews | None = None
    enforce_admins: _Switch | None = None

    def binds(self, app_id: str | None) -> bool:
        """Tell whether nobody pushes to the branch without a review, an app of that id included.

        Args:
            app_id: Of the app that asks; None for a user, who may be any of those allowed.
        """
        reviews = self.required_pull_request_reviews
        if reviews is None or self.enforce_admins is None or not self.enforce_admins.enabled:
            return False
        allowed = reviews.bypass_pull_request_allowances or _Allowances()
        if app_id is None:
            return not (allowed.users or allowed.teams)
        return all(str(one.id) != app_id for one in allowed.apps or ())
