"""Files of lines, read as a stream, whatever they hold.

Rotated files may be compressed (`.gz`, `.zst`). A line is bytes here; nothing is decoded.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
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
    try:
        with _open(path) as file:
            yield from _split(file, longest)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        detail = f"{name} cannot be read ({type(error).__name__}); repair it or take it away"
        raise SourceError(source, detail) from error


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
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
        stream = decompressor.stream_reader(path.open("rb"), read_across_frames=True, closefd=True)
        return io.BufferedReader(stream)
    return path.open("rb")


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
