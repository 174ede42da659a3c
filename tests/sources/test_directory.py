"""A directory is read by line; what is wrong with it is told by line number, never by its text."""

from pathlib import Path

import pytest

from tasks.core.errors import ConfigError
from tasks.sources.directory import read_directory


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "directory.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "person,squad\nada@acme.example,claims\nada-l,claims\nbo,search\n",
        "\ufeffperson,squad\r\nADA@acme.example ,claims\r\nAda-L, claims\r\nBO,search\r\n",
        "squad,team,person\nclaims,x,ada@acme.example\nclaims,,ada-l\n,,\nsearch,y,bo\n",
        'person,squad\n"ada@acme.example","claims"\nada-l,claims\nada-l,claims\nbo,search',
    ],
    ids=["plain", "as a spreadsheet saves it", "other columns and blank lines", "said twice"],
)
def test_squads_are_known_by_every_identifier_of_a_person(tmp_path: Path, text: str) -> None:
    assert read_directory(write(tmp_path, text)) == {
        "ada@acme.example": "claims",
        "ada-l": "claims",
        "bo": "search",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "first line"),
        ("name,team\nottiline,claims\n", "first line"),
        ("person,squad,person\nottiline,claims,bo\n", "once in its first line"),
        ("person,squad\n,\n", "names nobody"),
        ("person,squad\nottiline,claims\nottiline,search\n", "line 3 "),
        ("person,squad\nottiline,\n", "line 2 "),
        ("person,squad\n\n,claims\n", "line 3 "),
        ("person,squad\nclaims,Ottiline Farthingmoor\n", "line 2 "),
        ("person,squad\nclaims,ottiline@acme.example\n", "line 2 "),
        ("person,squad\nottiline\n", "line 2 "),
        (b"person,squad\nottilin\xe9,claims\n", "UnicodeDecodeError"),
        ("person,squad\n" + "ottiline" * 20_000 + ",claims\n", "Error"),
    ],
)
def test_a_bad_line_is_told_without_its_text(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_directory(write(tmp_path, text))

    assert told in str(caught.value)
    assert "ottilin" not in repr(caught.value).lower()
    assert caught.value.__cause__ is None


def test_a_missing_directory_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="GRADUAND_DIRECTORY"):
        read_directory(tmp_path / "none.csv")
