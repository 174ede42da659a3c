"""What is read of a ticket: who made it, whether it is open, labels, marker; nothing else is kept.

Accounts are compared in memory and forgotten. Tolerant of fields that are unknown or null.
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

#: Labels by which people decide, as closed codes; any other label may hold a name.
_DECISION = re.compile(
    r"graduand:(approved|provisional|withdrawn|declined(:\d{4}-\d\d-\d\d|:\d{1,6}-items)?)",
    re.ASCII | re.IGNORECASE,
)


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class JiraAccount(_Payload):
    """An account: Cloud names it by `accountId`, Data Center by `key`."""

    account_id: str | None = Field(None, alias="accountId")
    key: str | None = None
    name: str | None = None

    @property
    def identity(self) -> str:
        """Give what names the account for good; empty if nothing does."""
        return self.account_id or self.key or self.name or ""


class _Category(_Payload):
    key: str | None = None


class _Status(_Payload):
    name: str | None = None
    category: _Category | None = Field(None, alias="statusCategory")


class _JiraFields(_Payload):
    labels: list[str] | None = None
    status: _Status | None = None
    creator: JiraAccount | None = None


class JiraIssue(_Payload):
    """An issue as `GET /issue/{id}?fields=labels,status,creator&properties=...` gives it."""

    id: str
    key: str
    fields: _JiraFields = Field(default_factory=_JiraFields)
    properties: dict[str, Any] | None = None


class JiraReference(_Payload):
    """An issue as a creation or a search names it."""

    id: str
    key: str


class JiraComment(_Payload):
    """A comment; the body is a document in Cloud, wiki text in Data Center."""

    author: JiraAccount | None = None
    body: Any = None


class GithubAccount(_Payload):
    """An account of GitHub."""

    id: int
    login: str | None = None
    type: str | None = None


class GithubApp(_Payload):
    """The app that something was done with."""

    id: int


class _Label(_Payload):
    name: str | None = None


class GithubIssue(_Payload):
    """An issue, or the issue side of a pull request."""

    number: int
    state: str | None = None
    body: str | None = None
    user: GithubAccount | None = None
    labels: list[_Label | str] | None = None
    pull_request: Any = None
    app: GithubApp | None = Field(None, alias="performed_via_github_app")

    @property
    def label_names(self) -> list[str]:
        """List its labels, however they are given."""
        names = [one if isinstance(one, str) else one.name for one in self.labels or ()]
        return [name for name in names if name]


class GithubComment(_Payload):
    """A comment below an issue."""

    body: str | None = None
    user: GithubAccount | None = None
    app: GithubApp | None = Field(None, alias="performed_via_github_app")


def decisions(labels: Iterable[str]) -> tuple[str, ...]:
    """Keep the labels by which people decide, in lower case and in order."""
    return tuple(sorted({label.lower() for label in labels if _DECISION.fullmatch(label)}))
