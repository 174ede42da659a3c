"""A day's estimate by person becomes requests without a person, and use of squads."""

import random
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.requests import Request
from tasks.sources.claude_code_analytics.payloads import DayOfUse, RowReader
from tests.sources.request_logs import DAY, DIGEST, source
from tests.sources.vendor_reports import recorded

DOOR = Door(DIGEST, {"ada@acme.example": "claims", "bo@acme.example": "claims"})


def model(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "model": "claude-opus-5",
        "tokens": {"input": 1000, "output": 200, "cache_read": 5000, "cache_creation": 0},
        "estimated_cost": {"currency": "USD", "amount": Decimal("1.25")},
    }
    return said | changes


def row(email: str = "ada@acme.example", *models: object, **changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "date": "2026-11-17T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": email},
        "organization_id": "org",
        "customer_type": "api",
        "terminal_type": "vscode",
        "core_metrics": {"num_sessions": 5},
        "model_breakdown": list(models) or [model()],
    }
    return said | changes


def keyed(name: str) -> dict[str, object]:
    return row(actor={"type": "api_actor", "api_key_name": name})


def read(rows: Sequence[object], **changes: object) -> DayOfUse:
    into = DayOfUse(DAY)
    reader = RowReader(source("claude_code_analytics", **changes), DOOR)
    for position, one in enumerate(rows):
        reader.read(one, "page 1", position, into)
    return into


def request(said: object, **changes: object) -> Request:
    (found,) = read([said], **changes).requests
    return found


def test_a_model_of_a_day_is_one_request_over_the_day_in_whole_dollars() -> None:
    found = request(row())

    assert {name: value for name, value in _told(found).items() if name != "run_id"} == {
        "started_at": datetime(2026, 11, 17, tzinfo=UTC),
        "ended_at": datetime(2026, 11, 17, 23, 59, 59, tzinfo=UTC),
        "issuer": "anthropic",
        "model": "claude-opus-5",
        "input_tokens": 1000,
        "cache_read_tokens": 5000,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 0,
        "output_tokens": 200,
        "cost_usd": Decimal("0.0125"),
        "purpose": "work",
    }


