"""How long it takes to conform a gateway's log, against reading its JSON and writing it again.

    python benchmarks/events.py [--events 1000000] [--repeats 3] [--folder DIR] [--quick] [--json]

The log is made once (`made_events.py`) and stands on disk. Then, several times over and each in a
process of its own: DuckDB reads the files as JSON and writes their rows to one file of JSON; and
the product reads the same files into raw files by day, types them as runs, checks them by counts,
and writes Parquet. The product's figures must be those that the log was made with. The bar is a
ratio of 3 with at most a gigabyte of memory, at ten million events.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_events import FIRST_DAY, LAST_DAY, MadeLog, Spent, make_log
from config.shapes.sources import Issuer, LitellmFileSource
from tasks.core.books import Snapshot
from tasks.core.digests import keyed_digest
from tasks.core.people import Door
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.ledger.upgrade import upgrade
from tasks.set_wise import conform_log, pull_log
from tasks.sources import litellm_file

BAR = 3
BAR_MB = 1024
QUICK = 100_000
_NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
_ISSUERS = {name: Issuer(id=name) for name in ("anthropic", "openai")}
_SPENT = """
SELECT count(*), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens),
    sum(reported_cost_nano)
FROM read_parquet(?)
"""


@dataclass
class Measured:
    """Seconds of one process, wall and processor, by part; its memory, and what it found."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    bytes_written: int = 0
    spent: Spent | None = None

    @property
    def total_s(self) -> float:
        """Wall time of all parts."""
        return sum(self.wall_s.values())


