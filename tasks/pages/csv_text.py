"""CSV as RFC 4180 has it, in UTF-8, safe to open in a spreadsheet.

Text that a spreadsheet would take for a formula is made inert; figures are never touched.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

#: First characters that a spreadsheet takes for a formula, or strips to find one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

#: A figure, text that may come from outside, or nothing.
Cell = Decimal | str | None


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table; lines end in CR LF."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return sink.getvalue()


def decimal_text(value: Decimal) -> str:
    """Write a figure in full, always with a point: readers guess a column's type from it."""
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    part = part.rstrip("0") or "0"
    return "0.0" if not value else f"{whole}.{part}"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return decimal_text(cell)
    if cell is None:
        return ""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
