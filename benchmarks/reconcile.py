"""How long a night of a large organisation takes, and how much memory, against a bare engine.

    python benchmarks/reconcile.py [--runs 1000000 10000000] [--postgres URL | --no-postgres]
        [--repeats 1] [--quick] [--json]

A month is made (see `made_month.py`), then reconciled through the product's own stage, in a
process of its own; pulls and imports are left out. Then the same night again, unchanged. Beside
it, in the same process, the bare aggregation of the same files: GROUP BY issuer, account, day,
model, stamp with six sums. A ratio of wall times means little on a machine that others use:
processor time stands beside it.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import create_engine, text

from benchmarks.made_month import NIGHT, Scale, write_config, write_month
from tasks.core.plan import Plan
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.ledger.upgrade import upgrade

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
#: A look at whether it works: runs, days and stamped items.
QUICK = (20_000, 3, 200)
#: What the bar is about; the rest of a night (configuration, outcomes, pools) is told apart.
MEASURED = ("attribution", "usage and charges", "matching and allocation", "posting", "memo")


@dataclass
class Taken:
    """Seconds of one night, by part; processor time sums all threads."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def of_bar(self, of: str = "wall_s") -> float:
        """Sum the parts that the bar is about."""
        seconds: dict[str, float] = getattr(self, of)
        return sum(seconds.get(part, 0.0) for part in MEASURED)


@dataclass
class Measured:
    """What one process measured of one month and database."""

    runs: int
    database: str
    first: Taken
    again: Taken
    bare: Taken
    imports_mb: float
    peak_mb: float
    bare_peak_mb: float
    found: dict[str, int]
    load: float


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    # Not `ru_maxrss`: a new process starts with its parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


@contextmanager
def _timed(taken: Taken, part: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), _cpu_s()
    try:
        yield
    finally:
        for seconds, now, before in (
            (taken.wall_s, time.perf_counter(), wall),
            (taken.cpu_s, _cpu_s(), cpu),
        ):
            seconds[part] = seconds.get(part, 0.0) + now - before


def _watch(part: str, of: Any, name: str, taken: Taken) -> Any:  # noqa: ANN401 - any owner, a patch
    """Time every call of a function, wherever the product calls it."""
    inner: Callable[..., Any] = getattr(of, name)

    def timed(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function
        with _timed(taken, part):
            return inner(*args, **named)

    return patch.object(of, name, timed)


def _night(scale: Scale) -> tuple[Taken, Any, dict[str, int]]:
    """Reconcile the month through the stage itself."""
    from tasks import night_inputs, reconcile  # noqa: PLC0415 - imports are not timed
    from tasks.lake.queries import Queries  # noqa: PLC0415

    taken, days = Taken(), scale.dates()
    plan = Plan(days[0], days[-1], NIGHT, is_past=False, orders=())
    cells: dict[str, int] = {}
    counted = Queries.run_cells

    def count(self: Queries, *args: Any) -> Any:  # noqa: ANN401 - as the method
        found = counted(self, *args)
        cells["run cells"] = len(found)
        return found

    watched = (
        ("configuration", reconcile, "load_config"),
        ("attribution", Ledger, "item_stamps"),
        ("attribution", Queries, "run_hints"),
        ("attribution", night_inputs, "resolve"),
        ("attribution", Queries, "run_cells"),
        ("usage and charges", Queries, "usage_cells"),
        ("usage and charges", Queries, "charge_cells"),
        ("logged decisions", Queries, "decisions"),
        ("matching and allocation", reconcile, "reconcile_books"),
        ("posting", Ledger, "posted"),
        ("posting", Ledger, "last_bases"),
        ("posting", reconcile, "_book"),
        ("memo", reconcile, "load_night"),
        ("outcomes", reconcile, "_outcomes"),
        ("pools", reconcile, "_pools"),
    )
    with ExitStack() as stack:
        stack.enter_context(patch.object(Queries, "run_cells", count))
        for part, of, name in watched:
            stack.enter_context(_watch(part, of, name, taken))
        with _timed(taken, "whole night"):
            report = reconcile.reconcile.fn(plan, failures=[], notices=[], dry_run=False)
    return taken, report, cells


def _bare(lake: Lake, ledger: Ledger) -> Taken:
    """Aggregate the runs' files as bare as it gets, with the same engine and limits."""
    sums = ", ".join(f"sum({kind}_tokens)" for kind in TOKEN_KINDS)
    query = (
        f"SELECT issuer, account, day, model, stamp, {sums}, sum(reported_cost_nano)"  # noqa: S608
        " FROM runs GROUP BY issuer, account, day, model, stamp"
    )
    files = ledger.snapshots_as_of(
        ledger.newest_seq(), layer="conformed", which=Which.NEWEST_COMPLETE, table=RUNS.name
    )
    taken = Taken()
    with open_engine(lake.files, files, RUNS, Limits(), {}) as engine, _timed(taken, "whole"):
        engine.execute(query).arrow()
    return taken


def _measure(scale: Scale, kind: str, environ: dict[str, str], results: Any) -> None:  # noqa: ANN401
    """Run in a process of its own, so that its peak is that of one night."""
    os.environ.update(environ)
    import tasks.reconcile  # noqa: F401, PLC0415 - before anything is measured

    imports_mb = _peak_mb()
    load = os.getloadavg()[0]
    lake = Lake.open(environ["GRADUAND_LAKE_DIR"])
    with Ledger.open(environ["GRADUAND_DATABASE_URL"], lake_id=lake.lake_id) as ledger:
        _bare(lake, ledger)  # both find the files in the page cache
        bare = min((_bare(lake, ledger) for _ in range(3)), key=lambda one: one.wall_s["whole"])
    bare_peak_mb = _peak_mb()
    first, report, cells = _night(scale)
    again, repeated, _ = _night(scale)
    if repeated.digest != report.digest or repeated.causes:
        message = "the unchanged night booked something, or found something else"
        raise RuntimeError(message)
    postings = sum(len(lines) + 1 for lines in report.books.desired.values())
    found = {**cells, "postings": postings, "breaks": len(report.breaks)}
    results.put(
        Measured(
            scale.runs, kind, first, again, bare, imports_mb, _peak_mb(), bare_peak_mb, found, load
        )
    )


@contextmanager
def _postgres(url: str) -> Iterator[str]:
    """Make a database of our own, and drop it."""
    name = f"graduand_bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def _make(folder: Path, scale: Scale) -> tuple[dict[str, int], float]:
    started = time.perf_counter()
    write_config(folder / "config", scale)
    upgrade(f"sqlite:///{folder / 'made.db'}")
    lake = Lake.open(str(folder / "lake"))
    with Ledger.open(f"sqlite:///{folder / 'made.db'}", lake_id=lake.lake_id) as ledger:
        distinct = write_month(folder / "config", lake, ledger, scale)
    return distinct, time.perf_counter() - started


def _environ(folder: Path, url: str) -> dict[str, str]:
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "GRADUAND_CONFIG_DIR": str(folder / "config"),
        "GRADUAND_DATABASE_URL": url,
        "GRADUAND_DIGEST_KEY": "the key of a made-up month, long enough",
        "GRADUAND_LAKE_DIR": str(folder / "lake"),
    }


