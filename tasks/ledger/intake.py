"""What pulls and conforming leave in the ledger: snapshots, watermarks, quarantine, events."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from tasks.core.batches import Reject, Stream, StreamKind, Watermark
from tasks.core.books import Label, Snapshot
from tasks.core.errors import StaleNightError
from tasks.core.work.item_links import stamps_by_link
from tasks.core.work.item_states import current_items
from tasks.core.work.work_items import EventKind, ItemEvent
from tasks.ledger import tables
from tasks.ledger.quarantine import Place, add_rejects
from tasks.ledger.snapshots import add_snapshots

#: Values in one IN list; SQLite takes 32,766 parameters a statement, PostgreSQL 65,535.
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull of one stream, as it is recorded.

    Attributes:
        snapshots: Raw files that it published.
        rejects: By key, one item for every key pulled: an empty one clears a report day.
        watermark: How far the stream has been read now; None leaves it where it was.
        recorded_at: Aware UTC; a label.
        basis: `last_pull` as read before the first request; None to not look.
    """

    source: str
    stream: Stream
    snapshots: Sequence[Snapshot]
    rejects: Mapping[date, Sequence[Reject]]
    watermark: Watermark | None
    recorded_at: datetime
    basis: int | None = None


def last_pull(connection: Connection, source: str, stream: str) -> int:
    """Give the number of the newest pull of a stream; 0 if there was none."""
    table = tables.pulls
    query = select(func.max(table.c.id)).where(table.c.source == source, table.c.stream == stream)
    return connection.execute(query).scalar() or 0


