"""Turn GitHub's raw rows into events of work items, and into controls of repositories."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import cast

from config.shapes.sources import GithubSource
from tasks.core.batches import Conformed, Json, RawRow, Stream
from tasks.core.findings import Finding
from tasks.core.instants import parse_instant
from tasks.core.work.hand_tags import malformed_tags
from tasks.core.work.work_items import (
    EventKind,
    Fact,
    ItemEvent,
    ItemType,
    event_row,
    github_commit,
    github_repository,
)
from tasks.sources.github.conform_controls import conform_controls


def conform(stream: Stream, config: GithubSource, rows: Iterable[RawRow], key: date) -> Conformed:
    """Give the events, names and findings that raw rows of a stream hold.

    Args:
        stream: One of this source's.
        config: This source.
        rows: As `fetch` gave them.
        key: UTC day of the pull.
    """
    if stream.name == "controls":
        return conform_controls(config, rows, key)
    facts_of = {
        "pull_requests": _pull_request_facts,
        "item_events": _item_event_facts,
        "incidents": _incident_facts,
        "workflow_runs": _workflow_run_facts,
        "deployments": _deployment_facts,
    }[stream.name]
    events: dict[str, ItemEvent] = {}
    labels: set[tuple[str, str, str]] = set()
    findings: list[Finding] = []
    for row in rows:
        observed_at = parse_instant(row["observed_at"])
        for fact in facts_of(row):
            event = fact.seen(config.name, observed_at)
            if event is not None:
                events.setdefault(event.event_id, event)
        labels.update(_labels(row))
        findings += _findings(row, config.name)
    return Conformed(
        rows=[event_row(event, key) for event in events.values()],
        labels=tuple(sorted(labels)),
        findings=tuple(sorted(set(findings))),
    )


def _pull_request_facts(row: RawRow) -> Iterator[Fact]:
    if row["record"] != "pull_request":
        yield from _check_facts(row)
        return
    item, created_at = str(row["key"]), _text(row["created_at"])
    yield Fact(item, EventKind.OPENED, created_at, ItemType.PULL_REQUEST)
    yield from _hint_facts(row, item, created_at)
    yield Fact(
        item,
        EventKind.BRANCHED,
        created_at,
        _text(row["branch_prefix"]),
        # A fork's branch is one of another repository, whatever it is called.
        None if row["is_fork"] else _text(row["branch_digest"]),
    )
    for session in _texts(row.get("sessions")):
        yield Fact(item, EventKind.SESSION, created_at, ref=session)
    if row["merged_at"]:
        yield Fact(item, EventKind.MERGED, _text(row["merged_at"]), ref=_text(row["merge_commit"]))
    elif row["closed_at"]:
        yield Fact(item, EventKind.CLOSED, _text(row["closed_at"]))
    for review in _rows(row["reviews"]):
        value = f"{review['state']}.{review['actor'] or 'unknown'}"
        ref = f"review:{review['id']}"
        yield Fact(item, EventKind.REVIEWED, _text(review["submitted_at"]), value, ref)
    yield from _commit_facts(row, item, created_at)
    yield from _revert_facts(row, item, created_at)


def _commit_facts(row: RawRow, item: str, created_at: str | None) -> Iterator[Fact]:
    committed_at = created_at
    for agent in _texts(row.get("agents")):
        yield Fact(item, EventKind.ASSISTED, created_at, agent)
    for commit in _rows(row["commits"]):
        for agent in _texts(commit["agents"]):
            yield Fact(item, EventKind.ASSISTED, created_at, agent)
        for stamp in _texts(commit["stamps"]):
            yield Fact(item, EventKind.STAMPED, created_at, stamp, "trailer")
        for session in _texts(commit.get("sessions")):
            yield Fact(item, EventKind.SESSION, created_at, _text(commit["sha"]), session)
        if commit["sha"] == row["head"] and commit["committed_at"]:
            committed_at = max(str(created_at), str(commit["committed_at"]))
    yield Fact(item, EventKind.HEAD, committed_at, ref=_text(row["head"]))


def _revert_facts(row: RawRow, item: str, created_at: str | None) -> Iterator[Fact]:
    repository_id = int(str(row["repository_id"]))
    targets = list(_texts(row["reverts"]))
    targets += [
        github_commit(repository_id, sha)
        for commit in _rows(row["commits"])
        for sha in _texts(commit["reverts"])
    ]
    for target in dict.fromkeys(targets):
        yield Fact(item, EventKind.REVERTS, created_at, ref=target)
        if target.startswith("gh:"):
            yield Fact(target, EventKind.REVERTED_BY, _text(row["merged_at"]), ref=item)
    if row["is_revert"] and not targets:
        yield Fact(item, EventKind.REVERTS, created_at)


def _check_facts(row: RawRow) -> Iterator[Fact]:
    value = f"{row['record']}.{row['result']}"
    yield Fact(str(row["item"]), EventKind.CHECKED, _text(row["at"]), value, _text(row["sha"]))


def _item_event_facts(row: RawRow) -> Iterator[Fact]:
    item, at = str(row["item"]), _text(row["at"])
    stamp, tag = _text(row["stamp"]), _text(row.get("tag"))
    match row["event"]:
        case "closed":
            yield Fact(item, EventKind.CLOSED, at, _text(row["reason"]))
        case "reopened":
            yield Fact(item, EventKind.REOPENED, at)
        case "labeled" if tag:
            yield Fact(item, EventKind.TAGGED, at, tag, "label")
        case "unlabeled" if tag:
            yield Fact(item, EventKind.UNTAGGED, at, tag, "label")
        case "labeled":
            yield Fact(item, EventKind.STAMPED, at, stamp, "label")
        case "unlabeled":
            yield Fact(item, EventKind.UNSTAMPED, at, stamp, "label")
        case _:
            return


def _incident_facts(row: RawRow) -> Iterator[Fact]:
    item, created_at = str(row["key"]), _text(row["created_at"])
    yield Fact(item, EventKind.OPENED, created_at, ItemType.ISSUE)
    yield Fact(item, EventKind.INCIDENT_OPENED, created_at, _text(row["severity"]))
    yield from _hint_facts(row, item, created_at)
    if row["closed_at"]:
        yield Fact(item, EventKind.CLOSED, _text(row["closed_at"]), _text(row["reason"]))


def _hint_facts(row: RawRow, item: str, created_at: str | None) -> Iterator[Fact]:
    # Hints carry the moment the item was opened: when they were added is not told, and an
    # instant that moved with every change would make a new event of every hint each time.
    if row["author"]:
        yield Fact(item, EventKind.AUTHORED, created_at, _text(row["author"]))
    for stamp in _texts(row["stamps"]):
        yield Fact(item, EventKind.STAMPED, created_at, stamp, "label")
    # Rows of earlier nights were written before tags were read.
    for tag in _texts(row.get("tags")):
        yield Fact(item, EventKind.TAGGED, created_at, tag, "label")
    for link in _rows(row["links"]):
        yield Fact(item, EventKind.LINKED, created_at, _text(link["type"]), _text(link["ref"]))


def _workflow_run_facts(row: RawRow) -> Iterator[Fact]:
    items = list(_texts(row["items"]))
    if not items:
        items = [github_commit(int(str(row["repository_id"])), str(row["sha"]))]
    at = _text(row["created_at"] if row["result"] == "pending" else row["updated_at"])
    for item in items:
        ref = f"run:{row['run_id']}.{row['attempt']}"
        yield Fact(item, EventKind.CI_RUN, at, _text(row["result"]), ref)


def _deployment_facts(row: RawRow) -> Iterator[Fact]:
    item = github_commit(int(str(row["repository_id"])), str(row["sha"]))
    where = "production" if row["is_production"] else "other"
    ref = f"deployment:{row['deployment_id']}"
    for state in _rows(row["states"]):
        yield Fact(item, EventKind.DEPLOYED, _text(state["at"]), f"{where}.{state['state']}", ref)


def _labels(row: RawRow) -> Iterator[tuple[str, str, str]]:
    """Name repositories and items; those of a person's account stay nameless."""
    if row.get("is_personal", True):
        return
    repository = github_repository(int(str(row["repository_id"])))
    yield "repository", repository, str(row["repository"])
    if "number" in row:
        yield "work_item", str(row["key"]), f"{row['repository']}#{row['number']}"


def _findings(row: RawRow, source: str) -> Iterator[Finding]:
    item = str(row["key"])
    malformed = [row, *_rows(row.get("commits"))]
    count = sum(int(str(one.get("malformed_stamps", 0))) for one in malformed)
    if count:
        detail = f"{count} stamps do not fit [a-z0-9_.-]{{1,64}} and were dropped"
        yield Finding("malformed_stamp", item, detail, source)
    if row.get("malformed_tags"):
        yield malformed_tags(item, int(str(row["malformed_tags"])), source)
    named = row.get("reverts") or any(one["reverts"] for one in _rows(row.get("commits")))
    if row.get("is_revert") and not named:
        yield Finding("revert_unresolved", item, "reverts something it does not name", source)


def _rows(value: Json) -> list[Mapping[str, Json]]:
    return cast("list[Mapping[str, Json]]", value or [])


def _texts(value: Json) -> list[str]:
    return cast("list[str]", value or [])


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
