"""Split a table of integers whose row and column sums are both given, exactly."""

from collections.abc import Sequence

from tasks.core.errors import AllocationError
from tasks.core.money import split_exact


def cross_split(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    """Fill a table in proportion to its margins; every row and column sums exactly.

    Rows are split one after the other over what the columns have left, by largest remainder,
    so the last one takes what is left. Margins of mixed signs are split by magnitude, and the
    row of the largest magnitude takes what its columns then lack.

    Args:
        rows: Sums of the rows, in a stable order.
        columns: Sums of the columns, in a stable order.

    Raises:
        AllocationError: Rows and columns do not sum to the same.
    """
    if sum(rows) != sum(columns):
        message = f"cannot split: rows sum to {sum(rows)}, columns to {sum(columns)}"
        raise AllocationError(message)
    if not rows or not columns:
        return [[0] * len(columns) for _ in rows]
    margins = [*rows, *columns]
    if min(margins) >= 0:
        return _of_one_sign(rows, columns)
    if max(margins) <= 0:
        table = _of_one_sign([-row for row in rows], [-column for column in columns])
        return [[-cell for cell in line] for line in table]
    return _of_mixed_signs(rows, columns)


def _of_one_sign(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    left = list(columns)
    table = []
    for row in rows:
        # A row is never more than all columns have left, so no share is more than its column.
        line = split_exact(row, left)
        left = [rest - cell for rest, cell in zip(left, line, strict=True)]
        table.append(line)
    return table


def _of_mixed_signs(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    weights = [abs(column) for column in columns]
    if not any(weights):
        weights[0] = 1
    table = [split_exact(row, weights) for row in rows]
    largest = max(range(len(rows)), key=lambda at: abs(rows[at]))
    for at, column in enumerate(columns):
        table[largest][at] += column - sum(line[at] for line in table)
    return table
