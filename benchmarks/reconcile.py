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
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import create_engine, text

from benchmarks.made_month import write_month
from benchmarks.made_organisation import Scale, write_config
from benchmarks.night_table import factors_of, readable, row_of
from benchmarks.timed_night import Measured, measure_night
from tasks.lake.engine import Limits
from tasks.lake.store import Lake
from tasks.ledger import tables
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
#: A look at whether it works: runs, days and stamped items.
QUICK = (20_000, 3, 200)


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
    process = spawn.Process(target=measure_night, args=(scale, kind, environ, results))
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
                "nights": [row_of(one) for one in measured],
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
    report["factors"] = factors_of(best)
    print(json.dumps(report) if chosen.json else readable(report))


if __name__ == "__main__":
    main()