def _timed(measured: Measured, part: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the work
    started = time.perf_counter()
    found = work()
    measured.wall_s[part] = time.perf_counter() - started
    return found


def _bare(paths: tuple[Path, ...], folder: Path) -> Measured:
    measured = Measured()
    target = folder / "again.ndjson"
    engine = duckdb.connect()
    engine.execute("SET enable_progress_bar = false")
    copy = f"COPY (FROM read_json({[str(path) for path in paths]})) TO '{target}' (FORMAT json)"
    _timed(measured, "read and write", lambda: engine.execute(copy))
    measured.bytes_written = target.stat().st_size
    return measured


def _ours(paths: tuple[Path, ...], folder: Path) -> Measured:
    measured = Measured()
    config = LitellmFileSource.model_validate(
        {
            "name": "gateway",
            "type": "litellm_file",
            "paths": [str(path) for path in paths],
            "default_accounts": {"anthropic": "main", "openai": "proj"},
        }
    )
    pseudonym = keyed_digest("a key for benchmarks only, 32 characters")
    lake, stream = Lake.open(str(folder / "lake")), litellm_file.RUNS
    upgrade(url := f"sqlite:///{folder / 'made.db'}")
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:

        def pull() -> object:
            return pull_log(
                lake,
                ledger,
                litellm_file.reading(config, Door(pseudonym)),
                stream,
                (FIRST_DAY, LAST_DAY),
                _NOW,
                0,
                pseudonym,
                from_scratch=False,
            )

        def snapshots(layer: str) -> list[Snapshot]:
            return ledger.snapshots_as_of(
                ledger.newest_seq(), layer=layer, which=Which.NEWEST_COMPLETE, source=config.name
            )

        def conform() -> object:
            raw, basis = snapshots("raw"), ledger.newest_seq()
            version = litellm_file.PARSER
            return conform_log(lake, ledger, raw, stream, config, _ISSUERS, version, _NOW, basis)

        _timed(measured, "read", pull)
        _timed(measured, "type, check and write", conform)
        parquet = [folder / "lake" / one.path for one in snapshots("conformed")]
    measured.bytes_written = sum(path.stat().st_size for path in parquet)
    found = duckdb.connect().execute(_SPENT, [[str(path) for path in parquet]]).fetchone() or ()
    measured.spent = Spent(*map(int, found))
    return measured


def _measure(work: Callable[..., Measured], paths: tuple[Path, ...], results: Any) -> None:  # noqa: ANN401 - a queue
    with tempfile.TemporaryDirectory(prefix="graduand-bench-", dir=paths[0].parent) as folder:
        measured = work(paths, Path(folder))
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured.cpu_s = used.ru_utime + used.ru_stime
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    measured.peak_mb = int(line.split()[1]) / 1024
    results.put(measured)


def _in_a_process(work: Callable[..., Measured], paths: tuple[Path, ...]) -> Measured:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    process = spawn.Process(target=_measure, args=(work, paths, results))
    process.start()
    while process.is_alive() and results.empty():
        process.join(0.2)
    if results.empty():
        message = "a measured process failed: see above"
        raise RuntimeError(message)
    measured: Measured = results.get()
    process.join()
    return measured


def report_of(log: MadeLog, bare: list[Measured], ours: list[Measured]) -> dict[str, Any]:
    """Put the medians of all repeats together; memory is the largest."""

    def median(values: list[float]) -> float:
        return round(statistics.median(values), 3)

    return {
        "events": log.spent.requests,
        "bytes": log.size_bytes,
        "repeats": len(ours),
        "bare_s": median([one.total_s for one in bare]),
        "ours_s": {part: median([one.wall_s[part] for one in ours]) for part in ours[0].wall_s},
        "total_s": median([one.total_s for one in ours]),
        "cpu_s": {
            "bare": median([one.cpu_s for one in bare]),
            "ours": median([one.cpu_s for one in ours]),
        },
        "ratio": median([one.total_s / by.total_s for one, by in zip(ours, bare, strict=True)]),
        "bar": BAR,
        "peak_mb": round(max(one.peak_mb for one in ours)),
        "bare_peak_mb": round(max(one.peak_mb for one in bare)),
        "bar_mb": BAR_MB,
        "parquet_bytes": ours[0].bytes_written,
        "made": asdict(log.spent),
        "is_exact": all(one.spent == log.spent for one in ours),
        "load": round(os.getloadavg()[0], 1),
    }


def _readable(report: dict[str, Any]) -> str:
    lines = [
        f"{report['events']:,} events, {report['bytes'] / 1e6:,.0f} MB, {report['repeats']} times",
        "",
        "median seconds",
        f"{'DuckDB reads and writes JSON':34}{report['bare_s']:9.1f}",
    ]
    lines += [f"{'  ' + part:34}{seconds:9.1f}" for part, seconds in report["ours_s"].items()]
    lines += [
        f"{'ours':34}{report['total_s']:9.1f}",
        f"{'ours to bare':34}{report['ratio']:8.2f}\u00d7",
        f"{'bar':34}{report['bar']:8.2f}\u00d7",
        f"{'peak memory MB (DuckDB bare)':34}{report['peak_mb']:9,} ({report['bare_peak_mb']:,})",
        f"{'bar':34}{report['bar_mb']:9,}",
        f"{'Parquet MB':34}{report['parquet_bytes'] / 1e6:9,.0f}",
        f"{'load after':34}{report['load']:9.1f}",
        "",
        f"tokens and dollars are {'exact' if report['is_exact'] else 'NOT EXACT'}",
    ]
    return "\n".join(lines)


def measure(folder: Path, events: int, repeats: int) -> dict[str, Any]:
    """Make the log and measure."""
    log = make_log(folder, events)
    pairs = [
        (_in_a_process(_bare, log.paths), _in_a_process(_ours, log.paths)) for _ in range(repeats)
    ]
    return report_of(log, [bare for bare, _ in pairs], [ours for _, ours in pairs])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", help="where the log is made; ten times a million is 8 GB")
    parser.add_argument("--quick", action="store_true", help="few events, to see it work")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args()
    events, repeats = (QUICK, 1) if chosen.quick else (chosen.events, chosen.repeats)
    with tempfile.TemporaryDirectory(prefix="graduand-bench-", dir=chosen.folder) as folder:
        report = measure(Path(folder), events, repeats)
    print(json.dumps(report) if chosen.json else _readable(report))
    if not report["is_exact"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
