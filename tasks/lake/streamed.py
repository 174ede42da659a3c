"""Lake files larger than memory: written piece by piece, digested and sealed on the way."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import zstandard
from pyarrow import parquet as pq

from tasks.core.tables import Table
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.parquet import arrow_schema
from tasks.lake.seals import (
    KEY,
    PLACEHOLDER,
    file_has_sound_seal,
    has_sound_seal,
    seal_file,
    trailer,
)

#: Rows of a Parquet row group: bounds what a writer holds in memory.
GROUP_ROWS = 32_768
# Of millions of lines the lowest level is the fastest, and as small as the next ones.
_LEVEL = 1


@contextmanager
def local_file(files: LocalFiles | ObjectFiles) -> Iterator[Path]:
    """Name a new local file that `publish_streamed` may take; gone afterwards in any case."""
    folder = files.workspace()
    if folder is not None:
        path = folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
        return
    with TemporaryDirectory(prefix="graduand-") as temporary:
        yield Path(temporary) / "file"


def publish_streamed(files: LocalFiles | ObjectFiles, path: str, local: Path) -> int:
    """Publish unless a sound file of that name exists; give the size of what stands there."""
    is_damaged = files.sizes([path])[0] is not None and not _is_sound(files, path)
    files.publish_file(path, local, replaces=is_damaged)
    return files.sizes([path])[0] or 0


def _is_sound(files: LocalFiles | ObjectFiles, path: str) -> bool:
    if isinstance(files, LocalFiles):
        return file_has_sound_seal(files.root / path)
    return has_sound_seal(files.read(path) or b"")


def pack_pieces(target: Path, pieces: Iterable[bytes | memoryview | pa.Buffer]) -> str:
    """Write canonical lines, ends included, as a packed file.

    Returns:
        The digest that `tasks.lake.canonical.digest_lines` gives the lines.
    """
    digest = hashlib.sha256()
    with target.open("xb") as file:
        with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as packed:
            for piece in pieces:
                digest.update(piece)
                packed.write(piece)
        file.write(trailer())
    seal_file(target)
    return digest.hexdigest()


def write_typed(
    target: Path, table: Table, parser: str, batches: Iterable[pa.RecordBatch], line: str
) -> tuple[str, int]:
    """Write typed rows in canonical order as a sealed Parquet file.

    Args:
        target: File to write.
        table: What the rows are.
        parser: Version of the parser, a part of the digest.
        batches: Its columns, and one more with each row's canonical line, end included.
        line: Name of that column.

    Returns:
        The digest that `tasks.lake.canonical.typed_digest` gives the rows, and their number.
    """
    rows = 0
    digest = hashlib.sha256(f"{table.name} {parser}\n".encode("ascii"))
    schema = arrow_schema(table)
    with pq.ParquetWriter(
        target, schema, compression="zstd", write_page_checksum=True, **_encodings(table)
    ) as writer:
        for batch in batches:
            rows += len(batch)
            for piece in text_pieces(batch.column(line)):
                digest.update(piece)
            writer.write_batch(batch.select(schema.names).cast(schema))
        writer.add_key_value_metadata({KEY: PLACEHOLDER})
    seal_file(target)
    return digest.hexdigest(), rows


def _encodings(table: Table) -> dict[str, Any]:
    """Choose a dictionary for what repeats, and differences for counts and instants."""
    varied = [column.name for column in table.columns if column.type in {"int", "ts"}]
    return {
        "use_dictionary": [
            name for name in table.column_names() if name not in {*varied, table.key[-1]}
        ],
        "column_encoding": dict.fromkeys(varied, "DELTA_BINARY_PACKED"),
    }


def text_pieces(column: pa.StringArray) -> Iterator[memoryview]:
    """Give the bytes of all texts of a column, one after the other, without copying them."""
    if not len(column):
        return
    _, offsets, data = column.buffers()
    width = 8 if pa.types.is_large_string(column.type) else 4
    bounds = memoryview(offsets).cast("q" if width == 8 else "i")  # noqa: PLR2004  # bytes
    first, last = bounds[column.offset], bounds[column.offset + len(column)]
    if data is not None:
        yield memoryview(data)[first:last]
