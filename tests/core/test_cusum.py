"""The watch over outcomes: how rarely it cries, and how soon."""

import math
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.cusum import THRESHOLD, drift, is_alarm, reference_rate, steps
from tasks.core.e_values import EvidenceError
from tasks.core.scorecard import LOG_UNIT


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
    assert not is_alarm(drift([False], steps(1.0)))


def test_the_reference_is_shrunk_and_never_perfect() -> None:
    assert reference_rate(0, 0) == 0.5
    assert reference_rate(40, 50) == 41 / 52
    assert reference_rate(1_000, 1_000) == 0.95


@given(st.lists(st.booleans(), max_size=200), st.floats(0.05, 0.95))
def test_the_sum_is_how_far_the_walk_stands_above_its_lowest_point(
    outcomes: list[bool], p_ref: float
) -> None:
    of_steps = steps(p_ref)
    walk = list(accumulate((of_steps[0] if good else of_steps[1] for good in outcomes), initial=0))

    assert drift(outcomes, of_steps) == walk[-1] - min(walk)


def test_a_threshold_that_is_reached_exactly_alarms() -> None:
    assert is_alarm(2_600_000_000_000)
    assert not is_alarm(2_599_999_999_999)
    assert is_alarm(0, 0.0)


def run_lengths(rate: float, paths: int, most: int) -> npt.NDArray[np.int64]:
    """Give the items until the alarm of many walks watched at 80 %; `most` if it never came."""
    on_success, on_failure = steps(0.8)
    noise = np.random.default_rng(20_260)
    total = np.zeros(paths, np.int64)
    length = np.full(paths, most)
    for item in range(1, most + 1):
        won = noise.random(paths) < rate
        total = np.maximum(0, total + np.where(won, on_success, on_failure))
        is_first = (total >= round(THRESHOLD / LOG_UNIT)) & (length == most)
        length[is_first] = item
    return length


def test_a_good_workflow_alarms_about_once_in_260_items() -> None:
    assert 200 < run_lengths(0.8, 2_000, 3_000).mean() < 340


@pytest.mark.parametrize(("drop", "median"), [(0.10, 39), (0.15, 27), (0.20, 20), (0.30, 13)])
def test_a_drop_is_told_within_the_published_number_of_items(drop: float, median: int) -> None:
    found = float(np.median(run_lengths(0.8 - drop, 2_000, 1_000)))

    assert found == pytest.approx(median, rel=0.15)


@pytest.mark.parametrize(("p_ref", "drop"), [(0, 0.1), (1.1, 0.1), (0.8, 0), (0.8, 1)])
def test_rates_that_cannot_be_watched_are_refused(p_ref: float, drop: float) -> None:
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        steps(p_ref, drop)
    with pytest.raises(EvidenceError, match="0 <= successes <= items"):
        reference_rate(3, 2)
