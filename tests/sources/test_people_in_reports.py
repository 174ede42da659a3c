"""No made-up person comes through a vendor's report, whatever field their name stands in."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest

from tasks.core.batches import RawRow, Reject
from tasks.sources.anthropic import payloads as anthropic_payloads
from tasks.sources.anthropic import rows as anthropic_rows
from tasks.sources.openai import payloads as openai_payloads
from tasks.sources.openai import rows as openai_rows

PEOPLE = (
    "Ottiline Farthingmoor",
    "Casimirus Wendlebright",
    "Perpetua Holloquist",
    "Ambrosius Tindlewick",
    "Seraphinus Glockenrood",
    "Euphemia Brackwater",
    "Valentinian Oxmoorsson",
    "Drusilda Penhallory",
    "Hyacintho Marrowfield",
    "Winifrieda Stolzenbeck",
    "Balthasario Quenchley",
    "Theodosia Lindwurmer",
)
_SHARED: dict[str, Any] = {
    "source": "s",
    "issuer": "i",
    "day": date(2026, 11, 17),
    "default_account": "s:default",
}
_ANTHROPIC_USAGE: dict[str, object] = {
    "account_id": None,
    "api_key_id": "apikey_1",
    "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 2},
    "cache_read_input_tokens": 3,
    "context_window": "0-200k",
    "inference_geo": "global",
    "model": "claude-opus-5",
    "output_tokens": 4,
    "server_tool_use": {"web_search_requests": 5},
    "service_account_id": None,
    "service_tier": "standard",
    "uncached_input_tokens": 6,
    "workspace_id": "wrkspc_1",
}
_ANTHROPIC_COST: dict[str, object] = {
    "amount": "12",
    "context_window": "0-200k",
    "cost_type": "tokens",
    "currency": "USD",
    "description": "Usage",
    "inference_geo": "global",
    "model": "claude-opus-5",
    "service_tier": "standard",
    "token_type": "output_tokens",
    "workspace_id": "wrkspc_1",
}
_OPENAI_USAGE: dict[str, object] = {
    "input_tokens": 10,
    "input_cached_tokens": 4,
    "output_tokens": 5,
    "num_model_requests": 1,
    "project_id": "proj_1",
    "user_id": None,
    "api_key_id": "key_1",
    "model": "gpt-5",
    "batch": False,
    "service_tier": "default",
}
_OPENAI_COST: dict[str, object] = {
    "amount": {"value": 1, "currency": "usd"},
    "line_item": "gpt-5, input",
    "project_id": "proj_1",
    "api_key_id": "key_1",
    "quantity": 1,
    "quantity_unit": "tokens",
}
_REPORTS: dict[str, tuple[dict[str, object], Callable[..., Any], Callable[..., Any]]] = {
    "anthropic usage": (
        _ANTHROPIC_USAGE,
        partial(anthropic_payloads.parse_usage, issuer="i"),
        anthropic_rows.conform_usage,
    ),
    "anthropic cost": (
        _ANTHROPIC_COST,
        partial(anthropic_payloads.parse_cost, issuer="i", default_account="s:default"),
        anthropic_rows.conform_charges,
    ),
    "openai usage": (
        _OPENAI_USAGE,
        partial(openai_payloads.parse_usage, issuer="i"),
        openai_rows.conform_usage,
    ),
    "openai costs": (
        _OPENAI_COST,
        partial(openai_payloads.parse_cost, issuer="i", default_account="s:default"),
        openai_rows.conform_charges,
    ),
}


def seeded(row: dict[str, object]) -> Iterator[dict[str, object]]:
    """The row with each person in each field, as value, inside a value, as key and beside it."""
    for person in PEOPLE:
        first, last = person.lower().split()
        for text in (person, f"{first}.{last}@example.com", f"by {person}", f"@{first}-{last}"):
            for field, value in row.items():
                yield row | {field: text}
                yield row | {field: [text]}
                yield row | {field: {text: text}}
                if isinstance(value, dict):
                    yield row | {field: value | dict.fromkeys(value, text)}
            yield row | {text: text, "display_name": text}


@pytest.mark.parametrize("name", _REPORTS)
def test_no_seeded_person_is_kept_from_any_field(name: str) -> None:
    row, parse, conform = _REPORTS[name]

    parsed: list[RawRow | Reject] = [parse(one, "page 1", 0) for one in seeded(row)]
    raw = [one for one in parsed if not isinstance(one, Reject)]
    kept = repr((parsed, conform(raw, **_SHARED))).lower()

    assert raw
    assert [part for person in PEOPLE for part in person.lower().split() if part in kept] == []


@pytest.mark.parametrize("name", _REPORTS)
def test_the_search_finds_a_planted_person(name: str) -> None:
    row, parse, _ = _REPORTS[name]

    kept = repr(parse(row | {"model": "ottiline", "line_item": "ottiline, input"}, "page 1", 0))

    assert "ottiline" in kept
