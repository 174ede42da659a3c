"""The watch over outcomes: how rarely it cries, and how soon."""

import math
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.promotion.cusum import (
    LEAST_OUTCOMES,
    THRESHOLD,
    drift,
    is_alarm,
    reference_rate,
    steps,
)
from tasks.core.promotion.e_values import EvidenceError
from tasks.core.promotion.scorecard import LOG_UNIT


def test_steps_are_likelihood_ratios_of_the_bad_rate() -> None:
    on_success, on_failure = steps(0.8, 0.15)

    assert on_success == round(math.log(0.65 / 0.80) * 1e12)
    assert on_failure == round(math.log(0.35 / 0.20) * 1e12)


@given(st.floats(0.001, 1), st.floats(0.01, 0.9))
def test_a_success_calms_and_a_failure_alarms(p_ref: float, drop: float) -> None:
    on_success, on_failure = steps(p_ref, drop)

    assert on_success < 0 < on_failure


def test_a_low_reference_is_watched_for_half_of_it() -> None:
    assert steps(0.2, 0.15) == steps(0.2, 0.10)
    assert steps(0.2, 0.05) != steps(0.2, 0.10)


def test_a_perfect_reference_does_not_alarm_at_two_failures() -> None:
    assert steps(1.0) == steps(0.95)
    assert not is_alarm(drift([True] * LEAST_OUTCOMES + [False] * 2, steps(1.0)))


@given(st.floats(0.05, 1))
def test_a_handful_of_outcomes_tells_nothing(p_ref: float) -> None:
    few = [False] * (LEAST_OUTCOMES - 1)

    assert drift(few, steps(p_ref)) == 0
    assert is_alarm(drift([*few, False], steps(max(p_ref, 0.7))))


def test_the_reference_is_shrunk_and_never_perfect() -> None:
    assert reference_rate(0, 0) == 0.5
    assert reference_rate(40, 50) == 41 / 52
    assert reference_rate(1_000, 1_000) == 0.95


@given(st.lists(st.booleans(), min_size=LEAST_OUTCOMES, max_size=200), st.floats(0.05, 0.95))
def test_the_sum_is_how_far_the_walk_stands_above_its_lowest_point(
    outcomes: list[bool], p_ref: float
) -> None:
    of_steps = steps(p_ref)
    walk = list(accumulate((of_steps[0] if good else of_steps[1] for good in outcomes), initial=0))

    assert drift(outcomes, of_steps) == walk[-1] - min(walk)


def test_a_threshold_that_is_reached_exactly_alarms() -> None:
    assert is_alarm(3_200_000_000_000)
    assert not is_alarm(3_199_999_999_999)
    assert is_alarm(0, 0.0)


def weeks_to_alarm(
    p_ref: float, rate: float, paths: int, most: int, threshold: float = THRESHOLD
) -> npt.NDArray[np.int64]:
    """Give the weekly look that finds an alarm, at five items a week; `most` if none did."""
    on_success, on_failure = steps(p_ref)
    noise = np.random.default_rng(20_260)
    total = np.zeros(paths, np.int64)
    found = np.full(paths, most)
    for item in range(1, 5 * most + 1):
        won = noise.random(paths) < rate
        total = np.maximum(0, total + np.where(won, on_success, on_failure))
        if item % 5 == 0 and item >= LEAST_OUTCOMES:
            found[(total >= round(threshold / LOG_UNIT)) & (found == most)] = item // 5
    return found


@pytest.mark.parametrize("rate", [0.7, 0.8, 0.9, 0.95])
def test_a_good_workflow_alarms_no_more_than_once_in_two_years(rate: float) -> None:
    assert weeks_to_alarm(rate, rate, 1_000, 800).mean() > 104


@pytest.mark.parametrize(
    ("p_ref", "drop", "weeks"), [(0.8, 0.15, 9), (0.8, 0.20, 7), (0.9, 0.15, 7), (0.9, 0.20, 5)]
)
def test_a_drop_is_found_within_weeks(p_ref: float, drop: float, weeks: int) -> None:
    assert np.median(weeks_to_alarm(p_ref, p_ref - drop, 1_000, 200)) <= weeks


@pytest.mark.parametrize(("drop", "items"), [(0.10, 39), (0.15, 27), (0.20, 20), (0.30, 13)])
def test_at_a_lower_threshold_it_is_as_quick_as_was_published(drop: float, items: int) -> None:
    found = float(np.median(weeks_to_alarm(0.8, 0.8 - drop, 2_000, 200, threshold=2.6)))

    assert items / 5 - 1 <= found <= items / 5 + 1.5


@pytest.mark.parametrize(("p_ref", "drop"), [(0, 0.1), (1.1, 0.1), (0.8, 0), (0.8, 1)])
def test_rates_that_cannot_be_watched_are_refused(p_ref: float, drop: float) -> None:
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        steps(p_ref, drop)
    with pytest.raises(EvidenceError, match="0 <= successes <= items"):
        reference_rate(3, 2)
