from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tasks.core.errors import StaleNightError
from tasks.ledger.ledger import Ledger
from tests.databases import Database
from tests.ledger.made import COSTS, DAY, FAMILY, NOW, conformed, entry, key, night, raw, reject


class Gate:
    """Holds whoever passes one named moment until it is opened."""

    def __init__(self, moment: str) -> None:
        self.moment = moment
        self.reached = Event()
        self.opened = Event()

    def __call__(self, name: str) -> None:
        if name == self.moment:
            self.reached.set()
            assert self.opened.wait(30)


def test_an_older_night_that_finishes_last_books_nothing(
    database: Database, ledger: Ledger
) -> None:
    gate = Gate("night.begun")
    (seq,) = ledger.record_conformed([conformed("c1")], rejects={}, recorded_at=NOW)
    older = Ledger.open(database.url, lake_id="lake-1", steps=gate)

    with ThreadPoolExecutor() as pool:
        late = pool.submit(
            older.book_night,
            night(entry(1_000), seq=seq),
            books_at=0,
            bases=[],
            recorded_at=NOW,
        )
        assert gate.reached.wait(30)
        (newer,) = ledger.record_conformed([conformed("c2")], rejects={}, recorded_at=NOW)
        ledger.book_night(
            night(entry(700), seq=newer, digest="new"), books_at=0, bases=[], recorded_at=NOW
        )
        gate.opened.set()
        with pytest.raises(StaleNightError):
            late.result()
    older.close()

    assert ledger.posted(DAY, DAY)[key(), FAMILY] == 700
    assert ledger.verify().entries == 1


def test_a_writer_waits_for_the_night_that_is_being_booked(
    database: Database, ledger: Ledger
) -> None:
    gate = Gate("night.posted")
    booking = Ledger.open(database.url, lake_id="lake-1", steps=gate)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(
            booking.book_night, night(entry()), books_at=0, bases=[], recorded_at=NOW
        )
        assert gate.reached.wait(30)
        second = pool.submit(
            ledger.record_conformed, [conformed("c1")], rejects={}, recorded_at=NOW
        )
        # Readers are not held up, and see nothing of what is not committed.
        assert ledger.posted(DAY, DAY) == {}
        assert not second.done()
        gate.opened.set()
        assert first.result().is_new  # the snapshot came after it, so it was not stale
        assert second.result() == (1,)
    booking.close()


def test_many_writers_at_once_number_snapshots_without_gaps_or_doubles(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledgers = [open_ledger() for _ in range(4)]

    def record(n: int) -> int:
        (seq,) = ledgers[n % 4].record_conformed(
            [conformed(f"c{n}", source=f"s{n}")], rejects={}, recorded_at=NOW
        )
        return seq

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(record, range(12)))

    assert sorted(numbers) == list(range(1, 13))


def test_nights_that_compute_again_when_stale_end_at_the_same_books(
    open_ledger: Callable[[], Ledger],
) -> None:
    wanted = 1_000
    ledgers = [open_ledger() for _ in range(3)]

    def reconcile(ledger: Ledger) -> int:
        for attempt in range(20):
            books_at = ledger.books_at()
            posted = ledger.posted(DAY, DAY).get((key(), FAMILY), 0)
            entries = [entry(wanted - posted)] if posted != wanted else []
            try:
                ledger.book_night(night(*entries), books_at=books_at, bases=[], recorded_at=NOW)
            except StaleNightError:
                continue
            return attempt
        pytest.fail("never found the books at rest")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(reconcile, ledgers))

    assert ledgers[0].posted(DAY, DAY)[key(), FAMILY] == wanted
    assert ledgers[0].verify().entries == 1


def test_a_pull_that_is_overtaken_does_not_take_the_newer_content_back(
    database: Database, ledger: Ledger
) -> None:
    gate = Gate("pull.begun")
    slow = Ledger.open(database.url, lake_id="lake-1", steps=gate)
    basis = slow.last_pull("bill", "costs")

    def record(by: Ledger, sha: str) -> None:
        by.record_pull(
            "bill",
            COSTS,
            snapshots=[raw(sha)],
            rejects={},
            watermark=None,
            recorded_at=NOW,
            basis=basis,
        )

    with ThreadPoolExecutor() as pool:
        late = pool.submit(record, slow, "older")
        assert gate.reached.wait(30)
        record(ledger, "newer")
        gate.opened.set()
        with pytest.raises(StaleNightError):
            late.result()
    slow.close()

    (found,) = ledger.snapshots_as_of(ledger.newest_seq(), layer="raw")
    assert found.sha == "newer"
    assert ledger.books_at() == 0


def test_what_was_conformed_from_overtaken_content_is_not_recorded(ledger: Ledger) -> None:
    def pull(sha: str) -> None:
        ledger.record_pull(
            "bill", COSTS, snapshots=[raw(sha)], rejects={}, watermark=None, recorded_at=NOW
        )

    pull("older")
    basis = ledger.newest_seq()
    pull("newer")
    rejects = {("bill", "costs", DAY): [reject()]}

    with pytest.raises(StaleNightError, match="2026-11-20"):
        ledger.record_conformed([conformed("c1")], rejects=rejects, recorded_at=NOW, basis=basis)

    assert ledger.newest_seq() == 2
    assert ledger.rejects_as_of(2) == []
    (number,) = ledger.record_conformed(
        [conformed("c2")], rejects=rejects, recorded_at=NOW, basis=ledger.newest_seq()
    )
    assert number == 3
