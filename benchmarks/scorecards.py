"""How long it takes to judge a thousand workflows on a million work items, against one aggregate.

    python benchmarks/scorecards.py [--workflows 1000] [--items 1000] [--repeats 5] [--quick]
        [--json]

Facts are made (`made_facts.py`) and written as the product writes them. Then, several times over
and each time in a process of its own, which knows no bound yet: one rich aggregate of that Parquet
file by the bare engine (counts, three distinct counts, sums and a median for each workflow), and
the product's own scoring, judging and projecting. The bar is a ratio of 10; processor time stands
beside wall time, because a ratio of wall times means little on a machine that others use.
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
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_facts import Size, made_asking, made_workflows, write_made_facts
from config.shapes.gate import GateRules
from tasks.core.promotion.candidates import contenders_of
from tasks.core.promotion.gate import judge
from tasks.core.promotion.verdict import Verdict
from tasks.lake.engine import Limits, open_engine
from tasks.lake.item_facts import ITEM_FACTS, FactsFile, as_snapshots
from tasks.lake.scorecards import query_scorecards
from tasks.lake.store import Lake

BAR = 10
QUICK = Size(50, 200)
_BARE = """
SELECT
    workflow,
    count(*), count(closed_at), count(cost_nano),
    count(DISTINCT epoch_us(closed_at) // 86400000000),
    count(DISTINCT repository),
    count(DISTINCT squad),
    sum(cost_nano), sum(runs), sum(incidents),
    median(cost_nano)
FROM item_facts
GROUP BY workflow
"""


@dataclass
class Measured:
    """Seconds of one process, wall and processor, by part; and what it found."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    load: float = 0.0
    verdicts: dict[str, int] = field(default_factory=dict)

    def ratio(self, of: str = "wall_s") -> float:
        """Give ours against the bare aggregate beside it."""
        seconds: dict[str, float] = getattr(self, of)
        return (seconds["score"] + seconds["judge"]) / seconds["bare"]


def _timed(measured: Measured, part: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the work
    wall, cpu = time.perf_counter(), _cpu_s()
    found = work()
    measured.wall_s[part] = time.perf_counter() - wall
    measured.cpu_s[part] = _cpu_s() - cpu
    return found


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _bare(lake: Lake, facts: FactsFile) -> None:
    with open_engine(lake.files, as_snapshots(facts), ITEM_FACTS, Limits(), {}) as engine:
        engine.execute(_BARE).fetchall()


def _measure(place: str, facts: FactsFile, size: Size, results: Any) -> None:  # noqa: ANN401 - a queue
    """Measure in a process of its own, so that its peak is not that of making the facts."""
    lake, asked, workflows = Lake.open(place), made_asking(size), made_workflows(size)
    rules, measured = GateRules(), Measured(load=os.getloadavg()[0])

    def judged(cards: dict[str, Any]) -> list[Verdict]:
        contenders = contenders_of(cards.values())
        return [
            judge(
                cards[one.card.workflow],
                cards[one.golden or ""],
                one.terms,
                rules,
                workflows[one.card.workflow],
                (),
                contenders=contenders[one.card.family],
                overdue_actions=0,
            )
            for one in asked
        ]

    _bare(lake, facts)  # the file is in the page cache from here on
    _timed(measured, "bare", lambda: _bare(lake, facts))
    cards = _timed(measured, "score", lambda: query_scorecards(lake.files, facts, asked, Limits()))
    verdicts: list[Verdict] = _timed(measured, "judge", lambda: judged(cards))
    measured.verdicts = dict(Counter(one.kind.value for one in verdicts))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    measured.peak_mb = int(line.split()[1]) / 1024
    results.put(measured)


def measure(size: Size, repeats: int) -> tuple[list[Measured], FactsFile]:
    """Make the facts and measure."""
    with tempfile.TemporaryDirectory(prefix="graduand-bench-") as place:
        facts = write_made_facts(Lake.open(place), size)
        return [_in_a_process(place, facts, size) for _ in range(repeats)], facts


def _in_a_process(place: str, facts: FactsFile, size: Size) -> Measured:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    process = spawn.Process(target=_measure, args=(place, facts, size, results))
    process.start()
    while process.is_alive() and results.empty():
        process.join(0.2)
    if results.empty():
        message = "scoring failed: see above"
        raise RuntimeError(message)
    measured: Measured = results.get()
    process.join()
    return measured


def report_of(measured: list[Measured], facts: FactsFile, size: Size) -> dict[str, Any]:
    """Put the medians of all repeats together; memory is the largest."""

    def median(values: Iterable[float]) -> float:
        return round(statistics.median(values), 3)

    parts = ("bare", "score", "judge")
    return {
        "size": asdict(size),
        "facts": facts.rows,
        "bytes": facts.size_bytes,
        "repeats": len(measured),
        "wall_s": {part: median(one.wall_s[part] for one in measured) for part in parts},
        "cpu_s": {part: median(one.cpu_s[part] for one in measured) for part in parts},
        "ratio": median(one.ratio() for one in measured),
        "cpu_ratio": median(one.ratio("cpu_s") for one in measured),
        "bar": BAR,
        "peak_mb": round(max(one.peak_mb for one in measured)),
        "load": round(measured[0].load, 1),
        "verdicts": measured[0].verdicts,
    }


def _readable(report: dict[str, Any]) -> str:
    names = {"bare": "bare aggregate", "score": "read and score", "judge": "judge and project"}
    size = report["size"]
    lines = [
        f"{size['workflows']:,} workflows, {report['facts']:,} items, {report['repeats']} times",
        "",
        "median seconds (processor)",
    ]
    lines += [
        f"{name:30}{report['wall_s'][part]:8.2f} ({report['cpu_s'][part]:.2f})"
        for part, name in names.items()
    ]
    lines += [
        f"{'ours to bare':30}{report['ratio']:7.1f}\u00d7 ({report['cpu_ratio']:.1f}\u00d7)",
        f"{'bar':30}{report['bar']:7.1f}\u00d7",
        f"{'peak memory MB':30}{report['peak_mb']:8,}",
        f"{'load before':30}{report['load']:8.1f}",
        "",
        f"verdicts: {', '.join(f'{kind} {n}' for kind, n in sorted(report['verdicts'].items()))}",
        f"DuckDB's memory limit: {Limits().memory}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--workflows", type=int, default=1_000)
    parser.add_argument("--items", type=int, default=1_000, help="of each workflow")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="few items, to see it work")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else Size(chosen.workflows, chosen.items)
    measured, facts = measure(size, 1 if chosen.quick else chosen.repeats)
    report = report_of(measured, facts, size)
    print(json.dumps(report) if chosen.json else _readable(report))


if __name__ == "__main__":
    main()
