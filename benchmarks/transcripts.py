"""How long it takes to read local transcripts into exact tokens and dollars, against ccusage.

    python benchmarks/transcripts.py [--lines 300000] [--repeats 5] [--peer DIR] [--folder DIR]
        [--quick] [--traps] [--json]

The transcripts are made once (`made_transcripts.py`), with the truth. Then, several times over,
turn by turn: the peer over the folder; and the product, in a process of its own that has imported
what it needs, first as far as the peer goes (every file read, each request once, tokens by day and
model at the price card), then on to what the night keeps of it (raw files, typed and checked runs,
priced run cells). Both must be exact. The bar is half of the peer's wall time for what both do.
`--traps` prints what both make of each trap instead (`transcript_traps.py`).
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
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import peer_ccusage
from benchmarks.made_transcripts import KINDS, Truth, write_transcripts
from benchmarks.transcript_traps import traps
from config.shapes.base import Pool
from config.shapes.sources import ClaudeCodeLogSource, Issuer
from tasks.checks import engine as _checks_engine  # noqa: F401  # imported here, not while timed
from tasks.checks.counts import held_batches
from tasks.core.cells import Resolutions
from tasks.core.digests import keyed_digest
from tasks.core.models import canonical_model
from tasks.core.people import Door
from tasks.core.prices import RUN_CONTEXT, RUN_TIER, Priced, compile_card
from tasks.core.tables import RUNS
from tasks.lake.bulk import Spelling, open_typed
from tasks.lake.bulk_files import Filing
from tasks.lake.engine import Limits
from tasks.lake.reading import LogRead, open_log
from tasks.lake.run_cells import RunLog, query_run_cells
from tasks.lake.store import Lake
from tasks.sources import claude_code_log

BAR = 0.5
QUICK = 20_000
WINDOW = (date(2026, 9, 30), date(2026, 11, 1))
_NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
_ISSUERS = [Issuer(id="anthropic", price_provider="anthropic")]
_DIGEST = keyed_digest("a key for benchmarks only, 32 characters")
_NANO = 1_000_000_000
_Sums = Iterable[tuple[date, str, str, tuple[int, ...]]]


@dataclass
class Measured:
    """What one process of ours found, and in what time.

    Attributes:
        usd: At the price card; models without a price are no part of it.
        unpriced: Tokens without a price.
    """

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    tokens: dict[str, int] = field(default_factory=dict)
    usd: dict[str, Decimal] = field(default_factory=dict)
    unpriced: int = 0
    days: dict[str, int] = field(default_factory=dict)
    rejects: int = 0

    def clock(self, part: str, since: tuple[float, float]) -> tuple[float, float]:
        """Note what a part took."""
        now = time.perf_counter(), time.process_time()
        self.wall_s[part] = now[0] - since[0]
        self.cpu_s[part] = now[1] - since[1]
        return now


def priced(sums: _Sums) -> tuple[dict[str, int], Decimal, int]:
    """Price tokens by day, issuer and model: tokens by kind, dollars, tokens without a price."""
    rows = [(day, issuer, canonical_model(model), tokens) for day, issuer, model, tokens in sums]
    card = compile_card(
        _ISSUERS,
        {Priced(issuer, model, RUN_TIER, RUN_CONTEXT, day) for day, issuer, model, _ in rows},
    )
    tokens_by_kind = dict.fromkeys(KINDS, 0)
    nano = unpriced = 0
    for day, issuer, model, tokens in rows:
        for kind, count, rate in zip(
            KINDS, tokens, card.run_rates(issuer, model, day), strict=True
        ):
            tokens_by_kind[kind] += count
            if rate is None:
                unpriced += count
            else:
                nano += rate.value(count)
    return tokens_by_kind, Decimal(nano) / _NANO, unpriced


def measure_ours(folder: Path) -> Measured:
    """Read the transcripts below a folder, price them, and keep them as a night does."""
    measured = Measured()
    config = ClaudeCodeLogSource(
        name="transcripts",
        type="claude_code_log",
        paths=(f"{folder}/projects/**/*.jsonl",),
        default_accounts={"anthropic": "main"},
    )
    with tempfile.TemporaryDirectory(prefix="graduand-bench-") as place:
        lake = Lake.open(f"{place}/lake")
        clock = time.perf_counter(), time.process_time()
        reading = claude_code_log.reading(config, Door(_DIGEST))
        with open_log(reading, window=WINDOW, today=_NOW.date(), digest=_DIGEST) as log:
            sums = log.tokens()
            measured.tokens, measured.usd["read"], measured.unpriced = priced(sums)
            clock = measured.clock("read and price", clock)
            for day, _, _, tokens in sums:
                measured.days[day.isoformat()] = (
                    measured.days.get(day.isoformat(), 0) + tokens[KINDS.index("output")]
                )
            measured.rejects = sum(map(len, log.rejects.values()))
            measured.usd["kept"] = _keep(lake, log)
        measured.clock("keep", clock)
    return measured


def _keep(lake: Lake, log: LogRead) -> Decimal:
    """Write raw files, type and check them, and price the cells of the runs."""
    raw = [
        log.write(lake, Filing("transcripts", "runs", day, is_complete=True, recorded_at=_NOW))
        for day, rows in log.rows.items()
        if rows
    ]
    spelling = Spelling("transcripts", canonical_model, {"anthropic": 0}, {"anthropic": "main"})
    with open_typed(lake, raw, spelling) as typed:
        held = held_batches(RUNS, "transcripts", typed.counts)
        written = [
            typed.write(lake, "runs", one.key, claude_code_log.PARSER, one, _NOW)
            for one in raw
            if one.key not in held
        ]
    nothing = Resolutions((), (), (), Pool.EXPLORATION)
    logs = [RunLog(one, 100) for one in written]
    cells = query_run_cells(lake.files, logs, nothing, Limits()) if logs else []
    return priced(
        (cell.day, cell.issuer, cell.model, tuple(kind.tokens for kind in cell.tokens))
        for cell in cells
    )[1]


def _child(folder: Path, results: Any) -> None:  # noqa: ANN401 - a queue
    measured = measure_ours(folder)
    measured.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.put(measured)


def _ours(folder: Path) -> Measured:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    process = spawn.Process(target=_child, args=(folder, results))
    process.start()
    while process.is_alive() and results.empty():
        process.join(0.2)
    if results.empty():
        message = "a measured process failed: see above"
        raise RuntimeError(message)
    measured: Measured = results.get()
    process.join()
    return measured


def report_of(
    truth: Truth, ours: list[Measured], theirs: list[peer_ccusage.PeerFigures]
) -> dict[str, Any]:
    """Put the medians of all repeats together, and hold the figures against the truth."""

    def median(values: Iterable[float]) -> float:
        return round(statistics.median(values), 3)

    peer = theirs[0]
    peer_truth = {
        "input": truth.tokens["input"],
        "cache_read": truth.tokens["cache_read"],
        "cache_write": truth.tokens["cache_write_5m"] + truth.tokens["cache_write_1h"],
        "output": truth.tokens["output"],
    }
    return {
        "lines": truth.lines,
        "bytes": truth.size_bytes,
        "responses": truth.responses,
        "repeats": len(ours),
        "peer": f"ccusage {peer_ccusage.VERSION}",
        "peer_s": median(one.wall_s for one in theirs),
        "peer_cpu_s": median(one.cpu_s for one in theirs),
        "ours_s": {part: median(one.wall_s[part] for one in ours) for part in ours[0].wall_s},
        "ours_cpu_s": {part: median(one.cpu_s[part] for one in ours) for part in ours[0].cpu_s},
        "ratio": median(
            one.wall_s["read and price"] / by.wall_s for one, by in zip(ours, theirs, strict=True)
        ),
        "ratio_kept": median(
            sum(one.wall_s.values()) / by.wall_s for one, by in zip(ours, theirs, strict=True)
        ),
        "bar": BAR,
        "peak_mb": round(max(one.peak_mb for one in ours)),
        "usd": str(truth.usd),
        "peer_usd": str(peer.usd),
        "is_exact": all(
            one.tokens == truth.tokens and set(one.usd.values()) == {truth.usd} for one in ours
        ),
        "is_peer_exact": dict(peer.tokens) == peer_truth and abs(peer.usd - truth.usd) < 1,
        "load": round(os.getloadavg()[0], 1),
    }


def _readable(report: dict[str, Any]) -> str:
    peer = report["peer"]
    size = f"{report['lines']:,} lines, {report['bytes'] / 1e6:,.0f} MB"
    lines = [
        f"{size}, {report['responses']:,} responses, {report['repeats']} times",
        "",
        "median seconds (processor)",
        f"{peer:34}{report['peer_s']:9.2f} ({report['peer_cpu_s']:.2f})",
    ]
    lines += [
        f"{'ours, ' + part:34}{seconds:9.2f} ({report['ours_cpu_s'][part]:.2f})"
        for part, seconds in report["ours_s"].items()
    ]
    lines += [
        f"{'ours to ' + peer:34}{report['ratio']:8.2f}\u00d7",
        f"{'bar':34}{report['bar']:8.2f}\u00d7",
        f"{'with all that a night keeps':34}{report['ratio_kept']:8.2f}\u00d7",
        f"{'peak memory MB':34}{report['peak_mb']:9,}",
        f"{'load after':34}{report['load']:9.1f}",
        "",
        f"ours is {'exact' if report['is_exact'] else 'NOT EXACT'}: ${report['usd']}",
        f"{peer} says ${Decimal(report['peer_usd']):.4f}",
    ]
    return "\n".join(lines)


def trap_table(program: Path) -> list[dict[str, Any]]:
    """Have both read each trap."""
    table = []
    for trap in traps():
        with tempfile.TemporaryDirectory(prefix="graduand-bench-") as place:
            trap.write(Path(place))
            truth, ours = trap.truth(), measure_ours(Path(place))
            peer = peer_ccusage.run(program, Path(place))
        table.append(
            {
                "trap": trap.name,
                "tokens": sum(truth.tokens.values()),
                "usd": str(truth.usd.normalize()),
                "ours": sum(ours.tokens.values()),
                "ours_usd": str(ours.usd["kept"].normalize()),
                "ours_unpriced": ours.unpriced,
                "is_exact": ours.tokens == truth.tokens
                and ours.usd["kept"] == truth.usd
                and ours.days == trap.days(),
                "peer": sum(peer.tokens.values()),
                "peer_usd": str(peer.usd),
            }
        )
    return table


def _readable_traps(table: list[dict[str, Any]]) -> str:
    head = (
        f"{'trap':20}{'tokens':>10}{'ours':>10}{'ccusage':>10}{'$':>12}{'ours':>12}{'ccusage':>12}"
    )
    return "\n".join(
        [
            f"{head}{'ccusage':>12}",
            *(
                f"{row['trap']:20}{row['tokens']:10,}{row['ours']:10,}{row['peer']:10,}"
                f"{Decimal(row['usd']):12.6f}{Decimal(row['ours_usd']):12.6f}"
                f"{Decimal(row['peer_usd']):12.6f}"
                + ("" if row["is_exact"] else "  NOT EXACT")
                + (f"  {row['ours_unpriced']:,} unpriced, told" if row["ours_unpriced"] else "")
                for row in table
            ),
        ]
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer", help="folder with, or for, the installed peer")
    parser.add_argument("--folder", help="where the transcripts are made")
    parser.add_argument("--quick", action="store_true", help="few lines, to see it work")
    parser.add_argument("--traps", action="store_true", help="what both make of each trap")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args()
    lines, repeats = (QUICK, 1) if chosen.quick else (chosen.lines, chosen.repeats)
    with tempfile.TemporaryDirectory(prefix="graduand-bench-", dir=chosen.folder) as place:
        program = peer_ccusage.install(Path(chosen.peer) if chosen.peer else Path(place) / "peer")
        if chosen.traps:
            table = trap_table(program)
            print(json.dumps(table) if chosen.json else _readable_traps(table))
            sys.exit(0 if all(row["is_exact"] for row in table) else 1)
        truth = write_transcripts(folder := Path(place) / "made", lines)
        with suppress(OSError):
            os.sync()
        pairs = [(peer_ccusage.run(program, folder), _ours(folder)) for _ in range(repeats)]
    report = report_of(truth, [ours for _, ours in pairs], [peer for peer, _ in pairs])
    print(json.dumps(report) if chosen.json else _readable(report))
    if not report["is_exact"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
