"""docs/configuration.md says everything: each setting and each key of each shape."""

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter

from config.environment import NAMES
from config.schemas import SHAPES
from config.shapes.catalog import Portfolio
from config.shapes.finance import Finance
from config.shapes.gate import GATES, TierGate
from config.shapes.sources import Source
from config.yaml_lines import parse_document
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import Kind
from tasks.core.promotion.watch import Signal

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
_YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGE = (DOCS / "configuration.md").read_text("utf-8")
PRIVACY = (DOCS / "privacy.md").read_text("utf-8")
_TYPES = {get_args(one.model_fields["type"].annotation)[0] for one in get_args(get_args(Source)[0])}
GATE = (DOCS / "gate.md").read_text("utf-8")


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


@pytest.mark.parametrize("kind", sorted(_TYPES))
def test_the_page_of_privacy_names_the_code_that_reads_each_type_of_source(kind: str) -> None:
    assert re.search(rf"`tasks/sources/{kind}(?:\.py|/[a-z_]*(?:\.py)?)`", PRIVACY)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_in_yaml_is_accepted(page: Path) -> None:
    for text in _YAML.findall(page.read_text("utf-8")):
        digest = text.replace("<64 characters, as shown>", 64 * "a")
        document = parse_document(page.name, digest.encode())

        assert document.problems == ()
        assert isinstance(document.value, dict)
        for key, value in document.value.items():
            shape = Finance if key in Finance.model_fields else Portfolio
            annotation: Any = shape.model_fields[key].annotation
            TypeAdapter(annotation).validate_python(value)


@pytest.mark.parametrize("key", TierGate.model_fields)
def test_the_page_of_the_gate_has_every_tiers_default(key: str) -> None:
    section = GATE.partition("\n## What each tier asks\n")[2]
    row = next(line for line in section.splitlines() if line.startswith(f"| `{key}` |"))
    names = {one.name for one in fields(DEFAULTS[0])}
    field = {"against_golden": "is_proof_asked"}.get(key, key)
    field = field if field in names else f"{field}_ppm"

    cells = [cell.strip() for cell in row.split("|")[2:-1]]

    assert cells == [_default(key, getattr(terms, field)) for terms in DEFAULTS]


def test_the_page_of_the_gate_names_every_gate_verdict_and_signal() -> None:
    names = {*GATES, *(kind.value for kind in Kind), *(signal.value for signal in Signal)}

    assert {name for name in names if f"`{name}`" not in GATE} == set()


def _default(key: str, value: object) -> str:
    """Write a default as the page does."""
    if value is None:
        return "any" if key == "overdue_actions" else "not asked"
    if key == "against_golden":
        return "proof" if value else "not_worse"
    is_share = f"{key}_ppm" in {one.name for one in fields(DEFAULTS[0])}
    return f"{Decimal(str(value)) / 1_000_000:.2f}" if is_share else str(value)


def _shapes(root: object) -> set[type[BaseModel]]:
    """Collect a shape and every shape that its fields hold."""
    if isinstance(root, type) and issubclass(root, BaseModel):
        fields = root.model_fields.values()
        return {root}.union(*(_shapes(field.annotation) for field in fields))
    return set().union(*map(_shapes, get_args(root)))
