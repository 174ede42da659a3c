"""Pools are read day by day: what is owed is left out, and corrections keep their origin."""

from dataclasses import replace
from datetime import date, timedelta

from tasks.core.books import Break, Cause, DestinationKind, Entry, Posting
from tasks.core.budgeting.pool_days import PoolDay
from tasks.core.month_end.roll_forward import Measured, roll_forward, standing_after
from tasks.core.reconciling.break_ids import break_id
from tasks.ledger.ledger import Ledger
from tests.ledger.made import DAY, FAMILY, NOW, PAYABLE, REST, entry, gap, key, night


def row(amount_nano: int, **fields: object) -> PoolDay:
    made = PoolDay(
        day=DAY,
        billing_period="2026-11",
        origin_period="",
        kind=DestinationKind.FAMILY,
        portfolio="core",
        family="upgrades",
        pool="production",
        paid_from="exploration",
        currency="USD",
        amount_nano=amount_nano,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def test_days_of_a_pool_are_summed_over_accounts_and_workflows(ledger: Ledger) -> None:
    other = replace(FAMILY, workflow="other")
    late = replace(key(), origin_period="2026-10")
    entries = (
        entry(9 * 10**18),
        entry(7, account="ws_2", to=other),
        entry(70, account="ws_3", to=REST),
        entry(5, day=date(2026, 11, 19)),
        Entry(late, Cause.RESTATED, (Posting(FAMILY, -300), Posting(PAYABLE, 300))),
    )
    ledger.book_night(night(*entries), books_at=0, bases=(), recorded_at=NOW)

    days = ledger.pool_days(DAY, DAY)

    rest = {"kind": DestinationKind.UNATTRIBUTED, "family": "", "pool": "", "paid_from": ""}
    assert days == sorted(
        [row(9 * 10**18 + 7), row(-300, origin_period="2026-10"), row(70, **rest)]
    )


def test_what_was_booked_and_taken_back_is_no_row(ledger: Ledger) -> None:
    ledger.book_night(night(entry(5)), books_at=0, bases=(), recorded_at=NOW)
    back = night(entry(-5, cause=Cause.RESTATED), digest="d2", hours=24)
    ledger.book_night(back, books_at=ledger.books_at(), bases=(), recorded_at=NOW)

    assert ledger.pool_days(DAY - timedelta(days=9), DAY) == []
    assert ledger.pool_days(DAY, DAY, books_at=1) == [row(5)]


def test_the_roll_forward_closes_on_what_the_ledger_says_stands(ledger: Ledger) -> None:
    """Held days, days outside the window, and breaks that come back, over three nights."""
    early, held_day = DAY - timedelta(days=20), DAY - timedelta(days=1)
    window = (DAY - timedelta(days=5), DAY)
    nights: list[tuple[list[Break], tuple[date, date], list[tuple[str, date]]]] = [
        ([gap(1, day=early), gap(2), gap(3, day=held_day), gap(9, sku="s")], (early, DAY), []),
        ([gap(5)], window, [("anthropic", held_day)]),
        ([gap(7, sku="s")], window, []),
    ]
    for number, (breaks, days, held) in enumerate(nights):
        before = [one.item for one in ledger.breaks_current()]
        after = standing_after(before, Measured(*days, held, breaks))
        made = night(breaks=breaks, digest=f"d{number}", days=days, hours=24 * number)
        at = ledger.books_at()
        ledger.book_night(made, books_at=at, bases=(), recorded_at=NOW, held=held)

        stands = [one.item for one in ledger.breaks_current()]

        assert sorted(after) == sorted(stands)
        (roll,) = roll_forward(before, after, {"anthropic": "USD"})
        assert roll.closing_nano() == sum(item.amount_nano for item in stands)
    assert {item.amount_nano for item in stands} == {1, 7}


def test_a_break_that_flaps_keeps_its_id_and_its_age(ledger: Ledger) -> None:
    for number, breaks in enumerate(([gap(9)], [], [gap(7)])):
        made = night(breaks=breaks, digest=f"d{number}", hours=24 * number)
        ledger.book_night(made, books_at=ledger.books_at(), bases=(), recorded_at=NOW)

    (stands,) = ledger.breaks_current()
    known = ledger.breaks_first_seen(DAY, DAY)

    assert (stands.break_id, stands.first_seen) == (break_id(gap()), NOW)
    assert known == {break_id(gap()): NOW}
    assert ledger.breaks_first_seen(DAY, DAY, by=NOW - timedelta(hours=1)) == {}
    assert ledger.breaks_first_seen(DAY - timedelta(days=9), DAY - timedelta(days=1)) == {}
