"""A folder with the shipped configuration, and a way to change one thing in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_config

SHIPPED = Path(__file__).resolve().parents[2] / "config"

Refused = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("catalog.yaml", "policy.yaml", "sources.yaml"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], str]:
    """Replace the first occurrence of a text in a file; gives the new content."""

    def replace(file: str, old: str, new: str) -> str:
        before = (folder / file).read_text(encoding="utf-8")
        assert old in before, f"{old!r} is not in the shipped {file}"
        after = before.replace(old, new, 1)
        (folder / file).write_text(after, encoding="utf-8")
        return after

    return replace


@pytest.fixture
def refused(folder: Path, edit: Callable[[str, str, str], str]) -> Refused:
    """Make an edit and give the problems that loading then lists, one text each."""

    def load(file: str, old: str, new: str) -> list[str]:
        edit(file, old, new)
        with pytest.raises(ConfigError) as caught:
            load_config(folder)
        return [str(problem) for problem in caught.value.problems]

    return load
