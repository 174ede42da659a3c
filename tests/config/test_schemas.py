"""The schemas for editors are current, valid, and accept the shipped files."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator  # JSON Schema 2020-12 and a little more

from config.schemas import FOLDER, SHAPES, main, schema_text, stale_schemas, write_schemas
from config.yaml_builder import Yaml
from config.yaml_lines import read_document

CONFIG = Path(__file__).resolve().parents[2] / "config"


def test_the_committed_schemas_are_current() -> None:
    assert stale_schemas() == (), "run `python -m config.schemas`"


@pytest.mark.parametrize("name", SHAPES)
def test_a_schema_accepts_the_shipped_file_and_refuses_an_unknown_key(name: str) -> None:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    document = _plain(read_document(CONFIG / f"{name}.yaml").value)
    assert isinstance(document, dict)

    OAS31Validator.check_schema(schema)
    validator = OAS31Validator(schema)

    assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors({**document, "unknown": 1}))


@pytest.mark.parametrize("name", SHAPES)
def test_the_shipped_file_points_editors_at_its_schema(name: str) -> None:
    first = (CONFIG / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[0]

    assert first == f"# yaml-language-server: $schema=schemas/{name}.schema.json"


def test_checking_fails_where_a_schema_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == ()

    (tmp_path / "policy.schema.json").write_text(schema_text("sources"), encoding="utf-8")
    (tmp_path / "catalog.schema.json").unlink()

    assert stale_schemas(tmp_path) == ("catalog.schema.json", "policy.schema.json")
    monkeypatch.setattr("config.schemas.stale_schemas", lambda: ("policy.schema.json",))
    assert main(["--check"]) == 1
    assert "run `python -m config.schemas`" in capsys.readouterr().err


def test_checking_passes_where_all_are_current() -> None:
    assert main(["--check"]) == 0


def _plain(value: Yaml) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
