"""Run the nights of a year in order, with all that finance signs, and keep the expected books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.catalog import workflow_by_id
from sandbox.finance import Finance
from sandbox.oracle import accruals
from sandbox.oracle.allocation import PRICED
from sandbox.oracle.attribution import line_of_run
from sandbox.oracle.breaks import Break, find_breaks
from sandbox.oracle.entries import Basis, Journal, YearEntry
from sandbox.oracle.foreign import convert
from sandbox.oracle.places import (
    DOCUMENTS,
    Place,
    days_of,
    first_day,
    last_day,
    next_period,
    period_of,
)
from sandbox.oracle.pools import Pool, pools
from sandbox.oracle.roll_forward import Roll, Standing, roll, standing_after
from sandbox.oracle.seen import ISSUERS, IssuerDay, Seen, look
from sandbox.oracle.settlement import Foreign, Settled, due_of, settle
from sandbox.oracle.shares import half_even
from sandbox.oracle.wanted import Wanted, foreign_breaks, in_currency, wanted
from sandbox.organisation import CLOUD, CURRENCY, CURSOR, WINDOW_DAYS
from sandbox.prices import card_nano
from sandbox.records import ChargeRow, World

#: Issuers that no source reports: complete on every day before the night's.
UNREPORTED = (CURSOR,)


@dataclass(frozen=True)
class YearNight:
    """What one night must come to.

    Attributes:
        breaks: Those of its window.
        completeness_ppm: Source-days that are there of those expected.
        rolls: By class and currency.
        pools: Of the month of the night's last day.
    """

    seen: Seen
    entries: tuple[YearEntry, ...]
    breaks: tuple[Break, ...]
    rolls: Mapping[tuple[str, str], Roll]
    completeness_ppm: int
    pools: tuple[Pool, ...]


@dataclass
class Year:
    """The expected books, night after night.

    Attributes:
        by_file: Issuers whose charges come as a file.
        booked: (issuer, day)s that could ever be booked.
        unclosed: Periods that were soft-closed or reopened, and are not closed.
        first_closed: The oldest period that was ever closed; empty before the first close.
        read: Periods that one night has read whole since they ended.
    """

    world: World
    by_file: tuple[str, ...] = (CLOUD,)
    journal: Journal = field(default_factory=Journal)
    standing: Standing = field(default_factory=dict)
    booked: set[IssuerDay] = field(default_factory=set)
    unclosed: set[str] = field(default_factory=set)
    first_closed: str = ""
    read: set[str] = field(default_factory=set)
    _told: dict[IssuerDay, tuple[ChargeRow, ...]] = field(default_factory=dict)
    _first: dict[IssuerDay, tuple[ChargeRow, ...]] = field(default_factory=dict)
    _logs_read_at: datetime | None = None
    _seen: Seen | None = None

    def night(self, now: datetime, finance: Finance) -> YearNight:
        """Run one night.

        Args:
            now: Aware UTC, after the night before.
            finance: As signed by then.
        """
        if self.world.has_logs(now):
            self._logs_read_at = now
        seen = look(self.world, now, self.window(now), self._logs_read_at, self.by_file)
        for issuer, day in seen.charges:
            # A file changes nothing of a closed period: what was known stays (R16).
            if issuer in self.by_file and period_of(day) in self.journal.closed:
                seen.charges[issuer, day] = self._told[issuer, day]
        self._seen = seen
        self._told.update(seen.charges)
        ended = {period_of(day) for day in seen.days} - {period_of(now.date())}
        self.read |= {period for period in ended if first_day(period) >= seen.days[0]}
        days = {*seen.charges, *((issuer, day) for issuer in UNREPORTED for day in seen.days)}
        self.booked |= days
        want = wanted(seen, days, finance, self.journal.ledger)
        bases = {key: _basis(key, seen, want, finance) for key in days}
        entries = self.journal.post(want.desired, bases, seen.logged_days)
        settled = self._settled(days, seen, finance)
        for period, found in settled.items():
            for issuer, books in sorted(found.books.items()):
                home = Place(issuer, DOCUMENTS, last_day(period), period, CURRENCY)
                if (issuer, home.day) in days:
                    entries += self.journal.post_document(home, books)
        breaks = [*self._breaks(want, finance), *foreign_breaks(want.foreign)]
        breaks += [one for found in settled.values() for one in found.breaks]
        before = self.standing
        self.standing = standing_after(before, breaks, seen.days)
        return YearNight(
            seen,
            tuple(entries),
            tuple(sorted(breaks)),
            roll(before, self.standing),
            self._completeness(seen),
            tuple(pools(self.journal.ledger, seen.days[-1], self._pending(want.seen))),
        )

    def window(self, now: datetime) -> tuple[date, ...]:
        """List the days that a night looks at, back to the oldest period that is not closed.

        Before the first close ever it is the ordinary window.
        """
        start = now.date() - timedelta(days=WINDOW_DAYS)
        if self.first_closed:
            unclosed = {period for period in self.unclosed if period >= self.first_closed}
            if self.journal.closed:
                unclosed.add(next_period(max(self.journal.closed)))
            start = min([start, *(first_day(period) for period in unclosed)])
        return tuple(start + timedelta(days=n) for n in range((now.date() - start).days))

    def soft_close(self, period: str) -> list[YearEntry]:
        """Book accruals for what the newest night saw metered and not billed (R15)."""
        self.unclosed.add(period)
        entries: list[YearEntry] = []
        seen = self._seen
        for (issuer, day), rows in sorted(seen.usage.items() if seen else ()):
            if period_of(day) != period or (issuer, day) in self.booked:
                continue
            for account in sorted({row.account for row in rows}):
                place = Place(issuer, account, day, period, CURRENCY)
                books = accruals.accrue(issuer, account, day, rows)
                if books and not self.journal.ledger.get(place):
                    entries.append(self.journal.enter(place, "new", books))
        return entries

    def close(self, period: str) -> None:
        """Close a period: what comes later is a correction."""
        self.unclosed.discard(period)
        self.first_closed = min(self.first_closed or period, period)
        self.journal.closed.add(period)

    def reopen(self, period: str) -> None:
        """Open a closed period again."""
        self.journal.closed.discard(period)
        self.unclosed.add(period)

    def owed(self, issuer: str, period: str, finance: Finance) -> dict[str, int]:
        """Give what the books owe an issuer for a period, by currency."""
        foreign = self._foreign(issuer, period, finance)
        return due_of(self.journal.ledger, issuer, period, foreign)

    def may_close(self, period: str) -> bool:
        """Tell whether every day of a soft-closed period is booked, and has been read since."""
        issuers = {*ISSUERS, *self.by_file, *UNREPORTED}
        is_booked = {(one, day) for one in issuers for day in days_of(period)} <= self.booked
        return period in self.unclosed and period in self.read and is_booked

    def _breaks(self, want: Wanted, finance: Finance) -> list[Break]:
        # In all: what is told first is told in the currency of the books, at tonight's rates.
        for key, rows in self._seen.charges.items() if self._seen else ():
            self._first.setdefault(key, rows)
        first = in_currency({key: convert(rows, finance) for key, rows in self._first.items()})
        return find_breaks(want.seen, want.places, first)

    def _settled(self, days: set[IssuerDay], seen: Seen, finance: Finance) -> dict[str, Settled]:
        """Compare the documents of every period whose days are all booked."""
        found = {}
        for period in sorted({one.period for one in finance.invoices}):
            if last_day(period) not in seen.days:
                continue
            issuers = {one.issuer for one in finance.invoices if one.period == period}
            ready = {
                issuer
                for issuer in issuers
                if all((issuer, day) in self.booked for day in days_of(period))
            }
            foreign = {issuer: self._foreign(issuer, period, finance) for issuer in ready}
            ends = {issuer: (issuer, last_day(period)) for issuer in ready}
            kept = {
                issuer: self.journal.homes([end]).get(
                    Place(issuer, DOCUMENTS, end[1], period, CURRENCY), {}
                )
                for issuer, end in ends.items()
                if period in self.journal.closed or end not in days
            }
            ledger = self.journal.ledger
            found[period] = settle(period, ready, finance, ledger, foreign, kept)
        return found

    def _foreign(self, issuer: str, period: str, finance: Finance) -> dict[str, Foreign]:
        """Sum what was converted of a period, by the currency it was billed in."""
        sums: dict[str, Foreign] = {}
        for day in days_of(period):
            rows = self._told.get((issuer, day), ())
            for currency in {row.currency for row in rows} - {CURRENCY}:
                mine = [row for row in rows if row.currency == currency]
                booked = [row for row in convert(mine, finance) if row.currency == CURRENCY]
                if booked:
                    known = sums.get(currency, Foreign(0, 0))
                    sums[currency] = Foreign(
                        known.billed_nano + sum(row.amount_nano for row in mine),
                        known.booked_nano + sum(row.amount_nano for row in booked),
                    )
        return sums

    def _completeness(self, seen: Seen) -> int:
        """Count the source-days that are there, of logs, reports and files (R9)."""
        expected, missing = seen.expected(), set(seen.missing())
        old = [day for day in seen.days if day < seen.first_late_day()]
        by_file = [(issuer, day) for issuer in self.by_file for day in old]
        there = len(expected) - len(missing) + sum(key in seen.charges for key in by_file)
        return 1_000_000 * there // (len(expected) + len(by_file))

    def _pending(self, seen: Seen) -> dict[tuple[str, str, date], int]:
        """Value logged runs on days whose charges are not booked."""
        found: dict[tuple[str, str, date], int] = {}
        for run in seen.runs:
            day = run.ended_at.date()
            line = line_of_run(run, seen.item_stamps)
            is_priced = run.issuer in PRICED
            if not is_priced or (run.issuer, day) in self.booked or not line.workflow:
                continue
            key = (workflow_by_id(line.workflow).family, line.pool, day)
            for kind, count in run.tokens.items():
                price = card_nano(run.model, kind, "standard", day)
                if price is not None and count:
                    found[key] = found.get(key, 0) + half_even(count * price)
        return found


def _basis(key: IssuerDay, seen: Seen, want: Wanted, finance: Finance) -> Basis:
    """Tell what a day's books are made of, as far as causes ask."""
    issuer, day = key
    charges = seen.charges.get(key, ())
    plans = tuple(
        (plan.account, plan.seats, plan.price_nano, plan.used(day), plan.sku)
        for plan in finance.seats
        if plan.issuer == issuer and plan.holds(day)
    )
    moved = tuple(
        (account, of_day.terms)
        for (of, account, at), of_day in sorted(want.moved.items(), key=lambda one: one[0])
        if (of, at) == key and of_day.terms
    )
    currencies = sorted({row.currency for row in charges} - {CURRENCY})
    rates = tuple(finance.rate(currency, CURRENCY, day) for currency in currencies)
    return Basis(charges, (plans, moved), rates)
