"""Tables in files from elsewhere: CSV, plain or gzipped, and Parquet, as rows of text.

Files are untrusted: their size, unpacked size, lines and columns are capped, and what is
wrong with one is said without a word of its content.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from tasks.core.batches import Reject
from tasks.core.errors import SourceError
from tasks.core.refusals import MOST_REJECTS
from tasks.transport.parquet_file import ParquetTable, UnusableTableError

_MIB = 1 << 20
#: Unpacked bytes of one file.
MOST_BYTES = 8192 * _MIB
#: Unpacked to packed bytes, beyond the first `_RATIO_FREE_BYTES`.
MOST_RATIO = 300
_RATIO_FREE_BYTES = 16 * _MIB
#: Characters of one line; a quoted cell may hold several lines.
MOST_LINE = _MIB
MOST_COLUMNS = 4096
_STEP = 256 * 1024
_BLANK = " \t"


class TableRow(NamedTuple):
    """One row of a file.

    Attributes:
        number: From 1, the header not counted.
        cells: In the order of the columns; fewer or more of them if the row is no whole one.
    """

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class FileTable:
    """An open file.

    Attributes:
        columns: Names as written, without blanks around them.
    """

    columns: tuple[str, ...]
    rows: Iterator[TableRow]


def told_of(position: int, count: int) -> str:
    """Say which of a source's files is meant, so that a person finds it without its name."""
    return f"file {position} of {count} in order of names"


@contextmanager
def open_table(source: str, path: Path, told: str) -> Iterator[FileTable]:
    """Open a CSV (`.gz` too) or Parquet file.

    Args:
        source: For error messages.
        path: The file; its name says which kind it is.
        told: What to call it in an error message.

    Raises:
        SourceError: It cannot be read as a table, also while its rows are read.
    """
    try:
        if path.suffix == ".parquet":
            with ParquetTable(path, largest_bytes=MOST_BYTES) as table:
                columns = _columns(list(table.columns))
                rows = (TableRow(at, cells) for at, cells in enumerate(table.rows(), start=1))
                yield FileTable(columns, rows)
        else:
            with path.open("rb") as file:
                records = _records(file, is_packed=path.suffix == ".gz")
                columns = _columns(next(records, []))
                yield FileTable(columns, _numbered(records))
    except UnicodeDecodeError as error:
        detail = f"{told} is not UTF-8 text; export it again as UTF-8"
        raise SourceError(source, detail) from error
    except (UnusableTableError, csv.Error) as error:
        detail = f"{told} cannot be read: {error}; repair it or take it away"
        raise SourceError(source, detail) from error
    except (OSError, EOFError, zlib.error) as error:
        detail = f"{told} cannot be read ({type(error).__name__}); repair it or take it away"
        raise SourceError(source, detail) from error


def refused_row(
    place: str,
    row: TableRow,
    field: str,
    code: str,
    *,
    issuer: str = "",
    account: str = "",
    amount_nano: int | None = None,
) -> Reject:
    """Describe a row that cannot be used, without its text."""
    text = "\x1f".join(row.cells).encode("utf-8", "surrogatepass")
    return Reject(
        place=place,
        position=row.number,
        length=len(text),
        digest=hashlib.sha256(text).hexdigest(),
        field_path=field,
        code=code,
        issuer=issuer,
        account=account,
        amount_nano=amount_nano,
    )


def refuse_too_many(source: str, told: str, refused: int) -> None:
    """Stop reading a file that is nothing but bad rows.

    Raises:
        SourceError: It is.
    """
    if refused > MOST_REJECTS:
        detail = f"{told} holds more than {MOST_REJECTS} bad rows; correct `paths`"
        raise SourceError(source, detail)


def _columns(header: list[str]) -> tuple[str, ...]:
    if not any(header):
        message = "it is empty, without even a header"
        raise UnusableTableError(message)
    if len(header) > MOST_COLUMNS:
        message = f"it has more than {MOST_COLUMNS} columns"
        raise UnusableTableError(message)
    return tuple(name.strip(_BLANK) for name in header)


def _numbered(records: Iterator[list[str]]) -> Iterator[TableRow]:
    for number, cells in enumerate(records, start=1):
        if cells:  # an empty line is no row
            yield TableRow(number, cells)


def _records(file: IO[bytes], *, is_packed: bool) -> Iterator[list[str]]:
    text = io.TextIOWrapper(
        io.BufferedReader(_Capped(file, is_packed=is_packed)),
        encoding="utf-8-sig",
        newline="",
    )
    return csv.reader(_lines(text), strict=True)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MOST_LINE):
        if len(line) == MOST_LINE and not line.endswith("\n"):
            message = f"a line has more than {MOST_LINE} characters"
            raise UnusableTableError(message)
        yield line


class _Capped(io.RawIOBase):
    """The bytes of a file, unpacked, until there are too many of them."""

    def __init__(self, file: IO[bytes], *, is_packed: bool) -> None:
        self._file = file
        self._unpacked: IO[bytes] | gzip.GzipFile = (
            gzip.GzipFile(fileobj=file) if is_packed else file
        )
        self._count = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower is what callers give
        """Read some bytes.

        Raises:
            UnusableTableError: A cap is broken.
        """
        data = self._unpacked.read(min(len(buffer), _STEP))
        buffer[: len(data)] = data
        self._count += len(data)
        if self._count > MOST_BYTES:
            message = f"it unpacks to more than {MOST_BYTES} bytes"
            raise UnusableTableError(message)
        if self._count > max(_RATIO_FREE_BYTES, MOST_RATIO * self._file.tell()):
            message = f"it unpacks to more than {MOST_RATIO} times its size"
            raise UnusableTableError(message)
        return len(data)


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """Where the wanted columns of a small file stand; None where an optional one is absent."""

    count: int
    at: Mapping[str, int | None]

    def fields(self, row: TableRow) -> dict[str, str] | None:
        """Give the wanted cells by name, without blanks around them; None if cells lack."""
        if len(row.cells) != self.count:
            return None
        return {
            name: "" if at is None else row.cells[at].strip(_BLANK) for name, at in self.at.items()
        }


def needed_columns(
    source: str, told: str, header: Sequence[str], needed: Sequence[str], optional: Sequence[str]
) -> NamedColumns:
    """Find the columns of a file by name.

    Raises:
        SourceError: One is missing, or there twice.
    """
    wrong = [name for name in needed if header.count(name) != 1]
    wrong += [name for name in optional if header.count(name) > 1]
    if wrong:
        detail = f"{told} must have each of these columns once: {', '.join(wrong)}"
        raise SourceError(source, f"{detail}; correct its header, or the names in sources.yaml")
    names = (*needed, *optional)
    return NamedColumns(
        len(header), {name: header.index(name) if name in header else None for name in names}
    )
