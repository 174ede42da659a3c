from collections.abc import Callable
from datetime import timedelta

import pytest

from tasks.core.books import (
    Break,
    BreakClass,
    Cause,
    Destination,
    DestinationKind,
    Entry,
    Night,
    Posting,
)
from tasks.core.errors import LedgerError, StaleNightError
from tasks.core.reconciling.break_ids import break_id
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.ledger.reads import Booked
from tests.ledger.made import (
    DAY,
    FAMILY,
    NOW,
    PAYABLE,
    REST,
    basis,
    conformed,
    entry,
    gap,
    key,
    night,
    reject,
)


def book(ledger: Ledger, made: Night, **order: object) -> Booked:
    """Book right after reading the books, as a night alone does."""
    return ledger.book_night(made, books_at=ledger.books_at(), **order)  # type: ignore[arg-type]


def test_what_is_booked_can_be_read_at_its_grain(ledger: Ledger) -> None:
    first = entry(1_000)
    other = Entry(
        key(account="ws_2"),
        Cause.NEW,
        (Posting(REST, 70), Posting(FAMILY, 7), Posting(PAYABLE, -77)),
    )
    book(ledger, night(first, other), bases=[], recorded_at=NOW)
    book(ledger, night(entry(-250, cause=Cause.RESTATED), digest="d2"), bases=[], recorded_at=NOW)

    posted = ledger.posted(DAY, DAY)

    assert posted == {
        (key(), FAMILY): 750,
        (key(), PAYABLE): -750,
        (key(account="ws_2"), REST): 70,
        (key(account="ws_2"), FAMILY): 7,
        (key(account="ws_2"), PAYABLE): -77,
    }
    assert ledger.posted(DAY, DAY, books_at=0) == {}
    assert ledger.posted(DAY + timedelta(days=1), DAY + timedelta(days=9)) == {}


def test_amounts_are_exact_beyond_64_bits_in_sum(ledger: Ledger) -> None:
    most = 9_200_000_000_000_000_000
    days = [DAY - timedelta(days=n) for n in range(4)]
    entries = [entry(most - 1, day=day) for day in days]
    book(ledger, night(*entries), bases=[], recorded_at=NOW)
    book(ledger, night(entry(most, cause=Cause.RESTATED), digest="d2"), bases=[], recorded_at=NOW)

    totals = {total.destination: total.amount_nano for total in ledger.family_totals(days[-1], DAY)}

    assert totals == {FAMILY: 5 * most - 4, PAYABLE: -(5 * most - 4)}
    assert ledger.posted(DAY, DAY)[key(), FAMILY] == 2 * most - 1


def test_a_correction_that_undoes_all_leaves_no_posted_sum(ledger: Ledger) -> None:
    book(ledger, night(entry(1_000)), bases=[], recorded_at=NOW)
    book(ledger, night(entry(-1_000, cause=Cause.RESTATED), digest="d2"), bases=[], recorded_at=NOW)

    assert ledger.posted(DAY, DAY) == {}
    assert ledger.family_totals(DAY, DAY) == []


@pytest.mark.parametrize(
    ("unsound", "said"),
    [
        (Entry(key(), Cause.NEW, (Posting(FAMILY, 1),)), "sums to 1 nano, not 0"),
        (Entry(key(), Cause.NEW, ()), "sums to 0 nano, not 0"),
        (Entry(key(), Cause.NEW, (Posting(FAMILY, 0), Posting(PAYABLE, 0))), "has 0 nano"),
        (entry(9_200_000_000_000_000_001), "out of range"),
        (
            Entry(
                key(),
                Cause.NEW,
                (Posting(FAMILY, 1), Posting(FAMILY, 1), Posting(PAYABLE, -2)),
            ),
            "one destination twice",
        ),
    ],
)
def test_an_unsound_entry_books_nothing_of_the_night(
    ledger: Ledger, unsound: Entry, said: str
) -> None:
    with pytest.raises(LedgerError, match=said):
        book(ledger, night(entry(account="ws_9"), unsound), bases=[], recorded_at=NOW)

    assert ledger.posted(DAY, DAY) == {}
    assert ledger.last_reconciliation() is None


def test_entries_and_breaks_named_twice_are_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="equal key and cause"):
        book(ledger, night(entry(1), entry(2)), bases=[], recorded_at=NOW)
    with pytest.raises(LedgerError, match="same break twice"):
        book(ledger, night(breaks=[gap(1), gap(2)]), bases=[], recorded_at=NOW)
    assert ledger.last_reconciliation() is None


