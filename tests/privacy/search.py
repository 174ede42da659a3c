"""The byte search: thousands of spellings of many marks, found in megabytes within seconds.

A spelling is looked up by its first six bytes: a table of their hashes leaves few places to
look at, and those are compared in full.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.privacy.spellings import SHORTEST, exact, folded

_CHUNK = 1 << 20
_SHOWN = 24
_TABLE_BITS = 22
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A mark that was found: what it is, how it was written, and where."""

    mark: str
    encoding: str
    place: str
    around: str = ""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes of a sink, and the words for where they stand."""

    place: str
    data: bytes


class Searcher:
    """Looks for marks in every encoding of `spellings`.

    Attributes:
        searched: Bytes looked at so far.
    """

    def __init__(self, marks: Iterable[str]) -> None:
        self.searched = 0
        marks = list(marks)
        self._folded = _Needles((s, m, e) for m in marks for e, s in folded(m))
        self._exact = _Needles((s, m, e) for m in marks for e, s in exact(m))

    def hits(self, blobs: Iterable[Blob]) -> list[Hit]:
        """List what is found, each (mark, encoding, place) once."""
        found: dict[tuple[str, str, str], Hit] = {}
        for blob in blobs:
            self.searched += len(blob.data)
            for hit in self._in(blob):
                found.setdefault((hit.mark, hit.encoding, hit.place), hit)
        return sorted(found.values())

    def _in(self, blob: Blob) -> Iterator[Hit]:
        views = ((self._folded, blob.data.lower()), (self._exact, blob.data))
        for needles, data in views:
            for at, mark, encoding in needles.in_(data):
                around = blob.data[max(0, at - _SHOWN) : at + 2 * _SHOWN]
                yield Hit(mark, encoding, blob.place, repr(around))


class _Needles:
    """Byte strings to look for at once."""

    def __init__(self, needles: Iterable[tuple[bytes, str, str]]) -> None:
        self._by_start: dict[bytes, dict[bytes, tuple[str, str]]] = {}
        for spelling, mark, encoding in needles:
            same = self._by_start.setdefault(spelling[:SHORTEST], {})
            same.setdefault(spelling, (mark, encoding))
        self._longest = max(len(one) for same in self._by_start.values() for one in same)
        starts = _starts(np.frombuffer(b"".join(self._by_start), np.uint8))[::SHORTEST]
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_slots(starts)] = True

    def in_(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        """Give the place, mark and encoding of everything found."""
        for begin in range(0, max(len(data), 1), _CHUNK):
            chunk = data[begin : begin + _CHUNK + self._longest]
            for at in self._candidates(chunk):
                if at >= _CHUNK:
                    continue  # the next chunk finds it
                same = self._by_start.get(chunk[at : at + SHORTEST], {})
                for spelling, (mark, encoding) in same.items():
                    if chunk.startswith(spelling, at):
                        yield begin + at, mark, encoding

    def _candidates(self, chunk: bytes) -> list[int]:
        if len(chunk) < SHORTEST:
            return []
        starts = _starts(np.frombuffer(chunk, np.uint8))
        return [int(at) for at in np.flatnonzero(self._table[_slots(starts)])]


def _starts(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Pack the six bytes from each place on into a number."""
    wide = data.astype(np.uint64)
    pairs = (wide[:-1] << np.uint64(8)) | wide[1:]
    count = len(data) - SHORTEST + 1
    high, low = np.uint64(32), np.uint64(16)
    packed: npt.NDArray[np.uint64] = (
        (pairs[:count] << high) | (pairs[2 : 2 + count] << low) | pairs[4 : 4 + count]
    )
    return packed


def _slots(starts: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread numbers over the table: the upper bits of a product (Fibonacci hashing)."""
    slots: npt.NDArray[np.uint64] = (starts * _SPREAD) >> np.uint64(64 - _TABLE_BITS)
    return slots
