"""A billing period of the books: its own days, its corrections, and the head that proves it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from tasks.core.books import Cause, Entry, Posting
from tasks.ledger.ledger import Ledger
from tests.ledger.made import FAMILY, NOW, PAYABLE, REST, entry, key, night


def test_a_period_holds_what_was_booked_in_it_corrections_included(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledger = open_ledger()
    early = replace(key(date(2026, 10, 30)), billing_period="2026-10")
    late = replace(early, billing_period="2026-11", origin_period="2026-10")
    entries = (
        entry(1_000),
        entry(70, account="ws_2", to=REST),
        Entry(early, Cause.NEW, (Posting(FAMILY, 5_000), Posting(PAYABLE, -5_000))),
        Entry(late, Cause.RESTATED, (Posting(FAMILY, -300), Posting(PAYABLE, 300))),
    )
    booked = ledger.book_night(night(*entries), books_at=0, bases=(), recorded_at=NOW)

    books = ledger.period_books("2026-11")

    assert books.posted == {
        (key(), FAMILY): 1_000,
        (key(account="ws_2"), REST): 70,
        (late, FAMILY): -300,
    }
    assert books.head == booked.head
    assert {of.day for of, _ in ledger.period_books("2026-10").posted} == {early.day}
    assert ledger.period_books("2026-11", issuers=["openai"]).posted == {}
    assert ledger.period_books("2026-12").posted == {}
