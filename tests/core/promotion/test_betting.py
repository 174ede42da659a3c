"""What a success costs, as a bet that no tail and no look can fool."""

import math
from collections.abc import Sequence

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.promotion.betting import bet_logs, dearer_logs, log_e_of_sums
from tasks.core.promotion.e_values import EvidenceError, threshold
from tasks.core.promotion.scorecard import LOG_UNIT, STAKES

USD = 10**9
ITEMS = st.lists(
    st.tuples(st.integers(0, 1_000 * USD), st.booleans()), min_size=1, max_size=40
).filter(lambda items: any(is_success for _, is_success in items))
CAPS = st.integers(1, 1_000 * USD)


def sums_of(items: list[tuple[int, bool]], cap: int, threshold_nano: int) -> list[int]:
    logs = [bet_logs(cost, good, cap, threshold_nano) for cost, good in items]
    return [sum(of_stake) for of_stake in zip(*logs, strict=True)]


def test_an_item_adds_the_logarithm_of_its_bet() -> None:
    # A success of 4 USD where it may cost 3, cut at 10: z is a tenth.
    assert bet_logs(4 * USD, True, 10 * USD, 3 * USD) == tuple(
        round(math.log(1 - stake * 0.1) * 1e12) for stake in STAKES
    )
    # A failure of 40 USD is cut at 10: z is 1.
    assert bet_logs(40 * USD, False, 10 * USD, 3 * USD)[-1] == round(math.log(1 - 0.9) * 1e12)


@given(ITEMS, CAPS, st.integers(0, 3))
def test_where_a_success_costs_the_threshold_or_more_no_bet_is_expected_to_win(
    items: list[tuple[int, bool]], cap: int, fewer: int
) -> None:
    successes = sum(is_success for _, is_success in items)
    costs = sum(min(cost, cap) for cost, _ in items)
    at_most = max(0, costs // successes - fewer)

    of_stakes = np.array([bet_logs(cost, good, cap, at_most) for cost, good in items]) * LOG_UNIT

    assert (np.exp(of_stakes).mean(axis=0) <= 1 + 1e-9).all()


@given(ITEMS, CAPS, st.integers(0, 3))
def test_where_a_success_costs_the_threshold_or_less_no_bet_on_dearer_is_expected_to_win(
    items: list[tuple[int, bool]], cap: int, more: int
) -> None:
    successes = sum(is_success for _, is_success in items)
    costs = sum(min(cost, cap) for cost, _ in items)
    at_least = -(-costs // successes) + more

    of_stakes = np.array([dearer_logs(cost, good, cap, at_least) for cost, good in items])

    assert (np.exp(of_stakes * LOG_UNIT).mean(axis=0) <= 1 + 1e-9).all()


@given(st.integers(0, 10**20), st.booleans(), st.integers(1, 10**20), st.integers(0, 10**20))
def test_no_bet_loses_more_than_nine_tenths(
    cost: int, is_success: bool, cap: int, threshold_nano: int
) -> None:
    least = round(math.log(0.1) / LOG_UNIT)

    for logs in (bet_logs, dearer_logs):
        assert min(logs(cost, is_success, cap, threshold_nano)) >= least - 1_000


@given(st.integers(0, 100 * USD), st.integers(1, 10 * USD), st.integers(0, 50 * USD))
def test_a_dearer_item_never_speaks_for_cheaper(cost: int, cap: int, threshold_nano: int) -> None:
    def both(cost_nano: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (
            bet_logs(cost_nano, True, cap, threshold_nano),
            dearer_logs(cost_nano, True, cap, threshold_nano),
        )

    (cheaper, dearer), (cheaper_after, dearer_after) = both(cost), both(cost + USD)
    assert all(after <= before for before, after in zip(cheaper, cheaper_after, strict=True))
    assert all(after >= before for before, after in zip(dearer, dearer_after, strict=True))


@given(ITEMS, CAPS, st.integers(0, 500 * USD))
@settings(max_examples=50)
def test_the_e_value_is_the_mean_of_what_the_stakes_won(
    items: list[tuple[int, bool]], cap: int, threshold_nano: int
) -> None:
    won = []
    for stake in STAKES:
        product = 1.0
        for cost, is_success in items:
            z = (min(cost, cap) - threshold_nano * is_success) / cap
            product *= 1 - stake * z
        won.append(product)

    found = log_e_of_sums(sums_of(items, cap, threshold_nano))

    assert found == pytest.approx(math.log(sum(won) / len(won)), abs=1e-8)


def test_evidence_of_any_size_stays_a_number() -> None:
    assert log_e_of_sums([10**18] * 8) == pytest.approx(1e6)
    assert log_e_of_sums([-(10**18)] * 8) == pytest.approx(-1e6)
    assert log_e_of_sums([0] * 7 + [10**20]) == pytest.approx(1e8)
    assert log_e_of_sums(()) == 0.0


def test_half_the_price_is_proven_within_65_items_and_the_price_itself_is_not() -> None:
    # 4 of 5 succeed, every item costs 2 USD: a success costs 2.50.
    items = [(2 * USD, at % 5 != 0) for at in range(65)]

    at_half, at_price = (
        log_e_of_sums(sums_of(items, 10 * USD, may_cost)) for may_cost in (5 * USD, 2_500_000_000)
    )

    assert at_half >= threshold(0.05)
    assert at_price < 0


def _in_sql(rows: Sequence[tuple[int, ...]], stake: float) -> list[tuple[int, int]]:
    with duckdb.connect() as database:
        return database.execute(
            """
            WITH given AS (
                SELECT unnest($rows) AS row
            ), items AS (
                SELECT row[1] AS place, row[4] AS cap, row[5] AS price,
                       (least(row[2], row[4]) - row[5] * row[3])::DOUBLE AS excess
                FROM given
            )
            SELECT CAST(round_even(ln(1 - $stake * (excess / cap::DOUBLE)) / 1e-12, 0) AS HUGEINT),
                   CAST(round_even(ln(1 + $stake * (excess / greatest(cap, price)::DOUBLE))
                        / 1e-12, 0) AS HUGEINT)
            FROM items ORDER BY place
            """,
            {"rows": [list(row) for row in rows], "stake": stake},
        ).fetchall()


@pytest.mark.parametrize("stake", STAKES)
def test_a_database_computes_the_same_integers(stake: float) -> None:
    noise = np.random.default_rng(7)
    rows = [
        (at, int(noise.pareto(1.8) * USD), int(noise.random() < 0.8), 5 * USD + at, 7 * USD - at)
        for at in range(1_500)
    ]

    found = _in_sql(rows, stake)

    which = STAKES.index(stake)
    assert found == [
        (
            bet_logs(cost, won == 1, cap, price)[which],
            dearer_logs(cost, won == 1, cap, price)[which],
        )
        for _, cost, won, cap, price in rows
    ]


@pytest.mark.parametrize(("cost", "cap", "price"), [(-1, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, -1)])
def test_money_that_cannot_be_is_refused(cost: int, cap: int, price: int) -> None:
    for logs in (bet_logs, dearer_logs):
        with pytest.raises(EvidenceError, match="cap must be positive"):
            logs(cost, True, cap, price)


def test_sums_of_other_stakes_are_refused() -> None:
    with pytest.raises(EvidenceError, match="8 stakes"):
        log_e_of_sums([0] * 7)
