"""Files of change logs: found by glob, read as a stream of lines, whatever they hold.

Rotated files may be compressed (`.gz`, `.zst`). A line is bytes here; nothing is decoded.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import IO, NamedTuple

import zstandard

from tasks.core.errors import SourceError

#: Longest line that is read, end included; a longer one is refused without being held in memory.
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


def find_files(source: str, patterns: Sequence[str]) -> list[Path]:
    """List the files that any of the patterns matches, each once, sorted.

    Raises:
        SourceError: A pattern matches no file: a log that has gone is not an empty one.
    """
    found: dict[Path, Path] = {}
    for pattern in patterns:
        # `Path.glob` would refuse absolute patterns.
        matches = map(Path, glob(pattern, recursive=True))  # noqa: PTH207  # see above
        paths = [path for path in matches if path.is_file()]
        if not paths:
            detail = f"no file matches {pattern!r}; correct `paths`, or restore the file"
            raise SourceError(source, detail)
        for path in paths:
            found.setdefault(path.resolve(), path)
    return sorted(found.values())


def read_lines(source: str, path: Path, name: str) -> Iterator[Line]:
    """Stream the lines of one file.

    Args:
        source: For error messages.
        path: A plain, `.gz` or `.zst` file.
        name: What to call the file in an error message.

    Raises:
        SourceError: It cannot be opened, or is damaged.
    """
    try:
        with _open(path) as file:
            yield from _split(file)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        detail = f"{name} cannot be read ({type(error).__name__}); repair it or take it away"
        raise SourceError(source, detail) from error


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))
    if path.suffix == ".zst":
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
        stream = decompressor.stream_reader(path.open("rb"), read_across_frames=True, closefd=True)
        return io.BufferedReader(stream)
    return path.open("rb")


def _split(file: IO[bytes]) -> Iterator[Line]:
    number = 0
    while chunk := file.readline(MAX_LINE_BYTES):
        number += 1
        if number == 1:
            chunk = chunk.removeprefix(_BOM)
        if chunk.endswith(b"\n") or len(chunk) < MAX_LINE_BYTES - len(_BOM):
            text = chunk.rstrip(b"\r\n")
            yield Line(number, text, len(text), "", is_ended=chunk.endswith(b"\n"))
        else:
            yield _skip(file, number, chunk)


def _skip(file: IO[bytes], number: int, chunk: bytes) -> Line:
    """Read past a line that is too long, a piece at a time."""
    digest = hashlib.sha256()
    length = 0
    while chunk and not chunk.endswith(b"\n"):
        digest.update(chunk)
        length += len(chunk)
        chunk = file.readline(MAX_LINE_BYTES)
    text = chunk.rstrip(b"\r\n")
    digest.update(text)
    return Line(number, None, length + len(text), digest.hexdigest(), is_ended=bool(chunk))
