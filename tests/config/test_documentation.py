"""docs/configuration.md says everything: each setting and each key of each shape."""

from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from config.environment import NAMES
from config.schemas import SHAPES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")


@pytest.mark.parametrize(
    "name", [*NAMES, "BASE_URL_<SOURCE>", "SECRET_<NAME>", "SECRET_<NAME>_HOSTS"]
)
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `GRADUAND_{name}` |" in PAGE


@pytest.mark.parametrize("file", SHAPES)
def test_every_key_is_documented_in_the_section_of_its_file(file: str) -> None:
    section = PAGE.partition(f"\n## {file}.yaml\n")[2].partition("\n## ")[0]

    keys = {
        field.alias or name
        for shape in _shapes(SHAPES[file])
        for name, field in shape.model_fields.items()
    }

    undocumented = {
        key
        for key in keys
        if not any(form in section for form in (f"`{key}`", f".{key}`", f"### {key}\n"))
    }
    assert undocumented == set()


def _shapes(root: object) -> set[type[BaseModel]]:
    """Collect a shape and every shape that its fields hold."""
    if isinstance(root, type) and issubclass(root, BaseModel):
        fields = root.model_fields.values()
        return {root}.union(*(_shapes(field.annotation) for field in fields))
    return set().union(*map(_shapes, get_args(root)))
