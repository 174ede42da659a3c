"""The published JSON Schema says what the parser does."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from tests.sources.agent_log.writing import DAY, codes, lines, pull_text, record

SCHEMA: dict[str, Any] = json.loads(
    Path("docs/schemas/agent-change-log.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", SCHEMA["examples"])
def test_every_published_example_is_valid_and_read_whole(
    tmp_path: Path, example: dict[str, object]
) -> None:
    pulled = pull_text(tmp_path, lines(example), input_keys=["vessel_class", "quay"])

    (row,) = [row for batch in pulled.batches for row in batch.rows]
    assert list(VALIDATOR.iter_errors(example)) == []
    assert "dropped" not in row


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": None},
        {"timestamp": 17},
        {"model": None},
        {"model": "a model"},
        {"process_id": "Claims Router"},
        {"run_id": "a b"},
        {"started_at": 17},
        {"tokens": []},
        {"tokens": {"output": -1}},
        {"tokens": {"output": 1.5}},
        {"tokens": {"output": 10**12 + 1}},
        {"cost_usd": -1},
        {"cost_usd": "-1"},
        {"cost_usd": "1,5"},
        {"cost_usd": True},
        {"purpose": "fun"},
    ],
)
def test_what_the_schema_refuses_the_parser_refuses(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    said = record(**changes)

    assert list(VALIDATOR.iter_errors(said))
    assert [day for day, _, _ in codes(pull_text(tmp_path, lines(record(), said)))] == [DAY]
