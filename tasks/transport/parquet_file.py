"""A foreign Parquet file as rows of text: another's table, never one of the lake's.

Decimals are written out exactly; a binary float as the shortest text that reads back as
that float, because nothing more of what was meant is left in it.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_AT_ONCE = 4096


class UnusableTableError(ValueError):
    """A table file breaks a cap or its own format; the text never holds a value of it."""


class ParquetTable(AbstractContextManager["ParquetTable"]):
    """One file, read a few thousand rows at a time.

    Attributes:
        columns: Names, in file order.
    """

    def __init__(self, path: Path, *, largest_bytes: int) -> None:
        """Open a file.

        Args:
            path: A Parquet file of any writer.
            largest_bytes: Uncompressed size beyond which it is refused.

        Raises:
            UnusableTableError: It is none, or larger than that.
            OSError: It cannot be opened.
        """
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowException as error:
            message = f"it is no Parquet file ({type(error).__name__})"
            raise UnusableTableError(message) from error
        meta = self._file.metadata
        size = sum(meta.row_group(at).total_byte_size for at in range(meta.num_row_groups))
        if size > largest_bytes:
            self._file.close()
            message = f"it unpacks to more than {largest_bytes} bytes"
            raise UnusableTableError(message)
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def rows(self) -> Iterator[list[str]]:
        """Give the cells of each row as text; an absent value is empty text.

        Raises:
            UnusableTableError: The file is damaged.
        """
        try:
            for batch in self._file.iter_batches(batch_size=_AT_ONCE):
                columns = [[_text(value) for value in column.to_pylist()] for column in batch]
                yield from map(list, zip(*columns, strict=True))
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            message = f"it is damaged ({type(error).__name__})"
            raise UnusableTableError(message) from error


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(dict(value) if _is_map(value) else value, default=str)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, str) else repr(value)


def _is_map(value: object) -> bool:
    """Say whether a value is what Arrow makes of a map: pairs of a key and a value."""
    return isinstance(value, list) and all(isinstance(one, tuple) for one in value)
