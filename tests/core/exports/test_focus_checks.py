"""Our own checks of a FOCUS export: what the official validator lets pass fails here."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from tasks.core.exports.focus_checks import (
    ledger_faults,
    origin_faults,
    row_faults,
    table_faults,
)
from tasks.core.exports.focus_columns import Value
from tests.core.exported import a_month

Changes = dict[str, Value]


def first(category: str) -> dict[str, Value]:
    rows = a_month().rows()
    own = [row for row in rows if row["ChargeClass"] is None]
    return dict(next(row for row in own if row["ChargeCategory"] == category))


def correction() -> dict[str, Value]:
    return dict(next(row for row in a_month().rows() if row["ChargeClass"] == "Correction"))


WRONG_ROWS: dict[str, tuple[str, Changes]] = {
    "list cost off by a cent": ("Usage", {"ListCost": Decimal("0.01")}),
    "contracted cost made up": ("Usage", {"ContractedCost": Decimal(999)}),
    "illegal category": ("Usage", {"ChargeCategory": "Consumption"}),
    "illegal class": ("Usage", {"ChargeClass": "Refund"}),
    "illegal frequency": ("Usage", {"ChargeFrequency": "Daily"}),
    "usage without a sku": ("Usage", {"SkuId": None}),
    "usage without a price of its sku": ("Usage", {"SkuPriceId": None}),
    "usage without a list price": ("Usage", {"ListUnitPrice": None}),
    "usage without a quantity": ("Usage", {"ConsumedQuantity": None}),
    "nested tags": ("Usage", {"Tags": '{"a":{"b":"c"}}'}),
    "sku details that are a list": ("Usage", {"SkuPriceDetails": '["a"]'}),
    "issuer is not the provider": ("Usage", {"InvoiceIssuerName": "Reseller"}),
    "unknown column": ("Usage", {"Extra": "x"}),
    "empty text instead of null": ("Usage", {"SubAccountId": ""}),
    "text instead of an amount": ("Usage", {"BilledCost": "1.0"}),
    "amount that is no number": ("Usage", {"BilledCost": Decimal("NaN")}),
    "amount finer than a file keeps": ("Usage", {"BilledCost": Decimal("1e-19")}),
    "instant without a zone": ("Usage", {"ChargePeriodStart": datetime(2026, 11, 1)}),  # noqa: DTZ001  # without a zone: the point
    "no issuer": ("Usage", {"InvoiceIssuerName": None}),
    "period that ends before it starts": (
        "Usage",
        {"ChargePeriodStart": first("Usage")["BillingPeriodEnd"]},
    ),
    "tax with a sku": ("Tax", {"SkuId": "vat"}),
    "tax with a quantity": ("Tax", {"PricingQuantity": Decimal(1)}),
    "credit with consumption": ("Credit", {"ConsumedQuantity": Decimal(1)}),
    "credit whose costs differ": ("Credit", {"EffectiveCost": Decimal(0)}),
    "origin period without a correction": ("Credit", {"x_OriginBillingPeriod": "2026-10"}),
    "purchase by use": ("Usage", {"ChargeCategory": "Purchase"}),
}


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_wrong_row_is_named(name: str) -> None:
    category, changes = WRONG_ROWS[name]
    row = first(category)
    assert row_faults(row) == []

    assert row_faults(row | changes)


def test_a_correction_has_no_price_and_so_only_one_cost() -> None:
    assert row_faults(correction()) == []
    assert row_faults(correction() | {"ListCost": Decimal(999)})


@pytest.mark.parametrize(
    "change",
    [
        lambda row: {"BilledCost": row["BilledCost"] + 5},
        lambda row: {"EffectiveCost": row["EffectiveCost"] + Decimal("1e-9")},
        lambda _: {"x_Workflow": "another"},
        lambda _: {"x_Pool": None},
        lambda _: {"SubAccountId": "ws_9"},
        lambda _: {"BillingCurrency": "EUR"},
    ],
)
def test_money_at_another_place_than_in_the_ledger_is_named(
    change: Callable[[dict[str, Value]], Changes],
) -> None:
    month = a_month()
    rows = [dict(row) for row in month.rows()]
    assert ledger_faults(rows, month.posted) == []

    rows[0] |= change(rows[0])

    assert ledger_faults(rows, month.posted)


def test_a_lost_row_is_named_three_times_over() -> None:
    month = a_month()
    rows = [row for row in month.rows() if row["x_SkuBasis"] == "proportional"]

    assert ledger_faults(rows[1:], month.posted)
    assert origin_faults(rows[1:], month.lines())
    assert any("sum to" in fault for fault in origin_faults(rows[1:], month.lines()))


def test_a_repeated_row_is_named() -> None:
    rows = a_month().rows()
    assert table_faults(rows) == []

    assert table_faults([*rows, rows[0]]) == [f"row {len(rows) + 1} repeats an earlier one"]


def test_a_name_with_two_meanings_is_named() -> None:
    rows = [dict(row) for row in a_month().rows()]
    rows[0]["ServiceCategory"] = "Compute"

    assert table_faults(rows) == ["ServiceName Claude API has several ServiceCategory"]
