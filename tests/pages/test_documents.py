"""Invoices and contract lines on offer as people read them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tasks.core.invoicing.settlement import Outcome, Settlement
from tasks.core.money import NANO
from tasks.core.reconciling.offers import ContractOffer
from tasks.pages.documents import invoices_section, offers_section
from tasks.pages.night import tie_out
from tests.pages.test_night import a_night

AGREED = Settlement(
    issuer="anthropic",
    billing_period="2026-10",
    currency="USD",
    outcome=Outcome.AGREED,
    invoices=2,
    invoiced_nano=100 * NANO,
    owed_nano=100 * NANO,
)
OFFER = ContractOffer("anthropic", "claude-opus-5", Decimal("0.8500"), 12, date(2026, 11, 1))


def cells(row: Settlement) -> list[str]:
    lines = [line for line in "\n".join(invoices_section([row])).splitlines() if line[:2] == "| "]
    return [cell.strip() for cell in lines[-1].strip("|").split(" | ")]


def said(row: Settlement) -> str:
    (line,) = (line for line in invoices_section([row]) if line.startswith("- "))
    return line.removeprefix("- anthropic 2026-10: ")


def test_nothing_to_tell_is_no_section() -> None:
    assert invoices_section([]) == offers_section([], "") == []


def test_an_invoice_that_agrees_says_so() -> None:
    assert cells(AGREED) == [*("anthropic", "2026-10", "2", "$100.00", "$100.00", "$0.00")]
    assert said(AGREED) == "agrees with the books"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"difference_nano": 5 * NANO, "rounding_nano": 5 * NANO}, "$5.00 is rounding"),
        ({"difference_nano": -5 * NANO}, "**-$5.00 is a break**"),
        ({"fx_nano": 3 * NANO}, "agrees with the books; $3.00 by exchange rates"),
        (
            {
                "outcome": Outcome.CLOSED,
                "difference_nano": 5 * NANO,
                "rounding_nano": 2 * NANO,
            },
            "closed: as it was settled; $2.00 is rounding; **$3.00 is a break**",
        ),
        ({"outcome": Outcome.INCOMPLETE, "missing_days": 1}, "not compared: 1 day is not booked"),
        ({"outcome": Outcome.INCOMPLETE, "missing_days": 2}, "not compared: 2 days are not booked"),
    ],
)
def test_what_became_of_an_invoice_is_said_in_words(fields: dict[str, Any], says: str) -> None:
    row = replace(AGREED, **fields)

    assert said(row) == says
    assert (cells(row)[5] == "") == bool(row.missing_days)


def test_an_offer_is_a_sentence_and_a_diff_or_the_line_alone() -> None:
    with_diff = "\n".join(offers_section([OFFER], "--- a\n+++ b\n"))
    alone = "\n".join(offers_section([OFFER], ""))

    assert "at 0.8500 of its list price, on each of 12 days since 2026-11-01." in with_diff
    assert "```diff\n--- a" in with_diff
    assert '- {model: claude-opus-5, factor: "0.8500", from: 2026-11-01}' in alone


def test_the_tie_out_tells_both() -> None:
    night = a_night()
    books = replace(night.books, settlements=(AGREED,), offers=(OFFER,))

    page = tie_out(replace(night, books=books))

    assert page.index("## Invoices") < page.index("## Contract lines on offer")
