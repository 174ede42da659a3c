"""The benchmark of the gate runs, at a scale that shows nothing about speed."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def test_a_few_workflows_are_scored_and_judged() -> None:
    command = [sys.executable, str(_ROOT / "benchmarks" / "scorecards.py"), "--quick", "--json"]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["facts"] == 10_000
    assert sum(report["verdicts"].values()) == 50
    assert set(report["wall_s"]) == {"bare", "score", "judge"}
