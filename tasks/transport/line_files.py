"""Files of lines, read as a stream, whatever they hold.

Rotated files may be compressed (`.gz`, `.zst`). A line is bytes here; nothing is decoded.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import zstandard

from tasks.core.errors import SourceError

#: Longest line that is read by default, end included; a longer one is refused without being
#: held in memory.
MAX_LINE_BYTES = 1 << 20
# Largest window that a compressed file may make us hold.
_MAX_WINDOW_BYTES = 1 << 27
_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20
# zstd (RFC 8878, 3.1): frames that decoders skip, and what a frame consists of.
_SKIPPED = range(0x184D2A50, 0x184D2A60)
_LONGEST_HEADER, _SKIPPED_HEADER, _BLOCK_HEADER, _CHECKSUM = 18, 8, 3, 4
_REPEATED_BYTE = 1


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: From 1.
        text: Without its end; None where the line is too long to be read.
        length: In bytes, without its end.
        digest: SHA-256 hex where `text` is None, else empty.
        is_ended: False for what stands after the last end of line.
    """

    number: int
    text: bytes | None
    length: int
    digest: str
    is_ended: bool


def read_lines(source: str, path: Path, name: str, longest: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Stream the lines of one file.

    Args:
        source: For error messages.
        path: A plain, `.gz` or `.zst` file.
        name: What to call the file in an error message.
        longest: Bytes of a line that are read, end included.

    Raises:
        SourceError: It cannot be opened, or is damaged.
    """
    with _telling(source, name), _open(path) as file:
        yield from _split(file, longest)


def read_blocks(source: str, path: Path, name: str) -> Iterator[bytes]:
    """Stream the bytes of one file, unpacked.

    Raises:
        SourceError: It cannot be opened, or is damaged.
    """
    with _telling(source, name), _open(path) as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


@contextmanager
def _telling(source: str, name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        detail = f"{name} cannot be read ({type(error).__name__}); repair it or take it away"
        raise SourceError(source, detail) from error


def is_packed(path: Path) -> bool:
    """Tell by its name whether a file is compressed."""
    return path.suffix in {".gz", ".zst"}


def has_mark(path: Path) -> bool:
    """Tell whether a file starts with a byte order mark, which is no part of its first line."""
    try:
        with _open(path) as file:
            return file.read(len(_BOM)) == _BOM
    except (OSError, EOFError, zlib.error, zstandard.ZstdError):
        return False  # whoever reads on is told


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))
    if path.suffix == ".zst":
        _refuse_cut_off(path)
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
        stream = decompressor.stream_reader(path.open("rb"), read_across_frames=True, closefd=True)
        return io.BufferedReader(stream)
    return path.open("rb")


def _refuse_cut_off(path: Path) -> None:
    """Look whether the last frame ends: the decompressor takes its absence for the end.

    Raises:
        EOFError: It does not.
        zstandard.ZstdError: There is no frame where one should start.
    """
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        start = 0
        while start < size:
            start = _end_of_frame(file, start)
    if start > size:
        raise EOFError


def _end_of_frame(file: IO[bytes], start: int) -> int:
    """Say where a frame ends by what it says of its parts."""
    file.seek(start)
    head = file.read(_LONGEST_HEADER)
    if len(head) >= _SKIPPED_HEADER and int.from_bytes(head[:4], "little") in _SKIPPED:
        return start + _SKIPPED_HEADER + int.from_bytes(head[4:_SKIPPED_HEADER], "little")
    frame = zstandard.get_frame_parameters(head)
    at = start + zstandard.frame_header_size(head)
    is_last = False
    while not is_last:
        file.seek(at)
        block = file.read(_BLOCK_HEADER)
        if len(block) < _BLOCK_HEADER:
            raise EOFError
        told = int.from_bytes(block, "little")
        is_last = bool(told & 1)
        is_one_byte = told >> 1 & 3 == _REPEATED_BYTE
        at += _BLOCK_HEADER + (1 if is_one_byte else told >> 3)
    return at + (_CHECKSUM if frame.has_checksum else 0)


def _split(file: IO[bytes], longest: int) -> Iterator[Line]:
    number = 0
    while chunk := file.readline(longest):
        number += 1
        if number == 1:
            chunk = chunk.removeprefix(_BOM)
        if chunk.endswith(b"\n") or len(chunk) < longest - len(_BOM):
            text = chunk.rstrip(b"\r\n")
            yield Line(number, text, len(text), "", is_ended=chunk.endswith(b"\n"))
        else:
            yield _skip(file, number, chunk, longest)


def _skip(file: IO[bytes], number: int, chunk: bytes, longest: int) -> Line:
    """Read past a line that is too long, a piece at a time."""
    digest = hashlib.sha256()
    length = 0
    while chunk and not chunk.endswith(b"\n"):
        digest.update(chunk)
        length += len(chunk)
        chunk = file.readline(longest)
    text = chunk.rstrip(b"\r\n")
    digest.update(text)
    return Line(number, None, length + len(text), digest.hexdigest(), is_ended=bool(chunk))
