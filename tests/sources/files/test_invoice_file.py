"""Documents as files: whole or not at all, each once."""

from datetime import date
from pathlib import Path

import pytest

from tasks.core.errors import SourceError
from tests.sources.files.writing import codes, csv_text, invoice_row, invoices, rows_of

ISSUED = date(2026, 11, 3)


def test_lines_are_kept_exactly_and_empty_fields_left_out(tmp_path: Path) -> None:
    pulled = invoices(
        tmp_path,
        invoice_row(amount="-0.000000001", settled_rate="1.0835"),
        invoice_row(amount="9.640", origin_period="2026-09", settled_rate="1.0835"),
    )

    shared = {
        "issuer": "anthropic",
        "invoice_id": "INV-1",
        "billing_period": "2026-10",
        "currency": "USD",
        "issued_on": "2026-11-03",
        "category": "usage",
        "settled_rate": "1.0835",
    }
    assert rows_of(pulled) == [
        {**shared, "amount": "-0.000000001"},
        {**shared, "amount": "9.64", "origin_period": "2026-09"},
    ]
    assert all(batch.is_complete for batch in pulled.batches)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": "=1+1"}, "bad_amount"),
        ({"amount": "٣"}, "bad_amount"),
        ({"amount": "9200000000000"}, "out_of_range"),
        ({"currency": "ABC"}, "bad_currency"),
        ({"currency": "usd"}, "string_pattern_mismatch"),
        ({"billing_period": "2026-13"}, "string_pattern_mismatch"),
        ({"origin_period": "Sept"}, "string_pattern_mismatch"),
        ({"issuer": "Anthropic, PBC"}, "string_pattern_mismatch"),
        ({"invoice_id": "<b>1</b>"}, "string_pattern_mismatch"),
        ({"category": "refund"}, "literal_error"),
        ({"settled_rate": "0"}, "greater_than"),
        ({"settled_rate": "-1"}, "greater_than"),
    ],
)
def test_a_document_with_a_bad_line_is_refused_whole(
    tmp_path: Path, changes: dict[str, str], code: str
) -> None:
    named = {name: changes[name] for name in ("issuer", "invoice_id") if name in changes}

    pulled = invoices(tmp_path, invoice_row(**changes), invoice_row(amount="2", **named))

    first, *rest = [found for _, _, found in codes(pulled)]
    assert first == code
    # Where the fault is in what names the document, every line of it has that fault.
    assert rest == [code if named else "incomplete_document"]
    assert rows_of(pulled) == []


def test_a_line_without_a_day_is_filed_under_the_newest(tmp_path: Path) -> None:
    pulled = invoices(tmp_path, invoice_row(issued_on="٢٠٢٦-11-03"), invoice_row(invoice_id="B"))

    assert codes(pulled) == [(date(2026, 11, 19), "", "bad_instant")]
    assert len(rows_of(pulled)) == 1


def test_the_same_document_in_two_files_counts_once(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(csv_text([invoice_row(amount="2"), invoice_row()]))

    assert len(rows_of(invoices(tmp_path, invoice_row(), invoice_row(amount="2")))) == 2


@pytest.mark.parametrize(
    "changes", [{"amount": "2"}, {"currency": "EUR"}, {"issued_on": "2026-11-04"}]
)
def test_a_document_told_in_two_ways_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    (tmp_path / "b.csv").write_text(csv_text([invoice_row(**changes)]))

    with pytest.raises(SourceError, match=r"contradicts what was read.*'INV-1'"):
        invoices(tmp_path, invoice_row())


def test_a_file_that_gives_a_document_two_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="two currencies, days or rates"):
        invoices(tmp_path, invoice_row(), invoice_row(issued_on="2026-11-04"))


def test_missing_columns_are_named_and_optional_ones_may_be_absent(tmp_path: Path) -> None:
    row = invoice_row()
    del row["settled_rate"], row["origin_period"]
    assert len(rows_of(invoices(tmp_path, row))) == 1

    del row["amount"]
    with pytest.raises(SourceError, match="once: amount"):
        invoices(tmp_path, row)


def test_a_document_of_years_ago_is_read_and_one_of_tomorrow_is_not_yet(tmp_path: Path) -> None:
    pulled = invoices(
        tmp_path,
        invoice_row(issued_on="2024-02-29", invoice_id="old"),
        invoice_row(issued_on="2026-11-20", invoice_id="today"),
    )

    assert [row["invoice_id"] for row in rows_of(pulled)] == ["old"]
