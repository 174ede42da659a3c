"""Nights in any order of events: late, restated, taken back, unreadable, closed, reopened, stale.

After every night: sums exact, shares within their units, order of arrival immaterial, entries
balanced, books as desired, closed periods untouched, and a rerun that posts nothing.
"""

import shutil
from collections import defaultdict
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config.shapes.finance import Finance
from tasks.core.books import BookKey, Destination, DestinationKind, Method
from tasks.core.errors import StaleNightError
from tasks.core.night import IssuerDay
from tasks.core.reconciling.reconcile import reconcile
from tasks.ledger.ledger import Ledger
from tests.core.machine_books import Computed, Posted, Rules, book, compute, shuffled
from tests.core.machine_shares import misplaced
from tests.core.machine_world import (
    ACCOUNTS,
    BILLS,
    CLOSING,
    DAYS,
    ISSUERS,
    KEYS,
    LOG,
    METERS,
    MODELS,
    OPEN,
    STAMPS,
    STREAMS,
    Charge,
    Line,
    Place,
    Run,
    Usage,
    World,
)

LARGE = 10**15
ANY_NANO = st.integers(-5 * 10**6, 10**9) | st.sampled_from([0, 1, -1, 7, LARGE, -LARGE])
ANY_TOKENS = st.integers(1, 50) | st.sampled_from([10**6, 10**9])
#: Mostly the same place, so that records meet; now and then another one.
ANY_ACCOUNT = st.sampled_from([ACCOUNTS[0]] * 3 + [ACCOUNTS[1]])
ANY_KEY = st.sampled_from([KEYS[0]] * 4 + [*KEYS])
ANY_DAY = st.sampled_from(DAYS)
ANY_ISSUER = st.sampled_from(ISSUERS)
#: Whether a night follows at once, or only after a further change.
BOOKS = st.sampled_from([True, True, True, False])
RATES = st.sampled_from(["1.1", "0.333333333", "2"])


def models_of(issuer: str) -> st.SearchStrategy[str]:
    first, second = MODELS[issuer]
    return st.sampled_from([first, first, first, second])


