"""The lake: append-only, content-addressed files of what sources said and what it means."""

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tasks.core.batches import RawRow, Stream
from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.run_rules import LONGEST_SHIFT_DAYS
from tasks.core.tables import RUNS, TABLES, Table
from tasks.lake.canonical import (
    content_digest,
    digest_lines,
    natural_key,
    raw_lines,
    row_text,
    short_digest,
    steady_fields,
    typed_digest,
)
from tasks.lake.encoding import altered, pack, unpack, verified_raw, verified_typed
from tasks.lake.files import LocalFiles, ObjectFiles, no_step, open_files
from tasks.lake.parquet import Dropped, distinct_rows, to_parquet
from tasks.lake.seals import has_sound_seal, is_sealed

#: At the root; pairs a lake with its ledger.
LAKE_ID_FILE = "lake_id"
_SAFE_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Written:
    """A conformed partition as written, and the rows it left out."""

    snapshot: Snapshot
    dropped: tuple[Dropped, ...]


class Lake:
    """Files of one lake. Snapshots name them; nothing here lists a folder.

    Attributes:
        files: Where the files are.
        lake_id: Identity that the ledger must agree with.
    """

    def __init__(self, files: LocalFiles | ObjectFiles, lake_id: str) -> None:
        self.files = files
        self.lake_id = lake_id

    @classmethod
    def open(
        cls,
        place: str,
        *,
        lake_id: str | None = None,
        steps: Callable[[str], None] = no_step,
    ) -> "Lake":
        """Open a lake, or found one where there is none.

        Args:
            place: Folder or URI, see `tasks.lake.files.open_files`.
            lake_id: Identity to insist on; a new lake takes it.
            steps: Called at each named moment of publishing a file.

        Raises:
            LakeError: The place cannot be used, or holds another lake.
        """
        files = open_files(place, steps)
        found = files.read(LAKE_ID_FILE)
        if found is None:
            files.publish(LAKE_ID_FILE, (lake_id or uuid.uuid4().hex).encode())
            found = files.read(LAKE_ID_FILE) or b""  # of two founders at once, the first
        found_id = found.decode(errors="replace").strip()
        if not found_id or (lake_id is not None and found_id != lake_id):
            message = (
                f"lake: its {LAKE_ID_FILE!r} file says {found_id!r}, not {lake_id!r}: this is"
                " the lake of another ledger, or the file is damaged"
            )
            raise LakeError(message)
        return cls(files, found_id)

    def write_raw(
        self,
        source: str,
        stream: Stream,
        key: date,
        rows: Sequence[RawRow],
        *,
        is_complete: bool,
        recorded_at: datetime,
    ) -> Snapshot:
        """Publish what a source said about a key; equal content is written once.

        Returns:
            The snapshot, not yet known to the ledger (`seq` 0).

        Raises:
            LakeError: A row holds what raw rows may not hold.
        """
        lines = raw_lines(rows)
        sha = content_digest(rows, stream) if stream.volatile else digest_lines(lines)
        path = (
            f"raw/{safe_name(source)}/{safe_name(stream.name)}/{key.isoformat()}/{sha}.ndjson.zst"
        )
        data = pack(lines)
        size = self._publish(path, data, lambda: verified_raw(self._read(path), sha, stream, path))
        return Snapshot(
            source=source,
            stream=stream.name,
            layer="raw",
            table="",
            key=key,
            sha=sha,
            path=path,
            rows=len(rows),
            size_bytes=size,
            parser="",
            raw_sha=sha,
            is_complete=is_complete,
            recorded_at=recorded_at,
        )

    def read_raw(self, snapshot: Snapshot, stream: Stream) -> list[RawRow]:
        """Read raw rows in canonical order, checked against the snapshot.

        Raises:
            LakeError: The file is missing, short or altered.
        """
        data = self._read_whole(snapshot)
        rows = verified_raw(data, snapshot.sha, stream, snapshot.path)
        if len(rows) != snapshot.rows:
            raise altered(snapshot.path)
        return rows

    def newest_rows(self, snapshots: Sequence[Snapshot], stream: Stream) -> list[RawRow]:
        """Read a change stream: the newest version of each natural key.

        Args:
            snapshots: Raw snapshots, oldest first.
            stream: What they are of.

        Raises:
            LakeError: A file is missing, short or altered.
        """
        newest: dict[str, RawRow] = {}
        for snapshot in snapshots:
            for row in self.read_raw(snapshot, stream):
                newest[natural_key(row, stream)] = row
        return list(newest.values())

    def changed_rows(
        self, rows: Sequence[RawRow], snapshots: Sequence[Snapshot], stream: Stream
    ) -> list[RawRow]:
        """Keep the rows of a change stream that differ from their newest known version.

        Args:
            rows: What was pulled now.
            snapshots: Raw snapshots known so far, oldest first.
            stream: What they are of.
        """
        known = {
            natural_key(row, stream): row_text(steady_fields(row, stream))
            for row in self.newest_rows(snapshots, stream)
        }
        return [
            row
            for row in rows
            if known.get(natural_key(row, stream)) != row_text(steady_fields(row, stream))
        ]

    def write_conformed(
        self,
        table: Table,
        rows: Sequence[Mapping[str, object]],
        *,
        source: str,
        stream: str,
        day: date,
        parser: str,
        raw_sha: str,
        is_complete: bool,
        recorded_at: datetime,
    ) -> Written:
        """Publish the typed rows of one source's day, one row a key.

        Args:
            table: What the rows are; `source` and `day` of each must be those given.
            rows: Values by column: text, integers, booleans, aware instants, days or None.
            source: Name of the source.
            stream: Stream that the raw rows came from.
            day: Vendor's own day.
            parser: Version of the parser; another one makes another content.
            raw_sha: Digest of what was parsed; `joined_sha` if from several files.
            is_complete: Whether the raw content was.
            recorded_at: Aware UTC; a label.

        Raises:
            LakeError: A row does not fit the table or belongs elsewhere.
        """
        distinct = distinct_rows(rows, table)
        # A log is filed by UTC day, its runs belong to their issuer's.
        shift = timedelta(days=LONGEST_SHIFT_DAYS if table is RUNS else 0)
        days = {day - shift, day, day + shift}
        for row in distinct.rows:
            if row["source"] != source or row["day"] not in days:
                message = (
                    f"table {table.name!r}: a row of {row['source']!r} on {row['day']} does not"
                    f" belong to {source!r} on {day}: conform each day by itself"
                )
                raise LakeError(message)
        sha = typed_digest(distinct.lines, table, parser)
        path = (
            f"conformed/{table.name}/source={safe_name(source)}/day={day.isoformat()}/{sha}.parquet"
        )
        data = to_parquet(distinct.rows, table)
        size = self._publish(
            path, data, lambda: verified_typed(self._read(path), sha, table, parser, path)
        )
        snapshot = Snapshot(
            source=source,
            stream=stream,
            layer="conformed",
            table=table.name,
            key=day,
            sha=sha,
            path=path,
            rows=len(distinct.rows),
            size_bytes=size,
            parser=parser,
            raw_sha=raw_sha,
            is_complete=is_complete,
            recorded_at=recorded_at,
        )
        return Written(snapshot, distinct.dropped)

    def read_conformed(self, snapshot: Snapshot, table: Table) -> list[dict[str, object]]:
        """Read typed rows in canonical order, checked against the snapshot.

        Raises:
            LakeError: The file is missing, short or altered.
        """
        data = self._read_whole(snapshot)
        rows = verified_typed(data, snapshot.sha, table, snapshot.parser, snapshot.path)
        if len(rows) != snapshot.rows:
            raise altered(snapshot.path)
        return rows

    def unreadable(self, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
        """Name the snapshots whose file is missing or of another size; content is not read."""
        sizes = self.files.sizes([snapshot.path for snapshot in snapshots])
        return [
            snapshot
            for snapshot, size in zip(snapshots, sizes, strict=True)
            if size != snapshot.size_bytes
        ]

    def damaged(self, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
        """Name the conformed snapshots whose file is not what was written; reads them all."""
        return [one for one in snapshots if not self._is_whole(one)]

    def _is_whole(self, one: Snapshot) -> bool:
        data = self.files.read(one.path)
        if data is None or len(data) != one.size_bytes:
            return False
        if is_sealed(data):
            return has_sound_seal(data)
        try:  # from before seals, or damaged where the seal stands: by its rows
            verified_typed(data, one.sha, TABLES[one.table], one.parser, one.path)
        except LakeError:
            return False
        return True

    def save_memo(self, kind: str, made_of: str, rows: Sequence[RawRow]) -> None:
        """Keep a result that can be computed again, under the digest of what it was made of."""
        lines = [row_text(row) for row in rows]
        header = short_digest("\n".join(lines))
        self.files.replace(_memo_path(kind, made_of), pack([header, *lines]))

    def load_memo(self, kind: str, made_of: str) -> list[RawRow] | None:
        """Read a kept result, rows in the order saved; None if there is none or it is damaged."""
        data = self.files.read(_memo_path(kind, made_of))
        try:
            header, *lines = unpack(data or b"", kind)
        except (LakeError, ValueError):
            return None
        if header != short_digest("\n".join(lines)):
            return None
        return [json.loads(line) for line in lines]

    def save_columns(self, kind: str, made_of: str, data: bytes) -> tuple[str, int]:
        """Keep columns that can be computed again, as `save_memo` keeps rows.

        Args:
            kind: Names the folder.
            made_of: Digest of what they were made of.
            data: A sealed Parquet file.

        Returns:
            Its path and size in bytes.
        """
        path = f"aggregates/{safe_name(kind)}/{safe_name(made_of)}.parquet"
        self.files.replace(path, data)
        return path, len(data)

    def _publish(self, path: str, data: bytes, verify: Callable[[], object]) -> int:
        """Publish unless a sound file of that name exists; give the size of what stands there."""
        if not self.files.publish(path, data):
            try:
                verify()
            except LakeError:
                self.files.replace(path, data)  # heals a damaged file from equal content
        return self.files.sizes([path])[0] or 0

    def _read(self, path: str) -> bytes:
        data = self.files.read(path)
        if data is None:
            message = (
                f"lake file {path!r} is missing: restore it from a copy, or pull its day again"
            )
            raise LakeError(message)
        return data

    def _read_whole(self, snapshot: Snapshot) -> bytes:
        data = self._read(snapshot.path)
        if len(data) != snapshot.size_bytes:
            message = (
                f"lake file {snapshot.path!r} has {len(data)} bytes, not the {snapshot.size_bytes}"
                " it was recorded with: restore it from a copy, or pull its day again"
            )
            raise LakeError(message)
        return data


def _memo_path(kind: str, made_of: str) -> str:
    return f"aggregates/{safe_name(kind)}/{safe_name(made_of)}.ndjson.zst"


def safe_name(name: str) -> str:
    """Give a name that may be part of a path.

    Raises:
        LakeError: It may not.
    """
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        message = f"lake: {name!r} cannot be part of a path: use a-z 0-9 _ . -"
        raise LakeError(message)
    return name
