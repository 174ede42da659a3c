"""Files written and read piece by piece, recorded like those of `tasks.lake.store`."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO

import pyarrow as pa
import zstandard

from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.tables import Table
from tasks.lake.encoding import altered, unpacked
from tasks.lake.files import LocalFiles
from tasks.lake.store import Lake, safe_name
from tasks.lake.streamed import local_file, pack_pieces, publish_streamed, write_typed


@dataclass(frozen=True, slots=True)
class Filing:
    """What a file is of, and what is recorded of it.

    Attributes:
        key: UTC day.
        is_complete: As in `tasks.core.batches.Batch`.
        recorded_at: Aware UTC; a label.
    """

    source: str
    stream: str
    key: date
    is_complete: bool
    recorded_at: datetime


def write_raw_lines(
    lake: Lake, filing: Filing, pieces: Iterable[memoryview], rows: int
) -> Snapshot:
    """Publish what `Lake.write_raw` would of a stream without volatile fields.

    Args:
        lake: Where to.
        filing: What it is of.
        pieces: The bytes of the canonical lines in their order, ends included.
        rows: How many lines they are.
    """
    folder = f"raw/{safe_name(filing.source)}/{safe_name(filing.stream)}/{filing.key.isoformat()}"
    with local_file(lake.files) as local:
        sha = pack_pieces(local, pieces)
        path = f"{folder}/{sha}.ndjson.zst"
        size = publish_streamed(lake.files, path, local)
    return Snapshot(
        source=filing.source,
        stream=filing.stream,
        layer="raw",
        table="",
        key=filing.key,
        sha=sha,
        path=path,
        rows=rows,
        size_bytes=size,
        parser="",
        raw_sha=sha,
        is_complete=filing.is_complete,
        recorded_at=filing.recorded_at,
    )


def write_typed_rows(
    lake: Lake,
    filing: Filing,
    table: Table,
    batches: Iterable[pa.RecordBatch],
    line: str,
    version: tuple[str, str],
) -> Snapshot:
    """Publish what `Lake.write_conformed` would.

    Args:
        lake: Where to.
        filing: What the rows are of.
        table: What they are.
        batches: Its columns, and one with each row's canonical line, end included; distinct, and
            in the order of the lines.
        line: Name of that column.
        version: Of the parser, and digest of what was parsed.
    """
    parser, raw_sha = version
    folder = (
        f"conformed/{table.name}/source={safe_name(filing.source)}/day={filing.key.isoformat()}"
    )
    with local_file(lake.files) as local:
        sha, rows = write_typed(local, table, parser, batches, line)
        path = f"{folder}/{sha}.parquet"
        size = publish_streamed(lake.files, path, local)
    return Snapshot(
        source=filing.source,
        stream=filing.stream,
        layer="conformed",
        table=table.name,
        key=filing.key,
        sha=sha,
        path=path,
        rows=rows,
        size_bytes=size,
        parser=parser,
        raw_sha=raw_sha,
        is_complete=filing.is_complete,
        recorded_at=filing.recorded_at,
    )


def unpack_lines(lake: Lake, raw: Snapshot, target: Path) -> int:
    """Write and count the lines of a raw file, held against its digest.

    Raises:
        LakeError: It is missing, of another size, or not what its name says.
    """
    digest, lines = hashlib.sha256(), 0
    with _open_whole(lake, raw) as packed, target.open("xb") as file:
        try:
            for piece in unpacked(packed):
                digest.update(piece)
                file.write(piece)
                lines += piece.count(b"\n")
        except zstandard.ZstdError as fault:
            raise altered(raw.path) from fault
    if digest.hexdigest() != raw.sha:
        raise altered(raw.path)
    return lines


@contextmanager
def _open_whole(lake: Lake, snapshot: Snapshot) -> Iterator[IO[bytes]]:
    """Open a file to be read piece by piece.

    Raises:
        LakeError: It is missing or of another size.
    """
    if lake.unreadable([snapshot]):
        message = (
            f"lake file {snapshot.path!r} is missing or short: restore it from a copy, or pull"
            " its day again"
        )
        raise LakeError(message)
    if isinstance(lake.files, LocalFiles):
        with (lake.files.root / snapshot.path).open("rb") as file:
            yield file
    else:
        yield io.BytesIO(lake.files.read(snapshot.path) or b"")
