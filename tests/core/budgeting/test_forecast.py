"""Budgets by the day, what exploration carries over, and forecasts that know their error."""

from collections.abc import Mapping
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.shapes.base import Pool
from config.shapes.catalog import Budget
from tasks.core.budgeting.budgets import budget_of, carry_over, first_of_next, months_before
from tasks.core.budgeting.forecast import Forecast, forecast, spend_needed_from
from tasks.core.budgeting.pool_days import Spend
from tasks.core.days import billing_period

NANO = 10**9
EXPLORATION, PRODUCTION = Pool.EXPLORATION, Pool.PRODUCTION


def budget(from_day: str, amount: str, pool: Pool = EXPLORATION) -> Budget:
    return Budget.model_validate({"from": from_day, "pool": pool, "amount": amount})


def spend(days: Mapping[date, int], pending: Mapping[date, int] | None = None) -> Spend:
    booked = {(billing_period(day), day): amount for day, amount in days.items()}
    return Spend(booked, pending or {})


def each_day(start: date, end: date, amount: int) -> dict[date, int]:
    return {start + timedelta(days=at): amount for at in range((end - start).days + 1)}


# --- budgets


def test_a_line_that_holds_for_the_whole_month_is_its_budget() -> None:
    lines = [budget("2026-01-01", "300.00"), budget("2026-01-01", "70.00", PRODUCTION)]

    assert budget_of(lines, EXPLORATION, "2026-11") == 300 * NANO
    assert budget_of(lines, PRODUCTION, "2026-11") == 70 * NANO


def test_each_line_counts_for_its_days() -> None:
    lines = [budget("2026-11-11", "300.00"), budget("2026-11-21", "600.00")]

    # Ten days without a budget, ten at 300 a month, ten at 600.
    assert budget_of(lines, EXPLORATION, "2026-11") == 300 * NANO


def test_a_month_before_the_first_line_has_no_budget_which_is_not_zero() -> None:
    lines = [budget("2026-11-30", "31.00")]

    assert budget_of(lines, EXPLORATION, "2026-10") is None
    assert budget_of(lines, EXPLORATION, "2026-11") == 1_033_333_333
    assert budget_of([budget("2026-01-01", "0")], EXPLORATION, "2026-10") == 0


def test_only_exploration_carries_over_and_never_a_debt() -> None:
    assert carry_over(100, 30, EXPLORATION) == 70
    assert carry_over(100, 130, EXPLORATION) == 0
    assert carry_over(100, -30, EXPLORATION) == 100
    assert carry_over(None, 0, EXPLORATION) == 0
    assert carry_over(100, 30, PRODUCTION) == 0


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    assert months_before("2027-01", 3) == "2026-10"
    assert months_before("2027-01", 0) == "2027-01"
    assert first_of_next("2026-12") == date(2027, 1, 1)
    assert spend_needed_from(date(2027, 1, 31)) == date(2026, 9, 1)


# --- forecasts


def test_a_forecast_adds_the_usual_day_for_every_day_left() -> None:
    through = date(2026, 11, 20)
    days = each_day(date(2026, 10, 1), through, 30)

    found = forecast(spend(days), through)

    assert (found.known_nano, found.basis_nano, found.basis_days) == (600, 28 * 30, 28)
    assert found.days_left == 10
    assert found.amount_nano() == 900


def test_a_young_pool_is_forecast_from_the_days_it_has() -> None:
    through = date(2026, 11, 20)
    days = each_day(date(2026, 11, 17), through, 30)

    found = forecast(spend(days), through)

    assert (found.basis_days, found.amount_nano()) == (4, 4 * 30 + 10 * 30)
    assert found.past_error_ppm() is None


def test_what_is_pending_counts_once_as_known_and_in_the_mean() -> None:
    through = date(2026, 11, 20)
    days = each_day(date(2026, 11, 1), date(2026, 11, 19), 30)

    found = forecast(spend(days, {through: 30}), through)

    assert found == Forecast(600, 600, 20, 10)


def test_a_pool_that_never_spent_is_forecast_at_nothing() -> None:
    assert forecast(spend({}), date(2026, 11, 20)).amount_nano() == 0


def test_at_the_end_of_the_month_nothing_is_left_to_guess() -> None:
    through = date(2026, 11, 30)

    assert forecast(spend({date(2026, 11, 3): 77}), through).amount_nano() == 77


def test_the_past_error_is_that_of_the_same_rule_on_the_same_day() -> None:
    through = date(2026, 11, 20)
    days = each_day(date(2026, 9, 1), date(2026, 10, 20), 30)
    days |= each_day(date(2026, 10, 21), date(2026, 10, 31), 60)

    found = forecast(spend(days), through)

    # October: 600 + 11 x 30 forecast, 600 + 660 spent. September had no day before it: 20 days.
    october = (1260 - 930) * 1_000_000 // 1260
    assert found.errors_ppm == (october + 1, 0)
    assert found.past_error_ppm() == (october + 1) // 2


def test_a_month_without_spend_cannot_be_compared() -> None:
    days = each_day(date(2026, 8, 1), date(2026, 8, 31), 30)

    assert len(forecast(spend(days), date(2026, 11, 20)).errors_ppm) == 1


@given(
    amount=st.integers(1, 10**12),
    through=st.dates(date(2026, 6, 1), date(2027, 6, 1)),
)
def test_steady_spend_is_forecast_without_error(amount: int, through: date) -> None:
    days = each_day(spend_needed_from(through), through, amount)

    found = forecast(spend(days), through)

    assert found.errors_ppm == (0, 0, 0)
    assert found.amount_nano() == amount * (through.day + found.days_left)
