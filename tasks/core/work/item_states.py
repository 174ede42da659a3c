"""What the events of a work item say about it now: open, merged, closed, reverted, linked.

The state is always rebuilt from all events, so order of arrival and repeats never matter.
Whether an outcome counts as success is decided elsewhere; here stand the facts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from tasks.core.work.head_checks import HeadChecks
from tasks.core.work.work_items import EventKind, ItemEvent, ItemType, LinkType, Tag


class ItemStatus(StrEnum):
    """Where an item stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"  # without a merge; tickets: done or resolved


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer from one item to another."""

    type: LinkType
    ref: str


@dataclass(frozen=True, slots=True)
class Reopening:
    """A close that was taken back.

    Attributes:
        at: When the item was opened again.
        closed_at: The close.
        reason: Of the close, if the system gave one.
    """

    at: datetime
    closed_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Revert:
    """A merge that took an item back; it may have been taken back in turn."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item as its events describe it; instants are aware UTC.

    Attributes:
        item_type: None while only side events (a check, a revert) are known.
        opened_at: None while only side events are known; an incident always has it.
        author: human, bot or agent:<vendor>; None if the account is gone.
        closed_at: Last close or done; None while open. A merge has both this and `merged_at`.
        reopenings: Each time it went from closed to open again, oldest first.
        reverts: Every merge of something that takes it back, oldest first.
        reverted_at: The first of them that still stands; None once each was itself reverted.
        stamps: Workflow ids in force, sorted.
        agents: Agents that author, trailers or co-authors name, sorted.
        tags: What people say by hand of how it went, those in force, sorted.
        checks: success, failure or pending for the newest head; None if none was seen.
        red_at: Since when it is known that CI was red at the close (`HeadChecks.red_at`); None
            if it was not, or while open.
        branch_digest: Keyed digest of its branch; None for one of a fork.
        sessions: Keyed digests of agents' sessions that its commits or its text name, sorted.
        session_commits: Each of these with a commit that names it, sorted; with empty text where
            its text does.
        approvals: Actors whose last review state on the item is `approved`, sorted with repeats.
    """

    item: str
    item_type: ItemType | None = None
    opened_at: datetime | None = None
    status: ItemStatus = ItemStatus.OPEN
    merged_at: datetime | None = None
    merge_commit: str | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    reopenings: tuple[Reopening, ...] = ()
    reverts: tuple[Revert, ...] = ()
    reverted_at: datetime | None = None
    author: str | None = None
    agents: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    branch_prefix: str | None = None
    branch_digest: str | None = None
    sessions: tuple[str, ...] = ()
    session_commits: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    checks: str | None = None
    red_at: datetime | None = None
    approvals: tuple[str, ...] = ()
    is_incident: bool = False
    severity: str | None = None
    links: tuple[Link, ...] = ()
    deployments: tuple[str, ...] = ()

    @property
    def reopened(self) -> int:
        """Times it went from closed to open again."""
        return len(self.reopenings)

    @property
    def reverted_by(self) -> tuple[str, ...]:
        """Items that took it back, whether or not they stand, sorted."""
        return tuple(sorted({one.by for one in self.reverts}))

    def time_to_outcome(self) -> timedelta | None:
        """Time from opening to merge, or to close where nothing was merged; None while open."""
        end = self.merged_at or self.closed_at
        if self.opened_at is None or end is None:
            return None
        return end - self.opened_at


def current_items(events: Iterable[ItemEvent]) -> dict[str, ItemState]:
    """Rebuild every item from its events, given in any order and with repeats.

    What happened to a commit (a revert, a deployment) is carried over to the item that was
    merged as that commit.

    Returns:
        State by item key; commits have no state of their own.
    """
    by_item: dict[str, dict[str, ItemEvent]] = {}
    for event in events:
        by_item.setdefault(event.item, {})[event.event_id] = event
    merged_as = _items_by_merge_commit(by_item)
    for commit in [key for key in by_item if key in merged_as]:
        by_item[merged_as[commit]].update(by_item[commit])
    items = {item: _fold(item, found) for item, found in by_item.items() if "@" not in item}
    return {item: _without_undone(state, items) for item, state in items.items()}


def _without_undone(state: ItemState, items: Mapping[str, ItemState]) -> ItemState:
    """Leave reverts out that were reverted in turn."""
    if not state.reverts:
        return state
    standing = [one.at for one in state.reverts if _holds(one.by, items, {state.item})]
    return replace(state, reverted_at=min(standing, default=None))


def _holds(reverter: str, items: Mapping[str, ItemState], seen: set[str]) -> bool:
    """Tell whether a revert still stands: nothing that stands has taken it back."""
    state = items.get(reverter)
    if state is None or reverter in seen:  # unknown ones count; a circle ends
        return True
    return not any(_holds(one.by, items, seen | {reverter}) for one in state.reverts)


def _items_by_merge_commit(by_item: Mapping[str, Mapping[str, ItemEvent]]) -> dict[str, str]:
    """Map a commit's key to the item that was merged as it."""
    merged_as: dict[str, str] = {}
    for item, events in by_item.items():
        for event in events.values():
            if event.event is EventKind.MERGED and event.ref is not None:
                merged_as[f"{item.partition('#')[0]}@{event.ref}"] = item
    return merged_as


