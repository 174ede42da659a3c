"""ccusage, the pinned public peer: installed with npm, run offline over a folder of transcripts."""

import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from shutil import which

VERSION = "20.0.24"
_KINDS = {
    "input": "inputTokens",
    "cache_read": "cacheReadTokens",
    "cache_write": "cacheCreationTokens",
    "output": "outputTokens",
}


@dataclass(frozen=True)
class PeerFigures:
    """What it says of a folder.

    Attributes:
        tokens: It tells cache writes as one.
        days: Output by day.
    """

    wall_s: float
    cpu_s: float
    tokens: Mapping[str, int]
    usd: Decimal
    days: Mapping[str, int]


def install(folder: Path) -> Path:
    """Install the pinned version below a folder; what is there already is taken.

    Returns:
        The program.
    """
    program = folder / "node_modules" / ".bin" / "ccusage"
    if not program.exists():
        npm = which("npm")
        if npm is None:
            message = "npm is not installed: it brings the peer, ccusage"
            raise RuntimeError(message)
        words = [npm, "install", "--include=optional", "--no-audit", "--no-fund", "--prefix"]
        subprocess.run([*words, str(folder), f"ccusage@{VERSION}"], check=True, capture_output=True)
    return program


def run(program: Path, folder: Path) -> PeerFigures:
    """Have it tell days, tokens and dollars of the transcripts below a folder, in UTC."""
    environment = os.environ | {"CLAUDE_CONFIG_DIR": str(folder), "NO_COLOR": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    words = [str(program), "claude", "daily", "--json", "--offline", "--timezone", "UTC"]
    told = subprocess.run(words, check=True, capture_output=True, env=environment)
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = json.loads(told.stdout, parse_float=Decimal)
    if isinstance(figures, list):  # so it tells that there is nothing
        figures = {"daily": [], "totals": {}}
    totals = figures["totals"]
    return PeerFigures(
        wall_s=wall_s,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        tokens={kind: int(totals.get(name, 0)) for kind, name in _KINDS.items()},
        usd=Decimal(totals.get("totalCost", 0)),
        days={day["date"]: int(day["outputTokens"]) for day in figures["daily"]},
    )
