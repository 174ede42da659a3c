"""One row of a spend log is one request: tags are marks, cache tokens parts, null is unknown."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.core.batches import Reject
from tasks.core.requests import Request
from tasks.sources.litellm.rows import request_of
from tasks.sources.request_tallies import UNSTAMPED
from tests.sources.request_logs import DIGEST, marks
from tests.sources.vendor_reports import recorded

_USAGE: dict[str, object] = {"cache_read_input_tokens": 60, "cache_creation_input_tokens": 0}


def row(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "request_id": "chatcmpl-0a1b2c3d4e5f",
        "call_type": "acompletion",
        "api_key": "88dc28d0f030",
        "spend": Decimal("0.0125"),
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "startTime": "2026-11-17T09:15:02.123000Z",
        "endTime": "2026-11-17T09:15:04.001000Z",
        "model": "anthropic/claude-opus-5",
        "custom_llm_provider": "anthropic",
        "metadata": {"user_api_key_alias": "ci-key", "usage_object": _USAGE},
        "cache_hit": "False",
        "request_tags": ["team:payments", "workflow:claims-router"],
        "session_id": "sess-1",
        "status": "success",
    }
    return said | changes


def metadata(**usage: object) -> dict[str, object]:
    return {"metadata": {"usage_object": usage}}


def read(said: object, **changes: object) -> Request | Reject | None:
    return request_of(said, "page 1", 4, marks("litellm", **changes))


def request(said: object, **changes: object) -> Request:
    found = read(said, **changes)
    assert isinstance(found, Request)
    return found


WHOLE = Request(
    run_id="chatcmpl-0a1b2c3d4e5f",
    started_at=datetime(2026, 11, 17, 9, 15, 2, 123000, tzinfo=UTC),
    ended_at=datetime(2026, 11, 17, 9, 15, 4, 1000, tzinfo=UTC),
    issuer="anthropic",
    model="claude-opus-5",
    api_key=DIGEST("88dc28d0f030"),
    input_tokens=40,
    cache_read_tokens=60,
    cache_write_5m_tokens=0,
    cache_write_1h_tokens=0,
    output_tokens=7,
    cost_usd=Decimal("0.0125"),
    session=DIGEST("sess-1"),
    stamp="claims-router",
)


def test_a_row_is_one_request_with_disjoint_counts() -> None:
    assert request(row()) == WHOLE


def test_an_export_says_the_same_in_text_and_without_an_offset() -> None:
    said = row(
        metadata=json.dumps(row()["metadata"]),
        request_tags=json.dumps(row()["request_tags"]),
        startTime="2026-11-17T09:15:02.123",
        endTime="2026-11-17T09:15:04.001",
        spend="0.0125",
    )

    assert request(said) == WHOLE


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"cache_read_input_tokens": 60}, (40, 60, None, None)),
        ({"prompt_tokens_details": {"cached_tokens": 60}}, (40, 60, None, None)),
        (_USAGE | {"cache_creation_input_tokens": 30}, (10, 60, None, None)),
        (
            _USAGE
            | {
                "cache_creation_input_tokens": 30,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 20,
                    "ephemeral_1h_input_tokens": 10,
                },
            },
            (10, 60, 20, 10),
        ),
        (
            {
                "prompt_tokens_details": {
                    "cached_tokens": 60,
                    "cache_creation_token_details": {"ephemeral_1h_input_tokens": 30},
                }
            },
            (10, 60, 0, 30),
        ),
        ({}, (100, None, None, None)),
    ],
)
def test_cache_tokens_are_parts_of_the_prompt_by_time_to_live_only_where_it_is_told(
    usage: dict[str, object], counts: tuple[int | None, ...]
) -> None:
    found = request(row(**metadata(**usage)))

    assert (
        found.input_tokens,
        found.cache_read_tokens,
        found.cache_write_5m_tokens,
        found.cache_write_1h_tokens,
    ) == counts


def test_usage_values_of_an_older_proxy_are_read_where_there_is_no_usage_object() -> None:
    said = row(metadata={"usage_object": None, "additional_usage_values": _USAGE})

    assert request(said).cache_read_tokens == 60


def test_an_answer_from_the_proxys_own_cache_reached_no_vendor() -> None:
    found = request(row(cache_hit="True"))

    assert found == replace(
        WHOLE, input_tokens=0, cache_read_tokens=0, output_tokens=0, cost_usd=Decimal(0)
    )


def test_tokens_for_nothing_have_no_known_price() -> None:
    assert request(row(spend=0)).cost_usd is None
    assert request(row(spend=0, prompt_tokens=0, completion_tokens=0, metadata={})).cost_usd == 0


def test_usage_that_tells_nothing_stands_before_none_that_does() -> None:
    usage = {"cache_read_input_tokens": 50}
    said = row(metadata={"usage_object": {"total_tokens": None}, "additional_usage_values": usage})

    assert request(said).cache_read_tokens == 50


def test_what_is_not_told_is_unknown_and_not_zero() -> None:
    bare = {"request_id": "x", "startTime": "2026-11-17T09:15:02Z", "model": "claude-opus-5"}

    found = request(bare)

    assert found.cost_usd is None
    assert {found.input_tokens, found.output_tokens, found.cache_read_tokens} == {None}
    assert (found.started_at, found.ended_at) == (
        None,
        datetime(2026, 11, 17, 9, 15, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "issuer", "model"),
    [
        ({"model": "claude-opus-5", "custom_llm_provider": None}, "anthropic", "claude-opus-5"),
        ({"model": "openai/gpt-5", "custom_llm_provider": "openai"}, "openai", "gpt-5"),
        (
            {"model": "bedrock/us.claude-opus-5", "custom_llm_provider": "bedrock"},
            "unknown",
            "us.claude-opus-5",
        ),
        (
            {"model": "vertex_ai/claude-opus-5@20260101", "custom_llm_provider": "vertex_ai"},
            "unknown",
            "claude-opus-5@20260101",
        ),
        ({"model": None, "custom_llm_provider": None}, "unknown", "unknown"),
        ({"model": "", "custom_llm_provider": ""}, "unknown", "unknown"),
    ],
)
def test_the_issuer_is_never_guessed_past_what_the_row_says(
    changes: dict[str, object], issuer: str, model: str
) -> None:
    found = request(row(**changes))

    assert (found.issuer, found.model) == (issuer, model)


def test_a_declared_issuer_line_names_who_bills_a_reseller() -> None:
    said = row(model="bedrock/us.claude-opus-5", custom_llm_provider="bedrock")

    assert request(said, issuers=[{"provider": "bedrock", "issuer": "aws"}]).issuer == "aws"


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        (["ci-key"], "ci-key"),
        (["88dc28d0f030"], "88dc28d0f030"),
        ([], DIGEST("88dc28d0f030")),
    ],
)
def test_a_key_is_kept_by_a_declared_name_only(declared: list[str], kept: str) -> None:
    assert request(row(), api_keys=declared).api_key == kept


@pytest.mark.parametrize(
    ("said", "run_id"),
    [
        ("req_011CQ2xYz9a8b7", "req_011CQ2xYz9a8b7"),
        ("0d9f8a7b-1c2d-4e5f-8a9b-0c1d2e3f4a5b", "0d9f8a7b-1c2d-4e5f-8a9b-0c1d2e3f4a5b"),
        ("ottiline-first-try", DIGEST("ottiline-first-try")),
        ("req_ottiline-farthingmoor", DIGEST("req_ottiline-farthingmoor")),
    ],
)
def test_only_an_id_of_a_provider_is_kept(said: str, run_id: str) -> None:
    assert request(row(request_id=said)).run_id == run_id


@pytest.mark.parametrize(
    ("tags", "attributes", "stamp", "dropped"),
    [
        (["workflow:a", "workflow:b"], {}, "a", 0),
        (["graduand.workflow:b", "workflow:a"], {}, "a", 0),
        (["User-Agent: agent/1", "workflow: a"], {}, "a", 0),
        ([], {"workflow": "a"}, "a", 0),
        (["workflow:Jo Doe"], {}, None, 1),
        (["workflow:jo@example.com"], {"workflow": "a"}, "a", 0),
        (["team:a"], {"team": "a"}, None, 0),
        ([7, None, {"workflow": "a"}], {}, None, 0),
    ],
)
def test_of_many_tags_the_first_short_word_under_a_stamp_key_holds(
    tags: list[object], attributes: dict[str, object], stamp: str | None, dropped: int
) -> None:
    reader = marks("litellm")
    said = row(request_tags=tags, metadata={"spend_logs_metadata": attributes})

    found = request_of(said, "page 1", 0, reader)

    assert isinstance(found, Request)
    assert (found.stamp, reader.untold[UNSTAMPED]) == (stamp, dropped)


@pytest.mark.parametrize(
    "changes",
    [
        {"call_type": "call_mcp_tool", "model": "MCP"},
        {"status": "failure", "model": ""},
    ],
)
def test_a_row_about_no_call_of_a_model_is_no_request(changes: dict[str, object]) -> None:
    nothing = {"spend": 0, "prompt_tokens": 0, "completion_tokens": 0, "metadata": {}}

    assert read(row(**nothing, **changes)) is None
    assert isinstance(read(row(**nothing | changes | {"spend": Decimal("0.01")})), Request)


def test_a_failure_of_a_model_is_a_request_that_failed() -> None:
    assert request(row(status="failure", spend=0)).failure_type == "failure"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"prompt_tokens": "100"}, "prompt_tokens", "int_type"),
        ({"prompt_tokens": 50}, "", "value_error"),
        ({"prompt_tokens": -1}, "prompt_tokens", "greater_than_equal"),
        ({"completion_tokens": Decimal("7.5")}, "completion_tokens", "int_type"),
        ({"completion_tokens": True}, "completion_tokens", "int_type"),
        ({"spend": "12 cents"}, "spend", "bad_amount"),
        ({"spend": Decimal(-1)}, "spend", "value_error"),
        ({"spend": Decimal("1e9")}, "spend", "value_error"),
        ({"startTime": None}, "startTime", "value_error"),
        ({"startTime": "yesterday"}, "startTime", "value_error"),
        ({"startTime": "1999-12-31T00:00:00Z"}, "startTime", "value_error"),
        ({"model": "jo@example.com"}, "model", "string_pattern_mismatch"),
        ({"cache_hit": "perhaps"}, "cache_hit", "value_error"),
        ({"status": "succeeded"}, "status", "literal_error"),
        ({"metadata": "{"}, "metadata", "value_error"),
        ({"metadata": "[" * 100_000}, "metadata", "value_error"),
        ({"request_id": ""}, "request_id", "string_too_short"),
        (
            metadata(
                cache_creation_input_tokens=5,
                cache_creation={"ephemeral_5m_input_tokens": 4},
            ),
            "",
            "value_error",
        ),
        (
            metadata(cache_read_input_tokens="60"),
            "metadata.usage_object.cache_read_input_tokens",
            "int_type",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(
    changes: dict[str, object], field: str, code: str
) -> None:
    found = read(row(**changes))

    assert isinstance(found, Reject)
    assert (found.place, found.position, found.field_path, found.code) == ("page 1", 4, field, code)


@pytest.mark.parametrize("said", [None, [], "row", 7])
def test_what_is_no_row_is_refused(said: object) -> None:
    assert isinstance(read(said), Reject)


@pytest.mark.shared
def test_the_example_of_the_reference_is_read_to_the_last_digit(shared: Path) -> None:
    page = recorded(shared, "litellm_spend_logs_v2.json")
    assert isinstance(page, dict)

    found = request(page["data"][0])

    assert found.cost_usd == Decimal("0.00344325")
    assert (found.input_tokens, found.cache_read_tokens, found.output_tokens) == (504, 50, 97)
    assert found.cache_write_5m_tokens is None
    assert (found.issuer, found.model) == ("anthropic", "claude-sonnet-4-20250514")