def _in_a_process(scale: Scale, kind: str, environ: dict[str, str]) -> Measured:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    process = spawn.Process(target=_measure, args=(scale, kind, environ, results))
    process.start()
    while process.is_alive() and results.empty():
        process.join(0.2)
    if results.empty():
        message = f"the night of {scale.runs:,} runs on {kind} failed: see above"
        raise RuntimeError(message)
    measured: Measured = results.get()
    process.join()
    return measured


def measure(
    scale: Scale, postgres: str | None, repeats: int
) -> tuple[list[Measured], dict[str, int], float]:
    """Make a month and reconcile it, from the same start each time."""
    with tempfile.TemporaryDirectory(prefix="graduand-bench-") as place:
        folder = Path(place)
        distinct, made_s = _make(folder, scale)
        measured = []
        for _ in range(repeats):
            url = f"sqlite:///{folder / 'ledger.db'}"
            shutil.copy(folder / "made.db", folder / "ledger.db")
            measured.append(_in_a_process(scale, "sqlite", _environ(folder, url)))
            for leftover in folder.glob("ledger.db*"):
                leftover.unlink()
            shutil.rmtree(folder / "lake" / "aggregates", ignore_errors=True)
        if postgres is not None:
            for _ in range(repeats):
                with _postgres(postgres) as url:
                    upgrade(url)
                    _copy_ledger(folder / "made.db", url)
                    measured.append(_in_a_process(scale, "postgresql", _environ(folder, url)))
                shutil.rmtree(folder / "lake" / "aggregates", ignore_errors=True)
    return measured, distinct, made_s


def _copy_ledger(made: Path, url: str) -> None:
    """Copy what the pulls left from the SQLite file: the files are named there already."""
    from tasks.ledger import tables  # noqa: PLC0415

    source, target = create_engine(f"sqlite:///{made}"), create_engine(url)
    with source.connect() as reader, target.begin() as writer:
        for table in tables.metadata.sorted_tables:
            if table.info.get("is_view"):
                continue
            rows = [dict(row) for row in reader.execute(table.select()).mappings()]
            if rows:
                writer.execute(table.insert(), rows)
    source.dispose()
    target.dispose()


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--postgres", default=POSTGRES, help="server to make a database on")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--repeats", type=int, default=1, help="nights of each kind; best counts")
    parser.add_argument("--quick", action="store_true", help="20,000 runs, to see it work")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args()
    quick = Scale(QUICK[0], days=QUICK[1], stamped_items=QUICK[2])
    asked = [Scale(runs, days=chosen.days) for runs in sorted(set(chosen.runs))]
    postgres = None if chosen.no_postgres else chosen.postgres
    report: dict[str, Any] = {"memory_limit": Limits().memory, "sizes": []}
    best: list[Measured] = []
    for scale in [quick] if chosen.quick else asked:
        measured, distinct, made_s = measure(scale, postgres, chosen.repeats)
        report["sizes"].append(
            {
                "scale": asdict(scale),
                "distinct": distinct,
                "made_s": round(made_s, 1),
                "nights": [_row(one) for one in measured],
            }
        )
        kinds = dict.fromkeys(one.database for one in measured)
        best += [
            min(
                (one for one in measured if one.database == kind),
                key=lambda one: one.first.of_bar("cpu_s"),
            )
            for kind in kinds
        ]
    report["factors"] = _factors(best)
    print(json.dumps(report) if chosen.json else _readable(report))


