"""Verdicts stand on packets named by their content; decisions are kept once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from tasks.core.errors import LedgerError
from tasks.core.promotion.decisions import Code, Decision
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.ledger.verdicts import Frozen
from tests.databases import Database

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
WEEK = timedelta(days=7)
LOOK = Frozen("upgrade-swarm", "2026-09-01", "not_yet", "12 of 14 good", '["packet",1]', NOW)
TICKET = Message("review_ticket", "upgrade-swarm@2026-09-01", "{}")
DECLINED = Decision(
    "upgrade-swarm", "2026-09-01", Code.DECLINED, "platform-lead", date(2026, 11, 21)
)
OpenLedger = Callable[[], Ledger]


def record(ledger: Ledger, *frozen: Frozen, decisions: tuple[Decision, ...] = ()) -> list[int]:
    return ledger.record_look(
        frozen, decisions=decisions, messages=[TICKET], recorded_at=frozen[0].as_of
    )


def test_a_look_on_the_same_packet_is_recorded_once(ledger: Ledger) -> None:
    assert record(ledger, LOOK) == record(ledger, LOOK) == [1]
    later = replace(LOOK, packet='["packet",2]', as_of=NOW + WEEK)
    assert record(ledger, later) == [2]
    assert [one.number for one in ledger.verdicts()] == [1, 2]
    assert [one.number for one in ledger.verdicts(by=NOW)] == [1]
    assert ledger.verdicts(workflows=["another"]) == []


def test_a_packet_is_found_by_how_its_digest_begins(ledger: Ledger) -> None:
    record(ledger, LOOK)
    assert ledger.packet(LOOK.digest[:10]) == LOOK.packet
    assert ledger.packets([LOOK.digest]) == {LOOK.digest: LOOK.packet}


@pytest.mark.parametrize("digest", ["ffff", "%", "_" * 64])
def test_a_packet_that_is_not_there_is_told(ledger: Ledger, digest: str) -> None:
    record(ledger, LOOK)
    with pytest.raises(LedgerError, match="no packet begins with"):
        ledger.packet(digest)


def test_the_start_of_two_digests_names_neither(ledger: Ledger) -> None:
    packets = [replace(LOOK, workflow=f"w-{at}", packet=f"[{at}]") for at in range(17)]
    record(ledger, *packets)
    starts = [one.digest[0] for one in packets]
    shared = next(start for start in starts if starts.count(start) > 1)
    with pytest.raises(LedgerError, match="more than one packet"):
        ledger.packet(shared)


def test_a_decision_read_again_on_another_day_is_the_same(ledger: Ledger) -> None:
    record(ledger, LOOK, decisions=(DECLINED,))
    again = replace(DECLINED, decided_on=date(2026, 12, 24))
    record(ledger, LOOK, decisions=(again,))
    assert ledger.decisions() == [DECLINED]
    other = replace(DECLINED, until_day=date(2027, 1, 31))
    record(ledger, replace(LOOK, as_of=NOW + WEEK), decisions=(other,))
    assert ledger.decisions(by=NOW) == [DECLINED]
    assert ledger.decisions() == [DECLINED, other]


def test_a_refusal_that_is_repeated_after_another_one_stands_again(ledger: Ledger) -> None:
    until_items = replace(DECLINED, until_items=60, decided_on=date(2026, 11, 28))
    again = replace(DECLINED, decided_on=date(2026, 12, 5))
    for one in (DECLINED, until_items, again, replace(again, decided_on=date(2026, 12, 12))):
        record(ledger, LOOK, decisions=(one,))
    assert ledger.decisions() == [DECLINED, until_items, again]


def test_a_look_and_its_ticket_are_one_transaction(database: Database) -> None:
    class Killed(Exception):  # noqa: N818  # what a kill raises is no error of ours
        pass

    def stop(step: str) -> None:
        if step == "look.queued":
            raise Killed

    with Ledger.open(database.url, lake_id="lake-1", steps=stop) as ledger:
        with pytest.raises(Killed):
            record(ledger, LOOK)
        assert ledger.verdicts() == []
        assert ledger.unsent("review_ticket") == []


def test_two_looks_at_once_queue_one_ticket(open_ledger: OpenLedger) -> None:
    ledgers = [open_ledger(), open_ledger()]
    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(lambda ledger: record(ledger, LOOK), ledgers))
    assert numbers == [[1], [1]]
    assert ledgers[0].unsent("review_ticket") == [TICKET]


def test_a_verdict_whose_packet_was_changed_is_told(ledger: Ledger, database: Database) -> None:
    record(ledger, LOOK, decisions=(DECLINED,))
    assert ledger.deep_faults()["verdicts"] == []
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            query = (
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'evidence'"
            )
            for trigger in connection.execute(text(query)).scalars().all():
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            connection.execute(text("ALTER TABLE evidence DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE evidence SET body = '[0]' WHERE kind = 'packet'"))
    engine.dispose()
    (fault,) = ledger.deep_faults()["verdicts"]
    assert f"the packet {LOOK.digest[:12]} is not what its digest says" in fault
    with pytest.raises(LedgerError, match="is not what its digest says"):
        ledger.packet(LOOK.digest)
