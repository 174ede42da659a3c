"""FOCUS rows as CSV."""

from collections.abc import Iterable
from datetime import UTC, datetime

from tasks.core.exports.focus_columns import COLUMNS, Row, Value
from tasks.pages.csv_text import Cell, csv_text


def focus_csv(rows: Iterable[Row]) -> str:
    """Write rows in the order given, columns as `COLUMNS` has them."""
    head = [column.name for column in COLUMNS]
    return csv_text(head, ([_cell(row[name]) for name in head] for row in rows))


def _cell(value: Value) -> Cell:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value
