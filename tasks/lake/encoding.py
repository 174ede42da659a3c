"""Bytes of lake files: packed canonical lines, and the proof that they are what they claim."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import IO

import zstandard

from tasks.core.batches import RawRow, Stream
from tasks.core.errors import LakeError
from tasks.core.tables import Table
from tasks.lake.canonical import content_digest, digest_lines, typed_digest, typed_lines
from tasks.lake.parquet import batches_of, from_parquet
from tasks.lake.seals import with_trailer

#: Bytes decompressed at once.
_PIECE = 1 << 20


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
        text = b"".join(unpacked(io.BytesIO(data))).decode("ascii")
    except (zstandard.ZstdError, UnicodeDecodeError) as fault:
        raise altered(path) from fault
    return text.splitlines()


def unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Decompress packed lines piece by piece; a frame that was cut off ends them early.

    Raises:
        zstandard.ZstdError: The bytes are damaged.
    """
    # All frames: the seal behind the lines is one, too.
    with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as stream:
        while piece := stream.read(_PIECE):
            yield piece


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


def count_raw(data: bytes, sha: str, path: str) -> int:
    """Prove raw lines of any number without holding them, and count them.

    Of a stream without volatile fields, whose lines are what was digested.

    Raises:
        LakeError: They are not what the name says.
    """
    digest, lines = hashlib.sha256(), 0
    try:
        for piece in unpacked(io.BytesIO(data)):
            digest.update(piece)
            lines += piece.count(b"\n")
    except zstandard.ZstdError as fault:
        raise altered(path) from fault
    if digest.hexdigest() != sha:
        raise altered(path)
    return lines


def count_typed(data: bytes, sha: str, table: Table, parser: str, path: str) -> int:
    """Prove conformed rows of any number without holding them, and count them.

    Raises:
        LakeError: They are not what the name says.
    """
    digest, count = hashlib.sha256(f"{table.name} {parser}\n".encode("ascii")), 0
    for rows in batches_of(data, table, path):
        lines = typed_lines(rows, table)
        digest.update("".join(f"{line}\n" for line in lines).encode("ascii"))
        count += len(lines)
    if digest.hexdigest() != sha:
        raise altered(path)
    return count


def altered(path: str) -> LakeError:
    """Say that a file is not what it was when it was recorded."""
    message = (
        f"lake file {path!r} is not what its name says: restore it from a copy, or pull its day"
        " again"
    )
    return LakeError(message)
