"""A year of nights: the stages, the sandbox's clock, finance's lines, and the oracle beside it."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Integer, cast, create_engine, func, select

from sandbox.finance import Close, Finance, finance_text
from sandbox.oracle.breaks import Break
from sandbox.oracle.entries import YearEntry
from sandbox.oracle.places import days_of, last_day
from sandbox.oracle.year import Year, YearNight
from sandbox.server import Sandbox
from sandbox.year.clerk import Clerk
from sandbox.year.files import catalog_text, sources_text
from tasks.close import close_period
from tasks.core.books import Break as OurBreak
from tasks.core.books import BreakClass, DestinationKind
from tasks.core.month_end.close_report import CloseReport
from tasks.core.month_end.periods import PeriodState
from tasks.core.night_report import NightReport
from tasks.ledger import tables
from tests.base_config import write_base_config
from tests.flows.nights import EVERY, Night, run
from tests.flows.stores import Stores

_DESTINATION = (
    *("kind", "portfolio", "family", "workflow", "pool", "paid_from", "method", "strength"),
)
_PLACE = ("issuer", "account", "day", "billing_period", "currency", "origin_period")
_PROVISIONAL = ("final", "provisional")
_BREAK = ("break_class", "issuer", "account", "day", "sku", "count")
Figures = Counter[tuple[str, ...]]
RunNight = Callable[[datetime], NightReport]


def by_the_stages(now: datetime) -> NightReport:
    """Run a night through the stage functions, without a server."""
    return run(Night(now, window=None, only=EVERY))


def write_config(folder: Path) -> None:
    """Write the year's own configuration: that of the organisation without its estate, changed."""
    with TemporaryDirectory() as ordinary:
        write_base_config(Path(ordinary))
        catalog = (Path(ordinary) / "catalog.yaml").read_text(encoding="utf-8")
        folder.mkdir(parents=True)
        shutil.copy(Path(ordinary) / "policy.yaml", folder / "policy.yaml")
    (folder / "catalog.yaml").write_text(catalog_text(catalog), encoding="utf-8")
    (folder / "sources.yaml").write_text(sources_text(), encoding="utf-8")


@dataclass
class Rehearsal:
    """The year under way.

    Attributes:
        signed: Digest of the books of every period that is closed now.
        wrong: Every figure in which the books and the oracle differ, with its night.
    """

    sandbox: Sandbox
    stores: Stores
    oracle: Year
    clerk: Clerk
    signed: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _seen_entry: int = 0

    def night(self, now: datetime, run_night: RunNight = by_the_stages) -> None:
        """Run a night and what finance does after it, and compare both sides."""
        self.sandbox.move_to(now)
        os.environ["GRADUAND_NOW"] = now.isoformat()
        self._merge(self.clerk.merge(now))
        expected = self.oracle.night(now, self.clerk.finance)
        report = run_night(now)
        assert report.status != "held", report.reasons
        self._compare(now, report, expected)
        self._desk(now)
        self._look_at_closed(now)

    def _merge(self, finance: Finance) -> None:
        path = self.stores.config / "finance.yaml"
        path.write_text(finance_text(finance), encoding="utf-8")

    def _desk(self, now: datetime) -> None:
        """Do what finance does on the day: reopen, soft-close, decide, sign."""
        day = now.date()
        for period in self.clerk.reopens(day):
            assert self._close(period, now).state is PeriodState.REOPENED
            self.oracle.reopen(period)
            del self.signed[period]
        for period in self.clerk.soft_closes(day):
            assert self._close(period, now).state is PeriodState.SOFT_CLOSED
            accrued = self.oracle.soft_close(period)
            self._note(now, "accrual", self._new_entries(), _entries(accrued))
            self._note(now, "ledger", self._ledger(), self._expected_ledger())
        for period in self.clerk.closes(day):
            self._sign(period, now)

    def _sign(self, period: str, now: datetime) -> None:
        """Close a period: with a decision about each invoice, and the digest that is shown."""
        day = now.date()
        shown = self._close(period, now)
        waiting = self._undecided(period)
        assert {one.code for one in shown.checks if not one.holds} == (
            {"invoices"} if waiting else set()
        ), shown.checks
        for name, item in waiting.items():
            self._merge(self.clerk.decide(name, item.amount_nano, day))
        wrong = Close(period, "0" * 64, day)
        self._merge(self.clerk.finance.signed(wrong))
        assert self._close(period, now).state is not PeriodState.CLOSED
        self._merge(self.clerk.sign(period, shown.digest, day))
        assert self._close(period, now).state is PeriodState.CLOSED
        self.oracle.close(period)
        self.signed[period] = shown.digest

    def _undecided(self, period: str) -> dict[str, OurBreak]:
        days = days_of(period)
        decided = {one.break_id for one in self.clerk.finance.dispositions}
        with self.stores.ledger() as ledger:
            return {
                one.break_id: one.item
                for one in ledger.breaks_current(days[0], days[-1])
                if one.item.break_class is BreakClass.INVOICE and one.break_id not in decided
            }

    def _look_at_closed(self, now: datetime) -> None:
        """Hold every closed period to the digest it was signed with."""
        with self.stores.ledger() as ledger:
            for period, digest in self.signed.items():
                if ledger.nights_of_period(period).digest != digest:
                    self.wrong.append(f"{now:%Y-%m-%d} the closed books of {period} have changed")

    @staticmethod
    def _close(period: str, now: datetime) -> CloseReport:
        return close_period.fn(period, as_of=now, dry_run=False)

    def _compare(self, now: datetime, report: NightReport, expected: YearNight) -> None:
        """Note every figure that differs."""
        start, end = expected.seen.days[0], expected.seen.days[-1]
        assert (report.plan.start, report.plan.end) == (start, end)
        self._note(now, "ledger", self._ledger(), self._expected_ledger())
        self._note(now, "entry", self._new_entries(), _entries(expected.entries))
        ours: Figures = Counter({("complete",): report.books.completeness_ppm})
        self._note(now, "ppm", ours, Counter({("complete",): expected.completeness_ppm}))
        breaks = _breaks(one.item for one in report.breaks)
        self._note(now, "break", breaks, _breaks(expected.breaks))
        self._note(now, "pool", *_pools(report, expected))
        self._note(now, "roll", *_rolls(report, expected))

    def _note(self, now: datetime, what: str, ours: Figures, theirs: Figures) -> None:
        self.wrong += [
            f"{now:%Y-%m-%d} {what} {' '.join(name)}: "
            f"books {ours.get(name)}, oracle {theirs.get(name)}"
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name, 0) != theirs.get(name, 0)
        ]

    def _new_entries(self) -> Figures:
        """Read where entries were booked since the last look, and why."""
        entries = tables.entries.c
        columns = [getattr(entries, name) for name in (*_PLACE, "cause")]
        engine = create_engine(self.stores.database.url)
        with engine.connect() as connection:
            query = (
                select(
                    entries.id, *columns, func.max(cast(tables.postings.c.is_provisional, Integer))
                )
                .join(tables.postings, tables.postings.c.entry_id == entries.id)
                .where(entries.id > self._seen_entry)
                .group_by(entries.id)
            )
            rows = [tuple(row) for row in connection.execute(query)]
        engine.dispose()
        self._seen_entry = max((row[0] for row in rows), default=self._seen_entry)
        return Counter((*map(str, row[1:-1]), _PROVISIONAL[bool(row[-1])]) for row in rows)

    def _ledger(self) -> Figures:
        found: Figures = Counter()
        with self.stores.ledger() as ledger:
            posted = ledger.posted(date.min, date.max)
        for (key, to), nano in posted.items():
            if to.kind is not DestinationKind.PAYABLE and nano:
                place = (key.issuer, key.account, str(key.day), key.billing_period, key.currency)
                about = (*place, key.origin_period)
                found[*about, *(str(getattr(to, name)) for name in _DESTINATION)] += nano
        return found

    def _expected_ledger(self) -> Figures:
        found: Figures = Counter()
        for place, books in self.oracle.journal.ledger.items():
            for to, nano in books.items():
                if nano:
                    found[*(str(part) for part in place), *to] += nano
        return found


