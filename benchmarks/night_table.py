"""Lay out what nights took: as rows for JSON, and as a table for people."""

from typing import Any

from benchmarks.timed_night import MEASURED, WHOLE, Measured


def row_of(one: Measured) -> dict[str, Any]:
    """Give the figures of one night; ratios are to the bare aggregation and to the first night."""
    first, again = one.first, one.again
    return {
        "runs": one.runs,
        "database": one.database,
        "wall_s": {part: round(seconds, 3) for part, seconds in first.wall_s.items()},
        "cpu_s": {part: round(seconds, 3) for part, seconds in first.cpu_s.items()},
        "again_wall_s": {part: round(seconds, 3) for part, seconds in again.wall_s.items()},
        "again_cpu_s": {part: round(seconds, 3) for part, seconds in again.cpu_s.items()},
        "bare_wall_s": round(one.bare.whole_s(), 3),
        "bare_cpu_s": round(one.bare.whole_s("cpu_s"), 3),
        "to_bare_wall": round(first.of_bar() / one.bare.whole_s(), 2),
        "to_bare_cpu": round(first.of_bar("cpu_s") / one.bare.whole_s("cpu_s"), 2),
        "again_percent_wall": round(100 * again.whole_s() / first.whole_s(), 2),
        "again_percent_cpu": round(100 * again.whole_s("cpu_s") / first.whole_s("cpu_s"), 2),
        "imports_mb": round(one.imports_mb),
        "bare_peak_mb": round(one.bare_peak_mb),
        "peak_mb": round(one.peak_mb),
        "load": round(one.load, 1),
        **one.found,
    }


def factors_of(best: list[Measured]) -> list[dict[str, Any]]:
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
                    "whole_wall": round(one.first.whole_s() / of.first.whole_s(), 2),
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


def readable(report: dict[str, Any]) -> str:
    """Give the table."""
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
        parts = [*MEASURED, "logged decisions", "configuration", "outcomes", "pools", WHOLE]
        lines += [_line(part, nights, "wall_s", "cpu_s", part) for part in parts]
        lines += [
            _line("the same again", nights, "again_wall_s", "again_cpu_s", WHOLE),
            _pair("bare aggregation", nights, "bare_wall_s", "bare_cpu_s"),
            _pair("first five to bare", nights, "to_bare_wall", "to_bare_cpu", "×"),
            _pair("again of the whole", nights, "again_percent_wall", "again_percent_cpu", "%"),
        ]
        for name, key in _COUNTS.items():
            values = "".join(f"{one.get(key, 0):>20,}" for one in nights)
            lines.append(f"{name:<26}{values}")
        lines.append("")
    lines += [
        f"{one['database']}: {one['runs'][0]:,} to {one['runs'][1]:,} runs: the first five take"
        f" {one['wall']} times as long ({one['cpu']} times the processor), the whole night"
        f" {one['whole_wall']} times"
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
