"""Parse Jira's issues and their histories into raw rows; no text of a person passes.

Statuses are kept by id with the category that Jira gives them: names are localised.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.core.batches import Json, RawRow
from tasks.core.identities import BOT, HUMAN
from tasks.core.instants import instant_text
from tasks.core.work.hand_tags import hand_tags
from tasks.core.work.work_items import LinkType, jira_item, jira_key_ref
from tasks.sources.jira import payloads

_CATEGORIES = frozenset({"new", "indeterminate", "done"})
UNKNOWN = "unknown"
#: Field of a change that put a tag on, or took one off.
TAG = "tag"
_STAMP = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_WORKFLOW_LABEL = "workflow:"
_LINK_LABEL = re.compile(
    r"(?P<type>caused-by|used-in):(?:(?P<key>[A-Z][A-Z0-9_]+-\d+)"
    r"|(?P<repo>[a-z0-9-]{1,39}/[a-z0-9_.-]{1,100})#(?P<number>[1-9]\d{0,9}))",
    re.IGNORECASE | re.ASCII,
)
#: Jira's default link types, read in both directions, and the two that we define.
_PHRASES = {
    "is caused by": LinkType.CAUSED_BY,
    "caused by": LinkType.CAUSED_BY,
    "causes": LinkType.CAUSES,
    "is used in": LinkType.USED_IN,
    "used in": LinkType.USED_IN,
    "relates to": LinkType.RELATES,
    "clones": LinkType.RELATES,
    "is cloned by": LinkType.RELATES,
    "blocks": LinkType.BLOCKS,
    "is blocked by": LinkType.BLOCKED_BY,
    "duplicates": LinkType.DUPLICATES,
    "is duplicated by": LinkType.DUPLICATES,
    "fixes": LinkType.CLOSES,
    "resolves": LinkType.CLOSES,
}
#: Words that say a severity and nothing else; any other option is kept by its id.
_SEVERITY = re.compile(
    r"(?:sev(?:erity)?|s|p|prio(?:rity)?)?[-_ ]?[0-9]"
    r"|blocker|critical|highest|high|major|medium|moderate|normal|minor|low|lowest|trivial",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Site:
    """What parsing needs to know about a Jira site.

    Attributes:
        categories: Status category by status id.
        incident_types: Names or ids of issue types, in lower case.
        severity_field: Custom field with the severity of incidents.
    """

    categories: Mapping[str, str]
    incident_types: frozenset[str]
    severity_field: str | None
    keyed_digest: Callable[[str], str] = field(repr=False)

    def category(self, status_id: str | None) -> str:
        """Give the category of a status; a deleted status has none."""
        return self.categories.get(status_id or "", UNKNOWN)


def parse_status(payload: object) -> tuple[str, str]:
    """Read a status as (id, category).

    Raises:
        pydantic.ValidationError: No usable id.
    """
    status = payloads.Status.model_validate(payload)
    return status.id, _category(status)


def parse_issue(payload: object, site: Site) -> RawRow:
    """Reduce an issue.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    issue = payloads.Issue.model_validate(payload)
    fields = issue.fields
    stamps, malformed = _stamps(fields.labels or ())
    tags = hand_tags(fields.labels or ())
    issue_type = fields.issue_type
    type_words = {issue_type.id, (issue_type.name or "").lower()} if issue_type else set()
    # The issue tells the category of its own status even where the list of statuses lags.
    current = _category(fields.status)
    if current == UNKNOWN:
        current = site.category(fields.status.id)
    is_cut = issue.changelog is not None and (issue.changelog.total or 0) > len(
        issue.changelog.histories
    )
    return {
        "key": jira_item(issue.id),
        "issue_key": issue.key,
        "is_incident": bool(type_words & site.incident_types),
        "severity": _severity(payload, site),
        "created_at": instant_text(fields.created_at),
        "updated_at": instant_text(fields.updated_at),
        "status": fields.status.id,
        "category": current,
        "category_changed_at": (
            instant_text(fields.category_changed_at) if fields.category_changed_at else None
        ),
        "resolution": fields.resolution.id if fields.resolution else None,
        "resolved_at": instant_text(fields.resolved_at) if fields.resolved_at else None,
        "author": _actor(fields.creator),
        "stamps": stamps,
        "malformed_stamps": malformed,
        "tags": [tag.value for tag in tags.tags],
        "malformed_tags": tags.malformed,
        "links": [*_links(fields.links or ()), *_label_links(fields.labels or (), site)],
        "changes": (
            _changes(issue.changelog.histories, site) if issue.changelog is not None else None
        ),
        "is_cut": is_cut,
    }


