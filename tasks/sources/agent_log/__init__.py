"""Agents' own change logs: NDJSON files, read whole each night for the days of the window.

A line without an end of line that is no whole record yet is left for the next night. A
bad line that names no possible moment is filed under the day of the line before it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import ValidationError

from config.shapes.sources import AgentLogSource, Issuer
from tasks.core.batches import (
    Batch,
    Conformed,
    Pulled,
    RawRow,
    Reject,
    Stream,
    StreamKind,
    Watermark,
)
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.core.refusals import MOST_REJECTS, is_mostly_bad, place_of
from tasks.sources.agent_log.hints import HintReader
from tasks.sources.agent_log.record import reduce_record
from tasks.sources.agent_log.refusals import BadLineError, decode, refuse_line, refuse_record
from tasks.sources.agent_log.rows import conform_runs
from tasks.sources.log_files import find_files
from tasks.sources.packed_rows import PackedRows
from tasks.transport.client import Client
from tasks.transport.line_files import Line, read_lines

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "agent_log-1"

_TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*"(\d{4}-\d\d-\d\d)[T ]')
# A written date and its UTC day differ by one at most, for any offset from UTC.
_ONE_DAY = timedelta(days=1)

#: What became of one line: its UTC day, None where it names none, and its row or reject.
_Read = tuple[date | None, RawRow | Reject | None]


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: AgentLogSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read the lines of all files whose end lies in the window, both bounds included.

    Raises:
        SourceError: A pattern matches no file, a file is damaged or is no log at all.
    """
    days = {day: _Day() for day in window_days(*window)}
    today = vendor_day(now)
    reader = _LineReader(HintReader(config, keyed_digest), keyed_digest, window, today)
    refused = 0
    for path in find_files(config.name, config.paths):
        place = place_of(path, keyed_digest)
        lines = read_lines(config.name, path, place)
        for day, read in _filed(reader.read(lines, place), otherwise=window[1]):
            if day not in days:
                continue
            if isinstance(read, Reject):
                refused += 1
                if refused > MOST_REJECTS:
                    detail = f"{place} and others hold more than {MOST_REJECTS} bad lines"
                    raise SourceError(config.name, f"{detail}; correct `paths`")
                days[day].rejects.append(read)
            else:
                days[day].rows.append(read)
        if is_mostly_bad(reader.refused, reader.readable):
            detail = (
                f"{place}: {reader.refused} of {reader.refused + reader.readable} lines cannot be "
                "read; restore the log, or correct `paths`"
            )
            raise SourceError(config.name, detail)
    batches = [
        Batch(day, read.rows, tuple(read.rejects), is_complete=day < today)
        for day, read in days.items()
    ]
    read_to = day_bounds(min(window[1] + _ONE_DAY, today))[0]
    return Pulled(batches, Watermark(read_to))


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: AgentLogSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],
) -> Conformed:
    """Give the raw rows of one UTC day the form of the `runs` table, each run once."""
    return conform_runs(rows, config=config, key=key, issuers=issuers)


@dataclass(slots=True)
class _Day:
    rows: PackedRows = field(default_factory=PackedRows)
    rejects: list[Reject] = field(default_factory=list)


class _LineReader:
    """Reads lines one by one; knows the window, so that older lines are not even decoded."""

    def __init__(
        self,
        hints: HintReader,
        keyed_digest: Callable[[str], str],
        window: tuple[date, date],
        today: date,
    ) -> None:
        self._hints = hints
        self._keyed_digest = keyed_digest
        self._first = (window[0] - _ONE_DAY).isoformat().encode()
        self._last = (window[1] + _ONE_DAY).isoformat().encode()
        self._tomorrow = today + _ONE_DAY
        self._future = (self._tomorrow + _ONE_DAY).isoformat().encode()
        self.readable = 0
        self.refused = 0

    def read(self, lines: Iterator[Line], place: str) -> Iterator[_Read]:
        """Read one file; `readable` and `refused` then say how many lines were which."""
        self.readable = self.refused = 0
        for line in lines:
            if line.text is None or line.text.strip():
                day, read = self._read_line(line, place)
                self.refused += isinstance(read, Reject)
                self.readable += day is not None and not isinstance(read, Reject)
                yield day, read

    def _read_line(self, line: Line, place: str) -> _Read:
        if elsewhere := self._day_elsewhere(line.text):
            return elsewhere, None
        try:
            said = decode(line)
        except BadLineError as error:
            # Without an end it may be half a line that is still being written.
            return None, refuse_line(line, place, error) if line.is_ended else None
        try:
            moment, row = reduce_record(said, self._hints, self._keyed_digest)
        except ValidationError as error:
            at, reject = refuse_record(line, said, place, error)
            return vendor_day(at) if at else None, reject
        if vendor_day(moment) > self._tomorrow:
            return None, refuse_line(line, place, BadLineError("in_the_future", "timestamp"))
        return vendor_day(moment), row

    def _day_elsewhere(self, text: bytes | None) -> date | None:
        """Name the day a line writes, if it is clear without decoding that it is not wanted."""
        if text is None or text.count(b'"timestamp"') != 1:
            return None
        found = _TIMESTAMP.search(text)
        if found is None or self._first <= found.group(1) <= self._last:
            return None
        if found.group(1) >= self._future:
            return None  # refused by name, once it is decoded
        try:
            return date.fromisoformat(found.group(1).decode())
        except ValueError:
            return None


def _filed(reads: Iterator[_Read], otherwise: date) -> Iterator[tuple[date, RawRow | Reject]]:
    """Give everything that was read a day.

    What names no moment gets the day of the line before it, at the start of a file that of
    the first line that names one, and `otherwise` where no line does.
    """
    last: date | None = None
    waiting: list[RawRow | Reject] = []
    for day, read in reads:
        last = day or last
        if len(waiting) > MOST_REJECTS:
            last = otherwise  # enough of them to be refused as a whole
        if last is None:
            waiting += [read] if read is not None else []
            continue
        for early in waiting:
            yield last, early
        waiting.clear()
        if read is not None:
            yield last, read
    for early in waiting:
        yield otherwise, early