# At the same instant: what opens comes first, then what closes, then what opens again.
_RANK = {
    EventKind.OPENED: 0,
    EventKind.CLOSED: 2,
    EventKind.RESOLVED: 2,
    EventKind.MERGED: 3,
    EventKind.REOPENED: 4,
}


def _fold(item: str, events: Mapping[str, ItemEvent]) -> ItemState:
    draft = _Draft(item)
    order = sorted(
        (event.occurred_at, _RANK.get(event.event, 1), event_id)
        for event_id, event in events.items()
    )
    for _, _, event_id in order:
        draft.apply(events[event_id])
    return draft.state()


@dataclass(slots=True)
class _Draft:
    """An item while its events are applied, oldest first."""

    item: str
    fields: dict[str, object] = field(default_factory=dict)
    is_closed: bool = False
    reopenings: list[Reopening] = field(default_factory=list)
    stamps: dict[str, bool] = field(default_factory=dict)
    tags: dict[Tag, bool] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)
    sessions: set[tuple[str, str]] = field(default_factory=set)
    reverts: set[Revert] = field(default_factory=set)
    heads: list[str] = field(default_factory=list)
    checks: HeadChecks = field(default_factory=HeadChecks)
    reviews: dict[str, str] = field(default_factory=dict)
    links: dict[Link, None] = field(default_factory=dict)
    deployments: dict[str, str] = field(default_factory=dict)

    def apply(self, event: ItemEvent) -> None:
        """Take one event into account."""
        at, value = event.occurred_at, event.value
        match event.event:
            case EventKind.OPENED:
                self.fields.setdefault("opened_at", at)
                self.fields["item_type"] = ItemType(value) if value else None
            case EventKind.MERGED:
                self.fields.update(merged_at=at, merge_commit=event.ref)
                self._close(event)
            case EventKind.CLOSED | EventKind.RESOLVED:
                self._close(event)
            case EventKind.REOPENED:
                self._reopen(at)
            case EventKind.STATUS_CHANGED:
                if value == "done":
                    self._close(event)
                elif value in {"new", "indeterminate"}:
                    self._reopen(at)
            case _:
                self._apply_relation(event)

    def _apply_relation(self, event: ItemEvent) -> None:
        value, ref = event.value, event.ref or ""
        match event.event:
            case EventKind.REVERTED_BY:
                self.reverts.add(Revert(event.occurred_at, ref))
            case EventKind.INCIDENT_OPENED:
                self.fields.setdefault("opened_at", event.occurred_at)
                self.fields.update(is_incident=True, severity=value)
            case EventKind.LINKED:
                self.links[Link(LinkType(value or LinkType.UNTYPED), ref)] = None
            case _:
                self._apply_hint(event)

    def _apply_hint(self, event: ItemEvent) -> None:
        value, ref = event.value or "", event.ref or ""
        match event.event:
            case EventKind.AUTHORED:
                self.fields["author"] = value
                self._add_agent(value)
            case EventKind.ASSISTED:
                self._add_agent(value)
            case EventKind.STAMPED | EventKind.UNSTAMPED:
                self.stamps[value] = event.event is EventKind.STAMPED
            case EventKind.TAGGED | EventKind.UNTAGGED:
                self.tags[Tag(value)] = event.event is EventKind.TAGGED
            case EventKind.BRANCHED | EventKind.SESSION | EventKind.HEAD:
                self._apply_code(event)
            case EventKind.REVIEWED:
                self._review(value, ref)
            case EventKind.CHECKED:
                kind, _, result = value.partition(".")
                self.checks.add(ref, kind, event.occurred_at, result)
            case EventKind.DEPLOYED:
                self.deployments[ref] = value
            case _:  # CI runs and the reverting side say nothing about the item's own state
                return

    def _apply_code(self, event: ItemEvent) -> None:
        match event.event:
            case EventKind.BRANCHED:
                # The same branch read again once its beginning was declared, or a longer one was.
                before = cast("str | None", self.fields.get("branch_prefix"))
                prefix = max(before or "", event.value or "", key=lambda one: (len(one), one))
                self.fields["branch_prefix"] = prefix or None
                # Rows of earlier nights name a fork's branch, too: that it is one stays known.
                is_fork = self.fields.get("branch_digest", event.ref) is None
                self.fields["branch_digest"] = None if is_fork else event.ref
            case EventKind.SESSION:
                self.sessions.add((event.ref or "", event.value or ""))
            case _:
                self.heads.append(event.ref or "")

    def _review(self, value: str, ref: str) -> None:
        # A dismissal changes the review in place and keeps its time: it must win the tie.
        if not self.reviews.get(ref, "").startswith("dismissed"):
            self.reviews[ref] = value

    def _add_agent(self, actor: str) -> None:
        if actor.startswith("agent:"):
            self.agents.add(actor)

    def _close(self, event: ItemEvent) -> None:
        # The first of the events that together make one closing tells when.
        if not self.is_closed:
            self.fields.update(closed_at=event.occurred_at)
        if event.event is not EventKind.STATUS_CHANGED and event.value is not None:
            self.fields.update(close_reason=event.value)
        self.is_closed = True

    def _reopen(self, at: datetime) -> None:
        if self.is_closed:
            closed_at = cast("datetime", self.fields["closed_at"])
            reason = cast("str | None", self.fields.get("close_reason"))
            self.reopenings.append(Reopening(at, closed_at, reason))
            self.is_closed = False
            self.fields.update(closed_at=None, close_reason=None)

    def state(self) -> ItemState:
        """Give the finished state."""
        status = ItemStatus.CLOSED if self.is_closed else ItemStatus.OPEN
        if self.fields.get("merged_at"):
            status = ItemStatus.MERGED
        approvals = (value for value in self.reviews.values() if value.startswith("approved."))
        return ItemState(
            item=self.item,
            status=status,
            reopenings=tuple(self.reopenings),
            reverts=tuple(sorted(self.reverts)),
            agents=tuple(sorted(self.agents)),
            sessions=tuple(sorted({session for session, _ in self.sessions})),
            session_commits=tuple(sorted(self.sessions)),
            stamps=tuple(sorted(name for name, is_on in self.stamps.items() if is_on)),
            tags=tuple(sorted(tag for tag, is_on in self.tags.items() if is_on)),
            heads=tuple(dict.fromkeys(self.heads)),
            checks=self.checks.now(self.heads[-1]) if self.heads else None,
            red_at=self._red_at(),
            approvals=tuple(sorted(value.partition(".")[2] for value in approvals)),
            links=tuple(sorted(self.links, key=lambda link: (link.type, link.ref))),
            deployments=tuple(sorted(self.deployments.values())),
            **self.fields,  # type: ignore[arg-type]  # each name is a field of ItemState
        )

    def _red_at(self) -> datetime | None:
        if not self.heads or not self.is_closed:
            return None
        return self.checks.red_at(self.heads[-1], cast("datetime", self.fields["closed_at"]))
