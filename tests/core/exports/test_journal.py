"""The journal: balanced, by cost centre, pool and issuer account, the same for the same books."""

from dataclasses import replace

import pytest

from tasks.core.books import BookKey, Destination
from tasks.core.exports.billed_lines import ExportError
from tasks.core.exports.journal import Journal, journal_of
from tests.core.exported import BUMP, CENTRES, CREDIT, HEAD, LAB, PERIOD, REST, book

POSTED: dict[tuple[BookKey, Destination], int] = {
    (book(), BUMP): 60,
    (book(), replace(BUMP, workflow="other", family="other")): 7,
    (book(), LAB): 30,
    (book(), REST): 10,
    (book(), CREDIT): -25,
    (book("openai", "proj_1"), BUMP): 5,
}


def journal(posted: dict[tuple[BookKey, Destination], int] | None = None) -> Journal:
    return journal_of(PERIOD, posted or POSTED, CENTRES, HEAD)


def test_debits_equal_credits_for_every_issuer_account() -> None:
    sums: dict[str, int] = {}
    for line in journal().lines:
        sums[line.issuer_account] = sums.get(line.issuer_account, 0) + line.amount_nano

    assert sums == {"ws_1": 0, "proj_1": 0}


def test_a_cost_centre_has_one_line_a_pool_and_account() -> None:
    lines = [
        (line.cost_centre, line.pool, line.account, line.amount_nano)
        for line in journal().lines
        if line.issuer == "anthropic"
    ]

    assert lines == [
        ("CC-1", "exploration", "agent spend", 30),
        ("CC-1", "production", "agent spend", 67),
        ("CC-1", "", "agent spend, unattributed", 10),
        ("", "", "payable to vendors", -82),
        ("", "", "vendor credits", -25),
    ]


def test_corrections_stand_apart_and_name_their_period() -> None:
    late = book(origin_period="2026-10")

    lines = journal({**POSTED, (late, BUMP): -3}).lines

    assert [(line.account, line.amount_nano) for line in lines if line.origin_period] == [
        ("agent spend", -3),
        ("payable to vendors", 3),
    ]


def test_equal_books_are_one_entry_and_others_another() -> None:
    backwards = dict(reversed(list(POSTED.items())))

    assert journal(backwards) == journal()
    assert journal({**POSTED, (book(), BUMP): 61}).entry != journal().entry


def test_money_of_a_portfolio_that_the_catalog_lost_is_refused() -> None:
    gone = {(book(), replace(BUMP, portfolio="gone")): 1}

    with pytest.raises(ExportError, match="portfolio 'gone', which the catalog does not name"):
        journal(gone)
