import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from sandbox.__main__ import main
from sandbox.estate.vendors import FURTHER


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_everything_is_and_stops_when_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--dir", str(tmp_path), "--scale", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with urlopen(f"{said['origin']}/_sandbox/", timeout=5) as response:
            answered = json.load(response)
        process.send_signal(number)
        code = process.wait(timeout=10)

    assert code == 0
    assert answered == said
    assert set(said["base_urls"]) == {"github", "jira", "anthropic", "openai", *FURTHER}
    assert list(Path(said["agent_logs"]).glob("*.ndjson"))
    assert [path.name for path in sorted((tmp_path / "truth").iterdir())] == [
        "2026-11-18.json",
        "2026-11-19.json",
        "2026-11-20.json",
    ]


def test_truth_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["truth", "--scale", "0.05", "--now", "2026-11-19T04:00:00Z"])

    said = json.loads(capsys.readouterr().out)
    assert code == 0
    assert said["night"] == "2026-11-19T04:00:00Z"


def test_a_moment_without_a_zone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["truth", "--now", "2026-11-19T04:00:00"])

    assert "--now" in capsys.readouterr().err
