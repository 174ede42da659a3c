"""The benchmark of a night runs, at a scale that shows nothing about speed."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def test_a_small_month_is_made_and_reconciled() -> None:
    command = [sys.executable, str(_ROOT / "benchmarks" / "reconcile.py")]

    done = subprocess.run(
        [*command, "--quick", "--no-postgres", "--json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    (size,) = json.loads(done.stdout)["sizes"]
    (night,) = size["nights"]
    assert size["scale"]["runs"] == 20_000
    assert night["postings"] > 400
    # An unchanged night reads its memo and aggregates nothing.
    assert night["wall_s"]["attribution"] > 0
    assert "matching and allocation" in night["wall_s"]
    assert "matching and allocation" not in night["again_wall_s"]