def _entries(entries: Iterable[YearEntry]) -> Figures:
    return Counter(
        (*map(str, one.place), one.cause, _PROVISIONAL[one.is_provisional]) for one in entries
    )


def _breaks(items: Iterable[Break] | Iterable[OurBreak]) -> Figures:
    found: Figures = Counter()
    for one in items:
        found[tuple(str(getattr(one, name)) for name in _BREAK)] = one.amount_nano
    return found


def _pools(report: NightReport, expected: YearNight) -> tuple[Figures, Figures]:
    ours: Figures = Counter()
    for row in report.pools.families:
        name = (row.name.family, row.name.pool)
        error = row.basis.past_error_ppm() if row.basis else None
        figures = {
            "budget": row.budget_nano or 0,
            "spent": row.spent_nano,
            "pending": row.pending_nano,
            "carried": row.carry_over_nano,
            "forecast": row.forecast_nano,
            "error": -1 if error is None else error,
        }
        ours.update({(*name, what): nano for what, nano in figures.items()})
        if expected.seen.days[-1] == last_day(row.period):
            found = row.anomalies
            ours.update(
                {(*name, str(one.first_day), str(one.last_day)): one.spent_nano for one in found}
            )
    theirs: Figures = Counter()
    for one in expected.pools:
        figures = {
            "budget": one.budget_nano,
            "spent": one.spent_nano,
            "pending": one.pending_nano,
            "carried": one.carried_nano,
            "forecast": one.forecast_nano,
            "error": -1 if one.past_error_ppm is None else one.past_error_ppm,
        }
        name = (one.family, one.pool)
        theirs.update({(*name, what): nano for what, nano in figures.items()})
        for first, last, spent in one.anomalies or ():
            theirs[*name, str(first), str(last)] = spent
    return ours, theirs


def _rolls(report: NightReport, expected: YearNight) -> tuple[Figures, Figures]:
    names = ("opening_nano", "new_nano", "remeasured_nano", "cleared_nano")
    ours: Figures = Counter()
    for row in report.roll_forward:
        of = (row.break_class.value, row.currency)
        ours.update({(*of, name): getattr(row, name) for name in names})
        ours[*of, "closing"] = row.closing_nano()
    theirs: Figures = Counter()
    for of, roll in expected.rolls.items():
        theirs.update({(*of, name): getattr(roll, name) for name in names})
        theirs[*of, "closing"] = roll.closing_nano
    return ours, theirs
