"""Time one night through the product's own stage, by part, beside a bare aggregation.

Everything here runs in the process whose memory is measured.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.made_organisation import NIGHT, Scale
from tasks.core.plan import Plan
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which

#: What the bar is about; the rest of a night (configuration, outcomes, pools) is told apart.
#: All of a night, or of the bare aggregation.
WHOLE = "whole night"
MEASURED = ("attribution", "usage and charges", "matching and allocation", "posting", "memo")


@dataclass
class Taken:
    """Seconds of one night, by part; processor time sums all threads."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def whole_s(self, of: str = "wall_s") -> float:
        """Give the whole night, with what the bar is not about."""
        return float(getattr(self, of)[WHOLE])

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
        with _timed(taken, WHOLE):
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
    with open_engine(lake.files, files, RUNS, Limits(), {}) as engine, _timed(taken, WHOLE):
        engine.execute(query).arrow()
    return taken


def measure_night(scale: Scale, kind: str, environ: dict[str, str], results: Any) -> None:  # noqa: ANN401 - a queue
    """Measure in a process of its own, so that its peak is that of one night.

    Args:
        scale: Of the month that `environ` names.
        kind: Of the database.
        environ: Settings.
        results: Queue that takes a `Measured`.
    """
    os.environ.update(environ)
    import tasks.reconcile  # noqa: F401, PLC0415 - before anything is measured

    imports_mb = _peak_mb()
    load = os.getloadavg()[0]
    lake = Lake.open(environ["GRADUAND_LAKE_DIR"])
    with Ledger.open(environ["GRADUAND_DATABASE_URL"], lake_id=lake.lake_id) as ledger:
        _bare(lake, ledger)  # both find the files in the page cache
        bare = min((_bare(lake, ledger) for _ in range(3)), key=lambda one: one.whole_s())
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
