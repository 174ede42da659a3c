"""FOCUS rows: two margins met at once, prices exact, corrections and own lines as they should."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.exports.focus_checks import (
    invoice_faults,
    ledger_faults,
    origin_faults,
    row_faults,
    table_faults,
)
from tasks.core.exports.focus_columns import COLUMNS, Row
from tasks.core.exports.focus_prices import nano_decimal
from tasks.core.exports.focus_values import period_bounds
from tests.core.exported import (
    BUMP,
    FEE,
    LAB,
    PLAIN,
    REST,
    Month,
    a_month,
    a_month_of_contracts,
    bill,
    book,
    charge,
    usage,
)


def faults(month: Month) -> list[str]:
    rows = month.rows()
    return [
        *(fault for row in rows for fault in row_faults(row)),
        *ledger_faults(rows, month.posted),
        *origin_faults(rows, month.lines()),
        *table_faults(rows),
    ]


def rows_of(month: Month, **values: object) -> list[Row]:
    return [row for row in month.rows() if all(row[name] == one for name, one in values.items())]


def total(rows: list[Row], name: str = "BilledCost") -> Decimal:
    return sum((Decimal(str(row[name])) for row in rows), Decimal(0))


@pytest.mark.parametrize("invoice", [None, "INV-1"])
def test_a_month_with_a_row_of_every_kind_passes_every_check(invoice: str | None) -> None:
    month = a_month(invoice)

    assert faults(month) == []
    assert Counter(row["ChargeCategory"] for row in month.rows()).keys() == {
        *("Usage", "Credit", "Tax", "Adjustment"),
    }


def test_every_row_has_every_column_in_order() -> None:
    assert {frozenset(row) for row in a_month().rows()} == {
        frozenset(column.name for column in COLUMNS)
    }


def test_rows_sum_to_the_billed_line_and_to_the_destination_at_once() -> None:
    month = a_month()

    assert total(
        rows_of(month, SkuPriceId="anthropic:claude-sonnet-4-5/standard/0-200k:input-tokens:input")
    ) == Decimal("2.700000001")
    lab = [row for row in rows_of(month, x_Workflow="lab") if not row["x_OriginBillingPeriod"]]
    assert total(lab) == Decimal("0.100000001")
    assert {row["x_SkuBasis"] for row in lab} == {"proportional"}
    assert {row["x_AmountBasis"] for row in lab} == {"allocated"}


def test_list_and_contracted_cost_are_price_by_metered_quantity_to_the_last_digit() -> None:
    rows = [
        row
        for row in rows_of(a_month(), x_PriceBasis="price_list", BillingAccountId="anthropic")
        if "uncached" in str(row["SkuPriceDetails"]).lower()
    ]

    assert {row["ListUnitPrice"] for row in rows} == {Decimal(3)}
    assert {row["ContractedUnitPrice"] for row in rows} == {Decimal("2.7")}
    assert total(rows, "ConsumedQuantity") == 1_000_003
    assert total(rows, "ListCost") == Decimal("3.000009")
    assert total(rows, "ContractedCost") == Decimal("2.7000081")


def test_the_quantity_that_the_bill_tells_wins() -> None:
    (row,) = rows_of(a_month(), BillingAccountId="openai")

    assert row["ConsumedQuantity"] == Decimal(700)
    assert row["ConsumedUnit"] == "Tokens"
    assert (row["ListUnitPrice"], row["ListCost"]) == (Decimal(10), Decimal("0.007"))
    assert row["x_SkuBasis"] == "exact"


def test_a_purchase_is_priced_by_its_amount_and_consumes_nothing() -> None:
    seats = charge(160, sku="seats", **PLAIN, category="purchase")
    month = Month({(book(), FEE): 160}, [bill(seats)])

    (row,) = month.rows()

    assert faults(month) == []
    assert (row["ChargeCategory"], row["ChargeFrequency"]) == ("Purchase", "One-Time")
    assert row["ConsumedQuantity"] is None
    assert row["PricingQuantity"] == row["BilledCost"] == Decimal("1.6e-7")


def test_without_a_price_a_row_is_priced_by_its_amount() -> None:
    rows = rows_of(a_month(), SkuId="anthropic:web_search")

    assert {(row["PricingUnit"], row["ListUnitPrice"]) for row in rows} == {("USD", Decimal(1))}
    assert {row["x_PriceBasis"] for row in rows} == {"billed_amount"}
    assert total(rows, "ListCost") == total(rows) == Decimal("0.05")
    assert total(rows, "ConsumedQuantity") == 5
    assert {row["ConsumedUnit"] for row in rows} == {"Web Search Requests"}


def test_tiers_of_different_prices_that_the_bill_does_not_tell_apart_have_no_price() -> None:
    told = {"sku": "claude-sonnet-4-5", "tier": None, "context": None}
    metered = [
        usage(10, sku="claude-sonnet-4-5", tier="standard", context="0-200k"),
        usage(10, sku="claude-sonnet-4-5", tier="batch", context="0-200k"),
    ]

    (row,) = Month({(book(), BUMP): 45_000}, [bill(charge(45_000, **told))], metered).rows()

    assert row["x_PriceBasis"] == "billed_amount"
    assert row["ConsumedQuantity"] == 20


def test_metered_tokens_of_two_lines_of_one_sku_are_given_to_neither() -> None:
    invoices = [charge(50, invoice_id="a"), charge(50, invoice_id="b")]

    rows = Month({(book(), BUMP): 100}, [bill(*invoices)], [usage(10)]).rows()

    assert {row["ConsumedUnit"] for row in rows} == {"USD"}


def test_a_correction_is_in_the_open_period_for_the_day_it_was_incurred() -> None:
    rows = rows_of(a_month(), ChargeClass="Correction")

    assert total(rows) == Decimal("0.002")
    assert {str(row["ChargePeriodStart"])[:10] for row in rows} == {"2026-10-30"}
    assert {str(row["BillingPeriodStart"])[:10] for row in rows} == {"2026-11-01"}
    assert {row["x_OriginBillingPeriod"] for row in rows} == {"2026-10"}
    assert {row["SkuId"] for row in rows} == {None}


def test_what_nobody_owns_is_said_and_open_breaks_too() -> None:
    rows = rows_of(a_month(), x_DestinationKind="unattributed", ChargeClass=None)

    assert {row["x_WorkflowFamily"] for row in rows} == {"unallocated"}
    assert {row["x_ReconciliationStatus"] for row in rows} == {"unlogged_usage", "matched"}


def test_an_issuer_whose_day_starts_later_has_a_period_that_does_too() -> None:
    start, end = period_bounds("2026-12", 480)

    assert (start.isoformat(), end.isoformat()) == (
        "2026-12-01T08:00:00+00:00",
        "2027-01-01T08:00:00+00:00",
    )


def test_invoices_are_held_against_what_is_payable() -> None:
    rows = a_month("INV-1").rows()
    payable = {"INV-1": Decimal("3.700000001"), "INV-1-2": Decimal("0.007")}

    assert invoice_faults(rows, payable) == []
    assert len(invoice_faults(rows, payable | {"INV-1": Decimal("8.7")})) == 1


amounts = st.integers(-(10**12), 10**12)


@settings(max_examples=60)
@given(
    st.lists(amounts, min_size=1, max_size=4),
    st.lists(amounts, min_size=1, max_size=2),
    st.integers(0, 10**9),
)
def test_any_bill_over_any_destinations_keeps_every_sum(
    billed: list[int], parts: list[int], tokens: int
) -> None:
    kinds = ("input", "output", "cache_read", "cache_write_5m")
    rows = [charge(nano, kind=kind) for nano, kind in zip(billed, kinds, strict=False)]
    to = [*zip((BUMP, LAB), parts, strict=False), (REST, sum(billed) - sum(parts))]
    posted = {(book(), one): nano for one, nano in to}

    # As the ledger gives them: without what nets to nothing; another account has the day booked.
    kept = {place: nano for place, nano in posted.items() if nano}
    other = book(account="ws_2")
    month = Month(
        {**kept, (other, REST): 7}, [bill(*rows, charge(7, account="ws_2"))], [usage(tokens)]
    )

    assert faults(month) == []


def test_contracts_are_billed_when_bought_and_cost_when_used() -> None:
    month = a_month_of_contracts()
    rows = month.rows()

    assert faults(month) == []
    accrual = 5_000_000
    owed = sum(month.posted.values()) - accrual
    assert total(rows) == nano_decimal(owed)
    used = sum(
        nano
        for (_, to), nano in month.posted.items()
        if to.kind.value not in {"prepaid", "accrued", "accrual"}
    )
    assert total(rows, "EffectiveCost") == nano_decimal(used)
    assert {row["x_DestinationKind"] for row in rows} == {
        *("family", "unattributed", "prepaid", "breakage", "idle_seat", "seat", "accrued"),
        *("rounding", "fx"),
    }


def test_credits_pay_for_usage_before_the_vendor_is_owed() -> None:
    rows = [row for row in a_month_of_contracts().rows() if row["SubAccountId"] == "ws_1"]

    usage = [row for row in rows if row["ChargeCategory"] == "Usage"]
    assert total(usage, "EffectiveCost") == Decimal("3.000000001")
    assert total(usage) == Decimal("0.500000001")
    (bought,) = [row for row in rows if row["ChargeCategory"] == "Purchase"]
    assert (bought["BilledCost"], bought["EffectiveCost"]) == (Decimal(9), Decimal(0))


def test_seats_that_the_vendor_bills_itself_are_owed_once() -> None:
    rows = [row for row in a_month_of_contracts().rows() if row["SubAccountId"] == "org"]

    assert {row["ChargeCategory"]: (row["BilledCost"], row["EffectiveCost"]) for row in rows} == {
        "Purchase": (Decimal("0.6"), Decimal(0)),
        "Usage": (Decimal(0), Decimal("0.02")),
    }
