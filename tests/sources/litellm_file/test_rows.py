"""A spend log in files says what the same rows say over the proxy's API, read set-wise."""

import json
import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.shapes.source_logs import LitellmFileSource
from tasks.core.batches import RawRow, Reject
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.requests import Request
from tasks.sources.litellm.rows import request_of
from tasks.sources.litellm_file import reading
from tasks.sources.request_marks import RequestMarks
from tests.sources.request_readings import DIGEST, Read, read, write_lines

_FIVE, _HOUR = "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"
_BASE: dict[str, object] = {
    "request_id": "chatcmpl-0a1b2c3d4e5f",
    "call_type": "acompletion",
    "api_key": "88dc28d0f030",
    "spend": 0.0125,
    "prompt_tokens": 100,
    "completion_tokens": 7,
    "startTime": "2026-11-17T09:15:02.123000Z",
    "endTime": "2026-11-17T09:15:04.001000Z",
    "model": "anthropic/claude-opus-5",
    "custom_llm_provider": "anthropic",
    "metadata": {"user_api_key_alias": "ci-key", "usage_object": {"cache_read_input_tokens": 60}},
    "cache_hit": "False",
    "request_tags": ["team:payments", "workflow:claims-router"],
    "session_id": "sess-1",
    "status": "success",
}
_USAGES: tuple[dict[str, object], ...] = (
    {},
    {"cache_read_input_tokens": 60, "cache_creation_input_tokens": 0},
    {"cache_read_input_tokens": 60, "cache_creation_input_tokens": 30},
    {"cache_creation": {_FIVE: 10, _HOUR: 20}},
    {"cache_creation": {_HOUR: 20}, "cache_creation_input_tokens": 20},
    {"cache_creation": {_FIVE: 10, _HOUR: 20}, "cache_creation_input_tokens": 31},
    {"prompt_tokens_details": {"cached_tokens": 40}},
    {
        "prompt_tokens_details": {
            "cached_tokens": 40,
            "cache_creation_tokens": 20,
            "cache_creation_token_details": {_FIVE: 20},
        }
    },
    {"cache_read_input_tokens": 101},
    {"cache_read_input_tokens": "60"},
    {"cache_creation_input_tokens": -1},
    {"cache_creation": {_FIVE: 1.5}},
)
_STAMPED = {"workflow": "fixer"}
_VALUES: dict[str, tuple[object, ...]] = {
    "call_type": ("acompletion", "call_mcp_tool", None),
    "api_key": ("88dc28d0f030", "declared-key", "", None),
    "spend": (0.0125, 0, "0.5", 1e-7, None, "much", -0.5, 12.0),
    "prompt_tokens": (100, 0, None, "100", 100.5, -1),
    "completion_tokens": (7, 0, None, True),
    "startTime": (
        "2026-11-17 09:15:02.123",
        "2026-11-17T10:15:02+01:00",
        "2026-11-17 04:15:02.5-05",
        None,
        "now",
    ),
    "endTime": (
        "2026-11-17T09:15:04",
        "2026-11-17 11:15:04.001+02",
        "2026-11-18 00:00:00",
        None,
        "later",
        "2026-13-17T09:00Z",
    ),
    "model": ("anthropic/claude-opus-5", "gpt-5.4", "", None, "jo@example.com", "bedrock/x"),
    "custom_llm_provider": ("anthropic", "openai", "", None),
    "metadata": (
        *({"usage_object": usage} for usage in _USAGES),
        {"additional_usage_values": _USAGES[2], "user_api_key_alias": "declared-key"},
        {"usage_object": {}, "additional_usage_values": _USAGES[1]},
        {"usage_object": {"cache_read_input_tokens": None}, "additional_usage_values": _USAGES[1]},
        {"usage_object": "60"},
        {"usage_object": None},
        "{60",
        "[60]",
        [60],
        {"spend_logs_metadata": _STAMPED},
        json.dumps({"usage_object": _USAGES[3], "spend_logs_metadata": _STAMPED}),
        None,
    ),
    "cache_hit": ("True", "False", "None", "", None, "maybe"),
    "request_tags": (
        ["workflow:a", "workflow:b", "agent.workflow:c"],
        ["agent.workflow=c", "User-Agent: curl/8", "workflow: spaced "],
        ["workflow:Not A Word"],
        ["workflow"],
        [],
        '["workflow:text"]',
        None,
    ),
    "session_id": ("sess-1", "", None),
    "status": ("success", "failure", None, "odd"),
}


def source(folder: Path) -> LitellmFileSource:
    return LitellmFileSource.model_validate(
        {
            "name": "gateway",
            "type": "litellm_file",
            "paths": [str(folder / "*.ndjson")],
            "default_accounts": {"anthropic": "main", "openai": "proj"},
            "api_keys": ["declared-key"],
        }
    )


def row(**changes: object) -> dict[str, object]:
    return {**_BASE, **changes}


def read_rows(folder: Path, *rows: object, end: bytes = b"\n") -> Read:
    write_lines(folder / "a.ndjson", rows, end)
    return read(reading(source(folder), Door(DIGEST)), folder)


