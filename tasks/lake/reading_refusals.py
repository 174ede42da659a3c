"""Lines of a log that could not be taken: only files that have some are read again, for the reason.

What is refused comes back as place, position, length, digest, field and code; its text does not.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from tasks.core.batches import Reject
from tasks.core.reading import Reading
from tasks.lake import reading_sql
from tasks.lake.reading_files import LONGEST_LINE
from tasks.transport.line_files import Line, has_mark, read_lines

#: Bytes of lines looked at together, unless one line alone has more, and lines at most.
_BYTES, _LINES = 1 << 24, 50_000
_KINDS = "SELECT _line, CASE WHEN json_valid(_text) THEN json_type(_text) END AS _kind FROM chunk"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused line and the day it is filed under."""

    day: date
    reject: Reject


@dataclass(slots=True)
class Rescued:
    """Lines that Python reads and the engine does not: half a surrogate pair is all it takes."""

    path: Path
    _file: IO[bytes] | None = field(default=None)
    _as_found: list[Reject] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of them."""
        return len(self._as_found)

    def add(self, said: object, as_found: Reject) -> None:
        """Write a record again, what has no bytes replaced; remember where it stood."""
        if self._file is None:
            self._file = self.path.open("xb")
        self._file.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._as_found.append(as_found)

    def placed(self, refused: Refused) -> Refused:
        """Tell a refused line by where it stood and what it was."""
        found, reject = self._as_found[refused.reject.position - 1], refused.reject
        return replace(
            refused, reject=replace(found, field_path=reject.field_path, code=reject.code)
        )

    def close(self) -> Path:
        """Have all of them written."""
        if self._file is not None:
            self._file.close()
        return self.path


def unread_lines(
    engine: duckdb.DuckDBPyConnection,
    reading: Reading,
    path: Path,
    place: str,
    today: date,
    otherwise: date,
    rescued: Rescued,
) -> Iterator[Refused]:
    """Tell the lines of a file that hold no record; what only looks so is rescued.

    Args:
        engine: Of the reading.
        reading: Whose file it is.
        path: The file.
        place: What to call it.
        today: Beyond the next day no line can have ended.
        otherwise: Day of a bad line that no line before it dates.
        rescued: Takes what is a record after all.
    """
    query = f"""
        SELECT _line, {reading_sql.day_sql(today)}, _unread, _kind
        FROM ({reading_sql.staged(reading, "_line")}) JOIN chunk_kinds USING (_line)
        ORDER BY _line
    """  # noqa: S608 ours
    day = otherwise
    for chunk in _chunks(engine, reading, path, place):
        found = {row[0]: row[1:] for row in engine.execute(query).fetchall()}
        for line in chunk:
            ended, is_unread, kind = found.get(line.number, (None, line.text is None, None))
            day = ended or day
            is_marked = line.number == 1 and has_mark(path)
            # Without the mark it reads as any other line, but with it nobody has read it.
            code = (
                _code(line, None if is_marked else kind, reading.foreign, rescued, place)
                if is_unread or is_marked
                else ""
            )
            if code:
                yield Refused(day, _reject(line, place, "", code))


def _code(line: Line, kind: str | None, foreign: str, rescued: Rescued, place: str) -> str:
    """Name what is wrong with a line; nothing, if it is a record or may become one."""
    if line.text is None:
        return "line_too_long"
    if kind is not None:
        return foreign if kind == "OBJECT" else "not_an_object"
    try:
        said = json.loads(line.text)
    except (ValueError, RecursionError):
        # Without an end it may be half a line that is still being written.
        return "bad_json" if line.is_ended else ""
    if not isinstance(said, dict):
        return "not_an_object"
    rescued.add(said, _reject(line, place, "", ""))
    return ""


def refused_rows(
    engine: duckdb.DuckDBPyConnection,
    reading: Reading,
    path: Path,
    place: str,
    today: date,
    otherwise: date,
) -> Iterator[Refused]:
    """Tell the lines of a file that are requests, but cannot be true.

    One whose end cannot be true either is filed under the day of the line before it.
    """
    judged = reading_sql.judged(reading, today, "staged", "_line")
    query = f"""
        WITH staged AS MATERIALIZED ({reading_sql.staged(reading, "_line")})
        SELECT _line, any_value({reading_sql.day_sql(today)}), min(_fault) FROM ({judged})
        GROUP BY _line ORDER BY _line
    """  # noqa: S608 ours
    day = otherwise
    for chunk in _chunks(engine, reading, path, place):
        found = {row[0]: row[1:] for row in engine.execute(query).fetchall()}
        for line in chunk:
            ended, fault = found.get(line.number, (None, None))
            day = ended or day
            if fault:
                name, _, code = fault.rpartition(" ")
                yield Refused(day, _reject(line, place, name, code))


def _chunks(
    engine: duckdb.DuckDBPyConnection, reading: Reading, path: Path, place: str
) -> Iterator[list[Line]]:
    """Show a file to the engine, some lines at a time."""
    for chunk in _together(read_lines(reading.source, path, place, LONGEST_LINE)):
        read = [line for line in chunk if line.text is not None and line.text.strip()]
        texts = [(line.text or b"").decode("utf-8", "surrogateescape") for line in read]
        engine.register(
            "chunk",
            pa.table(
                {
                    "_line": pa.array([line.number for line in read], pa.int64()),
                    "_text": pa.array([_utf8(text) for text in texts], pa.string()),
                }
            ),
        )
        engine.execute(reading_sql.chunk_view(reading))
        # A view would take every line apart once for each of its columns.
        engine.execute("CREATE OR REPLACE TABLE chunk_lines AS FROM lines")
        engine.execute("CREATE OR REPLACE VIEW lines AS FROM chunk_lines")
        engine.execute(f"CREATE OR REPLACE TABLE chunk_kinds AS {_KINDS}")
        yield [line for line in chunk if line.text is None or line.text.strip()]


def _together(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Take lines together as far as memory allows."""
    some: list[Line] = []
    size = 0
    for line in lines:
        length = len(line.text or b"")
        if some and (size + length > _BYTES or len(some) == _LINES):
            yield some
            some, size = [], 0
        some.append(line)
        size += length
    if some:
        yield some


def _utf8(text: str) -> str | None:
    """Give text that has bytes; a line that has none is no JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "\x00"
    return text


def _reject(line: Line, place: str, name: str, code: str) -> Reject:
    return Reject(
        place=place,
        position=line.number,
        length=line.length,
        digest=line.digest or hashlib.sha256(line.text or b"").hexdigest(),
        field_path=name,
        code=code,
    )
