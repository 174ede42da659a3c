"""Post by difference, with the one cause of each entry, into periods that are open (R8, R16)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sandbox.oracle.allocation import Books
from sandbox.oracle.places import DOCUMENTS, Ledger, Place, add, next_period
from sandbox.oracle.seen import IssuerDay
from sandbox.records import ChargeRow


@dataclass(frozen=True, slots=True)
class YearEntry:
    """One posting by difference.

    Attributes:
        moved_nano: The sum of what went up.
        is_provisional: The day's log is expected and not there.
    """

    place: Place
    cause: str
    amount_nano: int
    moved_nano: int
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """What a day's books were made of: charges, terms of contracts, rates."""

    charges: tuple[ChargeRow, ...]
    terms: tuple[object, ...]
    rates: tuple[object, ...]


@dataclass
class Journal:
    """What is posted, and how further amounts get there.

    Attributes:
        ledger: Every amount but the payable side.
        closed: Periods that are closed now.
        posted: (issuer, day)s that ever got a posting but accruals.
        settled: (issuer, day)s whose documents ever got one.
        bases: What each (issuer, day) was last made of.
    """

    ledger: Ledger = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    posted: set[IssuerDay] = field(default_factory=set)
    settled: set[IssuerDay] = field(default_factory=set)
    bases: dict[IssuerDay, Basis] = field(default_factory=dict)

    def post(
        self, desired: Ledger, bases: Mapping[IssuerDay, Basis], logged_days: Collection[date]
    ) -> list[YearEntry]:
        """Book what differs on the days of `bases`, but for what documents settle.

        Raises:
            AssertionError: A total moved and nothing explains it.
        """
        before = self.homes(bases)
        fresh = {key for key in bases if key not in self.posted}
        entries = []
        for home in sorted(before.keys() | desired.keys()):
            changes = difference(desired.get(home, {}), before.get(home, {}))
            if home.account == DOCUMENTS or not changes:
                continue
            key = (home.issuer, home.day)
            cause = "new"
            if key not in fresh:
                cause = _cause(self.bases[key], bases[key], is_moved=sum(changes.values()) != 0)
            if any(to.kind != "accrual" for to in changes):
                self.posted.add(key)
            entry = self.enter(home, cause, changes)
            entries.append(replace(entry, is_provisional=home.day not in logged_days))
        self.bases.update(bases)
        return entries

    def post_document(self, home: Place, books: Books) -> list[YearEntry]:
        """Book what the documents of a period settle; those of a closed one stay."""
        key = (home.issuer, home.day)
        changes = difference(books, self.homes([key]).get(home, {}))
        if home.period in self.closed or not changes:
            return []
        cause = "restated" if key in self.settled else "new"
        self.settled.add(key)
        return [self.enter(home, cause, changes)]

    def enter(self, home: Place, cause: str, changes: Books) -> YearEntry:
        """Book changes where they belong: in a later period if theirs is closed."""
        period = home.period
        while period in self.closed:
            period = next_period(period)
        place = home
        if period != home.period:
            place = home._replace(period=period, origin=home.period)
        books = self.ledger.setdefault(place, {})
        for to, amount in changes.items():
            add(books, to, amount)
        raised = sum(amount for amount in changes.values() if amount > 0)
        return YearEntry(place, cause, sum(changes.values()), raised)

    def homes(self, days: Mapping[IssuerDay, object] | list[tuple[str, date]]) -> Ledger:
        """Give what is posted for some days, corrections brought home."""
        homes: Ledger = {}
        for place, books in self.ledger.items():
            if (place.issuer, place.day) in days:
                home = homes.setdefault(place.home(), {})
                for to, amount in books.items():
                    add(home, to, amount)
        return homes


def difference(after: Books, before: Books) -> Books:
    """Give what turns one book into another."""
    both = {to: after.get(to, 0) - before.get(to, 0) for to in {*after, *before}}
    return {to: amount for to, amount in both.items() if amount}


def _cause(was: Basis, now: Basis, *, is_moved: bool) -> str:
    if was.charges != now.charges:
        return "restated"
    if was.terms != now.terms:
        return "repriced"
    if was.rates != now.rates:
        return "fx"
    if is_moved:
        message = "a total moved although nothing did that it is made of"
        raise AssertionError(message)
    return "reclass"