@st.composite
def billed(draw: st.DrawFn, issuer: str) -> Charge:
    return Charge(
        draw(st.integers(0, 9)),
        draw(ANY_ACCOUNT),
        draw(models_of(issuer)),
        draw(ANY_NANO),
        draw(st.sampled_from([CLOSING, OPEN])),
        draw(st.sampled_from(["USD", "USD", "USD", "EUR"])),
        draw(st.sampled_from(["usage", "usage", "usage", "credit", "tax"])),
        draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def metered(draw: st.DrawFn, issuer: str) -> Usage:
    return Usage(
        draw(ANY_ACCOUNT),
        draw(models_of(issuer)),
        draw(ANY_KEY),
        draw(ANY_TOKENS),
    )


@st.composite
def logged(draw: st.DrawFn) -> Run:
    issuer = draw(ANY_ISSUER)
    return Run(
        issuer,
        draw(st.sampled_from([ACCOUNTS[0]] * 4 + [ACCOUNTS[1], None])),
        draw(models_of(issuer)),
        draw(ANY_KEY),
        draw(st.sampled_from(STAMPS)),
        draw(ANY_TOKENS),
    )


@st.composite
def signed(draw: st.DrawFn) -> Finance:
    """Sign seats, credits and rates, or take them back."""
    plan = {
        "id": "plan",
        "issuer": "anthropic",
        "account": draw(st.sampled_from(ACCOUNTS)),
        "from": draw(ANY_DAY),
        "seats": 3,
        "price": "20.01",
        "in_use": [{"from": draw(ANY_DAY), "seats": draw(st.integers(0, 3))}],
    }
    lots = [
        {
            "id": f"lot-{number}",
            "issuer": "anthropic",
            "account": "main",
            "bought": draw(ANY_DAY),
            "amount": draw(st.sampled_from(["0.5", "0.000000007", "1000000"])),
            "expires": draw(st.sampled_from([None, DAYS[-1]])),
        }
        for number in range(draw(st.integers(0, 2)))
    ]
    rate = {"from": "2026-01-01", "currency": "EUR", "into": "USD", "rate": draw(RATES)}
    return Finance.model_validate(
        {
            "seats": [plan][: draw(st.integers(0, 1))],
            "prepaid": lots,
            "exchange_rates": [rate][: draw(st.integers(0, 1))],
        }
    )


class BooksMachine(RuleBasedStateMachine):
    """One organisation, its ledger, and whatever can happen to them."""

    template: ClassVar[Path]
    folder: ClassVar[Path]
    made: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        cls.made += 1
        self.file = cls.folder / f"{cls.made}.db"
        shutil.copy(cls.template, self.file)
        self.ledger = Ledger.open(f"sqlite:///{self.file}", lake_id="lake")
        self.world = World()
        self.agreed = Rules()
        self.closed: dict[str, str] = {}
        self.frozen: Posted = {}
        self.earlier: dict[Place, tuple[Line, ...]] = {}
        self.failing: set[Place] = set()

    def teardown(self) -> None:
        self.ledger.close()
        self.file.unlink()

    # --- what happens

    @initialize(data=st.data(), days=st.sets(ANY_DAY, min_size=2))
    def begin(self, data: st.DataObject, days: set[date]) -> None:
        for day in sorted(days):
            for issuer in ISSUERS:
                self._tell((issuer, BILLS[issuer], day), self._drawn(data, billed(issuer)))
                self._tell((issuer, METERS[issuer], day), self._drawn(data, metered(issuer)))
            self._tell((*LOG, day), self._drawn(data, logged()))
        self._night(books=True)

    @rule(data=st.data(), issuer=ANY_ISSUER, day=ANY_DAY, books=BOOKS)
    def a_bill_comes_or_is_restated(
        self, data: st.DataObject, issuer: str, day: date, books: bool
    ) -> None:
        self._tell((issuer, BILLS[issuer], day), self._drawn(data, billed(issuer)))
        self._night(books=books)

    @rule(data=st.data(), issuer=ANY_ISSUER, day=ANY_DAY, books=BOOKS)
    def usage_comes_or_is_restated(
        self, data: st.DataObject, issuer: str, day: date, books: bool
    ) -> None:
        self._tell((issuer, METERS[issuer], day), self._drawn(data, metered(issuer)))
        self._night(books=books)

    @rule(data=st.data(), day=ANY_DAY, books=BOOKS)
    def a_log_comes_or_grows(self, data: st.DataObject, day: date, books: bool) -> None:
        self._tell((*LOG, day), self._drawn(data, logged()))
        self._night(books=books)

    @precondition(lambda self: self.earlier)
    @rule(data=st.data(), books=BOOKS)
    def a_source_takes_back_what_it_changed(self, data: st.DataObject, books: bool) -> None:
        place = data.draw(st.sampled_from(sorted(self.earlier)))
        self._tell(place, self.earlier[place])
        self._night(books=books)

    @precondition(lambda self: self.world.raw)
    @rule(data=st.data())
    def what_a_source_says_fails_its_checks(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(sorted(self.world.raw)))
        lines = self._lines_of(data, place)
        if set(lines) != set(self.world.raw[place]):
            self.earlier[place] = self.world.raw[place]
            self.world.raw[place] = lines
            self._record_raw(place)
            self.failing.add(place)
        self._night(books=True)

    @precondition(lambda self: self.failing)
    @rule(books=BOOKS)
    def it_passes_them_after_all(self, books: bool) -> None:
        for place in sorted(self.failing):
            self._conform(place)
        self._night(books=books)

    @precondition(lambda self: self.world.parser == 1)
    @rule(books=BOOKS)
    def our_parser_reads_more(self, books: bool) -> None:
        self.world.parser = 2
        for place in sorted(self.world.raw):
            if place not in self.failing:
                self._conform(place)
        self._night(books=books)

    @rule(
        rules=st.builds(
            Rules,
            beta_account=st.sampled_from(ACCOUNTS),
            gamma_golden_from=st.sampled_from([None, *DAYS]),
            factor=st.sampled_from(["1", "0.85", "2"]),
        ),
        books=BOOKS,
    )
    def catalog_or_contract_changes(self, rules: Rules, books: bool) -> None:
        self.agreed = replace(rules, finance=self.agreed.finance)
        self._night(books=books)

    @rule(finance=signed(), books=BOOKS)
    def finance_signs(self, finance: Finance, books: bool) -> None:
        self.agreed = replace(self.agreed, finance=finance)
        self._night(books=books)

    @precondition(lambda self: not self.closed)
    @rule()
    def the_month_is_closed(self) -> None:
        self._night(books=True)
        self.closed = {CLOSING: OPEN}
        self.frozen = self._own(self.ledger.posted(DAYS[0], DAYS[-1]))

    @precondition(lambda self: self.closed)
    @rule(books=BOOKS)
    def it_is_reopened(self, books: bool) -> None:
        self.closed = {}
        self._night(books=books)

    @rule(data=st.data(), issuer=ANY_ISSUER, day=ANY_DAY)
    def a_night_is_overtaken(self, data: st.DataObject, issuer: str, day: date) -> None:
        slow = compute(self.ledger, self.world, self.agreed, self.closed)
        place = (issuer, BILLS[issuer], day)
        was = self.ledger.newest_seq()
        self._tell(place, self._drawn(data, billed(issuer)))
        self._night(books=True)
        before = self.ledger.posted(DAYS[0], DAYS[-1])
        if self.ledger.newest_seq() > was:
            with pytest.raises(StaleNightError):
                book(self.ledger, slow)
        assert self.ledger.posted(DAYS[0], DAYS[-1]) == before

    # --- how it is told

    @staticmethod
    def _drawn(data: st.DataObject, line: st.SearchStrategy[Any]) -> tuple[Line, ...]:
        return tuple(data.draw(st.lists(line, max_size=6)))

    def _lines_of(self, data: st.DataObject, place: Place) -> tuple[Line, ...]:
        source, stream, _ = place
        table = STREAMS[source, stream].table
        if table == "runs":
            return self._drawn(data, logged())
        return self._drawn(data, billed(source) if table == "charges" else metered(source))

    def _tell(self, place: Place, lines: tuple[Line, ...]) -> None:
        if place in self.world.raw:
            self.earlier[place] = self.world.raw[place]
        self.world.raw[place] = lines
        self._record_raw(place)
        self._conform(place)

    def _record_raw(self, place: Place) -> None:
        source, stream, day = place
        self.ledger.record_pull(
            source,
            STREAMS[source, stream],
            snapshots=[self.world.told(place)],
            rejects={day: ()},
            watermark=None,
            recorded_at=self.world.now(),
        )

    def _conform(self, place: Place) -> None:
        snapshot, rejects = self.world.read(place)
        self.ledger.record_conformed(
            [snapshot], rejects={place: rejects}, recorded_at=self.world.now()
        )
        self.failing.discard(place)

    # --- what must hold

    def _night(self, *, books: bool) -> None:
        if not books:
            return
        before = self.ledger.posted(DAYS[0], DAYS[-1])
        night = compute(self.ledger, self.world, self.agreed, self.closed)
        book(self.ledger, night)
        after = self.ledger.posted(DAYS[0], DAYS[-1])
        self._check_posted(night, before, after)
        self._check_received(night, after)
        assert misplaced(night.inputs, night.books) == []
        again = reconcile(shuffled(night.inputs, self.world.ticks))
        assert (again.digest, again.desired) == (night.books.digest, night.books.desired)
        self._check_rerun(night, after)
        if self.closed:
            assert self._own(after) == self.frozen

    def _check_posted(self, night: Computed, before: Posted, after: Posted) -> None:
        for entry in night.entries:
            assert entry.imbalance_nano() == 0
        balance: defaultdict[BookKey, int] = defaultdict(int)
        for (key, _), nano in after.items():
            balance[key] += nano
        assert set(balance.values()) <= {0}
        wanted = {
            (key, to): nano
            for key, lines in night.books.desired.items()
            for to, nano in lines.items()
            if (key.issuer, key.day) in night.bases and nano
        }
        assert self._homes(after, night.bases.keys()) == wanted
        others = {(issuer, day) for issuer in ISSUERS for day in DAYS} - night.bases.keys()
        assert self._homes(after, others) == self._homes(before, others)

    def _check_received(self, night: Computed, after: Posted) -> None:
        """Hold booked and quarantined against received, by issuer, account, currency, period."""
        left: defaultdict[tuple[str, str, str, str], int] = defaultdict(int)
        foreign: defaultdict[tuple[str, str, str, date, str, str], int] = defaultdict(int)
        refused = 0
        for (source, stream, day), lines in self.world.raw.items():
            if STREAMS[source, stream].table == "charges" and (source, day) in night.bases:
                for line in lines:
                    assert isinstance(line, Charge)
                    if line.is_broken and self.world.parser == 1:
                        refused += line.nano
                    elif line.currency == "USD":
                        left[source, line.account, "USD", line.period] += line.nano
                    else:
                        model = line.model if line.category == "usage" else ""
                        of = (source, line.account, line.period, day, line.category, model)
                        foreign[of] += line.nano
        rates = self.agreed.finance.exchange_rates
        for (source, account, period, *_), nano in foreign.items():
            in_usd = round(nano * Fraction(rates[0].rate)) if rates else nano
            left[source, account, "USD" if rates else "EUR", period] += in_usd
        for (key, to), nano in self._homes(after, night.bases.keys()).items():
            if to.method not in _BY_CONTRACT:
                left[key.issuer, key.account, key.currency, key.billing_period] -= nano
        assert set(left.values()) <= {0}
        quarantined = sum(
            one.amount_nano or 0
            for one in night.inputs.quarantine
            if (one.issuer, one.day) in night.bases
        )
        assert quarantined == refused

    def _check_rerun(self, night: Computed, after: Posted) -> None:
        again = compute(self.ledger, self.world, self.agreed, self.closed)
        assert again.entries == []
        assert again.books.digest == night.books.digest
        assert not book(self.ledger, again).is_new
        assert self.ledger.posted(DAYS[0], DAYS[-1]) == after

    @staticmethod
    def _own(posted: Posted) -> Posted:
        """Pick what is booked in the month that closes."""
        return {place: nano for place, nano in posted.items() if place[0].billing_period == CLOSING}

    @staticmethod
    def _homes(posted: Posted, days: set[IssuerDay] | Any) -> Posted:
        """Sum costs of some days by the period they belong to, wherever they were booked."""
        sums: defaultdict[tuple[BookKey, Destination], int] = defaultdict(int)
        for (key, to), nano in posted.items():
            if (key.issuer, key.day) in days and to.kind is not DestinationKind.PAYABLE:
                period = key.origin_period or key.billing_period
                home = BookKey(key.issuer, key.account, key.day, period, key.currency)
                sums[home, to] += nano
        return {place: nano for place, nano in sums.items() if nano}


_BY_CONTRACT = {
    Method.SEAT,
    Method.ACCRUED,
    Method.BOUGHT,
    Method.DRAWN,
    Method.EXPIRED,
    Method.SETTLED,
}


def _explore(sqlite_template: Path, folder: Path, examples: int, steps: int) -> None:
    BooksMachine.template, BooksMachine.folder = sqlite_template, folder
    run_state_machine_as_test(
        BooksMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_books_hold_whatever_happens(sqlite_template: Path, tmp_path: Path) -> None:
    _explore(sqlite_template, tmp_path, examples=12, steps=11)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_books_hold_whatever_happens_for_long(sqlite_template: Path, tmp_path: Path) -> None:
    _explore(sqlite_template, tmp_path, examples=100, steps=40)
