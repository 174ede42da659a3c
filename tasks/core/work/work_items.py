"""Work items: their keys, and the closed vocabulary of what can happen to one.

Events are facts with the moment they occurred; they arrive in any order, twice, and
late. What they say about an item now is rebuilt in `tasks.core.work.item_states`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tasks.core.instants import parse_instant

# Made once: every event of every item is digested each night.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class EventKind(StrEnum):
    """The closed vocabulary of `work_item_events.event`; `value` and `ref` per kind."""

    OPENED = "opened"  # value: an ItemType
    AUTHORED = "authored"  # value: human, bot or agent:<vendor>
    ASSISTED = "assisted"  # value: agent:<vendor> that a commit trailer names
    STAMPED = "stamped"  # value: workflow id; ref: `label` or `trailer`
    UNSTAMPED = "unstamped"  # value: workflow id whose label was taken off
    TAGGED = "tagged"  # value: a Tag that a person set; ref: `label`
    UNTAGGED = "untagged"  # value: a Tag that was taken off; ref: `label`
    BRANCHED = "branched"  # value: declared prefix, if any; ref: its keyed digest, but for forks
    SESSION = "session"  # value: commit that names it, if one does; ref: keyed digest of its id
    HEAD = "head"  # ref: commit that the item proposes
    REVIEWED = "reviewed"  # value: `<state>.<actor>`; ref: the review
    CHECKED = "checked"  # value: `<check_runs|statuses>.<success|failure|pending>`; ref: commit
    CI_RUN = "ci_run"  # value: conclusion or `pending`; ref: run and attempt
    DEPLOYED = "deployed"  # value: `<production|other>.<state>`; ref: the deployment
    MERGED = "merged"  # ref: merge commit
    CLOSED = "closed"  # value: reason, if the system gives one
    REOPENED = "reopened"
    STATUS_CHANGED = "status_changed"  # value: new, indeterminate, done or unknown
    RESOLVED = "resolved"  # value: `resolution.<id>`
    INCIDENT_OPENED = "incident_opened"  # value: severity, if declared
    LINKED = "linked"  # value: a LinkType; ref: the other item
    REVERTS = "reverts"  # ref: item or commit; none where the text does not say
    REVERTED_BY = "reverted_by"  # ref: the item that took this one back


class ItemType(StrEnum):
    """What kind of thing an item is."""

    PULL_REQUEST = "pull_request"
    ISSUE = "issue"


class Tag(StrEnum):
    """How an item went, as a person says by hand; never stronger than what a system tells."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"


class LinkType(StrEnum):
    """How one item points at another."""

    CLOSES = "closes"
    CAUSED_BY = "caused_by"  # counts against the workflow of the item it names
    CAUSES = "causes"
    USED_IN = "used_in"  # neutral: the item helped with the incident
    RELATES = "relates"
    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"
    DUPLICATES = "duplicates"
    MENTIONS = "mentions"  # a key in a branch, title or body
    UNTYPED = "untyped"  # a link whose meaning nobody declared


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """One row of `work_item_events`; see `tasks.core.tables`."""

    source: str
    item: str
    event: EventKind
    occurred_at: datetime
    observed_at: datetime
    value: str | None = None
    ref: str | None = None

    @property
    def event_id(self) -> str:
        """Digest of what makes the event itself, free of when it was seen."""
        return event_id(self.source, self.item, self.event, self.occurred_at, self.value, self.ref)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event before it knows its source and when it was seen.

    Attributes:
        at: ISO 8601 text in UTC; None where the system does not tell, so that nothing happened
            that could be placed in time.
    """

    item: str
    event: EventKind
    at: str | None
    value: str | None = None
    ref: str | None = None

    def seen(self, source: str, observed_at: datetime) -> ItemEvent | None:
        """Give the event as a source saw it; None without a time."""
        if self.at is None:
            return None
        occurred_at = parse_instant(self.at)
        return ItemEvent(
            source, self.item, self.event, occurred_at, observed_at, self.value, self.ref
        )


def github_repository(repository_id: int) -> str:
    """Key of a GitHub repository, under which `labels` has its name."""
    return f"gh:{repository_id}"


def github_item(repository_id: int, number: int) -> str:
    """Key of a GitHub pull request or issue; survives a rename of its repository."""
    return f"gh:{repository_id}#{number}"


def github_commit(repository_id: int, sha: str) -> str:
    """Key of a commit, for what happens before or without a pull request."""
    return f"gh:{repository_id}@{sha}"


def jira_item(issue_id: str) -> str:
    """Key of a Jira issue; survives a move to another project."""
    return f"jira:{issue_id}"


def jira_key_ref(issue_key: str) -> str:
    """Reference by a key that only `labels` can turn into an item."""
    return f"jira-key:{issue_key}"


def event_id(
    source: str,
    item: str,
    event: EventKind,
    occurred_at: datetime,
    value: str | None,
    ref: str | None,
) -> str:
    """Digest an event's identity, so that seeing it again adds nothing."""
    parts = [source, item, event.value, occurred_at.isoformat(), value, ref]
    return hashlib.sha256(_encode(parts).encode()).hexdigest()


def event_row(event: ItemEvent, day: date) -> dict[str, object]:
    """Give an event as a row of `work_item_events`, with the UTC day of the pull that saw it."""
    return {
        "source": event.source,
        "day": day,
        "item": event.item,
        "event": event.event.value,
        "occurred_at": event.occurred_at,
        "observed_at": event.observed_at,
        # A plain text: members of a closed set come as enumeration members.
        "value": None if event.value is None else str(event.value),
        "ref": event.ref,
        "event_id": event.event_id,
    }
