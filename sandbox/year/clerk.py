"""Finance at its desk: what it merges before each night, and what it asks to be closed."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.finance import Close, Disposition, Finance, Reopening
from sandbox.oracle.places import business_day, first_day, next_period, period_of
from sandbox.oracle.year import Year
from sandbox.organisation import ANTHROPIC, CLOUD, CURSOR, OPENAI
from sandbox.year import signed

SOFT_CLOSE_BUSINESS_DAY = 5


@dataclass
class Clerk:
    """Keeps `finance.yaml` through the year.

    Attributes:
        finance: As merged so far.
    """

    books: Year
    issuers: tuple[str, ...] = (ANTHROPIC, CLOUD, CURSOR, OPENAI)
    finance: Finance = field(default_factory=Finance)

    def merge(self, now: datetime) -> Finance:
        """Merge what is due before a night."""
        day = now.date()
        self.finance = signed.contracts(self.finance, day)
        before = last_period(day)
        if day.day == signed.INVOICE_DAY and before >= period_of(self.books.world.first_day):
            for issuer in self.issuers:
                owed = self.books.owed(issuer, before, self.finance)
                self.finance = self.finance.signed(*signed.invoices(before, issuer, owed, day))
        for period, (again, _) in signed.REOPENED.items():
            if day == again:
                self.finance = self.finance.signed(Reopening(period, day))
        return self.finance

    def soft_closes(self, day: date) -> list[str]:
        """Name what is soft-closed on a day, after its night."""
        before = last_period(day)
        is_day = business_day(before, SOFT_CLOSE_BUSINESS_DAY) == day
        return [before] if is_day and before >= period_of(self.books.world.first_day) else []

    def reopens(self, day: date) -> list[str]:
        """Name what is opened again on a day, after its night."""
        return [period for period, (again, _) in signed.REOPENED.items() if again == day]

    def closes(self, day: date) -> list[str]:
        """Name what finance would close on a day, after its night."""
        found = []
        for period in sorted(self.books.unclosed):
            _, again = signed.REOPENED.get(period, (day, day))
            is_reopened = any(line.period == period for line in self.finance.reopenings)
            since = (
                again
                if is_reopened
                else first_day(next_period(period)).replace(day=signed.CLOSE_DAY)
            )
            if day >= since and self.books.may_close(period):
                found.append(period)
        return found

    def sign(self, period: str, digest: str, day: date) -> Finance:
        """Sign a period's books."""
        self.finance = self.finance.signed(Close(period, digest, day))
        return self.finance

    def decide(self, break_id: str, amount_nano: int, day: date) -> Finance:
        """Decide about a break, with twice its amount as the limit."""
        self.finance = self.finance.signed(Disposition(break_id, day, 2 * abs(amount_nano)))
        return self.finance


def last_period(day: date) -> str:
    """Name the month before a day's."""
    return period_of(day.replace(day=1) - timedelta(days=1))