def read_watermark(connection: Connection, source: str, stream: str) -> Watermark | None:
    """Read how far a stream has been read; None if never."""
    table = tables.pulls
    query = (
        select(table.c.read_to, table.c.repoll)
        .where(table.c.source == source, table.c.stream == stream, table.c.read_to.is_not(None))
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Watermark(row.read_to, tuple(json.loads(row.repoll)))


def add_pull(connection: Connection, pull: Pull, steps: Callable[[str], None]) -> tuple[int, ...]:
    """Record a pull within a writing transaction.

    Returns:
        One sequence number a snapshot.

    Raises:
        StaleNightError: Somebody else has pulled the stream since `basis` was read.
    """
    name = pull.stream.name
    last = last_pull(connection, pull.source, name)
    if pull.basis is not None and pull.basis != last:
        message = (
            f"source {pull.source!r}, stream {name!r}: another run pulled it meanwhile (pull"
            f" {last}, this one started after {pull.basis}): pull again"
        )
        raise StaleNightError(message)
    adds = pull.stream.kind is StreamKind.CHANGE
    numbers = add_snapshots(connection, pull.snapshots, accumulates=adds)
    steps("pull.snapshots")
    for day in sorted(pull.rejects):
        place = Place(pull.source, name, "raw", day)
        add_rejects(connection, place, pull.rejects[day], adds=adds, recorded_at=pull.recorded_at)
    steps("pull.rejects")
    newest = select(func.max(tables.pulls.c.id))
    mark = pull.watermark
    connection.execute(
        insert(tables.pulls).values(
            id=(connection.execute(newest).scalar() or 0) + 1,
            source=pull.source,
            stream=name,
            read_to=None if mark is None else mark.read_to,
            repoll=json.dumps([] if mark is None else sorted(mark.repoll)),
            recorded_at=pull.recorded_at,
        )
    )
    steps("pull.watermark")
    return numbers


def refuse_newer_raw(
    connection: Connection, keys: Collection[tuple[str, str, date]], basis: int
) -> None:
    """Refuse what was conformed from raw files that are not the newest any more.

    Args:
        connection: Of a writing transaction.
        keys: The (source, stream, day)s that were conformed.
        basis: Newest sequence number when their raw files were chosen.

    Raises:
        StaleNightError: Newer raw content of one of them has been recorded since.
    """
    table = tables.snapshots
    query = select(table.c.source, table.c.stream, table.c.day).where(
        table.c.layer == "raw", table.c.seq > basis
    )
    newer = sorted({(row.source, row.stream, row.day) for row in connection.execute(query)})
    overtaken = [key for key in newer if key in keys]
    if overtaken:
        source, stream, day = overtaken[0]
        message = (
            f"source {source!r}, stream {stream!r}: another run pulled {day} meanwhile: conform"
            " its newest content"
        )
        raise StaleNightError(message)


def add_events(connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
    """Record events that are not known yet.

    Args:
        connection: Of a writing transaction.
        rows: Of the conformed table `work_item_events`; its `day` is not kept.

    Returns:
        How many were new.
    """
    table = tables.work_item_events
    wanted = {(row["source"], row["event_id"]): row for row in rows}
    ids = sorted({str(event_id) for _, event_id in wanted})
    known: set[tuple[object, object]] = set()
    for start in range(0, len(ids), _MANY):
        chunk = ids[start : start + _MANY]
        query = select(table.c.source, table.c.event_id).where(table.c.event_id.in_(chunk))
        known.update((row.source, row.event_id) for row in connection.execute(query))
    fresh = [
        {column.name: row.get(column.name) for column in table.columns}
        for key, row in wanted.items()
        if key not in known
    ]
    if fresh:
        connection.execute(insert(table), fresh)
    return len(fresh)


def read_events(
    connection: Connection,
    items: Sequence[str] | None,
    observed_by: datetime | None,
    kinds: Collection[EventKind] = (),
) -> list[ItemEvent]:
    """Read events of some items (None: of all) in order of occurrence.

    Args:
        connection: To read from.
        items: Keys of work items.
        observed_by: Aware UTC; later observations are left out.
        kinds: Empty for every kind.
    """
    table = tables.work_item_events
    query = select(table).order_by(table.c.occurred_at, table.c.source, table.c.event_id)
    if kinds:
        query = query.where(table.c.event.in_(sorted(kinds)))
    if observed_by is not None:
        query = query.where(table.c.observed_at <= observed_by)
    found = []
    if items is None:
        found = list(connection.execute(query))
    else:
        for start in range(0, len(items), _MANY):
            some = query.where(table.c.item.in_(items[start : start + _MANY]))
            found += list(connection.execute(some))
    return [
        ItemEvent(
            source=row.source,
            item=row.item,
            event=EventKind(row.event),
            occurred_at=row.occurred_at,
            observed_at=row.observed_at,
            value=row.value,
            ref=row.ref,
        )
        for row in found
    ]


def put_labels(connection: Connection, labels: Sequence[Label]) -> None:
    """Set names, replacing older ones: the only place where names of items stand."""
    table = tables.labels
    wanted = {(label.kind, label.key): label.name for label in labels}
    for kind in sorted({kind for kind, _ in wanted}):
        known = read_labels(connection, kind, [key for other, key in wanted if other == kind])
        changed = [
            {"of_kind": kind, "of_key": key, "name": name}
            for (other, key), name in sorted(wanted.items())
            if other == kind and known.get(key) != name
        ]
        if not changed:
            continue
        is_it = (table.c.kind == bindparam("of_kind"), table.c.key == bindparam("of_key"))
        connection.execute(delete(table).where(*is_it), changed)
        connection.execute(
            insert(table).values(kind=bindparam("of_kind"), key=bindparam("of_key")), changed
        )


def read_item_stamps(connection: Connection, observed_by: datetime | None) -> dict[str, str]:
    """Read the workflow's stamp of every work item that carries one: by name and by links."""
    kinds = (EventKind.STAMPED, EventKind.UNSTAMPED)
    items = current_items(read_events(connection, None, observed_by, kinds))
    stamps = {key: item.stamps for key, item in items.items() if item.stamps}
    names = read_labels(connection, "work_item", sorted(stamps))
    found = {names[key]: told[0] for key, told in stamps.items() if key in names}
    named = read_events(connection, None, observed_by, (EventKind.SESSION,))
    sessions = {event.ref for event in named if event.item in stamps}
    # A session of theirs may be that of an item without a stamp, which they only repeat.
    linked = sorted({*stamps, *(event.item for event in named if event.ref in sessions)})
    tell = (EventKind.BRANCHED, EventKind.SESSION, EventKind.MERGED)
    states = current_items(read_events(connection, linked, observed_by, tell))
    return found | stamps_by_link(states.values(), stamps, names)


def read_labels(connection: Connection, kind: str, keys: Sequence[str] | None) -> dict[str, str]:
    """Read the names of some keys (None: of all) of a kind; unknown ones are left out."""
    table = tables.labels
    query = select(table.c.key, table.c.name).where(table.c.kind == kind)
    names: dict[str, str] = {}
    if keys is None:
        return {row.key: row.name for row in connection.execute(query)}
    for start in range(0, len(keys), _MANY):
        some = query.where(table.c.key.in_(keys[start : start + _MANY]))
        names.update((row.key, row.name) for row in connection.execute(some))
    return names
