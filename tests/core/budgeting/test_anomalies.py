"""A trend is no anomaly, a spike is one, and a new level is told once."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.budgeting.anomalies import _LINE_SCALE, LINE_DAYS, Anomaly, _Before, anomalies

FIRST = date(2026, 10, 1)
LONG = 60
NO_BUDGET = None
SMALL_BUDGET = Fraction(1)


def series(amounts: list[int]) -> dict[date, int]:
    return {FIRST + timedelta(days=at): amount for at, amount in enumerate(amounts) if amount}


def judged(
    amounts: list[int], allowed_a_day: Fraction | None = SMALL_BUDGET
) -> tuple[Anomaly, ...]:
    days = [FIRST + timedelta(days=at) for at in range(len(amounts))]
    return anomalies(series(amounts), days, allowed_a_day)


@given(start=st.integers(-(10**15), 10**15), slope=st.integers(-(10**12), 10**12))
def test_a_steady_trend_raises_none(start: int, slope: int) -> None:
    amounts = [start + slope * at for at in range(LONG)]

    assert judged(amounts) == ()
    assert judged(amounts, NO_BUDGET) == ()


@given(
    base=st.integers(10**9, 10**12),
    slope=st.integers(0, 10**9),
    noise=st.lists(st.integers(-1000, 1000), min_size=LONG, max_size=LONG),
    at=st.integers(LINE_DAYS, LONG - 1),
)
def test_a_spike_raises_one_and_none_for_what_follows(
    base: int, slope: int, noise: list[int], at: int
) -> None:
    amounts = [base + slope * day + noise[day] for day in range(LONG)]
    amounts[at] *= 50

    found = judged(amounts, Fraction(10**6))

    assert [(one.first_day, one.last_day, one.spent_nano) for one in found] == [
        (FIRST + timedelta(days=at), FIRST + timedelta(days=at), amounts[at])
    ]


@given(base=st.integers(10**9, 10**12), at=st.integers(LINE_DAYS, LONG - 1))
def test_a_new_level_raises_one_that_begins_with_it(base: int, at: int) -> None:
    found = judged([base] * at + [9 * base] * (LONG - at))

    assert len(found) == 1
    assert found[0].first_day == FIRST + timedelta(days=at)


def test_a_day_within_a_tenth_of_a_days_budget_is_none() -> None:
    amounts = [100] * 30 + [150]

    assert judged(amounts, Fraction(50)) == ()
    assert judged(amounts, Fraction(49)) == (
        Anomaly(FIRST + timedelta(days=30), FIRST + timedelta(days=30), 150, 100),
    )


def test_without_a_budget_a_tenth_of_the_usual_day_is_allowed() -> None:
    assert judged([100] * 30 + [110], NO_BUDGET) == ()
    assert len(judged([100] * 30 + [111], NO_BUDGET)) == 1


@given(before=st.lists(st.integers(0, 1000), min_size=LINE_DAYS, max_size=LINE_DAYS))
def test_six_deviations_are_allowed_and_not_a_nano_more(before: list[int]) -> None:
    before = [100_000 + spent for spent in before]
    expected, deviation = median_line(before)
    edge = floor(expected + 6 * deviation)
    day = FIRST + timedelta(days=LINE_DAYS)

    found = [anomalies(series([*before, spent]), [day], Fraction(0)) for spent in (edge, edge + 1)]

    assert found[0] == ()
    assert len(found[1]) == 1


def test_a_young_pool_is_not_judged_for_two_weeks() -> None:
    assert judged([0] * 30 + [100] * 13 + [900]) == ()
    assert len(judged([0] * 30 + [100] * 14 + [900])) == 1


def test_adjacent_days_are_told_as_one() -> None:
    found = judged([100] * 30 + [900, 800] + [100] * 3)

    assert found == (Anomaly(FIRST + timedelta(days=30), FIRST + timedelta(days=31), 1700, 200),)


@given(spent=st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=LINE_DAYS + 9))
def test_the_line_is_that_of_the_definition_however_long_it_was_drawn_on(spent: list[int]) -> None:
    before = _Before()
    for amount in spent:
        before.add(amount)
    expected, deviation = median_line(spent[-LINE_DAYS:])

    line = before.line()

    assert Fraction(line.expected, _LINE_SCALE) == max(Fraction(0), expected)
    assert Fraction(line.deviation, 2 * _LINE_SCALE) == deviation


def median_line(before: list[int]) -> tuple[Fraction, Fraction]:
    """Theil and Sen's line at the next day, and the deviation from it, by their definition."""
    points = [(Fraction(at), Fraction(spent)) for at, spent in enumerate(before)]
    slope = median((y - b) / (x - a) for a, b in points for x, y in points if x > a)
    start = median(y - slope * x for x, y in points)
    deviation = median(abs(y - start - slope * x) for x, y in points)
    return start + slope * len(before), deviation


def test_a_pool_that_runs_now_and_then_has_no_trend_to_leave() -> None:
    every_third = [10**9 if at % 3 == 0 else 0 for at in range(LONG)]
    workdays = [10**9 if at % 7 < 5 else 0 for at in range(LONG)]

    assert judged([*every_third, 10**12]) == ()
    assert len(judged([*workdays, 10**12])) == 1
