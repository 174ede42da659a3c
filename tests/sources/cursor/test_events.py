"""Cursor's events as charges: what is billed, what the plan includes, and what is unknown."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import Reject
from tasks.core.tables import CHARGES
from tasks.sources.cursor.payloads import Event, EventKind, event_kind, parse_event, parse_page
from tasks.sources.cursor.rows import charge_rows, conform_charges
from tests.sources.cursor_team import CONVERSATION, DAY, door, event, included
from tests.sources.vendor_reports import recorded

CENT = 10_000_000


def read(row: object, **changes: Any) -> Event:
    parsed = parsed_of(row, **changes)
    assert isinstance(parsed, Event)
    return parsed


def parsed_of(row: object, **changes: Any) -> Event | Reject:
    decimal = json.loads(json.dumps(row), parse_float=Decimal)
    asked: dict[str, Any] = {"door": door(), "issuer": "cursor", "account": "team"} | changes
    return parse_event(decimal, "events page 1", 3, **asked)


def billed(*rows: object) -> list[dict[str, object]]:
    raw = charge_rows([read(row) for row in rows], DAY, door())
    # The raw row survives being written and read.
    kept = json.loads(json.dumps(raw))
    return list(
        conform_charges(kept, source="cursor", issuer="cursor", account="team", day=DAY).rows
    )


def test_an_event_has_every_column_of_its_table_and_names_its_session() -> None:
    (row,) = billed(event())

    assert set(row) == set(CHARGES.column_names())
    assert {
        "sku": "claude-4.5-sonnet",
        "model": "claude-4.5-sonnet",
        "kind": None,
        "quantity": 190,
        "unit": "tokens",
        "billed_nano": 217_500_000,
        "list_nano": 217_500_000,
        "currency": "USD",
        "category": "usage",
        "run_id": f"digest of digest of {CONVERSATION} claude-4.5-sonnet {DAY}",
        "api_key": None,
    }.items() <= row.items()


def test_equal_events_are_two_events() -> None:
    (row,) = billed(event(), event())

    assert row["billed_nano"] == 2 * 217_500_000
    assert row["quantity"] == 2 * 190


def test_what_the_plan_includes_is_not_billed_but_listed() -> None:
    rows = billed(event(), included(), included(kind="Errored, Not Charged"))

    assert {row["sku"]: (row["billed_nano"], row["list_nano"]) for row in rows} == {
        "claude-4.5-sonnet": (217_500_000, 217_500_000),
        "claude-4.5-sonnet·included": (0, 8 * CENT),
        "claude-4.5-sonnet·not_charged": (0, 8 * CENT),
    }


def test_lines_of_equal_skus_are_told_apart_by_number() -> None:
    rows = billed(event(), event(conversationId="another"), event(conversationId=None))

    keys = {tuple(row[name] for name in CHARGES.key if name in row) for row in rows}
    assert len(keys) == 3
    assert [row["run_id"] for row in rows].count(None) == 1


@pytest.mark.parametrize(
    ("flag", "kind", "is_billed", "is_contradicted"),
    [
        (True, "Usage-based", True, False),
        (True, "USAGE_EVENT_KIND_USAGE_BASED", True, False),
        (False, "Usage-based", False, False),
        (False, "Included in Business", False, False),
        (True, "Included in Pro", False, True),
        (True, "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED", False, True),
        (True, "Some kind of tomorrow", True, False),
        (False, None, False, False),
    ],
)
def test_what_is_billed_follows_flag_and_kind(
    flag: bool, kind: str | None, is_billed: bool, is_contradicted: bool
) -> None:
    one = read(event(isChargeable=flag, kind=kind))

    assert (one.is_billed, one.is_contradicted) == (is_billed, is_contradicted)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Included in Business", EventKind.INCLUDED),
        ("USAGE_EVENT_KIND_INCLUDED_IN_PRO_PLUS", EventKind.INCLUDED),
        ("Errored, Not Charged", EventKind.NOT_CHARGED),
        ("Aborted, Not Charged", EventKind.NOT_CHARGED),
        ("USAGE_EVENT_KIND_FREE_CREDIT", EventKind.FREE),
        ("usage-based", EventKind.USAGE_BASED),
        ("", EventKind.OTHER),
        ("Bonus round", EventKind.OTHER),
    ],
)
def test_kinds_are_read_in_either_spelling(word: str, kind: EventKind) -> None:
    assert event_kind(word) is kind


@pytest.mark.parametrize(
    ("changes", "field", "amount_nano"),
    [
        # The unit was renamed: the amount is unknown, and not zero.
        ({"chargedCents": None, "chargedMicroDollars": 217500}, "chargedCents", None),
        ({"chargedCents": "a lot"}, "chargedCents", None),
        ({"chargedCents": True}, "chargedCents", None),
        ({"isChargeable": "yes"}, "isChargeable", 217_500_000),
        ({"isChargeable": None}, "isChargeable", 217_500_000),
        ({"timestamp": "1763467200"}, "timestamp", 217_500_000),  # seconds
        ({"timestamp": "2026-11-18T12:00:00Z"}, "timestamp", 217_500_000),
        ({"timestamp": True}, "timestamp", 217_500_000),
        ({"timestamp": "9" * 19}, "timestamp", 217_500_000),
        ({"model": None}, "model", 217_500_000),
        ({"model": "Somebody Else"}, "model", 217_500_000),
        ({"model": None, "isChargeable": False}, "model", 0),
        ({"model": None, "kind": "Included in Business"}, "model", 0),
        ({"isChargeable": None, "kind": "ERRORED_NOT_CHARGED"}, "isChargeable", 0),
        ({"tokenUsage": {"inputTokens": -1}}, "tokenUsage.inputTokens", 217_500_000),
        ({"tokenUsage": {"inputTokens": 1.5}}, "tokenUsage.inputTokens", 217_500_000),
        ({"tokenUsage": 7}, "tokenUsage", 217_500_000),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_money_it_holds(
    changes: dict[str, Any], field: str, amount_nano: int | None
) -> None:
    reject = parsed_of(event(**changes))

    assert isinstance(reject, Reject)
    assert (reject.field_path, reject.amount_nano) == (field, amount_nano)
    assert (reject.issuer, reject.account, reject.position) == ("cursor", "team", 3)


def test_numbers_in_quotes_are_the_numbers_they_are() -> None:
    quoted = event(
        chargedCents="21.75",
        tokenUsage={"inputTokens": "100", "outputTokens": "40", "totalCents": "20.5"},
    )
    number = event(timestamp=int(event()["timestamp"]))

    assert read(quoted).charged_cents == Decimal("21.75")
    assert read(quoted).tokens["input"] == 100
    assert read(number).at == read(event()).at


def test_unreported_tokens_are_not_zero() -> None:
    (row,) = billed(event(tokenUsage=None))

    assert (row["quantity"], row["unit"]) == (None, None)


def test_tokens_that_one_event_of_a_line_does_not_tell_are_unknown_of_the_line() -> None:
    (row,) = billed(event(), event(tokenUsage=None))

    assert (row["quantity"], row["billed_nano"]) == (None, 2 * 217_500_000)


def test_what_a_flag_says_is_not_charged_is_a_line_that_costs_nothing() -> None:
    (row,) = billed(event(isChargeable=False))

    assert row["sku"] == "claude-4.5-sonnet·not_chargeable"
    assert (row["billed_nano"], row["list_nano"]) == (0, 217_500_000)


def test_each_service_account_has_a_line_of_its_own() -> None:
    names = ["sa_2", None, "sa_1"]

    rows = billed(*(event(serviceAccountId=name, conversationId=None) for name in names))

    assert [(row["api_key"], row["run_id"] is None) for row in rows] == [
        (None, True),
        ("digest of sa_1", False),
        ("digest of sa_2", False),
    ]


def test_only_declared_service_accounts_are_kept_by_id() -> None:
    rows = [
        read(event(serviceAccountId=name), api_keys={"sa_declared"})
        for name in ("sa_declared", "sa_other")
    ]

    assert [one.api_key for one in rows] == ["sa_declared", "digest of sa_other"]
    assert all(one.is_agent for one in rows)


def test_a_directory_names_the_squad_and_nothing_else() -> None:
    one = read(event(userEmail=" Someone@Example.com "), door=door(someone="payments"))
    nobody = read(event(), door=door())
    service = read(event(serviceAccountId="sa_1"), door=door(someone="payments"))

    assert (one.squad, nobody.squad, service.squad) == ("payments", None, None)
    assert nobody.person is None
    assert service.person is None
    assert "someone" not in repr(one).lower()


def test_an_older_numeric_user_id_is_read_too() -> None:
    row = event(userId=12345)
    del row["userEmail"]

    assert read(row, door=door(someone="a")).person == "12345"


@pytest.mark.parametrize(
    ("usage", "fee", "cents"),
    [
        ({"totalCents": 40.167, "discountPercentOff": 10}, 1.18, "37.3303"),
        ({"totalCents": 20.18232}, 1.18, "21.36232"),
        ({"totalCents": 20}, None, "20"),
        ({}, 1.18, None),
    ],
)
def test_what_an_event_should_cost_follows_from_tokens_discount_and_fee(
    usage: dict[str, object], fee: float | None, cents: str | None
) -> None:
    expected = read(event(tokenUsage=usage, cursorTokenFee=fee)).expected_cents

    assert expected == (None if cents is None else Decimal(cents))


@given(st.lists(st.decimals("0", "9999", places=12), min_size=1, max_size=8))
def test_no_fraction_of_a_cent_is_lost_before_the_one_rounding(amounts: list[Decimal]) -> None:
    rows = billed(*(event(chargedCents=str(amount)) for amount in amounts))

    exact = sum(amounts) * CENT
    assert abs(Decimal(str(rows[0]["billed_nano"])) - exact) <= Decimal("0.5")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "billed_cents", "listed_cents"),
    [
        ("cursor_filtered_usage_events.json", "58.69232", "66.69232"),
        ("cursor_filtered_usage_events_service_account.json", "21.36232", "21.36232"),
    ],
)
def test_the_documented_events_are_read_exactly(
    shared: Path, name: str, billed_cents: str, listed_cents: str
) -> None:
    total, rows = parse_page("cursor", "events", recorded(shared, name))
    parsed = [
        parse_event(row, "p", 0, door=door(), issuer="cursor", account="team") for row in rows
    ]
    events = [one for one in parsed if isinstance(one, Event)]
    raw = charge_rows(events, events[0].at.date(), door())
    lines = conform_charges(raw, source="c", issuer="c", account="t", day=events[0].at.date()).rows

    assert total >= len(rows) == len(events)
    assert sum(int(str(row["billed_nano"])) for row in lines) == Decimal(billed_cents) * CENT
    assert sum(int(str(row["list_nano"])) for row in lines) == Decimal(listed_cents) * CENT
    apart = [one.charged_cents - (one.expected_cents or one.charged_cents) for one in events]
    assert max(abs(cents) for cents in apart) <= Decimal("0.0003")
