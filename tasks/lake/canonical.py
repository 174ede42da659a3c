"""The canonical text of rows, and the digests that content is addressed by.

Digests are over canonical, sorted, uncompressed rows: how a file is compressed
or encoded never decides whether content is the same.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from tasks.core.batches import Json, RawRow, Stream
from tasks.core.errors import LakeError
from tasks.core.tables import Column, Table

_INT64 = range(-(2**63), 2**63)
_RAW_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_TYPED_TEXT = json.JSONEncoder(separators=(",", ":")).encode


def row_text(row: Mapping[str, Json]) -> str:
    """Write a raw row as one line of ASCII JSON with sorted keys.

    ASCII, because text from outside may hold lone surrogates, which UTF-8 cannot.

    Raises:
        LakeError: The row holds a float or another type that raw rows may not hold.
    """
    _refuse_foreign_types(row, "")
    return _RAW_TEXT(row)


def raw_lines(rows: Iterable[RawRow]) -> list[str]:
    """Write raw rows as sorted lines."""
    return sorted(map(row_text, rows))


def content_digest(rows: Iterable[RawRow], stream: Stream) -> str:
    """Digest raw rows in any order, without the stream's volatile fields."""
    return digest_lines(raw_lines(steady_fields(row, stream) for row in rows))


def steady_fields(row: RawRow, stream: Stream) -> RawRow:
    """Leave out the fields that change without meaning."""
    if not stream.volatile:
        return row
    return {name: value for name, value in row.items() if name not in stream.volatile}


def natural_key(row: RawRow, stream: Stream) -> str:
    """Name what a row of a change stream is a version of."""
    return json.dumps([row.get(name) for name in stream.natural_key], separators=(",", ":"))


def typed_lines(rows: Iterable[Mapping[str, object]], table: Table) -> list[str]:
    """Write conformed rows as lines, in the order given: columns in storage order, no nulls.

    Leaving nulls out keeps old digests true when a table gains a nullable column.

    Raises:
        LakeError: A column is unknown, missing or of another type than the table says.
    """
    known = set(table.column_names())
    lines = []
    for row in rows:
        if not row.keys() <= known:
            unknown = min(row.keys() - known)
            message = f"table {table.name!r} has no column {unknown!r}: drop or declare it"
            raise LakeError(message)
        present = {}
        for column in table.columns:
            value = row.get(column.name)
            if value is not None:
                present[column.name] = _plain(value, column, table)
            elif not column.is_nullable:
                message = f"table {table.name!r}: column {column.name!r} must have a value"
                raise LakeError(message)
        lines.append(_TYPED_TEXT(present))
    return lines


def typed_digest(lines: Sequence[str], table: Table, parser: str) -> str:
    """Digest the sorted lines of a conformed partition together with its parser's version."""
    return digest_lines([f"{table.name} {parser}", *lines])


def joined_sha(shas: Iterable[str]) -> str:
    """Digest several digests as a set; of a single one, that one; of none, the empty text."""
    distinct = sorted(set(shas))
    if len(distinct) <= 1:
        return "".join(distinct)
    return digest_lines(distinct)


def short_digest(text: str) -> str:
    """Digest one canonical text."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def digest_lines(lines: Iterable[str]) -> str:
    """Digest lines of ASCII text, in the order given."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("ascii"))
        digest.update(b"\n")
    return digest.hexdigest()


def _plain(value: object, column: Column, table: Table) -> str | int | bool:
    kind = column.type
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "int" and type(value) is int and value in _INT64:
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "ts" and isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if kind == "day" and isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    message = (
        f"table {table.name!r}: column {column.name!r} wants {kind!r} (whole 64-bit integers,"
        f" aware instants), got a {type(value).__name__}"
    )
    raise LakeError(message)


def _refuse_foreign_types(value: object, place: str) -> None:
    if value is None or isinstance(value, str | int):  # bool is an int
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                message = f"raw row: field {place!r} has a key that is no text"
                raise LakeError(message)
            _refuse_foreign_types(inner, f"{place}.{name}" if place else name)
        return
    if isinstance(value, list | tuple):
        for inner in value:
            _refuse_foreign_types(inner, f"{place}[]")
        return
    message = (
        f"raw row: field {place!r} is a {type(value).__name__}: amounts and instants must be text"
    )
    raise LakeError(message)
