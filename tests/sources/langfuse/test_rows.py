"""One generation is one request: counts disjoint, a price that is not known no zero."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import Reject
from tasks.core.requests import Request
from tasks.sources.langfuse.rows import Tokens, UsageError, request_of, tokens_of
from tests.sources.request_logs import DIGEST, marks
from tests.sources.vendor_reports import recorded

_COUNT = st.integers(0, 10**9)


def observation(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "id": "0a1b2c3d-4e5f-4a6b-8c7d-0e1f2a3b4c5d",
        "type": "GENERATION",
        "startTime": "2026-11-17T09:15:02.123Z",
        "endTime": "2026-11-17T09:15:04.001Z",
        "level": "DEFAULT",
        "environment": "production",
        "userId": "jo@example.com",
        "sessionId": "sess-1",
        "providedModelName": "claude-opus-5",
        "usageDetails": {"input": 40, "cache_read_input_tokens": 60, "output": 7, "total": 107},
        "costDetails": {"input": 0.1, "total": 0.3},
        "totalCost": 0.3,
        "tags": ["team:payments", "workflow:claims-router"],
        "metadata": {"hop": 1},
    }
    return json.loads(json.dumps(said | changes), parse_float=Decimal)  # type: ignore[no-any-return]


def read(said: object, **changes: object) -> Request | Reject | None:
    return request_of(said, "page 1", 4, marks("langfuse", **changes))


def request(said: object, **changes: object) -> Request:
    found = read(said, **changes)
    assert isinstance(found, Request)
    return found


def test_a_generation_is_one_request() -> None:
    assert request(observation()) == Request(
        run_id="0a1b2c3d-4e5f-4a6b-8c7d-0e1f2a3b4c5d",
        started_at=datetime(2026, 11, 17, 9, 15, 2, 123000, tzinfo=UTC),
        ended_at=datetime(2026, 11, 17, 9, 15, 4, 1000, tzinfo=UTC),
        issuer="anthropic",
        model="claude-opus-5",
        input_tokens=40,
        cache_read_tokens=60,
        output_tokens=7,
        cost_usd=Decimal("0.3"),
        session=DIGEST("sess-1"),
        stamp="claims-router",
    )


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({}, Tokens(None, None, None, None, None, 0)),
        ({"input": 5, "output": 1}, Tokens(5, None, None, None, 1, 0)),
        ({"prompt_tokens": 5, "completion_tokens": 1}, Tokens(5, None, None, None, 1, 0)),
        (
            {"input": 5, "input_tokens": 5, "output": 1, "total": 6},
            Tokens(5, None, None, None, 1, 0),
        ),
        ({"input": 5, "input_cached_tokens": 9, "output": 1}, Tokens(5, 9, None, None, 1, 0)),
        (
            {"input": 5, "cache_creation_input_tokens": 9, "output": 1, "total": 15},
            Tokens(5, None, None, None, 1, 0),
        ),
        ({"input": 5, "cache_creation_input_tokens": 0}, Tokens(5, None, 0, 0, None, 0)),
        (
            {"input": 5, "input_cache_creation": 9, "input_cache_creation_1h": 9, "total": 14},
            Tokens(5, None, 0, 9, None, 0),
        ),
        # Nested: the total is that of input and output alone.
        (
            {"input": 100, "cache_read_input_tokens": 60, "output": 7, "total": 107},
            Tokens(40, 60, None, None, 7, 0),
        ),
        (
            {"input": 5, "output": 10, "output_reasoning_tokens": 4, "total": 15},
            Tokens(5, None, None, None, 10, 0),
        ),
        (
            {"input": 5, "output": 10, "output_reasoning_tokens": 4, "total": 19},
            Tokens(5, None, None, None, 14, 0),
        ),
        # One of them nested, the other apart.
        (
            {
                "input": 40,
                "input_cached_tokens": 60,
                "output": 50,
                "output_reasoning_tokens": 20,
                "total": 150,
            },
            Tokens(40, 60, None, None, 50, 0),
        ),
        (
            {
                "input": 100,
                "input_cached_tokens": 60,
                "output": 30,
                "output_reasoning_tokens": 20,
                "total": 150,
            },
            Tokens(40, 60, None, None, 50, 0),
        ),
        ({"total": 50}, Tokens(None, None, None, None, None, 50)),
        (
            {"input": 5, "input_audio_tokens": 8, "output": 1, "total": 14},
            Tokens(5, None, None, None, 1, 8),
        ),
    ],
)
def test_counts_are_disjoint_under_any_name(usage: dict[str, int], tokens: Tokens) -> None:
    assert tokens_of(usage) == tokens


@pytest.mark.parametrize(
    "usage",
    [
        {"input": 5, "input_tokens": 6},
        {"input": 5, "output": 1, "total": 7},
        {"input": 5, "cache_read_input_tokens": 60, "output": 7, "total": 12},
        {"input_cache_creation": 9, "input_cache_creation_1h": 8},
        {
            "input": 40,
            "input_cached_tokens": 20,
            "output": 50,
            "output_reasoning_tokens": 20,
            "total": 110,
        },
    ],
    ids=[
        "two names differ",
        "no way to the total",
        "more cached than sent",
        "writes differ",
        "two ways",
    ],
)
def test_counts_that_contradict_each_other_are_refused(usage: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        tokens_of(usage)

    found = read(observation(usageDetails=usage))

    assert isinstance(found, Reject)
    assert found.code == "value_error"


@given(_COUNT, _COUNT, _COUNT, _COUNT, _COUNT)
def test_no_token_is_lost_or_doubled_however_it_is_counted(
    sent: int, reads: int, short: int, long: int, output: int
) -> None:
    writes = {"input_cache_creation_5m": short, "input_cache_creation_1h": long}
    nested = sent + reads + short + long
    apart = {"input": sent, "input_cached_tokens": reads, "output": output, **writes}
    within = {**apart, "input": nested}
    expected = Tokens(sent, reads, short, long, output, 0)

    assert tokens_of(apart) == expected
    assert tokens_of({**apart, "total": nested + output}) == expected
    assert tokens_of({**within, "total": nested + output}) == expected


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({}, Decimal("0.3")),
        ({"totalCost": "0.3", "costDetails": {}}, Decimal("0.3")),
        ({"totalCost": None}, Decimal("0.3")),
        ({"totalCost": 0, "costDetails": {"total": 0}}, Decimal(0)),
        ({"totalCost": 0, "costDetails": {}}, None),
        ({"totalCost": 0, "costDetails": None}, None),
        ({"totalCost": None, "costDetails": {}}, None),
    ],
)
def test_a_zero_without_details_is_a_price_that_is_not_known(
    changes: dict[str, object], cost: Decimal | None
) -> None:
    assert request(observation(**changes)).cost_usd == cost


@pytest.mark.parametrize(
    ("model", "issuer", "kept"),
    [
        (None, "unknown", "unknown"),
        ("gpt-5", "openai", "gpt-5"),
        ("openai/gpt-5", "openai", "gpt-5"),
        ("bedrock/us.claude-opus-5", "unknown", "us.claude-opus-5"),
        ("in-house-7b", "unknown", "in-house-7b"),
    ],
)
def test_a_model_that_is_not_named_is_unknown(model: str | None, issuer: str, kept: str) -> None:
    found = request(observation(providedModelName=model))

    assert (found.issuer, found.model) == (issuer, kept)


def test_a_request_that_a_gateway_traced_has_the_id_of_its_answer() -> None:
    traced = request(observation(id="time-09-15-02-123000_chatcmpl-0a1b2c3d4e5f"))
    own = request(observation(id="jane-was-here"))

    assert traced.run_id == "chatcmpl-0a1b2c3d4e5f"
    assert own.run_id == DIGEST("jane-was-here")


@pytest.mark.parametrize(
    ("metadata", "stamp"),
    [
        ({"workflow": "a"}, "a"),
        ('{"workflow": "a"}', "a"),
        ({"resourceAttributes": {"workflow": "a"}, "scope": {}}, "a"),
        ({"resourceAttributes": {"workflow": "b"}, "workflow": "a"}, "a"),
        ("free text", None),
        (["workflow"], None),
        ({"workflow": {"workflow": "a"}}, None),
        (None, None),
    ],
)
def test_metadata_may_name_the_workflow(metadata: object, stamp: str | None) -> None:
    assert request(observation(tags=None, metadata=metadata)).stamp == stamp


def test_what_langfuse_runs_itself_is_evaluation_and_an_error_is_a_failure() -> None:
    judge = request(observation(environment="langfuse-llm-as-a-judge", level="ERROR"))

    assert (judge.purpose, judge.failure_type) == ("eval", "error")


def test_other_observations_are_no_requests() -> None:
    assert read(observation(type="SPAN")) is None


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"usageDetails": {"input": "40"}}, "usageDetails", "value_error"),
        ({"usageDetails": {"input": -1}}, "usageDetails", "value_error"),
        ({"usageDetails": [1]}, "usageDetails", "value_error"),
        ({"totalCost": "free"}, "totalCost", "bad_amount"),
        ({"totalCost": -1}, "totalCost", "value_error"),
        ({"startTime": None}, "startTime", "value_error"),
        ({"startTime": "2026-11-17T09:15:02"}, "startTime", "value_error"),
        ({"providedModelName": "Jo Doe"}, "providedModelName", "string_pattern_mismatch"),
        ({"level": "FATAL"}, "level", "literal_error"),
        ({"id": None}, "id", "string_type"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(
    changes: dict[str, object], field: str, code: str
) -> None:
    found = read(observation(**changes))

    assert isinstance(found, Reject)
    assert (found.place, found.position, found.field_path, found.code) == ("page 1", 4, field, code)


def test_the_name_of_a_kind_stands_in_no_refusal() -> None:
    found = read(observation(usageDetails={"Ottiline Farthingmoor": "many"}))

    assert isinstance(found, Reject)
    assert "Ottiline" not in repr(found)


@pytest.mark.shared
def test_the_example_of_the_reference_is_read_to_the_last_digit(shared: Path) -> None:
    page = recorded(shared, "langfuse_v2_observations.json")
    assert isinstance(page, dict)

    found = request(page["data"][0])

    assert found.cost_usd == Decimal("0.00344325")
    assert (found.input_tokens, found.cache_read_tokens, found.output_tokens) == (504, 50, 97)
    assert "alice" not in repr(found)
