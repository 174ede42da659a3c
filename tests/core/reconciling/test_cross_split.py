"""A table between two margins: every row and column sums exactly, whatever the signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import AllocationError
from tasks.core.reconciling.cross_split import cross_split

amounts = st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=7)
wholes = st.lists(st.integers(0, 10**15), min_size=1, max_size=7)


def closed(rows: list[int], columns: list[int]) -> list[int]:
    return [*columns, sum(rows) - sum(columns)]


@given(amounts, amounts)
def test_margins_of_any_sign_are_met(rows: list[int], columns: list[int]) -> None:
    columns = closed(rows, columns)

    table = cross_split(rows, columns)

    assert [sum(line) for line in table] == rows
    assert [sum(line[at] for line in table) for at in range(len(columns))] == columns


@given(wholes, st.lists(st.integers(0, 100), min_size=1, max_size=6), st.booleans())
def test_margins_of_one_sign_give_cells_of_that_sign(
    rows: list[int], weights: list[int], is_negative: bool
) -> None:
    whole = sum(rows)
    sign = -1 if is_negative else 1
    columns = [whole * weight // (sum(weights) + 1) for weight in weights]
    columns = closed(rows, columns)

    table = cross_split([sign * row for row in rows], [sign * column for column in columns])

    assert all(sign * cell >= 0 for line in table for cell in line)
    assert [sum(line) for line in table] == [sign * row for row in rows]


def test_cells_are_in_proportion_where_that_is_whole() -> None:
    assert cross_split([60, 40], [50, 30, 20]) == [[30, 18, 12], [20, 12, 8]]


def test_margins_that_differ_are_refused() -> None:
    with pytest.raises(AllocationError, match="rows sum to 3, columns to 4"):
        cross_split([3], [4])


def test_money_that_nets_to_zero_has_a_place() -> None:
    assert cross_split([5, -5], [0]) == [[5], [-5]]
    assert cross_split([5, -5], []) == [[], []]
