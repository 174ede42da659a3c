"""Documents of finance.yaml and of files become one list, each document once."""

from datetime import date
from decimal import Decimal

import pytest

from config.shapes.finance import Invoice, InvoiceLine
from tasks.core.invoicing.told_invoices import InvoiceRow, invoices_of

ISSUED = date(2026, 11, 3)
SIGNED = Invoice(
    id="INV-1",
    issuer="anthropic",
    billing_period="2026-10",
    currency="USD",
    issued_on=ISSUED,
    lines=(
        InvoiceLine(category="usage", amount=Decimal("120.50")),
        InvoiceLine(category="tax", amount=Decimal("9.64")),
    ),
)


def row(**changes: object) -> InvoiceRow:
    return {
        "source": "documents",
        "issuer": "anthropic",
        "invoice_id": "INV-1",
        "day": ISSUED,
        "line": 0,
        "billing_period": "2026-10",
        "currency": "USD",
        "category": "tax",
        "amount_nano": 9_640_000_000,
        "origin_period": None,
        "settled_rate": None,
    } | changes


USAGE = row(line=1, category="usage", amount_nano=120_500_000_000)


def test_a_document_told_twice_in_the_same_words_counts_once() -> None:
    told = invoices_of([SIGNED], [row(), USAGE], {"anthropic"})

    assert (told.invoices, told.findings) == ((SIGNED,), ())
    twice = invoices_of(
        (), [row(), USAGE, *({**one, "source": "b"} for one in (row(), USAGE))], ["anthropic"]
    )
    assert [len(one.lines) for one in twice.invoices] == [2]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_nano": 1},
        {"currency": "EUR"},
        {"billing_period": "2026-09"},
        {"settled_rate": "1.1"},
        {"origin_period": "2026-09"},
    ],
)
def test_what_is_signed_holds_against_a_file(changes: dict[str, object]) -> None:
    told = invoices_of([SIGNED], [row(**changes), {**USAGE, **changes}], {"anthropic"})

    assert told.invoices == (SIGNED,)
    assert [(one.code, one.subject) for one in told.findings] == [
        ("invoice_contradicted", "anthropic")
    ]


def test_of_two_files_that_differ_neither_counts() -> None:
    told = invoices_of((), [row(), row(source="b", amount_nano=1)], {"anthropic"})

    assert told.invoices == ()
    assert [one.code for one in told.findings] == ["invoice_contradicted"]


def test_a_document_of_an_unknown_issuer_is_told_and_left_out() -> None:
    told = invoices_of([SIGNED], [row(issuer="acme")], {"anthropic"})

    assert told.invoices == (SIGNED,)
    assert [(one.code, one.subject) for one in told.findings] == [("unknown_issuer", "acme")]


def test_amounts_come_out_as_they_went_in() -> None:
    largest = 9_199_999_999_999_999_999  # of what the ledger keeps

    (invoice,) = invoices_of((), [row(amount_nano=-largest)], {"anthropic"}).invoices

    assert invoice.lines[0].amount * 10**9 == -largest