def _variants() -> list[dict[str, object]]:
    """Every value of every field by itself, and many together."""
    rows = [{name: value} for name, values in _VALUES.items() for value in values]
    chance = random.Random(20261117)
    for _ in range(400):
        some = chance.sample(sorted(_VALUES), chance.randint(2, 5))
        rows.append({name: chance.choice(_VALUES[name]) for name in some})
    rows += [{}] * len(rows)  # a file with more bad lines than good ones is no log
    return [
        {**_BASE, **changes, "request_id": f"chatcmpl-{number:012}"}
        for number, changes in enumerate(rows)
    ]


def _one_by_one(rows: list[dict[str, object]], folder: Path) -> tuple[list[Request], int]:
    marks = RequestMarks(source(folder), DIGEST)
    decoded = [json.loads(json.dumps(row), parse_float=Decimal) for row in rows]
    found = [request_of(row, "file", at, marks) for at, row in enumerate(decoded)]
    return (
        [one for one in found if isinstance(one, Request)],
        sum(isinstance(one, Reject) for one in found),
    )


def test_files_and_api_read_every_row_alike(tmp_path: Path) -> None:
    rows = _variants()
    wanted, refused = _one_by_one(rows, tmp_path)

    found = read_rows(tmp_path, *rows)

    assert {run: _plain(row) for run, row in found.by_run.items()} == {
        one.run_id: _plain(one.to_raw()) for one in wanted
    }
    assert len(found.rejects) == refused > 0


def _plain(row: RawRow) -> dict[str, object]:
    cost = row.get("cost_usd")
    return {**row, "cost_usd": None if cost is None else Decimal(str(cost)).normalize()}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"prompt_tokens": "100"}, ("prompt_tokens", "bad_number")),
        ({"completion_tokens": 7.5}, ("completion_tokens", "bad_number")),
        ({"spend": "much"}, ("spend", "bad_amount")),
        ({"spend": -0.5}, ("spend", "bad_amount")),
        ({"request_id": None}, ("request_id", "missing")),
        ({"startTime": None}, ("startTime", "bad_instant")),
        ({"endTime": "later"}, ("endTime", "bad_instant")),
        ({"cache_hit": "maybe"}, ("cache_hit", "bad_word")),
        ({"status": "odd"}, ("status", "bad_word")),
        ({"model": "jo@example.com"}, ("model", "bad_word")),
        ({"metadata": "{cut short"}, ("metadata", "bad_json")),
        ({"metadata": {"usage_object": "{cut short"}}, ("metadata", "bad_json")),
        (
            {"metadata": {"usage_object": {"cache_read_input_tokens": 101}}},
            ("prompt_tokens", "bad_sum"),
        ),
        (
            {"metadata": {"usage_object": {"cache_read_input_tokens": "60"}}},
            ("metadata.usage_object.cache_read_input_tokens", "bad_number"),
        ),
    ],
)
def test_what_a_row_gets_wrong_is_refused_by_name(
    tmp_path: Path, changes: dict[str, object], refusal: tuple[str, str]
) -> None:
    found = read_rows(tmp_path, _BASE, {**_BASE, "request_id": "chatcmpl-000000000002"} | changes)

    assert list(found.by_run) == [_BASE["request_id"]]
    assert found.refusals == [refusal]


def test_a_spend_is_kept_as_it_is_written(tmp_path: Path) -> None:
    found = read_rows(tmp_path, _BASE | {"spend": 0.00344325})

    assert found.rows[0]["cost_usd"] == "0.00344325"


def test_a_row_that_stands_in_two_exports_counts_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "b.ndjson", [_BASE, _BASE | {"completion_tokens": 3}])

    found = read_rows(tmp_path, _BASE)

    assert [row["output_tokens"] for row in found.rows] == [7]


def test_an_id_that_no_provider_gave_is_digested(tmp_path: Path) -> None:
    found = read_rows(tmp_path, _BASE | {"request_id": "jo's own request"})

    assert found.rows[0]["run_id"] == DIGEST("jo's own request")


def test_any_whitespace_reads_the_same(tmp_path: Path) -> None:
    spaced = json.dumps(_BASE, separators=(" ,\t", "  : ")).encode()

    assert read_rows(tmp_path, b"  " + spaced + b" \r").rows == read_rows(tmp_path, _BASE).rows


def test_a_last_line_that_is_not_whole_yet_is_left_for_the_next_night(tmp_path: Path) -> None:
    found = read_rows(tmp_path, _BASE, json.dumps(_BASE).encode()[:-40], end=b"")

    assert len(found.rows) == 1
    assert found.rejects == []


def test_a_line_that_is_no_json_is_refused_and_the_others_stay(tmp_path: Path) -> None:
    found = read_rows(tmp_path, _BASE, json.dumps(_BASE).encode()[:-40])

    assert len(found.rows) == 1
    assert found.refusals == [("", "bad_json")]


def test_an_export_that_is_gone_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file matches"):
        reading(source(tmp_path), Door(DIGEST))


@pytest.mark.shared
def test_a_recorded_row_is_one_request(shared: Path, tmp_path: Path) -> None:
    payload = json.loads((shared / "reference/payloads/litellm_spend_logs_v2.json").read_text())
    write_lines(tmp_path / "a.ndjson", payload["data"])
    window = (date(2026, 11, 10), date(2026, 11, 10))

    (row,) = read(reading(source(tmp_path), Door(DIGEST)), tmp_path, window).rows

    counts = [row[f"{kind}_tokens"] for kind in ("input", "cache_read", "output")]
    assert (counts, row["cost_usd"]) == ([504, 50, 97], "0.00344325")
    assert "cache_write_5m_tokens" not in row
