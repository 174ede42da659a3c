"""Logs of requests read set-wise: millions of lines, out of core, each request once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from tasks.core.batches import Reject
from tasks.core.books import Snapshot
from tasks.core.days import window_days
from tasks.core.errors import SourceError
from tasks.core.findings import Finding
from tasks.core.reading import Reading
from tasks.core.refusals import MOST_REJECTS, is_mostly_bad, place_of
from tasks.core.tables import TOKEN_KINDS
from tasks.lake import reading_repeats, reading_sql
from tasks.lake.bulk_files import Filing, write_raw_lines
from tasks.lake.reading_engine import Workbench, open_workbench
from tasks.lake.reading_files import fit_files
from tasks.lake.reading_lookups import look_up
from tasks.lake.reading_refusals import Refused, Rescued, refused_rows, unread_lines
from tasks.lake.store import Lake
from tasks.lake.streamed import GROUP_ROWS, text_pieces


@dataclass(frozen=True, slots=True)
class LogRead:
    """A log as it was read, until it is closed.

    Attributes:
        rows: Requests of each day of the window, by UTC day of their end.
        rejects: Lines that were refused, by the same days.
        findings: What the reading told of its tallies.
    """

    rows: Mapping[date, int]
    rejects: Mapping[date, tuple[Reject, ...]]
    findings: tuple[Finding, ...]
    _engine: duckdb.DuckDBPyConnection
    _reading: Reading

    def tokens(self) -> list[tuple[date, str, str, tuple[int, ...]]]:
        """Sum the tokens of the requests by day, issuer and model as logged.

        Returns:
            The sums in the order of `TOKEN_KINDS`; what was not reported is no part of them.
        """
        told = {"purpose", *self._reading.fields}
        sums = ", ".join(
            f"CAST(coalesce(sum({name}), 0) AS HUGEINT)" if name in told else "0"
            for name in (f"{kind}_tokens" for kind in TOKEN_KINDS)
        )
        rows = self._engine.execute(
            f"SELECT _day, issuer, model, {sums} FROM kept WHERE _day NOT NULL"  # noqa: S608 ours
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return [(*row[:3], tuple(map(int, row[3:]))) for row in rows]

    def write(self, lake: Lake, filing: Filing) -> Snapshot:
        """Publish the requests of one day as `Lake.write_raw` would; several threads may."""
        with self._engine.cursor() as cursor:
            lines = cursor.execute(reading_sql.lines_of_day(self._reading), [filing.key])
            batches = lines.to_arrow_reader(GROUP_ROWS)
            pieces = (piece for batch in batches for piece in text_pieces(batch.column(0)))
            return write_raw_lines(lake, filing, pieces, self.rows[filing.key])


@contextmanager
def open_log(
    reading: Reading, *, window: tuple[date, date], today: date, digest: Callable[[str], str]
) -> Iterator[LogRead]:
    """Read a log's files for the days of a window, both bounds included.

    A line that is no JSON, or ends when none can, is filed under the day of the line before it.
    What stands after the last end of line and is no whole record is left for the next night.

    Args:
        reading: What to read, and how.
        window: UTC days.
        today: UTC day of the reading; beyond tomorrow nothing can have ended.
        digest: Keyed digest, for what files are called.

    Raises:
        SourceError: A file is no log at all, or there are too many bad lines.
        LakeError: A file is damaged, or memory or disk do not suffice.
    """

    def name_of(path: Path) -> str:
        return place_of(path, digest)

    with (
        fit_files(reading, name_of) as fit,
        open_workbench(list(fit.values())) as bench,
    ):
        files = [_File(link, path, name_of) for link, path in zip(bench.links, fit, strict=True)]
        yield _read(bench, files, reading, window, today)


class _File(NamedTuple):
    """A file of the log: as the engine reads it, as it is, and what to call it, if need be."""

    link: str
    path: Path
    name_of: Callable[[Path], str]

    @property
    def name(self) -> str:
        return self.name_of(self.path)


def _read(
    bench: Workbench, files: list[_File], reading: Reading, window: tuple[date, date], today: date
) -> LogRead:
    engine = bench.engine
    _stage(engine, reading, files)
    refused: list[Refused] = []
    rescued = Rescued(bench.aside)
    for at in _numbers(engine, "SELECT DISTINCT _file FROM staged WHERE _unread"):
        file = files[at]
        lines = unread_lines(engine, reading, file.path, file.name, today, window[1], rescued)
        _take(reading, lines, refused)
    if rescued.count:
        text = str(rescued.close())
        engine.execute(reading_sql.lines_view(reading, [text], str(reading_sql.RESCUED)))
        engine.execute(f"INSERT INTO staged {reading_sql.staged(reading)}")
    _keep(engine, reading, window, today)
    for at in _numbers(engine, "SELECT DISTINCT _file FROM kept WHERE _file IS NOT NULL"):
        is_rescued = at == reading_sql.RESCUED
        file = _File("", rescued.path, lambda _: "rescued lines") if is_rescued else files[at]
        rows = refused_rows(engine, reading, file.path, file.name, today, window[1])
        _take(reading, map(rescued.placed, rows) if is_rescued else rows, refused)
    _refuse_other_files(engine, reading, files, refused)
    counts = dict(
        engine.execute(
            "SELECT _day, count(*) FROM kept WHERE _day NOT NULL GROUP BY _day"
        ).fetchall()
    )
    days = window_days(*window)
    return LogRead(
        rows={day: counts.get(day, 0) for day in days},
        rejects={day: tuple(one.reject for one in refused if one.day == day) for day in days},
        findings=_tell(engine, reading, window),
        _engine=engine,
        _reading=reading,
    )


def _stage(engine: duckdb.DuckDBPyConnection, reading: Reading, files: list[_File]) -> None:
    """Make the table `staged` of all files.

    Raises:
        SourceError: The engine cannot read one of them; which one, and by what, is told.
    """
    try:
        engine.execute(reading_sql.lines_view(reading, [file.link for file in files]))
        engine.execute(f"CREATE TABLE staged AS {reading_sql.staged(reading)}")
    except (duckdb.IOException, duckdb.InvalidInputException):
        for file in files:
            try:
                engine.execute(reading_sql.lines_view(reading, [file.link]))
                engine.execute(f"SELECT count(*) FROM ({reading_sql.staged(reading)})")  # noqa: S608 ours
            except duckdb.Error as fault:
                # Its message may quote what a line holds.
                kind = type(fault).__name__
                detail = f"{file.name} cannot be read ({kind}); repair it or take it away"
                raise SourceError(reading.source, detail) from None
        raise


def _take(reading: Reading, more: Iterable[Refused], refused: list[Refused]) -> None:
    """Gather refused lines, as long as they are few enough to be a log's.

    Raises:
        SourceError: They are not.
    """
    for one in more:
        refused.append(one)
        if len(refused) > MOST_REJECTS:
            detail = f"{one.reject.place} and others hold more than {MOST_REJECTS} bad lines"
            raise SourceError(reading.source, f"{detail}; correct `paths`")


def _tell(
    engine: duckdb.DuckDBPyConnection, reading: Reading, window: tuple[date, date]
) -> tuple[Finding, ...]:
    if not reading.tallies:
        return ()
    counts = engine.execute(reading_sql.tallied(reading, window)).fetchone() or ()
    return reading.tell(
        {name: int(count or 0) for name, count in zip(reading.tallies, counts, strict=True)}
    )


def _keep(
    engine: duckdb.DuckDBPyConnection, reading: Reading, window: tuple[date, date], today: date
) -> None:
    """Make `kept` of the staged lines."""
    source = "staged"
    if reading.same:
        source = "once"
        for statement in reading_repeats.once(reading):
            engine.execute(statement)
    unasked = [
        lookup.name
        for lookup in reading.lookups
        if not look_up(engine, reading, lookup, reading_sql.asked_of(reading, lookup, source))
    ]
    lines = reading_sql.judged(reading, today, source, unasked=unasked)
    engine.execute(f"CREATE VIEW judged AS {lines}")
    engine.execute(reading_sql.kept(reading, window, has_repeats=False))
    (requests, distinct) = engine.execute(
        "SELECT count(*), count(DISTINCT hash(run_id)) FROM kept WHERE _file IS NULL"
    ).fetchone() or (0, 0)
    if requests == distinct:
        return
    engine.execute("DROP VIEW judged")
    engine.execute(f"CREATE TABLE judged AS {lines}")
    for statement in reading_repeats.best(reading):
        engine.execute(statement)
    engine.execute(reading_sql.kept(reading, window, has_repeats=True))


def _refuse_other_files(
    engine: duckdb.DuckDBPyConnection,
    reading: Reading,
    files: list[_File],
    refused: list[Refused],
) -> None:
    """Refuse a log that is none."""
    bad = Counter(one.reject.place for one in refused)
    places = {file.name: file for file in files} if bad else {}
    for place, count in bad.items():
        if place not in places or not is_mostly_bad(count, 0):
            continue
        engine.execute(reading_sql.lines_view(reading, [places[place].link]))
        # A line of telemetry holds many records, of which one may be bad.
        records_of = f"SELECT count(*) FROM {reading.relation}"  # noqa: S608 ours
        (records,) = engine.execute(records_of).fetchone() or (0,)
        if is_mostly_bad(count, records - count):
            faults = (one.reject for one in refused if one.reject.place == place)
            told = Counter(f"{one.field_path} {one.code}".strip() for one in faults)
            detail = f"{place}: {count} of {records} lines cannot be read, most of them for "
            detail += f"{told.most_common(1)[0][0]}; restore the log, or correct `paths`"
            raise SourceError(reading.source, detail)


def _numbers(engine: duckdb.DuckDBPyConnection, query: str) -> list[int]:
    return sorted(row[0] for row in engine.execute(query).fetchall())
