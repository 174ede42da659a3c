"""Turn Jira's raw rows into events of work items."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import cast

from config.shapes.sources import JiraSource
from tasks.core.batches import Conformed, Json, RawRow, Stream
from tasks.core.findings import Finding
from tasks.core.instants import parse_instant
from tasks.core.work.hand_tags import malformed_tags
from tasks.core.work.work_items import EventKind, Fact, ItemEvent, ItemType, event_row
from tasks.sources.jira.parse import TAG

_DONE = "done"
_OPEN = frozenset({"new", "indeterminate"})


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: JiraSource,
    rows: Iterable[RawRow],
    key: date,
) -> Conformed:
    """Give the events, names and findings that raw rows hold.

    Args:
        stream: The only one of this source.
        config: This source.
        rows: As `fetch` gave them.
        key: UTC day of the pull.
    """
    events: dict[str, ItemEvent] = {}
    labels: set[tuple[str, str, str]] = set()
    findings: set[Finding] = set()
    for row in rows:
        observed_at = parse_instant(row["observed_at"])
        for fact in _facts(row):
            event = fact.seen(config.name, observed_at)
            if event is not None:
                events.setdefault(event.event_id, event)
        labels.add(("work_item", str(row["key"]), str(row["issue_key"])))
        findings.update(_findings(row, config.name))
    return Conformed(
        rows=[event_row(event, key) for event in events.values()],
        labels=tuple(sorted(labels)),
        findings=tuple(sorted(findings)),
    )


def _facts(row: RawRow) -> Iterator[Fact]:
    item, created_at = str(row["key"]), _text(row["created_at"])
    yield Fact(item, EventKind.OPENED, created_at, ItemType.ISSUE)
    if row["author"]:
        yield Fact(item, EventKind.AUTHORED, created_at, _text(row["author"]))
    if row["is_incident"]:
        yield Fact(item, EventKind.INCIDENT_OPENED, created_at, _text(row["severity"]))
    for stamp in cast("list[str]", row["stamps"]):
        yield Fact(item, EventKind.STAMPED, created_at, stamp, "label")
    # Rows of earlier nights were written before tags were read.
    for tag in cast("list[str]", row.get("tags") or []):
        yield Fact(item, EventKind.TAGGED, created_at, tag, "label")
    for link in _rows(row["links"]):
        yield Fact(item, EventKind.LINKED, created_at, _text(link["type"]), _text(link["ref"]))
    yield from _history(row, item)


def _history(row: RawRow, item: str) -> Iterator[Fact]:
    changes = _rows(row["changes"])
    statuses = [change for change in changes if change["field"] == "status"]
    for change in changes:
        if change["field"] == "status":
            yield from _status_facts(change, item)
        elif change["field"] == TAG:
            yield _tag_fact(change, item)
        else:
            yield from _resolution_facts(change, item)
    first = statuses[0]["old_category"] if statuses else row["category"]
    if row["changes"] is not None and first == _DONE:
        yield Fact(item, EventKind.STATUS_CHANGED, _text(row["created_at"]), _DONE)
    # Without the whole history, what the issue says of itself is the newest thing known.
    if not statuses or statuses[-1]["new"] != row["status"]:
        at = row["category_changed_at"] or row["resolved_at"]
        yield Fact(item, EventKind.STATUS_CHANGED, _text(at), _text(row["category"]))
    if row["changes"] is None and row["resolution"]:
        value = f"resolution.{row['resolution']}"
        yield Fact(item, EventKind.RESOLVED, _text(row["resolved_at"]), value)


def _status_facts(change: Mapping[str, Json], item: str) -> Iterator[Fact]:
    at, category = _text(change["at"]), _text(change["new_category"])
    yield Fact(item, EventKind.STATUS_CHANGED, at, category, f"status:{change['new']}")
    if change["old_category"] == _DONE and category in _OPEN:
        yield Fact(item, EventKind.REOPENED, at)


def _tag_fact(change: Mapping[str, Json], item: str) -> Fact:
    event = EventKind.TAGGED if change["new"] else EventKind.UNTAGGED
    return Fact(item, event, _text(change["at"]), _text(change["new"] or change["old"]), "label")


def _resolution_facts(change: Mapping[str, Json], item: str) -> Iterator[Fact]:
    at = _text(change["at"])
    if change["new"]:
        yield Fact(item, EventKind.RESOLVED, at, f"resolution.{change['new']}")
    elif change["old"]:
        yield Fact(item, EventKind.REOPENED, at)


def _findings(row: RawRow, source: str) -> Iterator[Finding]:
    item = str(row["key"])
    if row["malformed_stamps"]:
        detail = f"{row['malformed_stamps']} stamps do not fit [a-z0-9_.-]{{1,64}} and were dropped"
        yield Finding("malformed_stamp", item, detail, source)
    if row.get("malformed_tags"):
        yield malformed_tags(item, int(str(row["malformed_tags"])), source)
    if row["is_cut"] or row["changes"] is None:
        detail = "the history is not whole; times it was reopened may be missing"
        yield Finding("history_cut", item, detail, source)


def _rows(value: Json) -> list[Mapping[str, Json]]:
    return cast("list[Mapping[str, Json]]", value or [])


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
