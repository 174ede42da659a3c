"""A log's rows by UTC day, packed: a window of a million lines fits in memory."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from tasks.core.batches import RawRow

# Rows that are compressed together.
_BLOCK = 512
_FAST = 1


class PackedRows(Sequence[RawRow]):
    """Rows that are compressed as they come, and unpacked each time they are read.

    Iterating unpacks one block at a time; indexing unpacks the block that is asked for.
    """

    def __init__(self, rows: Iterable[RawRow] = ()) -> None:
        self._blocks: list[bytes] = []
        self._open: list[bytes] = []
        for row in rows:
            self.append(row)

    def append(self, row: RawRow) -> None:
        """Add a row; it is copied, later changes to it are not seen."""
        self._open.append(json.dumps(row, separators=(",", ":")).encode())
        if len(self._open) == _BLOCK:
            self._blocks.append(zlib.compress(b"\n".join(self._open), _FAST))
            self._open.clear()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._blocks) * _BLOCK + len(self._open)

    def __iter__(self) -> Iterator[RawRow]:
        """Unpack the rows in the order they came, a block at a time."""
        for number in range(len(self._blocks) + 1):
            yield from self._unpack(number)

    @overload
    def __getitem__(self, index: int) -> RawRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[RawRow]: ...
    def __getitem__(self, index: int | slice) -> RawRow | list[RawRow]:
        """Unpack one row, or for a slice all of them."""
        if isinstance(index, slice):
            return list(self)[index]
        position = range(len(self))[index]
        return self._unpack(position // _BLOCK)[position % _BLOCK]

    def _unpack(self, number: int) -> list[RawRow]:
        if number == len(self._blocks):
            return [json.loads(text) for text in self._open]
        return [json.loads(text) for text in zlib.decompress(self._blocks[number]).split(b"\n")]
