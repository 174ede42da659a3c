"""Files that cannot be read at all, and the one error that lists everything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import MAX_PROBLEMS_SHOWN, ConfigError
from config.load import load_config

Edit = Callable[[str, str, str], str]


def test_one_error_lists_the_problems_of_all_files(folder: Path, edit: Edit) -> None:
    edit("catalog.yaml", "squad: portal", "squad: portals")
    edit("policy.yaml", "far_beyond: 2", "far_beyond: 0")
    edit("sources.yaml", "type: github", "type: gihub")

    with pytest.raises(ConfigError) as caught:
        load_config(folder)

    assert [problem.file for problem in caught.value.problems] == [
        "catalog.yaml", "policy.yaml", "sources.yaml",
    ]  # fmt: skip
    assert str(caught.value).startswith(f"3 problems in the configuration in {folder}:\n")


def test_a_very_long_list_of_problems_is_cut_and_counted(folder: Path, edit: Edit) -> None:
    edit("catalog.yaml", "version: 1", "\n".join(["version: 1", *(f"x{i}: 1" for i in range(300))]))

    with pytest.raises(ConfigError) as caught:
        load_config(folder)

    lines = str(caught.value).split("\n")
    assert len(lines) == 1 + MAX_PROBLEMS_SHOWN + 1
    assert lines[-1] == "... and 200 more."


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "policy.yaml").unlink()

    with pytest.raises(ConfigError, match=r"policy\.yaml: does not exist; create it"):
        load_config(folder)


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "policy.yaml").unlink()
    (folder / "policy.yaml").mkdir()

    with pytest.raises(ConfigError, match=r"policy\.yaml: does not exist"):
        load_config(folder)


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "policy.yaml").write_bytes(b"# nothing yet\n")

    with pytest.raises(ConfigError, match=r"policy\.yaml: is empty"):
        load_config(folder)


def test_a_file_that_is_not_utf_8_is_named_with_its_line(folder: Path) -> None:
    (folder / "policy.yaml").write_bytes(b"version: 1\n# caf\xe9\n")

    with pytest.raises(ConfigError, match=r"policy\.yaml:2: is not UTF-8 here"):
        load_config(folder)


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    with (folder / "policy.yaml").open("ab") as stream:
        stream.truncate(5 * 1024 * 1024)

    with pytest.raises(ConfigError, match=r"policy\.yaml: is larger than 4 MiB"):
        load_config(folder)
