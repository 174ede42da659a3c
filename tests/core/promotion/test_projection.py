"""When a workflow would pass: least items, a range of days, and no promise on thin evidence."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.promotion.betting import bet_logs, log_e_of_sums
from tasks.core.promotion.e_values import EvidenceError, log_e_value, threshold
from tasks.core.promotion.projection import (
    Pace,
    bets_needed,
    items_needed,
    likely_rate,
    project,
    project_count,
)
from tasks.core.promotion.scorecard import STAKES
from tasks.core.promotion.verdict import Projection

TODAY = date(2026, 11, 21)
FIVE_A_WEEK = Pace(recent=30, today=TODAY, maturation_days=14)


@st.composite
def counts(draw: st.DrawFn, most: int = 300) -> tuple[int, int]:
    items = draw(st.integers(0, most))
    return draw(st.integers(0, items)), items


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


# --- costs


def repeated(costs: list[tuple[int, bool]], times: int) -> list[int]:
    """Sum the bets on items of (cost, success), over and over; cap 500, a success may cost 150."""
    return [
        times * sum(one) for one in zip(*(bet_logs(*item, 500, 150) for item in costs), strict=True)
    ]


@given(st.lists(st.tuples(st.integers(0, 600), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=60)
def test_more_of_the_same_costs_prove_what_their_bets_promise(
    costs: list[tuple[int, bool]],
) -> None:
    more = bets_needed(repeated(costs, 1), len(costs), alpha=0.05)

    if more is None:
        assert log_e_of_sums(repeated(costs, 1_000)) < threshold(0.05)
    else:
        rounds = -(-more // len(costs))
        assert log_e_of_sums(repeated(costs, 1 + rounds)) >= threshold(0.05)
        assert rounds < 2 or log_e_of_sums(repeated(costs, rounds - 1)) < threshold(0.05)


def test_a_bet_that_is_won_needs_nothing_and_one_without_items_never_comes() -> None:
    assert bets_needed((10 * 10**12,) * len(STAKES), 5, alpha=0.05) == 0
    assert bets_needed((), 0, alpha=0.05) is None


# --- items


@given(counts(), st.sampled_from([0.6, 0.75, 0.9]), st.sampled_from([0.02, 0.05, 0.1]))
@settings(max_examples=60)
def test_items_needed_are_enough_and_one_fewer_is_not(
    have: tuple[int, int], floor: float, alpha: float
) -> None:
    successes, items = have
    rate = max(likely_rate(successes, items), floor + 0.03)

    more = items_needed(successes, items, floor, alpha=alpha, rate=rate)

    def evidence(further: int) -> float:
        won = successes + rate * further
        return log_e_value(won, items + further, floor, alpha=alpha)

    assert more is not None
    assert evidence(more) >= threshold(alpha)
    assert more == 0 or evidence(more - 1) < threshold(alpha)


@given(counts(), st.floats(0.5, 0.9), st.floats(0.02, 0.1))
@settings(max_examples=60)
def test_a_better_rate_never_needs_more_items(
    have: tuple[int, int], floor: float, better_by: float
) -> None:
    successes, items = have
    rate = floor + 0.03

    slow = items_needed(successes, items, floor, alpha=0.05, rate=rate)
    fast = items_needed(successes, items, floor, alpha=0.05, rate=min(rate + better_by, 1.0))

    assert slow is not None
    assert fast is not None
    assert fast <= slow


def test_no_test_could_do_with_far_fewer_items() -> None:
    # Wald's bound: evidence grows by no more than the divergence of the rate from the floor.
    rate, floor, alpha = 0.9, 0.8, 0.05
    divergence = rate * math.log(rate / floor) + (1 - rate) * math.log((1 - rate) / (1 - floor))

    more = items_needed(0, 0, floor, alpha=alpha, rate=rate)

    assert more is not None
    assert threshold(alpha) / divergence < more < 2 * threshold(alpha) / divergence


def test_what_is_proven_needs_nothing_whatever_the_rate() -> None:
    assert items_needed(49, 50, 0.8, alpha=0.05, rate=0.5) == 0


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.80, 0.81])
def test_a_rate_too_close_to_the_floor_never_gets_there(rate: float) -> None:
    assert items_needed(8, 10, 0.8, alpha=0.05, rate=rate) is None


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(EvidenceError):
        items_needed(3, 2, 0.8, alpha=0.05, rate=0.9)


# --- days


def test_days_are_items_at_the_pace_of_six_weeks_and_then_maturation() -> None:
    # 30 in 42 days: ten more take a fortnight.
    assert FIVE_A_WEEK.day_of(10) == after(14 + 14)
    assert FIVE_A_WEEK.day_of(11) == after(16 + 14)
    assert FIVE_A_WEEK.day_of(0) == TODAY


def test_without_recent_items_no_day_is_named() -> None:
    idle = Pace(recent=0, today=TODAY, maturation_days=14)

    assert idle.day_of(1) is None
    assert idle.day_of(0) == TODAY
    assert project_count(5, 40, idle) == Projection(5, None, None)


def test_a_day_that_nobody_lives_to_plan_with_is_not_named() -> None:
    assert Pace(recent=1, today=TODAY, maturation_days=14).day_of(1_000) is None
    assert FIVE_A_WEEK.day_of(10**12) is None


def test_a_good_workflow_gets_a_range_around_its_likely_items() -> None:
    found = project(54, 60, 0.8, alpha=0.05, pace=FIVE_A_WEEK)

    likely = items_needed(54, 60, 0.8, alpha=0.05, rate=55 / 62)
    assert found.items == likely
    assert likely is not None
    expected = FIVE_A_WEEK.day_of(likely)
    assert found.earliest is not None
    assert found.latest is not None
    assert expected is not None
    assert found.earliest < expected < found.latest


def test_a_rate_that_may_lie_at_the_floor_has_an_earliest_day_only() -> None:
    found = project(17, 20, 0.8, alpha=0.05, pace=FIVE_A_WEEK)

    assert found.items is not None
    assert found.earliest is not None
    assert found.latest is None


def test_not_at_this_rate_names_nothing() -> None:
    assert project(40, 50, 0.8, alpha=0.05, pace=FIVE_A_WEEK) == Projection(None, None, None)
    assert project(0, 0, 0.8, alpha=0.05, pace=FIVE_A_WEEK) == Projection(None, None, None)


def test_what_is_proven_is_passed_today() -> None:
    found = project(20, 20, 0.7, alpha=0.05, pace=FIVE_A_WEEK)

    assert found == Projection(0, TODAY, TODAY)


def test_items_missing_for_another_reason_move_the_day() -> None:
    found = project(38, 38, 0.8, alpha=0.05, pace=FIVE_A_WEEK, at_least=10)

    assert found == Projection(10, after(28), after(28))


@given(counts(most=60), st.integers(0, 80), st.integers(0, 60), st.sampled_from([0.6, 0.8]))
def test_a_range_is_in_order_and_no_single_day_on_thin_evidence(
    have: tuple[int, int], recent: int, at_least: int, floor: float
) -> None:
    successes, items = have
    pace = Pace(recent=recent, today=TODAY, maturation_days=14)

    for found in (
        project(successes, items, floor, alpha=0.05, pace=pace, at_least=at_least),
        project_count(at_least, items, pace),
    ):
        if found.earliest is None:
            assert found.latest is None
        elif found.latest is not None:
            assert TODAY <= found.earliest <= found.latest
            assert items >= 30 or not found.items or found.earliest < found.latest
