"""The benchmark of events runs and is exact, at a scale that shows nothing about speed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_small_log_comes_to_what_it_was_made_with(tmp_path: Path) -> None:
    command = [sys.executable, str(_ROOT / "benchmarks" / "events.py"), "--json"]
    command += ["--events", "3000", "--repeats", "1", "--folder", str(tmp_path)]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["is_exact"]
    assert report["made"]["requests"] == 3_000
    assert set(report["ours_s"]) == {"read", "type, check and write"}
