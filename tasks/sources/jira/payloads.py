"""What Jira's REST API answers, as far as we read it; Cloud v3 and Data Center v2 alike.

Tolerant: unknown fields are ignored, `from`, `to` and most fields may be null. Strict:
ids and instants. Texts (summary, description, comments) are never asked for.
"""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tasks.core.instants import parse_instant_or_epoch

Instant: TypeAlias = Annotated[datetime, BeforeValidator(parse_instant_or_epoch)]


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id: TypeAlias = Annotated[
    str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[0-9]{1,19}$")
]
IssueKey: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,31}-[0-9]{1,10}$")
]


#: Fields that change from an id to an id, and are kept.
FOLLOWED = ("status", "resolution")
#: Changes from text to text; only the tags among them are kept.
LABELS = "labels"


def _text_only(value: object) -> object:
    return value if isinstance(value, str) else None


MaybeText: TypeAlias = Annotated[str | None, BeforeValidator(_text_only)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class ServerInfo(_Payload):
    """`GET /rest/api/{2,3}/serverInfo`; `Cloud`, `Server` or `DataCenter`, absent when old."""

    deployment_type: str | None = Field(None, alias="deploymentType")


class StatusCategory(_Payload):
    """`new`, `indeterminate` or `done`; `undefined` where nobody chose."""

    key: str | None = None


class Status(_Payload):
    """`GET /rest/api/{2,3}/status`; its name is in the reader's language."""

    id: Id
    category: StatusCategory | None = Field(None, alias="statusCategory")


class Named(_Payload):
    """An issue type or resolution."""

    id: Id
    name: str | None = None


class Account(_Payload):
    """A user; Data Center has no `accountType`."""

    account_type: str | None = Field(None, alias="accountType")


class LinkedIssue(_Payload):
    """The other end of a link."""

    id: Id


class LinkType(_Payload):
    """How links of a type read in each direction."""

    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class IssueLink(_Payload):
    """`this issue <inward> inwardIssue`, or `this issue <outward> outwardIssue`."""

    type: LinkType
    inward_issue: LinkedIssue | None = Field(None, alias="inwardIssue")
    outward_issue: LinkedIssue | None = Field(None, alias="outwardIssue")


class Fields(_Payload):
    """The fields of an issue that we ask for; the severity is a custom field besides."""

    status: Status
    issue_type: Named | None = Field(None, alias="issuetype")
    resolution: Named | None = None
    resolved_at: Instant | None = Field(None, alias="resolutiondate")
    category_changed_at: Instant | None = Field(None, alias="statuscategorychangedate")
    created_at: Instant = Field(alias="created")
    updated_at: Instant = Field(alias="updated")
    labels: list[str] | None = None
    links: list[IssueLink] | None = Field(None, alias="issuelinks")
    creator: Account | None = None


class Item(_Payload):
    """One changed field.

    Fields that we follow change from an id to an id; others change from text to text, in
    `fromString` and `toString`. Of these only the labels are looked at.
    """

    field_id: str | None = Field(None, alias="fieldId")
    field: str | None = None
    old: str | None = Field(None, alias="from")
    new: str | None = Field(None, alias="to")
    old_text: MaybeText = Field(None, alias="fromString")
    new_text: MaybeText = Field(None, alias="toString")

    @property
    def name(self) -> str | None:
        """Id of the field; older servers only give its name."""
        return self.field_id or self.field

    @model_validator(mode="after")
    def _ids(self) -> Self:
        if self.name in FOLLOWED and not all(
            end.isascii() and end.isdigit() for end in (self.old, self.new) if end
        ):
            message = "a followed field must change between ids"
            raise ValueError(message)
        return self


class History(_Payload):
    """Fields that were changed together."""

    created_at: Instant = Field(alias="created")
    items: list[Item] | None = None


class Changelog(_Payload):
    """`expand=changelog`; where `total` exceeds the histories, older ones are cut off."""

    total: int | None = None
    histories: list[History]


class Issue(_Payload):
    """`POST /rest/api/3/search/jql` and `GET /rest/api/2/search`, one of `issues`."""

    id: Id
    key: IssueKey
    fields: Fields
    changelog: Changelog | None = None


class IssueChanges(_Payload):
    """`POST /rest/api/3/changelog/bulkfetch`, one of `issueChangeLogs`."""

    issue_id: Id = Field(alias="issueId")
    histories: list[History] = Field(alias="changeHistories")
