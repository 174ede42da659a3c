"""What a pool will have spent by the end of the month, and how good that rule was (R17)."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tasks.core.budgeting.budgets import months_before
from tasks.core.budgeting.pool_days import Spend
from tasks.core.days import billing_period, period_days
from tasks.core.money import divide_half_even

#: Days that the mean is taken of.
BASIS_DAYS = 28
#: Earlier months in which the same rule is tried.
TRIED_MONTHS = 3

_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast with what it rests on.

    Attributes:
        known_nano: Spent and pending.
        basis_nano: Sum of the last `basis_days` days; the mean of them is taken for a day.
        basis_days: At most 28; fewer if the first spend is later, 0 without any.
        days_left: Days of the month that nothing is known of.
        errors_ppm: |forecast - actual| / actual of up to three months before, the latest first.
    """

    known_nano: int
    basis_nano: int
    basis_days: int
    days_left: int
    errors_ppm: tuple[int, ...] = ()

    def amount_nano(self) -> int:
        """Give what will be spent, half-even to whole nano units."""
        if not self.basis_days:
            return self.known_nano
        return self.known_nano + divide_half_even(self.basis_nano * self.days_left, self.basis_days)

    def past_error_ppm(self) -> int | None:
        """Give the mean of the errors; None where no earlier month could be compared."""
        if not self.errors_ppm:
            return None
        return divide_half_even(sum(self.errors_ppm), len(self.errors_ppm))


def forecast(spend: Spend, through: date) -> Forecast:
    """Forecast the month of a day.

    Args:
        spend: Of one pool, reaching back to `spend_needed_from(through)`.
        through: Last day that anything is known of.
    """
    period = billing_period(through)
    daily = spend.daily()
    pending = sum(amount for day, amount in spend.pending.items() if billing_period(day) == period)
    errors = []
    for number in range(1, TRIED_MONTHS + 1):
        earlier = months_before(period, number)
        days = period_days(earlier)
        at = days[min(through.day, len(days)) - 1]
        tried = _forecast(daily, spend.booked_in(earlier, at), at)
        actual = spend.booked_in(earlier)
        if tried.basis_days and actual > 0:
            error = Fraction(abs(tried.amount_nano() - actual) * _PPM, actual)
            errors.append(divide_half_even(error.numerator, error.denominator))
    now = _forecast(daily, spend.booked_in(period) + pending, through)
    return Forecast(now.known_nano, now.basis_nano, now.basis_days, now.days_left, tuple(errors))


def spend_needed_from(through: date) -> date:
    """Give the first day that a forecast looks at: that of the fourth month before."""
    return period_days(months_before(billing_period(through), TRIED_MONTHS + 1))[0]


def first_spend(daily: dict[date, int]) -> date:
    """Give the first day with any spend; a day that never comes without one."""
    return min((day for day, amount in daily.items() if amount), default=date.max)


def _forecast(daily: dict[date, int], known_nano: int, at: date) -> Forecast:
    born = first_spend(daily)
    basis_days = 0 if born > at else min(BASIS_DAYS, (at - born).days + 1)
    basis = (daily.get(at - timedelta(days=back), 0) for back in range(basis_days))
    days_left = (period_days(billing_period(at))[-1] - at).days
    return Forecast(known_nano, sum(basis), basis_days, days_left)
