"""Everything the product writes, as bytes to search: unpacked, decoded, and as it lies there."""

import gzip
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import zstandard
from psycopg import sql

from tests.privacy.search import Blob

_SQLITE = b"SQLite format 3\0"
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PARQUET = b"PAR1"


def folder(root: Path) -> Iterator[Blob]:
    """Read every file below a folder: its name, its bytes, and what is packed in it."""
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root).as_posix()
        yield Blob(f"name of {place}", place.encode())
        if path.is_file():
            yield from file(path, place)


def file(path: Path, place: str) -> Iterator[Blob]:
    """Read one file, whatever its kind."""
    data = path.read_bytes()
    yield Blob(place, data)
    if data.startswith(_ZSTD):
        unpacked = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
        yield Blob(f"{place}, unpacked", unpacked)
    elif data.startswith(_GZIP):
        yield Blob(f"{place}, unpacked", gzip.decompress(data))
    elif data.startswith(_PARQUET):
        yield from _parquet(data, place)
    elif data.startswith(_SQLITE):
        yield from sqlite(path, place)


def _parquet(data: bytes, place: str) -> Iterator[Blob]:
    table = pq.read_table(io.BytesIO(data))
    yield Blob(f"{place}, values", repr(table.to_pylist()).encode("utf-8", "surrogatepass"))
    for name in table.column_names:
        cells = table.column(name).to_pylist()
        yield Blob(f"{place}, {name}", b"\0".join(_cell(cell) for cell in cells))
    metadata = pq.read_metadata(io.BytesIO(data))
    said = [repr(metadata), repr(metadata.schema), repr(metadata.metadata), repr(table.schema)]
    said += [
        repr(metadata.row_group(group).column(column))
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    raw = b"".join(key + b"=" + value for key, value in (metadata.metadata or {}).items())
    yield Blob(f"{place}, metadata", "\n".join(said).encode() + raw)


def sqlite(path: Path, place: str) -> Iterator[Blob]:
    """Read every cell of every table of a SQLite file, beside which its pages are searched."""
    with sqlite3.connect(path) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (raw,) in names.fetchall():
            name = raw.decode()
            rows = connection.execute(f'SELECT * FROM "{name}"')
            cells = (_cell(cell) for row in rows for cell in row)
            yield Blob(f"{place}, {name}", b"\0".join(cells))
        schema = connection.execute("SELECT sql FROM sqlite_master").fetchall()
        yield Blob(f"{place}, schema", b"\n".join(row[0] or b"" for row in schema))
    connection.close()


def postgresql(url: str) -> Iterator[Blob]:
    """Copy every table of every schema of our own out of a PostgreSQL database."""
    listed = (
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    )
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        tables = cursor.execute(listed).fetchall()
        for schema, name in tables:
            copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, name))
            with cursor.copy(copy) as out:
                yield Blob(f"{schema}.{name}", b"".join(bytes(chunk) for chunk in out))


def _cell(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "surrogatepass")
