"""Parse incidents and the events of issues and pull requests into raw rows."""

from tasks.core.batches import Json, RawRow
from tasks.core.instants import instant_text
from tasks.core.work.hand_tags import hand_tags
from tasks.core.work.work_items import LinkType
from tasks.sources.github import payloads, texts
from tasks.sources.github.context import Repo, actor_of, label_names, repository_fields

_CLOSE_REASONS = frozenset({"completed", "not_planned", "duplicate"})
_FEED_EVENTS = frozenset({"closed", "reopened", "labeled", "unlabeled"})


def parse_incident(payload: object, repo: Repo) -> RawRow | None:
    """Reduce an issue that carries an incident label; None for a pull request.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    issue = payloads.Issue.model_validate(payload)
    if issue.pull_request is not None:  # the list of issues holds pull requests as well
        return None
    labels = label_names(issue.labels)
    body = issue.body or ""
    stamps, tags = texts.label_stamps(labels), hand_tags(labels)
    links: list[Json] = [
        {"type": kind.value, "ref": ref}
        for kind, ref in texts.incident_links(body, labels, repo.names)
    ]
    tickets = texts.mentioned_tickets(issue.title or "", body)
    links += [{"type": LinkType.MENTIONS.value, "ref": ref} for ref in tickets]
    return {
        "key": repo.item(issue.number),
        **repository_fields(repo),
        "number": issue.number,
        "state": issue.state or ("closed" if issue.closed_at else "open"),
        "reason": _reason(issue.state_reason),
        "created_at": instant_text(issue.created_at),
        "updated_at": instant_text(issue.updated_at),
        "closed_at": instant_text(issue.closed_at) if issue.closed_at else None,
        "author": actor_of(issue.user),
        "severity": texts.severity_of(labels),
        "stamps": list(stamps.ids),
        "malformed_stamps": stamps.malformed,
        "tags": [tag.value for tag in tags.tags],
        "malformed_tags": tags.malformed,
        "links": links,
    }


def parse_item_event(payload: object, repo: Repo) -> RawRow | None:
    """Reduce an entry of a repository's issue events; None for what we do not read.

    Read: a pull request or an incident was closed or opened again, and `workflow:` and
    `outcome:` labels put on or taken off. Who did it is never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    event = payloads.IssueEvent.model_validate(payload)
    if event.event not in _FEED_EVENTS or event.issue is None:
        return None
    is_pull = event.issue.pull_request is not None
    is_incident = bool(repo.incident_labels & set(label_names(event.issue.labels)))
    label = label_names([event.label] if event.label else [])
    stamps, tags = texts.label_stamps(label).ids, hand_tags(label).tags
    is_labelling = event.event in {"labeled", "unlabeled"}
    if not (is_pull or is_incident) or (is_labelling and not stamps and not tags):
        return None
    return {
        "key": f"gh:{repo.id}/event/{event.id}",
        **repository_fields(repo),
        "item": repo.item(event.issue.number),
        "event": event.event,
        "reason": _reason(event.state_reason),
        "stamp": stamps[0] if stamps else None,
        "tag": tags[0].value if tags else None,
        "at": instant_text(event.created_at),
    }


def _reason(reason: str | None) -> str | None:
    return reason if reason in _CLOSE_REASONS else None
