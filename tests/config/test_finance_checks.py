"""Invoices, seat plans and lots of credits that cannot be meant are refused, with where and why."""

from typing import Any

import pytest

from config.finance_checks import MOST, finance_misfits
from config.shapes.finance import Finance
from config.shapes.sources import Sources
from tasks.core.money import MAX_NANO, NANO

SOURCES = Sources.model_validate(
    {
        "version": 1,
        "issuers": [{"id": "editor"}],
        "sources": [{"type": "agent_log", "name": "logs", "paths": ["*.ndjson"]}],
    }
)
PLAN = {
    "id": "team",
    "issuer": "editor",
    "account": "org",
    "from": "2026-11-01",
    "seats": 3,
    "price": "20",
}
LOT = {"id": "lot", "issuer": "editor", "account": "org", "bought": "2026-11-01", "amount": "5"}


def problems(*plans: dict[str, Any], lots: tuple[dict[str, Any], ...] = ()) -> list[str]:
    finance = Finance.model_validate(
        {"seats": [PLAN | one for one in plans], "prepaid": [LOT | one for one in lots]}
    )
    found = finance_misfits(finance, SOURCES)
    return [f"{'.'.join(str(part) for part in one.path)} {one.message}" for one in found]


def test_plans_and_lots_that_can_be_meant_pass() -> None:
    ended = {"to": "2026-11-30", "sku": "seats"}
    renewed = {"id": "renewed", "from": "2026-12-01", "sku": "seats"}
    elsewhere = {"id": "elsewhere", "account": "lab"}
    lots = ({"sku": "credits"}, {"id": "more", "sku": "credits", "expires": "2026-11-01"})

    assert problems(ended, renewed, elsewhere, lots=lots) == []


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"issuer": "nobody"}, "seats.1.issuer"),
        ({"to": "2026-10-31"}, "seats.1.to must not be before `from`"),
        ({"from": "2026-11-30"}, "seats.1.from holds on days on which 'team' holds"),
        ({"account": "b", "seats": 10, "price": "920000000"}, "seats.1.price costs 10 x 920000000"),
        (
            {"account": "b", "in_use": [{"from": "2026-11-01", "seats": 4}]},
            "seats.1.in_use.0.seats is more than the plan has",
        ),
        (
            {
                "account": "b",
                "in_use": [{"from": "2026-11-02", "seats": 1}, {"from": "2026-11-01", "seats": 1}],
            },
            "seats.1.in_use.1.from",
        ),
    ],
    ids=["unknown issuer", "ends first", "overlaps", "beyond range", "too many", "unordered"],
)
def test_a_plan_that_cannot_be_meant_is_refused(second: dict[str, Any], expected: str) -> None:
    found = problems({}, {"id": "second", **second})

    assert any(problem.startswith(expected) for problem in found), found


def test_the_largest_month_is_the_largest_that_the_ledger_keeps() -> None:
    assert MOST * NANO == MAX_NANO
    assert problems({"seats": 9, "price": "999999999.999999999"}) == []


@pytest.mark.parametrize(
    ("lot", "expected"),
    [
        ({"expires": "2026-10-31"}, "prepaid.0.expires must not be before `bought`"),
        ({"sku": "seats"}, "prepaid.0.sku is the sku of seat plan 'team', too"),
        ({"issuer": "nobody"}, "prepaid.0.issuer"),
    ],
    ids=["ends first", "clears two", "unknown issuer"],
)
def test_a_lot_that_cannot_be_meant_is_refused(lot: dict[str, Any], expected: str) -> None:
    found = problems({"sku": "seats"}, lots=(lot,))

    assert any(problem.startswith(expected) for problem in found), found


INVOICE = {
    "id": "inv-1",
    "issuer": "editor",
    "billing_period": "2026-10",
    "issued_on": "2026-11-03",
    "lines": [{"category": "usage", "amount": "5"}],
}
CORRECTION = {"category": "credit", "amount": "-5"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"currency": "EUR", "settled_rate": "1.1"}, None),
        ({"lines": [CORRECTION | {"origin_period": "2026-09"}]}, None),
        ({"settled_rate": "1.1"}, "invoices.0.settled_rate is for an invoice in a foreign"),
        (
            {"lines": [CORRECTION, CORRECTION | {"origin_period": "2026-10"}]},
            "invoices.0.lines.1.origin_period must be before `billing_period` (2026-10)",
        ),
        ({"issuer": "nobody"}, "invoices.0.issuer"),
    ],
    ids=["paid abroad", "corrects", "paid at home", "corrects itself", "unknown issuer"],
)
def test_an_invoice_that_cannot_be_meant_is_refused(
    fields: dict[str, Any], expected: str | None
) -> None:
    finance = Finance.model_validate({"invoices": [INVOICE | fields]})

    found = [
        f"{'.'.join(str(part) for part in one.path)} {one.message}"
        for one in finance_misfits(finance, SOURCES)
    ]

    assert len(found) == (expected is not None)
    assert all(one.startswith(expected or "") for one in found), found
