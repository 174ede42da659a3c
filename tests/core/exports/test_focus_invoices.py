"""An invoice is named where one document is exactly what an issuer billed, and nowhere else."""

from decimal import Decimal

import pytest

from config.shapes.finance import Invoice, InvoiceLine
from tasks.core.exports.focus_columns import Row
from tasks.core.exports.focus_invoices import with_invoices
from tests.core.exported import PERIOD, a_month


def document(amount: str, *, name: str = "INV-7", issuer: str = "openai") -> Invoice:
    return Invoice(
        id=name,
        issuer=issuer,
        billing_period=PERIOD,
        issued_on="2026-12-02",
        lines=(InvoiceLine(category="usage", amount=amount),),
    )


def named(rows: list[Row]) -> set[tuple[object, object]]:
    return {(row["BillingAccountId"], row["InvoiceId"]) for row in rows}


def test_a_document_that_is_what_was_billed_is_named_on_every_row_of_its_issuer() -> None:
    rows = with_invoices(a_month().rows(), PERIOD, [document("0.007")])

    assert named(rows) == {("anthropic", None), ("openai", "INV-7")}


@pytest.mark.parametrize(
    "invoices",
    [
        [document("0.007000001")],
        [document("0.003"), document("0.004", name="INV-8")],
        [document("0.007", issuer="cursor")],
    ],
    ids=["another amount", "two documents", "another issuer"],
)
def test_anything_else_leaves_the_rows_without(invoices: list[Invoice]) -> None:
    rows = with_invoices(a_month().rows(), PERIOD, invoices)

    assert named(rows) == {("anthropic", None), ("openai", None)}


def test_what_the_bill_names_itself_stays() -> None:
    rows = with_invoices(a_month("INV-1").rows(), PERIOD, [document("0.007")])

    assert ("openai", "INV-1-2") in named(rows)


def test_another_period_is_another_bill() -> None:
    rows = with_invoices(a_month().rows(), "2026-10", [document("0.007")])

    assert named(rows) == {("anthropic", None), ("openai", None)}
    assert sum(Decimal(str(row["BilledCost"])) for row in rows) > 0