def _row(one: Measured) -> dict[str, Any]:
    first, again = one.first, one.again
    return {
        "runs": one.runs,
        "database": one.database,
        "wall_s": {part: round(seconds, 3) for part, seconds in first.wall_s.items()},
        "cpu_s": {part: round(seconds, 3) for part, seconds in first.cpu_s.items()},
        "again_wall_s": {part: round(seconds, 3) for part, seconds in again.wall_s.items()},
        "again_cpu_s": {part: round(seconds, 3) for part, seconds in again.cpu_s.items()},
        "bare_wall_s": round(one.bare.wall_s["whole"], 3),
        "bare_cpu_s": round(one.bare.cpu_s["whole"], 3),
        "to_bare_wall": round(first.of_bar() / one.bare.wall_s["whole"], 2),
        "to_bare_cpu": round(first.of_bar("cpu_s") / one.bare.cpu_s["whole"], 2),
        "again_percent_wall": round(100 * again.of_bar() / first.of_bar(), 2),
        "again_percent_cpu": round(100 * again.of_bar("cpu_s") / first.of_bar("cpu_s"), 2),
        "imports_mb": round(one.imports_mb),
        "bare_peak_mb": round(one.bare_peak_mb),
        "peak_mb": round(one.peak_mb),
        "load": round(one.load, 1),
        **one.found,
    }


def _factors(best: list[Measured]) -> list[dict[str, Any]]:
    """Compare each size with the next smaller one, database by database."""
    factors = []
    for one in best:
        smaller = [each for each in best if each.database == one.database and each.runs < one.runs]
        if smaller:
            of = max(smaller, key=lambda each: each.runs)
            factors.append(
                {
                    "database": one.database,
                    "runs": [of.runs, one.runs],
                    "wall": round(one.first.of_bar() / of.first.of_bar(), 2),
                    "cpu": round(one.first.of_bar("cpu_s") / of.first.of_bar("cpu_s"), 2),
                }
            )
    return factors


_COUNTS = {
    "peak memory MB": "peak_mb",
    "  of it imports": "imports_mb",
    "run cells": "run cells",
    "postings": "postings",
    "breaks": "breaks",
    "load before": "load",
}


def _readable(report: dict[str, Any]) -> str:
    lines = []
    for size in report["sizes"]:
        scale, nights = size["scale"], size["nights"]
        distinct = ", ".join(f"{count:,} {hint}" for hint, count in size["distinct"].items())
        lines += [
            (
                f"{scale['runs']:,} runs over {scale['days']} days, {scale['workflows']} workflows,"
                f" 4 vendors; made in {size['made_s']:,.0f} s; distinct: {distinct}"
            ),
            "",
            f"{'seconds (processor)':<26}" + "".join(f"{one['database']:>20}" for one in nights),
        ]
        parts = [*MEASURED, "logged decisions", "configuration", "outcomes", "pools", "whole night"]
        lines += [_line(part, nights, "wall_s", "cpu_s", part) for part in parts]
        lines += [
            _line("the same again", nights, "again_wall_s", "again_cpu_s", "whole night"),
            _pair("bare aggregation", nights, "bare_wall_s", "bare_cpu_s"),
            _pair("first five to bare", nights, "to_bare_wall", "to_bare_cpu", "×"),
            _pair("again of the first", nights, "again_percent_wall", "again_percent_cpu", "%"),
        ]
        for name, key in _COUNTS.items():
            values = "".join(f"{one.get(key, 0):>20,}" for one in nights)
            lines.append(f"{name:<26}{values}")
        lines.append("")
    lines += [
        f"{one['database']}: {one['runs'][0]:,} to {one['runs'][1]:,} runs takes"
        f" {one['wall']} times as long ({one['cpu']} times the processor)"
        for one in report["factors"]
    ]
    lines.append(f"DuckDB's memory limit: {report['memory_limit']}")
    return "\n".join(lines)


def _line(name: str, nights: list[dict[str, Any]], wall: str, cpu: str, part: str) -> str:
    cells = (f"{one[wall].get(part, 0):.2f} ({one[cpu].get(part, 0):.2f})" for one in nights)
    return f"{name:<26}" + "".join(f"{cell:>20}" for cell in cells)


def _pair(name: str, nights: list[dict[str, Any]], wall: str, cpu: str, unit: str = "") -> str:
    cells = (f"{one[wall]:.2f}{unit} ({one[cpu]:.2f}{unit})" for one in nights)
    return f"{name:<26}" + "".join(f"{cell:>20}" for cell in cells)


if __name__ == "__main__":
    main()