def parse_changes(payload: object, site: Site) -> tuple[str, list[Json]]:
    """Reduce the history of one issue to what became of status, resolution and tags, in order.

    Returns:
        Item key and changes.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    found = payloads.IssueChanges.model_validate(payload)
    return jira_item(found.issue_id), _changes(found.histories, site)


def _changes(histories: Sequence[payloads.History], site: Site) -> list[Json]:
    changes: list[Json] = []
    for history in sorted(histories, key=lambda one: one.created_at):
        for item in history.items or ():
            if item.name == payloads.LABELS:
                changes += _tag_changes(item, instant_text(history.created_at))
            if item.name not in payloads.FOLLOWED:
                continue
            change: dict[str, Json] = {
                "field": item.name,
                "at": instant_text(history.created_at),
                "old": item.old or None,
                "new": item.new or None,
            }
            if item.name == "status":
                change["old_category"] = site.category(item.old)
                change["new_category"] = site.category(item.new)
            changes.append(change)
    return changes


def _tag_changes(item: payloads.Item, at: str) -> list[Json]:
    """Say which tags were put on and taken off; no other label is kept."""
    before, after = (
        {tag.value for tag in hand_tags((text or "").split()).tags}
        for text in (item.old_text, item.new_text)
    )
    taken_off = [(tag, None) for tag in sorted(before - after)]
    put_on = [(None, tag) for tag in sorted(after - before)]
    return [{"field": TAG, "at": at, "old": old, "new": new} for old, new in taken_off + put_on]


def _category(status: payloads.Status) -> str:
    key = status.category.key if status.category else None
    return key if key in _CATEGORIES else UNKNOWN


def _actor(account: payloads.Account | None) -> str | None:
    """Say who opened an issue; Data Center does not tell people and programs apart."""
    if account is None or account.account_type is None:
        return None
    return BOT if account.account_type == "app" else HUMAN


def _stamps(labels: Sequence[str]) -> tuple[list[Json], int]:
    found = [
        label[len(_WORKFLOW_LABEL) :].lower()
        for label in labels
        if label.lower().startswith(_WORKFLOW_LABEL)
    ]
    fitting: list[Json] = [stamp for stamp in found if _STAMP.fullmatch(stamp)]
    return fitting, len(found) - len(fitting)


def _links(links: Sequence[payloads.IssueLink]) -> list[Json]:
    found: list[Json] = []
    for link in links:
        for phrase, other in (
            (link.type.inward, link.inward_issue),
            (link.type.outward, link.outward_issue),
        ):
            if other is not None:
                kind = _PHRASES.get((phrase or "").strip().lower(), LinkType.UNTYPED)
                found.append({"type": kind.value, "ref": jira_item(other.id)})
    return found


def _label_links(labels: Sequence[str], site: Site) -> list[Json]:
    found: list[Json] = []
    for match in filter(None, map(_LINK_LABEL.fullmatch, labels)):
        kind = LinkType(match.group("type").lower().replace("-", "_"))
        if match.group("key"):
            ref = jira_key_ref(match.group("key").upper())
        else:
            name = site.keyed_digest(match.group("repo").lower())
            ref = f"gh-name:{name}#{match.group('number')}"
        found.append({"type": kind.value, "ref": ref})
    return found


def _severity(payload: object, site: Site) -> str | None:
    """Read the severity: a word of the closed set, or the id of the chosen option."""
    fields = payload.get("fields") if isinstance(payload, dict) else None
    value = fields.get(site.severity_field) if isinstance(fields, dict) else None
    option = value.get("id") if isinstance(value, dict) else None
    word = value.get("value") if isinstance(value, dict) else value
    if isinstance(word, str) and _SEVERITY.fullmatch(word.strip()):
        return re.sub(r"[-_ ]", "", word.strip().lower())
    if isinstance(option, str) and option.isascii() and option.isdigit():
        return f"option.{option}"
    return None