@pytest.mark.parametrize(
    ("short", "long"), [(1000, 0), (0, 1000), (400, 600)], ids=["five minutes", "an hour", "both"]
)
def test_cache_writes_are_split_by_the_estimate_at_list_price(short: int, long: int) -> None:
    # $5 and $25 a million in and out; writes for five minutes at 1.25, for an hour at 2 times.
    cents = Decimal(1000 * 5 + 200 * 25 + 10 * short * 5 // 8 + long * 10) / 10_000
    tokens = {"input": 1000, "output": 200, "cache_read": 0, "cache_creation": short + long}
    said = model(tokens=tokens, estimated_cost={"currency": "USD", "amount": cents})

    found = request(row("ada@acme.example", said))

    assert (found.cache_write_5m_tokens, found.cache_write_1h_tokens) == (short, long)


@pytest.mark.parametrize(
    "changes",
    [
        {"estimated_cost": {"currency": "USD", "amount": 999}},
        {"estimated_cost": None},
        {"model": "claude-nobody-knows"},
        {"tokens": {"cache_creation": 100}},
    ],
)
def test_writes_that_the_estimate_does_not_tell_stay_unknown(changes: dict[str, object]) -> None:
    tokens = {"input": 1000, "output": 200, "cache_read": 0, "cache_creation": 100}

    found = request(row("ada@acme.example", model(**{"tokens": tokens} | changes)))

    assert (found.cache_write_5m_tokens, found.cache_write_1h_tokens) == (None, None)


def test_subscribers_never_work_on_the_account_that_usage_is_billed_to() -> None:
    said = row(customer_type="subscription")

    assert request(row()).account is None
    assert request(said).account == "log:subscription"
    assert request(said, subscription_account="seats").account == "seats"


@pytest.mark.parametrize(("declared", "kept"), [(["ci-key"], "ci-key"), ([], DIGEST("ci-key"))])
def test_a_key_is_kept_by_a_declared_name_only(declared: list[str], kept: str) -> None:
    assert request(keyed("ci-key"), api_keys=declared).api_key == kept


def test_equal_work_of_several_people_stays_several_requests_in_any_order() -> None:
    rows = [row(f"person-{at}@acme.example", model(), model(model="claude-sonnet-5"))
            for at in range(4)]  # fmt: skip
    shuffled = random.Random(4).sample(rows, len(rows))

    ids = [one.run_id for one in read(rows).requests]

    assert len(set(ids)) == 8
    assert sorted(ids) == sorted(one.run_id for one in read(shuffled).requests)


def test_a_terminal_may_call_itself_anything() -> None:
    plain, odd = read([row(), row(terminal_type="Ada's Terminal (nightly)")]).requests

    assert plain.cost_usd == odd.cost_usd
    assert plain.run_id != odd.run_id


def test_an_id_tells_nothing_of_who_it_was() -> None:
    assert request(row("ada@acme.example")).run_id == request(row("bo@acme.example")).run_id


def test_use_is_of_people_only_and_by_their_squads() -> None:
    day = read([row(), row("nobody@acme.example"), keyed("ci-key")])

    assert [(one.squad, one.account, one.value) for one in day.used] == [
        ("claims", "main", 12_500_000),
        (None, "main", 12_500_000),
    ]
    assert len(day.requests) == 3


def test_rows_without_models_are_no_request_and_no_use_however_alike() -> None:
    day = read([row(model_breakdown=[])] * 2)

    assert (day.requests, day.used, day.rejects) == ([], [], [])


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        (row(customer_type="free"), "customer_type", "literal_error"),
        (row(actor={"type": "robot"}), "actor", "union_tag_invalid"),
        (row(date=None), "date", "value_error"),
        (row(model_breakdown=None), "model_breakdown", "list_type"),
        (row("ada@acme.example", None), "", "model_type"),
        (row("ada@acme.example", model(tokens={"input": "1000"})), "tokens.input", "int_type"),
        (row("ada@acme.example", model(tokens=None)), "tokens", "model_type"),
        (
            row("ada@acme.example", model(estimated_cost={"currency": "EUR", "amount": 1})),
            "estimated_cost.currency",
            "value_error",
        ),
        (
            row("ada@acme.example", model(estimated_cost={"currency": "USD", "cents": 1})),
            "estimated_cost.amount",
            "missing",
        ),
        (
            row("ada@acme.example", model(estimated_cost={"currency": "USD", "amount": -1})),
            "estimated_cost.amount",
            "value_error",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_and_the_rest_is_kept(
    said: object, field: str, code: str
) -> None:
    day = read([row("bo@acme.example"), said])

    assert [(one.field_path, one.code) for one in day.rejects] == [(field, code)]
    assert len(day.requests) == 1


def test_an_amount_in_text_is_read_as_written() -> None:
    said = model(estimated_cost={"currency": "USD", "amount": "1.25"})

    assert request(row("ada@acme.example", said)).cost_usd == Decimal("0.0125")


@pytest.mark.parametrize("rows", [[row(), row()], [row(date="2026-11-18T00:00:00Z")]])
def test_a_row_twice_and_a_row_of_another_day_are_faults(rows: list[object]) -> None:
    with pytest.raises(SourceError):
        read(rows)


@pytest.mark.shared
def test_the_example_of_the_reference_is_read_to_the_cent(shared: Path) -> None:
    page = recorded(shared, "anthropic_claude_code.json")
    assert isinstance(page, dict)
    into = DayOfUse(datetime(2025, 9, 8, tzinfo=UTC).date())

    RowReader(source("claude_code_analytics"), DOOR).read(page["data"][0], "page 1", 0, into)

    (found,) = into.requests
    assert found.cost_usd == Decimal("1.13")
    assert (found.input_tokens, found.cache_read_tokens, found.output_tokens) == (
        100_000,
        10_000,
        35_000,
    )
    assert "developer" not in repr(into)


def _told(found: Request) -> dict[str, object]:
    return {
        one.name: value for one in fields(found) if (value := getattr(found, one.name)) is not None
    }