def test_the_database_itself_refuses_a_destination_that_makes_no_sense(ledger: Ledger) -> None:
    homeless = Destination(DestinationKind.FAMILY, "core")

    with pytest.raises(LedgerError, match="refused"):
        book(ledger, night(entry(to=homeless)), bases=[], recorded_at=NOW)

    assert ledger.last_reconciliation() is None


def test_the_same_night_again_writes_nothing(ledger: Ledger) -> None:
    first = book(
        ledger,
        night(entry(), breaks=[gap()]),
        bases=[basis()],
        held=[("openai", DAY)],
        recorded_at=NOW,
    )

    again = book(
        ledger,
        night(breaks=[gap()]),
        bases=[basis()],
        held=[("openai", DAY)],
        recorded_at=NOW + timedelta(hours=1),
    )

    assert (again.is_new, again.entries) == (False, 0)
    assert (again.reconciliation_id, again.head) == (first.reconciliation_id, first.head)


@pytest.mark.parametrize("change", ["digest", "breaks", "basis", "held"])
def test_whatever_changed_is_written(ledger: Ledger, change: str) -> None:
    book(ledger, night(breaks=[gap()]), bases=[basis()], recorded_at=NOW)

    again = book(
        ledger,
        night(
            breaks=[gap(501 if change == "breaks" else 500)],
            digest="d2" if change == "digest" else "d1",
        ),
        bases=[basis("c2" if change == "basis" else "c1")],
        held=[("openai", DAY)] if change == "held" else [],
        recorded_at=NOW,
    )

    assert again.is_new


def test_a_night_is_read_back_as_it_was_booked(ledger: Ledger) -> None:
    booked = night(entry())
    result = book(ledger, booked, bases=[], recorded_at=NOW)

    found = ledger.last_reconciliation()

    assert found is not None
    assert found.reconciliation == booked.reconciliation
    assert (found.reconciliation_id, found.recorded_at, found.head) == (1, NOW, result.head)
    assert ledger.last_reconciliation(DAY, DAY) is None


def test_the_last_basis_of_each_day_is_kept_where_it_changed(ledger: Ledger) -> None:
    yesterday = DAY - timedelta(days=1)
    book(ledger, night(), bases=[basis("c1"), basis("c1", day=yesterday)], recorded_at=NOW)
    book(
        ledger, night(digest="d2"), bases=[basis("c2"), basis("c1", day=yesterday)], recorded_at=NOW
    )

    assert ledger.last_bases(yesterday, DAY) == {
        ("anthropic", DAY): basis("c2"),
        ("anthropic", yesterday): basis("c1", day=yesterday),
    }


def test_a_night_is_stale_once_a_newer_snapshot_touches_its_window(ledger: Ledger) -> None:
    (seq,) = ledger.record_conformed([conformed("c1")], rejects={}, recorded_at=NOW)
    ledger.record_conformed([conformed("c2")], rejects={}, recorded_at=NOW)

    with pytest.raises(StaleNightError, match="snapshot 2 arrived after 1"):
        book(ledger, night(entry(), seq=seq), bases=[], recorded_at=NOW)

    assert ledger.posted(DAY, DAY) == {}


def test_a_night_is_stale_once_quarantine_of_its_window_changes(ledger: Ledger) -> None:
    ledger.record_conformed([], rejects={("bill", "costs", DAY): [reject()]}, recorded_at=NOW)

    with pytest.raises(StaleNightError, match="snapshot 1 arrived after 0"):
        book(ledger, night(entry()), bases=[], recorded_at=NOW)


def test_what_arrives_outside_the_window_makes_no_night_stale(ledger: Ledger) -> None:
    tomorrow = DAY + timedelta(days=1)
    ledger.record_conformed([conformed("c1", day=tomorrow)], rejects={}, recorded_at=NOW)

    assert book(ledger, night(entry()), bases=[], recorded_at=NOW).is_new


def test_a_night_is_stale_once_its_configuration_is_not_the_newest(ledger: Ledger) -> None:
    ledger.store_config_version("catalog", "cat", "{}", NOW)
    ledger.store_config_version("catalog", "other", "{}", NOW)

    with pytest.raises(StaleNightError, match="used catalog 'cat', the newest is 'other'"):
        book(ledger, night(entry()), bases=[], configs={"catalog": "cat"}, recorded_at=NOW)

    ledger.store_config_version("catalog", "cat", "{}", NOW)  # merged back: newest again
    assert book(
        ledger, night(entry()), bases=[], configs={"catalog": "cat"}, recorded_at=NOW
    ).is_new


