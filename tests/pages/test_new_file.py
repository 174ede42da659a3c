"""Files are written whole or not at all, and never over another one unasked."""

import os
from pathlib import Path

import pytest

from tasks.core.exports.billed_lines import ExportError
from tasks.pages.new_file import write_file


def test_a_file_appears_with_the_folders_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "file.csv"

    write_file(path, b"all of it", replaces=False)

    assert path.read_bytes() == b"all of it"
    assert list(path.parent.iterdir()) == [path]


def test_another_file_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"older")

    with pytest.raises(ExportError, match="exists: move it away, or replace it with --force"):
        write_file(path, b"newer", replaces=False)
    assert path.read_bytes() == b"older"

    write_file(path, b"newer", replaces=True)
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_midway_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ExportError, match="No space left on device"):
        write_file(tmp_path / "file.csv", b"data", replaces=False)
    assert list(tmp_path.iterdir()) == []
