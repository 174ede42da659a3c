"""Prove that referenced files are what was recorded: every byte, every row, every column told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from tasks.core.batches import Stream, StreamKind
from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.tables import TABLES, WORK_ITEM_EVENTS
from tasks.lake.encoding import count_raw, count_typed, verified_raw, verified_typed
from tasks.lake.seals import has_sound_seal, is_sealed
from tasks.lake.store import Lake

#: A work item's event as both stores keep it: columns of the ledger's table, in its order.
Event = tuple[object, ...]


class FileCheck:
    """Reads every file once, however many snapshots refer to it.

    Attributes:
        files, size_bytes: Read so far.
        unsealed: Files from before files carried the digest of their own bytes: their rows are
            proven, bytes that hold no row are not.
        events: Every version of every event in the files read.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.files = 0
        self.size_bytes = 0
        self.unsealed = 0
        self.events: set[Event] = set()
        self._read: dict[tuple[str, str, str], tuple[int, int]] = {}

    def faults(
        self, snapshots: Sequence[Snapshot], streams: Mapping[tuple[str, str], Stream]
    ) -> Iterator[str]:
        """Say what is wrong with each snapshot's file, one sentence each.

        Args:
            snapshots: To look at.
            streams: By (source, stream): what raw rows leave out of their digest.
        """
        for one in snapshots:
            try:
                rows, size = self._of(one, streams)
            except LakeError as fault:
                yield f"snapshot {one.seq}: {fault}"
                continue
            if one.path != _path(one):
                yield (
                    f"snapshot {one.seq}: its file {one.path!r} is not where its row in the ledger"
                    f" says ({_path(one)!r}): restore the ledger from a copy"
                )
            elif size != one.size_bytes:
                yield (
                    f"snapshot {one.seq}: lake file {one.path!r} has {size} bytes, not the"
                    f" {one.size_bytes} it was recorded with: restore it from a copy"
                )
            elif rows != one.rows:
                yield (
                    f"snapshot {one.seq}: lake file {one.path!r} has {rows} rows, not the"
                    f" {one.rows} that its row in the ledger says: restore the ledger from a copy"
                )

    def _of(self, one: Snapshot, streams: Mapping[tuple[str, str], Stream]) -> tuple[int, int]:
        what = (one.path, one.sha, one.parser)
        if what not in self._read:
            self._read[what] = self._verified(one, streams)
        return self._read[what]

    def _verified(
        self, one: Snapshot, streams: Mapping[tuple[str, str], Stream]
    ) -> tuple[int, int]:
        data = self._lake.files.read(one.path)
        if data is None:
            message = (
                f"lake file {one.path!r} is missing: restore it from a copy, or pull its day again"
            )
            raise LakeError(message)
        self.files += 1
        self.size_bytes += len(data)
        if not is_sealed(data):
            self.unsealed += 1
        elif not has_sound_seal(data):
            message = (
                f"lake file {one.path!r} is not, byte for byte, what was written: restore it from"
                " a copy, or pull its day again"
            )
            raise LakeError(message)
        if one.layer == "raw":
            stream = streams.get((one.source, one.stream), _UNKNOWN)
            if not stream.volatile:
                return count_raw(data, one.sha, one.path), len(data)
            return len(verified_raw(data, one.sha, stream, one.path)), len(data)
        table = TABLES.get(one.table)
        if table is None:
            message = f"lake file {one.path!r} is said to be of table {one.table!r}: there is none"
            raise LakeError(message)
        if table is not WORK_ITEM_EVENTS:
            return count_typed(data, one.sha, table, one.parser, one.path), len(data)
        rows = verified_typed(data, one.sha, table, one.parser, one.path)
        self.events.update(map(event_of, rows))
        return len(rows), len(data)


#: A source that is no longer configured: none of ours leaves a field out of its digest.
_UNKNOWN = Stream("unknown", StreamKind.REPORT, "")


def _path(one: Snapshot) -> str:
    """Name the file of a snapshot as `Lake` does."""
    if one.layer == "raw":
        return f"raw/{one.source}/{one.stream}/{one.key}/{one.sha}.ndjson.zst"
    return f"conformed/{one.table}/source={one.source}/day={one.key}/{one.sha}.parquet"


_EVENT = ("source", "event_id", "item", "event", "occurred_at", "observed_at", "value", "ref")


def event_of(row: Mapping[str, object]) -> Event:
    """Write an event the way both stores can be compared."""
    return tuple(_text(row.get(name)) for name in _EVENT)


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
