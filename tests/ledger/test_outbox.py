from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, select, text

from tasks.core.errors import LedgerError
from tasks.core.review.delivery import Progress, Sighting, attempting, created
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.ledger.tables import outbox
from tests.databases import Database
from tests.ledger.made import NOW

KIND, KEY = "review_ticket", "bumps@1"
LATER = NOW + timedelta(minutes=15)
SEEN = Sighting("10012", "PROMO-12", is_marked=True, is_own=True, is_open=True)


@pytest.fixture
def queued(ledger: Ledger) -> Ledger:
    ledger.record_look([], decisions=[], messages=[Message(KIND, KEY, "asks")], recorded_at=NOW)
    return ledger


@pytest.mark.usefixtures("queued")
def test_of_many_workers_one_gets_a_message(open_ledger: Callable[[], Ledger]) -> None:
    ledgers = [open_ledger() for _ in range(4)]

    def take(n: int) -> bool:
        return ledgers[n % 4].lease(KIND, KEY, f"run-{n}", now=NOW, until=LATER) is not None

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(8)))

    assert taken.count(True) == 1


def test_a_lease_ends_is_given_back_and_can_be_made_longer(queued: Ledger) -> None:
    def take(holder: str, now: datetime) -> bool:
        until = now + timedelta(minutes=15)
        return queued.lease(KIND, KEY, holder, now=now, until=until) is not None

    assert take("first", NOW)
    assert take("first", NOW + timedelta(minutes=10))
    assert not take("second", LATER)  # the first one's second lease holds on
    queued.release(KIND, KEY, "second")  # not its own
    assert not take("second", LATER)
    queued.release(KIND, KEY, "first")
    assert take("second", LATER)
    assert take("third", LATER + timedelta(minutes=15))


def test_a_message_that_nobody_queued_cannot_be_leased(queued: Ledger) -> None:
    assert queued.lease(KIND, "unknown@1", "run", now=NOW, until=LATER) is None


def test_what_a_dead_worker_announced_is_there_for_the_next(queued: Ledger) -> None:
    queued.lease(KIND, KEY, "first", now=NOW, until=LATER)
    announced = attempting(Progress(), system="promo", digest="d1", at=NOW)
    queued.keep_progress(KIND, KEY, "first", announced, NOW)

    row = queued.lease(KIND, KEY, "second", now=LATER, until=LATER + timedelta(minutes=15))

    assert row is not None
    assert row.progress == announced
    with pytest.raises(LedgerError, match="leased by another run"):
        queued.keep_progress(KIND, KEY, "first", announced, LATER)


def test_the_recorded_ticket_is_the_receipt_and_stays_it(
    queued: Ledger, database: Database
) -> None:
    queued.lease(KIND, KEY, "run", now=NOW, until=LATER)
    made = created(attempting(Progress(), system="promo", digest="d1", at=NOW), SEEN)

    queued.keep_progress(KIND, KEY, "run", made, NOW)
    queued.keep_progress(KIND, KEY, "run", made, LATER)

    assert queued.unsent(KIND) == []
    (row,) = queued.outbox_rows(KIND)
    assert row.progress == made
    engine = create_engine(database.url)
    with engine.connect() as connection:
        receipts = connection.execute(select(outbox.c.receipt, outbox.c.sent_at)).all()
    engine.dispose()
    assert [tuple(one) for one in receipts] == [(SEEN.name, NOW)]


@pytest.mark.parametrize("written", ["{", "[]", '{"who":"x"}', '{"told_at":"soon"}', "7"])
def test_progress_that_was_changed_by_hand_is_refused_and_names_its_row(
    queued: Ledger, database: Database, written: str
) -> None:
    engine = create_engine(database.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET progress = :it"), {"it": written})
    engine.dispose()

    with pytest.raises(LedgerError, match=r"how far review_ticket 'bumps@1' .* cannot be read"):
        queued.outbox_rows(KIND)
