"""Files of a log made fit for the engine: proven whole, and without lines that it cannot hold.

The engine takes a packed file that was cut off for a whole one, does not look at its checksum,
gives a whole log up for one line that is longer than its buffer, and may lose a last line that
nothing ends.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from tasks.core.errors import SourceError
from tasks.core.reading import Reading
from tasks.transport.line_files import has_mark, is_packed, read_blocks, read_lines

#: Longest line that the engine reads wherever it stands, in bytes, end included.
LONGEST_LINE = 1 << 24
#: Stands for a longer one: no record, so that its file is read again for the reason.
_INSTEAD = b"0\n"
_MARK = b"\xef\xbb\xbf"
# A file with a line about as long as that is copied: who copies says exactly which are longer.
_LONG = LONGEST_LINE - len(_MARK) - 1
_PIECE = 1 << 16
# Where one of the engine's buffers ends and the next begins, a last line without an end is lost.
_BUFFER, _NEAR = LONGEST_LINE - 4, 1 << 10


@contextmanager
def fit_files(reading: Reading, name_of: Callable[[Path], str]) -> Iterator[Mapping[Path, Path]]:
    """Give what the engine should read, by file in their order: mostly the file itself.

    Copies lie in a folder that only its owner may open, and are gone afterwards.

    Args:
        reading: Whose files they are.
        name_of: What to call a file; asked for few.

    Raises:
        SourceError: A file cannot be opened, or is damaged.
    """
    with TemporaryDirectory(prefix="graduand-") as folder:
        yield {
            path: path
            if _is_fit(reading.source, path, name_of)
            else _copy(reading.source, path, name_of(path), Path(folder) / f"{at}.jsonl")
            for at, path in enumerate(reading.paths)
        }


def _copy(source: str, path: Path, name: str, copy: Path) -> Path:
    """Copy a file that the engine would fail at."""
    with copy.open("xb") as file:
        if has_mark(path):
            file.write(_MARK)
        for line in read_lines(source, path, name, LONGEST_LINE):
            file.write(_INSTEAD if line.text is None else line.text + b"\n")
    return copy


def _is_fit(source: str, path: Path, name_of: Callable[[Path], str]) -> bool:
    """Tell whether the engine can read a file."""
    if is_packed(path):
        return _is_fit_packed(source, path, name_of(path))
    try:
        # Thousands of small files take no time here: they are not opened.
        return (size := path.stat().st_size) < _LONG or _is_fit_plain(path, size)
    except OSError as error:
        kind = type(error).__name__
        detail = f"{name_of(path)} cannot be read ({kind}); repair it or take it away"
        raise SourceError(source, detail) from error


def _is_fit_packed(source: str, path: Path, name: str) -> bool:
    """Unpack a whole file, which proves it; tell whether the engine can read it."""
    size, start, longest = 0, 0, 0
    for block in read_blocks(source, path, name):
        first, last = block.find(b"\n"), block.rfind(b"\n")
        if first >= 0:
            longest = max(longest, size + first + 1 - start)
            start = size + last + 1
        size += len(block)
    # To the engine, a packed file of no bytes is damaged.
    return size > 0 and max(longest, size - start) <= _LONG and _is_fit_end(start, size)


def _is_fit_plain(path: Path, size: int) -> bool:
    """Look at few bytes of a long file."""
    start = 0
    with path.open("rb") as file:
        # The last line that ends within so many bytes is as good as all of them.
        while size - start > _LONG:
            found = _last_end(file, start, start + _LONG)
            if found < 0:
                return False
            start = found + 1
        return _is_fit_end(max(start, _last_end(file, start, size) + 1), size)


def _is_fit_end(start: int, size: int) -> bool:
    """Tell whether what follows the last end of line can be read as a line, if it is one."""
    return start == size or (start - _NEAR) // _BUFFER == (size + _NEAR) // _BUFFER


def _last_end(file: IO[bytes], start: int, end: int) -> int:
    """Find the last end of line between two places, -1 if there is none."""
    while end > start:
        at = max(start, end - _PIECE)
        file.seek(at)
        found = file.read(end - at).rfind(b"\n")
        if found >= 0:
            return at + found
        end = at
    return -1
