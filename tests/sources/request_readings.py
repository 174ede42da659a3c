"""Logs of requests in files: read as the night reads them, into raw files and back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tasks.core.batches import RawRow, Reject, Stream, StreamKind
from tasks.core.digests import keyed_digest
from tasks.core.findings import Finding
from tasks.core.reading import Reading
from tasks.lake.bulk_files import Filing
from tasks.lake.reading import open_log
from tasks.lake.store import Lake

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
WINDOW = (date(2026, 11, 16), date(2026, 11, 19))
DIGEST = keyed_digest("a key for tests only, 32 characters or more")
_RUNS = Stream("runs", StreamKind.REPORT, "runs")


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a log."""

    rows: list[RawRow]
    rejects: list[Reject]
    findings: tuple[Finding, ...]

    @property
    def by_run(self) -> dict[str, RawRow]:
        """Rows by run id."""
        return {str(row["run_id"]): row for row in self.rows}

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """(field, code) of everything refused, by place."""
        return [(one.field_path, one.code) for one in self.rejects]


def read(reading: Reading, folder: Path, window: tuple[date, date] = WINDOW) -> Read:
    """Read a log into a lake in a folder, and its rows from there."""
    lake = Lake.open(str(folder / "lake"))
    rows: list[RawRow] = []
    rejects: list[Reject] = []
    with open_log(reading, window=window, today=NOW.date(), digest=DIGEST) as log:
        for day in log.rows:
            filing = Filing(reading.source, _RUNS.name, day, is_complete=True, recorded_at=NOW)
            snapshot = log.write(lake, filing)
            rows += lake.read_raw(snapshot, _RUNS)
            rejects += log.rejects[day]
    return Read(rows, sorted(rejects, key=lambda one: (one.place, one.position)), log.findings)


def write_lines(path: Path, lines: Iterable[object], end: bytes = b"\n") -> None:
    """Write lines; one may be bytes already."""
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(texts) + end)