def test_of_two_nights_that_found_the_same_difference_one_books_it(ledger: Ledger) -> None:
    books_at = ledger.books_at()
    ledger.book_night(night(entry()), books_at=books_at, bases=[], recorded_at=NOW)

    with pytest.raises(StaleNightError, match="reconciliation 1 was booked after 0"):
        ledger.book_night(night(entry()), books_at=books_at, bases=[], recorded_at=NOW)

    assert ledger.posted(DAY, DAY)[key(), FAMILY] == 1_000


def test_a_night_of_other_days_makes_no_night_stale(ledger: Ledger) -> None:
    books_at = ledger.books_at()
    tomorrow = DAY + timedelta(days=1)
    book(ledger, night(days=(tomorrow, tomorrow)), bases=[], recorded_at=NOW)

    done = ledger.book_night(night(entry()), books_at=books_at, bases=[], recorded_at=NOW)

    assert done.is_new


def test_heads_chain_and_do_not_depend_on_the_order_of_entries_or_postings(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledger = open_ledger()
    entries = [entry(5, account="b"), entry(7, account="a")]
    turned = [Entry(e.key, e.cause, e.postings[::-1]) for e in reversed(entries)]
    first = book(ledger, night(*entries), bases=[], recorded_at=NOW)
    second = book(ledger, night(*turned, digest="d2"), bases=[], recorded_at=NOW)

    verified = ledger.verify()

    assert len({first.head, second.head}) == 2
    assert (verified.entries, verified.head) == (4, second.head)


def test_messages_are_queued_once_with_the_night(ledger: Ledger) -> None:
    ticket = Message("ticket", "bump-1", "{}")
    book(ledger, night(entry()), bases=[], messages=[ticket], recorded_at=NOW)
    book(ledger, night(), bases=[], messages=[ticket], recorded_at=NOW)

    assert ledger.unsent("ticket") == [ticket]


def test_the_age_of_a_break_is_its_first_night_and_survives_flapping(ledger: Ledger) -> None:
    for hours, breaks in enumerate([[gap(5)], [], [gap(9)]]):
        book(
            ledger, night(breaks=breaks, digest=f"d{hours}", hours=hours), bases=[], recorded_at=NOW
        )

    (current,) = ledger.breaks_current()

    assert current.item == gap(9)
    assert current.break_id == break_id(gap(5))
    assert (current.first_seen, current.last_seen) == (NOW, NOW + timedelta(hours=2))


def test_a_break_is_cleared_by_a_night_that_measured_its_day_and_did_not_find_it(
    ledger: Ledger,
) -> None:
    book(ledger, night(breaks=[gap()]), bases=[], recorded_at=NOW)
    older = (DAY - timedelta(days=9), DAY - timedelta(days=1))
    book(ledger, night(digest="d2", days=older, hours=1), bases=[], recorded_at=NOW)
    assert [found.item for found in ledger.breaks_current()] == [gap()]  # its day was not looked at

    book(ledger, night(digest="d3", hours=2), bases=[], held=[("anthropic", DAY)], recorded_at=NOW)
    assert [found.item for found in ledger.breaks_current()] == [gap()]  # held: not measured

    book(ledger, night(digest="d4", hours=3), bases=[], recorded_at=NOW)
    assert ledger.breaks_current() == []


def test_an_older_night_that_finishes_last_does_not_speak_for_today(ledger: Ledger) -> None:
    book(ledger, night(breaks=[gap(9)], digest="new", hours=5), bases=[], recorded_at=NOW)
    book(ledger, night(breaks=[gap(1)], digest="old", hours=0), bases=[], recorded_at=NOW)

    (current,) = ledger.breaks_current()
    last = ledger.last_reconciliation()

    assert current.item == gap(9)
    assert current.first_seen == NOW
    assert last is not None
    assert last.reconciliation.digest == "new"


def test_the_id_of_a_break_names_what_it_is_about_and_not_its_size() -> None:
    about = ("anthropic", "ws_1", DAY)
    timing = Break(BreakClass.TIMING, *about, sku="s", amount_nano=1)

    assert break_id(timing) == break_id(Break(BreakClass.TIMING, *about, "s", 2, count=3))
    assert break_id(timing) != break_id(Break(BreakClass.VOLUME, *about, "s", 1))
    assert break_id(timing) != break_id(Break(BreakClass.TIMING, *about, "t", 1))
