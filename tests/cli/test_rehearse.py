"""The rehearsal proves something: right books pass, books under another contract do not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def rehearse(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    words = ["rehearse", "--nights", "1", "--scale", "0.05", "--dir", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "GRADUAND_CONFIG_DIR": str(config)},
        timeout=240,
    )


def test_a_night_that_equals_the_oracle_ends_zero(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "rehearsal", ROOT / "config")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every figure of 1 night equals the oracle's" in done.stdout


def test_a_folder_that_no_rehearsal_left_is_not_emptied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    status = main(["rehearse", "--dir", str(tmp_path)])

    assert status == 1
    assert "choose another folder with --dir" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.slow
def test_books_under_another_contract_are_told_figure_by_figure(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    sources = config / "sources.yaml"
    text = sources.read_text()
    assert text.count('"0.90"') == 1
    sources.write_text(text.replace('"0.90"', '"0.80"'))

    done = rehearse(tmp_path / "rehearsal", config)

    assert done.returncode == 1
    assert "figures differ from the oracle's" in done.stderr
    assert "break price_or_volume" in done.stderr
