"""Acts upon periods: once, in order, bound to the books, and in the way of stale nights."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import create_engine, text

from tasks.core.books import Cause, Destination, DestinationKind, Entry, Method, Posting
from tasks.core.errors import LedgerError, StaleNightError
from tasks.core.month_end.periods import (
    Act,
    PeriodAct,
    PeriodState,
    closed_map,
    period_digest,
    state_of,
)
from tasks.ledger.booking import Booking
from tasks.ledger.chain import in_book_order
from tasks.ledger.ledger import Ledger
from tests.databases import Database
from tests.ledger.made import COSTS, DAY, FAMILY, NOW, PAYABLE, basis, entry, gap, key, night, raw

PERIOD = "2026-11"
#: After the period's end, as every act upon it is.
LATER = datetime(2026, 12, 7, 6, tzinfo=UTC)
DAYS = (date(2026, 11, 1), date(2026, 11, 30))
ACCRUAL = Destination(DestinationKind.ACCRUAL, "core", method=Method.ACCRUED)
OpenLedger = Callable[[], Ledger]


def soft() -> PeriodAct:
    return PeriodAct(PERIOD, Act.SOFT_CLOSED, LATER)


def close(ledger: Ledger, **fields: object) -> PeriodAct:
    digest = ledger.nights_of_period(PERIOD).digest
    on = LATER.date()
    act = PeriodAct(PERIOD, Act.CLOSED, LATER, by="controller", on=on, digest=digest)
    return replace(act, **fields)  # type: ignore[arg-type]


def reopened() -> PeriodAct:
    on = LATER.date()
    return PeriodAct(PERIOD, Act.REOPENED, LATER, by="controller", on=on, reason="a late credit")


def booked(ledger: Ledger, amount: int = 1_000) -> None:
    ledger.book_night(night(entry(amount)), books_at=0, bases=[basis()], recorded_at=NOW, acts_at=0)


def closed(ledger: Ledger) -> PeriodAct:
    booked(ledger)
    ledger.soft_close(soft(), None, [])
    return ledger.record_act(close(ledger))


def accruals(ledger: Ledger, amount: int = 300, acts_at: int = 0) -> Booking:
    made = entry(amount, to=ACCRUAL, account="ws_2")
    return Booking(
        night(made, days=DAYS, digest="accruals"),
        books_at=ledger.books_at(),
        bases=[],
        recorded_at=LATER,
        held=[("anthropic", DAY)],
        acts_at=acts_at,
    )


def state(ledger: Ledger) -> PeriodState:
    return state_of(PERIOD, ledger.period_acts())


def test_acts_are_read_back_as_they_were_recorded(ledger: Ledger) -> None:
    done = closed(ledger)
    again = ledger.record_act(reopened())

    assert [done.number, again.number] == [2, 3]
    assert ledger.period_acts()[1:] == [done, again]
    assert done.head == ledger.verify().head
    assert ledger.period_acts(by=LATER - timedelta(seconds=1)) == []
    assert len(ledger.period_acts(by=LATER)) == 3
    assert ledger.deep_faults()["periods"] == []


def test_the_same_act_again_is_recorded_once(ledger: Ledger) -> None:
    done = closed(ledger)

    assert ledger.record_act(replace(done, number=0, as_of=LATER + timedelta(days=1))) == done
    ledger.record_act(reopened())
    ledger.record_act(reopened())
    assert len(ledger.period_acts()) == 3


def test_a_soft_close_and_its_accruals_are_one_and_once(ledger: Ledger) -> None:
    ledger.book_night(night(entry(), breaks=[gap()]), books_at=0, bases=[basis()], recorded_at=NOW)

    first = ledger.soft_close(soft(), accruals(ledger), [])
    second = ledger.soft_close(soft(), accruals(ledger, acts_at=1), [first])

    assert second == first
    assert first.night == 2
    books = ledger.period_books(PERIOD).posted
    assert books == {(key(), FAMILY): 1_000, (key(account="ws_2"), ACCRUAL): 300}
    # It measured nothing, so what nights have found still stands.
    assert [one.item for one in ledger.breaks_current()] == [gap()]


@pytest.mark.parametrize(
    ("prepare", "act", "words"),
    [
        ([], "close", "is open"),
        ([], "reopen", "only a closed period is reopened"),
        (["soft"], "reopen", "only a closed period is reopened"),
        (["soft", "close"], "close", "and only once"),
        (["soft", "close"], "soft", "a soft close happens once"),
        (["soft", "close", "reopen"], "soft", "a soft close happens once"),
    ],
)
def test_an_act_that_cannot_follow_is_refused(
    ledger: Ledger, prepare: list[str], act: str, words: str
) -> None:
    booked(ledger)

    def do(what: str, by: str = "controller") -> None:
        if what == "soft":
            ledger.soft_close(soft(), None, ledger.period_acts())
        else:
            made = close(ledger, by=by) if what == "close" else reopened()
            ledger.record_act(made)

    for one in prepare:
        do(one)
    before = ledger.period_acts()

    with pytest.raises(LedgerError, match=words):
        do(act, by="somebody-else")

    assert ledger.period_acts() == before


def test_a_close_for_other_books_is_refused(ledger: Ledger) -> None:
    booked(ledger)
    ledger.soft_close(soft(), None, [])

    with pytest.raises(LedgerError, match="sign what stands"):
        ledger.record_act(close(ledger, digest="0" * 64))

    assert state(ledger) is PeriodState.SOFT_CLOSED


def test_a_periods_digest_is_of_its_entries_alone_on_either_database(ledger: Ledger) -> None:
    booked(ledger)
    elsewhere = replace(entry(5, day=DAY - timedelta(days=60)), cause=Cause.NEW)
    other = replace(elsewhere, key=replace(elsewhere.key, billing_period="2026-09"))
    before = ledger.nights_of_period(PERIOD).digest
    ledger.book_night(
        night(other, days=(other.key.day, DAY), digest="d2"),
        books_at=1,
        bases=[],
        recorded_at=NOW,
    )

    assert ledger.nights_of_period(PERIOD).digest == before
    assert before == period_digest(in_book_order([entry()]))


def test_nothing_is_booked_in_a_closed_period_whatever_the_night_says(ledger: Ledger) -> None:
    closed(ledger)

    with pytest.raises(LedgerError, match="which is closed: a correction goes to 2026-12") as told:
        ledger.book_night(
            night(entry(5, cause=Cause.RESTATED), digest="d2"),
            books_at=1,
            bases=[],
            recorded_at=LATER,
            acts_at=2,
        )

    assert not isinstance(told.value, StaleNightError)
    assert ledger.verify().entries == 1


def correction(amount: int = 5) -> Entry:
    of = replace(key(), billing_period="2026-12", origin_period=PERIOD)
    return Entry(of, Cause.RESTATED, (Posting(FAMILY, amount), Posting(PAYABLE, -amount)))


def test_a_correction_in_the_open_period_leaves_the_closed_ones_digest(ledger: Ledger) -> None:
    done = closed(ledger)

    ledger.book_night(
        night(correction(), digest="d2"), books_at=1, bases=[], recorded_at=LATER, acts_at=2
    )

    assert ledger.nights_of_period(PERIOD).digest == done.digest
    assert ledger.deep_faults()["periods"] == []


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


@pytest.mark.parametrize("moment", ["soft", "close", "reopen"])
def test_a_night_that_an_act_overtakes_computes_again(
    database: Database, ledger: Ledger, moment: str
) -> None:
    booked(ledger)
    acts: dict[str, Callable[[], object]] = {
        "soft": lambda: ledger.soft_close(soft(), None, []),
        "close": lambda: ledger.record_act(close(ledger)),
        "reopen": lambda: ledger.record_act(reopened()),
    }
    before = list(acts)[: list(acts).index(moment)]
    for name in before:
        acts[name]()
    gate = Gate("night.begun")
    nightly = Ledger.open(database.url, lake_id="lake-1", steps=gate)
    known = nightly.period_acts()
    made = correction() if closed_map(known) else entry(5, cause=Cause.RESTATED)

    with ThreadPoolExecutor() as pool:
        late = pool.submit(
            nightly.book_night,
            night(made, digest="d2"),
            books_at=1,
            bases=[],
            recorded_at=LATER,
            acts_at=len(known),
        )
        assert gate.reached.wait(30)
        acts[moment]()
        gate.opened.set()
        with pytest.raises(StaleNightError, match="read the acts again"):
            late.result()
    nightly.close()

    assert ledger.verify().entries == 1


def test_a_close_that_a_night_overtakes_closes_nothing(database: Database, ledger: Ledger) -> None:
    booked(ledger)
    ledger.soft_close(soft(), None, [])
    gate = Gate("act.begun")
    closing = Ledger.open(database.url, lake_id="lake-1", steps=gate)

    with ThreadPoolExecutor() as pool:
        late = pool.submit(closing.record_act, close(closing))
        assert gate.reached.wait(30)
        ledger.book_night(
            night(entry(5, cause=Cause.RESTATED), digest="d2"),
            books_at=1,
            bases=[],
            recorded_at=LATER,
            acts_at=1,
        )
        gate.opened.set()
        with pytest.raises(LedgerError, match="sign what stands"):
            late.result()
    closing.close()

    assert state(ledger) is PeriodState.SOFT_CLOSED


def test_accruals_that_a_night_overtakes_are_computed_again(ledger: Ledger) -> None:
    stale = accruals(ledger)
    booked(ledger)

    with pytest.raises(StaleNightError):
        ledger.soft_close(soft(), stale, [])

    assert ledger.period_acts() == []


def test_a_night_since_the_end_is_found_and_one_that_only_accrued_is_none(ledger: Ledger) -> None:
    assert ledger.nights_of_period(PERIOD).read_at is None
    ledger.soft_close(soft(), accruals(ledger), [])
    assert ledger.nights_of_period(PERIOD).read_at is None
    early = night(days=(DAYS[0], DAYS[1]), digest="before its end")
    ledger.book_night(early, books_at=1, bases=[], recorded_at=NOW, acts_at=1)
    assert ledger.nights_of_period(PERIOD).read_at is None
    wide = night(days=(DAYS[0], DAYS[1] + timedelta(days=3)), digest="after", hours=24 * 14)
    ledger.book_night(
        wide, books_at=2, bases=[], recorded_at=LATER, held=[("openai", DAY)], acts_at=1
    )

    found = ledger.nights_of_period(PERIOD)
    assert found.read_at == NOW + timedelta(days=14)
    assert found.held == {("openai", DAY)}


def test_a_night_that_left_a_source_out_has_not_read_the_period(ledger: Ledger) -> None:
    costs = [("bill", COSTS.name)]
    moment = NOW + timedelta(days=14)
    wide = night(days=DAYS, hours=24 * 14)
    ledger.book_night(wide, books_at=0, bases=[], recorded_at=moment)
    assert ledger.nights_of_period(PERIOD).read_at == moment
    assert ledger.nights_of_period(PERIOD, costs).read_at is None

    ledger.record_pull(
        "bill", COSTS, snapshots=[raw("a")], rejects={}, watermark=None, recorded_at=moment
    )

    assert ledger.nights_of_period(PERIOD, costs).read_at == moment


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE period_acts SET body = replace(body, 'controller', 'contractor') WHERE id = 2",
        "UPDATE period_acts SET act = 'reopened' WHERE id = 2",
        "DELETE FROM period_acts WHERE id = 2",
        "UPDATE evidence SET subject = '7' WHERE kind = 'period_act' AND subject = '2'",
        "UPDATE postings SET amount_nano = amount_nano + 1",
    ],
)
def test_a_changed_act_and_a_changed_closed_period_are_found(
    database: Database, ledger: Ledger, damage: str
) -> None:
    closed(ledger)
    ledger.book_night(
        night(correction(), digest="d2"), books_at=1, bases=[], recorded_at=LATER, acts_at=2
    )
    table = damage.split()[2] if damage.startswith("DELETE") else damage.split()[1]
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        if database.kind == "sqlite":
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"),
                {"name": table},
            ).scalars()
            for name in list(names):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        connection.exec_driver_sql(damage)
    engine.dispose()

    assert ledger.deep_faults()["periods"]
