"""Observations that only sum what those below them tell: integrations write some as generations.

An agent's loop, or a call that is wrapped by two libraries, may stand as a generation around the
generations that were made, with their usage added up: the same spend once more.
"""

from collections.abc import Mapping
from typing import NamedTuple

from tasks.sources.langfuse.rows import size_of
from tasks.sources.request_days import id_of

_NO_SIZE = (0, 0)


class _Told(NamedTuple):
    run_id: str
    size: tuple[int, int]


class Nested:
    """Gathers the generations of a day by which one they stand under."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._below: dict[str, tuple[int, int]] = {}

    def add(self, record: Mapping[str, object], run_id: str) -> None:
        """Remember what a generation used.

        Args:
            record: As it came, read without a fault.
            run_id: What its request is called.
        """
        size = size_of(record)
        if size == _NO_SIZE:
            return
        if name := id_of(record, "id"):
            self._told[name] = _Told(run_id, size)
        if above := id_of(record, "parentObservationId"):
            tokens, output = self._below.get(above, _NO_SIZE)
            self._below[above] = tokens + size[0], output + size[1]

    def copies(self) -> frozenset[str]:
        """Name the requests whose usage is that of the generations right below them."""
        told = ((self._told.get(name), size) for name, size in self._below.items())
        return frozenset(one.run_id for one, size in told if one is not None and one.size == size)
