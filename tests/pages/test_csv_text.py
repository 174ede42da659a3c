"""CSV: figures in full, names that cannot run as formulas, lines as RFC 4180 has them."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest

from tasks.core.exports.journal import journal_of
from tasks.pages.csv_text import csv_text, decimal_text
from tasks.pages.focus import focus_csv
from tasks.pages.journal import HEAD, journal_csv
from tests.core.exported import BUMP, CENTRES, PERIOD, REST, a_month, book


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_name_that_would_run_as_a_formula_is_made_inert(first: str) -> None:
    text = csv_text(["name"], [[f'{first}HYPERLINK("http://x")']])

    (row,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert row == [f'\'{first}HYPERLINK("http://x")']


def test_a_negative_figure_is_never_touched() -> None:
    assert csv_text(["a"], [[Decimal("-1.50")]]) == "a\r\n-1.5\r\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(301), "301.0"),
        (Decimal("1E+3"), "1000.0"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (Decimal("-0E-9"), "0.0"),
        (Decimal("9199999999.999999999"), "9199999999.999999999"),
    ],
)
def test_figures_are_written_in_full_and_with_a_point(value: Decimal, text: str) -> None:
    assert decimal_text(value) == text


def test_cells_with_quotes_commas_and_line_ends_are_read_back() -> None:
    cells = ['say "x"', "a,b", "two\r\nlines", "größe", None]

    text = csv_text(list("abcde"), [cells])

    assert text.endswith("\r\n")
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [cell or "" for cell in cells]


def test_a_focus_file_reads_back_to_the_same_sum_from_text_alone() -> None:
    month = a_month()

    rows = list(csv.DictReader(io.StringIO(focus_csv(month.rows()), newline="")))

    posted = sum(month.posted.values())
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(posted).scaleb(-9)
    assert {row["BillingPeriodStart"] for row in rows} == {"2026-11-01T00:00:00Z"}
    assert all("." in row["BilledCost"] for row in rows)


def test_a_journal_file_balances_and_names_its_proof() -> None:
    hostile = replace(BUMP, pool="=1+1")
    posted = {(book(), hostile): 1_500_000_000, (book(), REST): -200_000_000}

    text = journal_csv(journal_of(PERIOD, posted, CENTRES, "c" * 64))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert tuple(rows[0]) == HEAD
    debits, credits_ = ([Decimal(row[side] or 0) for row in rows] for side in ("debit", "credit"))
    assert sum(debits) == sum(credits_) == Decimal("1.5")
    assert {row["chain_head"] for row in rows} == {"c" * 64}
    assert {row["pool"] for row in rows} == {"'=1+1", ""}
    assert [row["line"] for row in rows] == [str(n + 1) for n in range(len(rows))]
