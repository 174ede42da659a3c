"""Budgets by family, pool and calendar month: spent, pending, carried, forecast (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from sandbox.oracle.anomalies import Anomaly, anomalies
from sandbox.oracle.places import Ledger, days_of, first_day, last_day, lines_of, period_of
from sandbox.oracle.shares import half_even
from sandbox.year.budgets import BUDGETS

_BASIS_DAYS = 28
_TRIED_MONTHS = 3
_PPM = 1_000_000

#: Family and pool.
PoolName = tuple[str, str]
#: Value of logged runs that are not booked, by pool and day.
Pending = Mapping[tuple[str, str, date], int]


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of one family in a month; all amounts in nano units.

    Attributes:
        past_error_ppm: None where no earlier month can be compared.
        anomalies: Of a month that is over; None before its last day.
    """

    family: str
    pool: str
    budget_nano: int
    spent_nano: int
    pending_nano: int
    carried_nano: int
    forecast_nano: int
    past_error_ppm: int | None
    anomalies: tuple[Anomaly, ...] | None


@dataclass
class _Spend:
    """What one pool spent: by period and day, and by day with what pends."""

    booked: dict[tuple[str, date], int] = field(default_factory=dict)
    daily: dict[date, int] = field(default_factory=dict)

    def of(self, period: str, through: date = date.max) -> int:
        """Sum what is booked in a period, for days through one."""
        return sum(
            amount for (of, day), amount in self.booked.items() if of == period and day <= through
        )


def pools(ledger: Ledger, through: date, pending: Pending) -> list[Pool]:
    """Give every family's pools of a day's month.

    Args:
        ledger: After the night.
        through: Last day that anything is known of.
        pending: As of the night.
    """
    spends = {name: _Spend() for name in BUDGETS}
    for place, to, amount in lines_of(ledger):
        if to.kind == "family" and to.pool and not place.origin and place.day <= through:
            spend = spends[to.family, to.pool]
            key = (place.period, place.day)
            spend.booked[key] = spend.booked.get(key, 0) + amount
            spend.daily[place.day] = spend.daily.get(place.day, 0) + amount
    for (family, pool, day), amount in pending.items():
        daily = spends[family, pool].daily
        daily[day] = daily.get(day, 0) + amount
    return [_pool(name, spends[name], through, pending) for name in sorted(BUDGETS)]


def budget_of(name: PoolName, period: str) -> int:
    """Give a month's budget: the mean over its days of the line in force."""
    days = days_of(period)
    return half_even(Fraction(sum(_in_force(name, day) for day in days), len(days)))


def _pool(name: PoolName, spend: _Spend, through: date, pending: Pending) -> Pool:
    period = period_of(through)
    before = _month_before(period)
    carried = 0
    if name[1] == "exploration":
        last = budget_of(name, before)
        carried = min(last, max(0, last - spend.of(before)))
    waiting = sum(
        amount
        for (family, pool, day), amount in pending.items()
        if (family, pool) == name and period_of(day) == period
    )
    errors = []
    oldest = period
    for _ in range(_TRIED_MONTHS + 1):
        oldest = _month_before(oldest)
    daily = {day: amount for day, amount in spend.daily.items() if day >= first_day(oldest)}
    earlier = period
    for _ in range(_TRIED_MONTHS):
        earlier = _month_before(earlier)
        days = days_of(earlier)
        at = days[min(through.day, len(days)) - 1]
        actual = spend.of(earlier)
        guess = _forecast(daily, spend.of(earlier, at), at)
        if guess is not None and actual > 0:
            errors.append(half_even(Fraction(abs(guess - actual) * _PPM, actual)))
    known = spend.of(period) + waiting
    guess = _forecast(daily, known, through)
    return Pool(
        *name,
        budget_nano=budget_of(name, period),
        spent_nano=spend.of(period),
        pending_nano=waiting,
        carried_nano=carried,
        forecast_nano=known if guess is None else guess,
        past_error_ppm=half_even(Fraction(sum(errors), len(errors))) if errors else None,
        # Thousands of slopes: once a month.
        anomalies=anomalies(daily, through, budget_of(name, period))
        if through == last_day(period)
        else None,
    )


def _forecast(daily: Mapping[date, int], known: int, at: date) -> int | None:
    """Add the mean of the last days for each that is left; None before any spend."""
    born = min((day for day, amount in daily.items() if amount), default=date.max)
    if born > at:
        return None
    count = min(_BASIS_DAYS, (at - born).days + 1)
    basis = sum(daily.get(at - timedelta(days=back), 0) for back in range(count))
    left = (last_day(period_of(at)) - at).days
    return known + half_even(Fraction(basis * left, count))


def _month_before(period: str) -> str:
    return period_of(first_day(period) - timedelta(days=1))


def _in_force(name: PoolName, day: date) -> int:
    begun = [line for line in BUDGETS[name] if line[0] <= day]
    return max(begun)[1] * 1_000_000_000 if begun else 0
