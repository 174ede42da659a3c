"""Bytes of lake files: packed canonical lines, and the proof that they are what they claim."""

import json
from collections.abc import Sequence

import zstandard

from tasks.core.batches import RawRow, Stream
from tasks.core.errors import LakeError
from tasks.core.tables import Table
from tasks.lake.canonical import content_digest, digest_lines, typed_digest, typed_lines
from tasks.lake.parquet import from_parquet
from tasks.lake.seals import with_trailer


def pack(lines: Sequence[str]) -> bytes:
    """Compress lines of ASCII text; equal lines give equal bytes with the same library."""
    text = "".join(f"{line}\n" for line in lines)
    return with_trailer(zstandard.ZstdCompressor(level=3).compress(text.encode("ascii")))


def unpack(data: bytes, path: str) -> list[str]:
    """Read packed lines back.

    Raises:
        LakeError: The bytes are damaged.
    """
    try:
        text = zstandard.ZstdDecompressor().decompress(data).decode("ascii")
    except (zstandard.ZstdError, UnicodeDecodeError) as fault:
        raise altered(path) from fault
    return text.splitlines()


def verified_raw(data: bytes, sha: str, stream: Stream, path: str) -> list[RawRow]:
    """Read raw rows and hold them against the digest in their name.

    Raises:
        LakeError: They are not what the name says.
    """
    lines = unpack(data, path)
    try:
        rows: list[RawRow] = [json.loads(line) for line in lines]
        # Without volatile fields the lines themselves are what was digested.
        found = content_digest(rows, stream) if stream.volatile else digest_lines(lines)
    except (ValueError, AttributeError) as fault:
        raise altered(path) from fault
    if found != sha:
        raise altered(path)
    return rows


def verified_typed(
    data: bytes, sha: str, table: Table, parser: str, path: str
) -> list[dict[str, object]]:
    """Read conformed rows and hold them against the digest in their name.

    Raises:
        LakeError: They are not what the name says.
    """
    rows = from_parquet(data, table, path)
    if typed_digest(typed_lines(rows, table), table, parser) != sha:
        raise altered(path)
    return rows


def altered(path: str) -> LakeError:
    """Say that a file is not what it was when it was recorded."""
    message = (
        f"lake file {path!r} is not what its name says: restore it from a copy, or pull its day"
        " again"
    )
    return LakeError(message)
