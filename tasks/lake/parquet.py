"""Conformed rows as Parquet bytes and back: typed, deduplicated, in one order."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.core.errors import LakeError
from tasks.core.tables import Table
from tasks.lake.canonical import short_digest, typed_lines
from tasks.lake.seals import KEY, PLACEHOLDER, seal

#: Rows turned into Python's values at once.
_ROWS_AT_ONCE = 50_000
_ARROW_TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "ts": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
}


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row left out because another one has its key.

    Attributes:
        is_exact: The row kept is equal in every column; otherwise the two contradict each other.
        row: What was left out, in memory only.
    """

    key_digest: str
    row_digest: str
    is_exact: bool
    row: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Rows with one row a key, in canonical order, and what that cost."""

    rows: list[Mapping[str, object]]
    lines: list[str]
    dropped: tuple[Dropped, ...]


def arrow_schema(table: Table) -> pa.Schema:
    """Give the Parquet schema of a conformed table."""
    return pa.schema(
        [
            pa.field(column.name, _ARROW_TYPES[column.type], nullable=column.is_nullable)
            for column in table.columns
        ]
    )


def distinct_rows(rows: Sequence[Mapping[str, object]], table: Table) -> Distinct:
    """Keep one row a key: of contradicting ones the greatest canonical text.

    Columns stand in storage order, so that for runs this is the one that ended last.

    Raises:
        LakeError: A row does not fit the table.
    """
    kept: dict[tuple[object, ...], tuple[str, Mapping[str, object]]] = {}
    dropped: list[tuple[tuple[object, ...], str, Mapping[str, object]]] = []
    for row, line in zip(rows, typed_lines(rows, table), strict=True):
        key = tuple(row.get(name) for name in table.key)
        other = kept.get(key)
        if other is None:
            kept[key] = (line, row)
        elif line > other[0]:
            kept[key] = (line, row)
            dropped.append((key, *other))
        else:
            dropped.append((key, line, row))
    in_order = sorted(kept.values(), key=lambda pair: pair[0])
    return Distinct(
        rows=[row for _, row in in_order],
        lines=[line for line, _ in in_order],
        dropped=tuple(
            Dropped(short_digest(ascii(key)), short_digest(line), line == kept[key][0], row)
            for key, line, row in dropped
        ),
    )


def to_parquet(rows: Sequence[Mapping[str, object]], table: Table) -> bytes:
    """Write rows, in the order given, as a Parquet file."""
    schema = arrow_schema(table)
    columns = [pa.array([row.get(field.name) for row in rows], type=field.type) for field in schema]
    return parquet_bytes(pa.table(columns, schema=schema))


def parquet_bytes(rows: pa.Table, row_group_size: int | None = None) -> bytes:
    """Write an Arrow table as a sealed Parquet file, by default in groups of a million rows."""
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink, rows.schema, compression="zstd", write_page_checksum=True
    ) as writer:
        writer.write_table(rows, row_group_size)
        writer.add_key_value_metadata({KEY: PLACEHOLDER})
    return seal(sink.getvalue())


def batches_of(data: bytes, table: Table, path: str) -> Iterator[list[dict[str, object]]]:
    """Read rows back some at a time; a column that the file is too old to have is null.

    Raises:
        LakeError: The bytes are no such Parquet file.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        absent = [name for name in table.column_names() if name not in file.schema_arrow.names]
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            rows: list[dict[str, object]] = batch.to_pylist()
            for row in rows:
                row.update(dict.fromkeys(absent))
            yield rows
    except (pa.ArrowException, OSError, ValueError) as fault:
        message = f"lake file {path!r} is damaged: restore it from a copy, or pull its day again"
        raise LakeError(message) from fault


def from_parquet(data: bytes, table: Table, path: str) -> list[dict[str, object]]:
    """Read rows back, all of them.

    Raises:
        LakeError: The bytes are no such Parquet file.
    """
    return [row for rows in batches_of(data, table, path) for row in rows]
