"""The command line: clear words for wrong requests, and exit statuses that scripts can trust."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from config.load import load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADUAND_WORK_DIR", str(tmp_path))
    monkeypatch.setenv("GRADUAND_CONFIG_DIR", str(ROOT / "config"))
    (tmp_path / "var").mkdir()
    return tmp_path


def test_check_names_what_is_missing_and_what_to_do(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 1

    told = capsys.readouterr().out
    config = load_config(ROOT / "config")
    workflows, sources = len(config.catalog.workflows), len(config.sources.sources)
    assert f"✓ configuration {workflows} workflows, {sources} sources" in told
    assert "set GRADUAND_SECRET_ANTHROPIC_ADMIN_KEY" in told
    assert "run `graduand migrate`" in told
    assert workplace.exists()


def test_check_stops_at_settings_that_cannot_be_read(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GRADUAND_DIGEST_KEY")

    assert main(["check"]) == 1

    told = capsys.readouterr().out
    assert not list(workplace.glob("var/*"))
    assert told.count("✗") == 1
    assert "GRADUAND_DIGEST_KEY" in told


def test_migrate_makes_a_ledger_that_check_accepts(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    main(["check"])

    assert "✓ ledger        0 entries" in capsys.readouterr().out
    assert (workplace / "var" / "ledger.db").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "2026-11-02"], "give both --from and --to"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "put the earlier day first"),
        (["--from", "2020-01-01", "--to", "2026-11-01"], "at most 366"),
        (["--from", "0001-01-01", "--to", "0001-01-02"], "no vendor billed before 2020"),
        (["--from", "2999-01-01", "--to", "2999-01-02"], "nothing can be billed yet"),
        (["--as-of", "2026-11-20T04:00"], "names no time zone"),
        (["--as-of", "2999-11-20T04:00Z"], "has not come yet"),
        (["--source", "nope"], "unknown sources ['nope']"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_in_a_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["run", *words]) == 2

    error = capsys.readouterr().err
    assert told in error
    assert "\n" not in error.strip()
    assert workplace.exists()


def test_a_night_without_a_ledger_is_refused_in_a_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run"]) == 1

    error = capsys.readouterr().err
    assert "run `graduand migrate`" in error
    assert "\n" not in error.strip()
    assert workplace.exists()


def test_a_place_that_takes_no_files_is_told_in_a_sentence(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "var").rmdir()
    (workplace / "var").write_text("a file")
    monkeypatch.setenv("GRADUAND_WORK_DIR", str(workplace))

    assert main(["migrate"]) == 1

    error = capsys.readouterr().err
    assert str(workplace / "var") in error
    assert "\n" not in error.strip()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "--from", "yesterday"], "must be a day such as 2026-11-20, not 'yesterday'"),
        (["run", "--as-of", "noon"], "must be a moment such as 2026-11-20T04:00:00Z, not 'noon'"),
        (["adopt", "--days", "a month"], "must be 1 to 366, not 'a month'"),
        (["adopt", "--days", "9" * 5000], "must be 1 to 366"),
        (["rehearse", "--scale", "big"], "must be above 0 and at most 100.0, not 'big'"),
    ],
)
def test_a_word_that_is_none_is_refused_with_an_example(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_terminal_without_our_signs_gets_others(workplace: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "check", "--offline"],
        env={**os.environ, "GRADUAND_WORK_DIR": str(workplace), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 1
    assert b"  + settings " in ended.stdout
    assert b"  x ledger " in ended.stdout
    assert b"Traceback" not in ended.stderr


def test_a_reader_that_has_seen_enough_ends_a_command_in_silence(workplace: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "cli.main", "check", "--offline"],
            env={**os.environ, "GRADUAND_WORK_DIR": str(workplace)},
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)

    assert (ended.returncode, ended.stderr) == (141, b"")
