"""e-values that no look can fool, and the bounds they give."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from tasks.core.promotion.e_values import (
    PRECISION,
    EvidenceError,
    log_e_value,
    lower_bound,
    threshold,
    upper_bound,
)

FLOORS = st.floats(0.05, 0.98)
ALPHAS = st.sampled_from([0.001, 0.01, 0.02, 0.05, 0.1, 0.3])


@st.composite
def counts(draw: st.DrawFn, most: int = 400) -> tuple[int, int]:
    items = draw(st.integers(0, most))
    return draw(st.integers(0, items)), items


# --- the published figures


@pytest.mark.parametrize(
    ("successes", "items", "lower", "upper"),
    [
        (18, 20, 0.611, 0.995),
        (27, 30, 0.684, 0.988),
        (45, 50, 0.746, 0.978),
        (90, 100, 0.797, 0.963),
    ],
)
def test_bounds_are_the_published_ones(
    successes: int, items: int, lower: float, upper: float
) -> None:
    assert lower_bound(successes, items, alpha=0.05) == pytest.approx(lower, abs=5.1e-4)
    assert upper_bound(successes, items, alpha=0.05) == pytest.approx(upper, abs=5.1e-4)


@pytest.mark.parametrize(("successes", "items"), [(1, 1), (4, 9), (20, 20), (46, 49), (300, 340)])
@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.1])
def test_the_e_value_is_the_mixture_that_the_paper_writes_down(
    successes: int, items: int, alpha: float
) -> None:
    floor, rest = 0.8, 0.2
    length = 2 * math.log(1 / (2 * alpha))
    rho = floor * rest * 60 / (length + math.log(1 + length))
    scale = max(rho - floor * rest, 1e-3 * floor * rest)
    law = stats.beta(scale / rest, scale / floor)

    def weighed(rate: float) -> float:
        won = successes * math.log(rate / floor)
        lost = (items - successes) * math.log((1 - rate) / rest) if items > successes else 0.0
        return float(law.pdf(rate)) * math.exp(won + lost)

    mixture, _ = integrate.quad(weighed, floor, 1, epsabs=0, epsrel=1e-9, limit=200)

    found = log_e_value(successes, items, floor, alpha=alpha)

    assert found == pytest.approx(math.log(mixture / law.sf(floor)), abs=1e-6)


@pytest.mark.parametrize(
    ("floor", "alpha", "items", "failures"),
    [
        (0.60, 0.10, 20, 2),
        (0.60, 0.10, 30, 5),
        (0.70, 0.05, 20, 0),
        (0.70, 0.05, 30, 2),
        (0.70, 0.05, 50, 6),
        (0.70, 0.05, 65, 9),
        (0.75, 0.05, 30, 1),
        (0.75, 0.05, 50, 4),
        (0.75, 0.05, 100, 13),
        (0.80, 0.05, 40, 1),
        (0.80, 0.05, 50, 3),
        (0.80, 0.05, 100, 9),
        (0.90, 0.02, 65, 0),
        (0.90, 0.02, 100, 2),
        (0.90, 0.02, 200, 7),
    ],
)
def test_a_tier_allows_the_published_number_of_failures(
    floor: float, alpha: float, items: int, failures: int
) -> None:
    allowed = [
        lost
        for lost in range(items + 1)
        if log_e_value(items - lost, items, floor, alpha=alpha) >= threshold(alpha)
    ]

    assert max(allowed) == failures


# --- what is proved


@pytest.mark.parametrize("floor", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("under", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("alpha", [0.02, 0.1])
def test_below_the_floor_the_e_value_is_never_expected_above_one(
    floor: float, under: float, alpha: float
) -> None:
    rate = floor - under

    for items in range(61):
        wins = np.arange(items + 1)
        e_values = np.exp(log_e_value(wins, np.full(items + 1, items), floor, alpha=alpha))
        expected = float(stats.binom.pmf(wins, items, rate) @ e_values)
        # At the floor itself it is a martingale.
        assert expected <= 1 + 1e-9
        assert under or expected == pytest.approx(1, abs=1e-9)


@given(counts(most=200), FLOORS, ALPHAS)
def test_one_more_item_below_the_floor_is_not_expected_to_add_evidence(
    have: tuple[int, int], floor: float, alpha: float
) -> None:
    successes, items = have
    now = math.exp(log_e_value(successes, items, floor, alpha=alpha))
    won = math.exp(log_e_value(successes + 1, items + 1, floor, alpha=alpha))
    lost = math.exp(log_e_value(successes, items + 1, floor, alpha=alpha))

    # The chance of a success may be the floor or less: more of `lost`, which is the smaller one.
    assert won >= lost
    assert floor * won + (1 - floor) * lost <= now * (1 + 1e-9) + 1e-300


@pytest.mark.parametrize(("floor", "alpha"), [(0.6, 0.1), (0.7, 0.05), (0.8, 0.05), (0.9, 0.02)])
def test_looking_after_each_of_260_items_promotes_no_more_than_alpha(
    floor: float, alpha: float
) -> None:
    waiting = np.array([1.0])  # chance of every number of successes, not yet promoted
    promoted = 0.0
    for items in range(1, 261):
        waiting = np.append(waiting * (1 - floor), 0.0) + np.append(0.0, waiting * floor)
        wins = np.arange(items + 1)
        evidence = log_e_value(wins, np.full(items + 1, items), floor, alpha=alpha)
        is_promoted = evidence >= threshold(alpha)
        promoted += float(waiting[is_promoted].sum())
        waiting = np.where(is_promoted, 0.0, waiting)

    assert alpha / 4 < promoted <= alpha


# --- how bounds behave


@given(counts(), ALPHAS)
def test_bounds_hold_the_measured_rate_between_them(have: tuple[int, int], alpha: float) -> None:
    successes, items = have
    low = lower_bound(successes, items, alpha=alpha)
    high = upper_bound(successes, items, alpha=alpha)

    assert 0 <= low <= high <= 1
    if items:
        assert low <= successes / items <= high


@given(counts(), ALPHAS)
@settings(max_examples=50)
def test_the_lower_bound_is_where_floors_stop_being_refuted(
    have: tuple[int, int], alpha: float
) -> None:
    successes, items = have
    bound = lower_bound(successes, items, alpha=alpha)

    for floor in np.linspace(0.01, 0.99, 50):
        is_refuted = log_e_value(successes, items, float(floor), alpha=alpha) >= threshold(alpha)
        if abs(floor - bound) > PRECISION:
            assert is_refuted == (floor < bound)


@given(counts(), FLOORS, ALPHAS)
def test_a_success_in_place_of_a_failure_never_takes_evidence_away(
    have: tuple[int, int], floor: float, alpha: float
) -> None:
    successes, items = have
    by_wins = [log_e_value(wins, items, floor, alpha=alpha) for wins in (0, successes, items)]

    assert all(fewer <= more + 1e-9 for fewer, more in pairwise(by_wins))


@given(counts(), ALPHAS)
def test_failures_bound_the_rate_as_successes_do_from_the_other_side(
    have: tuple[int, int], alpha: float
) -> None:
    successes, items = have

    mirrored = 1 - lower_bound(items - successes, items, alpha=alpha)

    assert upper_bound(successes, items, alpha=alpha) == mirrored


@given(st.lists(counts(), min_size=1, max_size=20), FLOORS, ALPHAS)
@settings(max_examples=50)
def test_arrays_give_what_their_numbers_give(
    have: list[tuple[int, int]], floor: float, alpha: float
) -> None:
    successes, items = np.array([one for one, _ in have]), np.array([one for _, one in have])

    for function in (lower_bound, upper_bound):
        assert function(successes, items, alpha=alpha).tolist() == [
            function(one, of, alpha=alpha) for one, of in have
        ]
    evidence = log_e_value(successes, items, floor, alpha=alpha)
    alone = [log_e_value(one, of, floor, alpha=alpha) for one, of in have]
    assert evidence == pytest.approx(np.array(alone), abs=1e-9)


def test_arrays_of_any_shape_keep_it() -> None:
    successes = np.array([[18, 27], [45, 90]])
    items = np.array([[20, 30], [50, 100]])

    assert lower_bound(successes, items, alpha=0.05).shape == (2, 2)
    assert lower_bound(successes, items, alpha=0.05)[1, 0] == lower_bound(45, 50, alpha=0.05)
    assert lower_bound(np.array([], int), np.array([], int), alpha=0.05).shape == (0,)
    assert upper_bound(successes, np.array(100), alpha=0.05).shape == (2, 2)


# --- the ends


def test_without_items_nothing_is_said() -> None:
    assert log_e_value(0, 0, 0.8, alpha=0.05) == 0.0
    assert log_e_value(np.array([0]), np.array([0]), 0.7, alpha=0.02).tolist() == [0.0]
    assert lower_bound(0, 0, alpha=0.05) == 0.0
    assert upper_bound(0, 0, alpha=0.05) == 1.0


def test_without_a_success_or_a_failure_one_bound_says_nothing() -> None:
    assert lower_bound(0, 50, alpha=0.05) == 0.0
    assert upper_bound(50, 50, alpha=0.05) == 1.0
    assert 0.9 < lower_bound(100_000, 100_000, alpha=0.05) < 1.0


def test_overwhelming_evidence_of_the_contrary_is_minus_infinity_and_never_nan() -> None:
    assert log_e_value(0, 100_000, 0.8, alpha=0.05) == -math.inf
    found = log_e_value(np.array([0, 100_000]), np.array([100_000, 100_000]), 0.8, alpha=0.05)
    assert found[0] == -math.inf
    assert found[1] > 20_000


@given(counts(most=20_000), st.floats(0.001, 0.999), ALPHAS)
def test_no_counts_give_what_is_not_a_number(
    have: tuple[int, int], floor: float, alpha: float
) -> None:
    successes, items = have

    assert not math.isnan(log_e_value(successes, items, floor, alpha=alpha))


@pytest.mark.parametrize(
    ("successes", "items"), [(3, 2), (-1, 2), (math.nan, 2), (1, math.inf), (1, math.nan)]
)
def test_counts_that_cannot_be_are_refused(successes: float, items: float) -> None:
    with pytest.raises(EvidenceError, match="0 <= successes <= items"):
        log_e_value(successes, items, 0.8, alpha=0.05)
    with pytest.raises(EvidenceError, match="0 <= successes <= items"):
        lower_bound(np.array([1.0, successes]), np.array([1.0, items]), alpha=0.05)
    with pytest.raises(EvidenceError, match="0 <= successes <= items"):
        upper_bound(successes, items, alpha=0.05)


@pytest.mark.parametrize("floor", [0, 1, -0.1, 1.5, math.nan])
def test_a_floor_that_cannot_be_refuted_is_refused(floor: float) -> None:
    with pytest.raises(EvidenceError, match="floor"):
        log_e_value(1, 2, floor, alpha=0.05)


@pytest.mark.parametrize("alpha", [0, 0.5, 1, math.nan])
def test_an_alpha_that_is_no_small_chance_is_refused(alpha: float) -> None:
    with pytest.raises(EvidenceError, match="alpha"):
        log_e_value(1, 2, 0.8, alpha=alpha)
    with pytest.raises(EvidenceError, match="alpha"):
        lower_bound(2, 2, alpha=alpha)
