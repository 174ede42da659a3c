"""Rows as a frame that Great Expectations can judge: exact types, no float anywhere.

Only rows whose every value has its column's type enter the frame; the others come back
by position, because a frame would quietly change them into something else.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime

import pandas as pd

from tasks.core.tables import ColumnType, Table

Row = Mapping[str, object]

#: Columns added for the checks: the batch's key, days from it to the row's day, all text.
KEY, DAY_SHIFT, TEXT = "_key", "_day_shift", "_text"

_LARGEST_INT = 2**63 - 1
_DTYPES: Mapping[ColumnType, str] = {
    "str": "str",
    "int": "Int64",  # nullable: a float would round amounts beyond 2**53
    "bool": "boolean",
    "ts": "datetime64[us]",  # UTC without its name: Great Expectations drops zones anyway
    "day": "datetime64[s]",
}


def missing_columns(table: Table, rows: Iterable[Row]) -> set[str]:
    """Name the table's columns that some row lacks, and others that it should not have."""
    expected = set(table.column_names())
    found: set[str] = set()
    for row in rows:
        if row.keys() != expected:
            found |= row.keys() ^ expected
    return found


def mistyped(table: Table, rows: Sequence[Row]) -> dict[int, str]:
    """Find rows with a value that is not of its column's type; null is left to the suite.

    Returns:
        Position to the first such column.
    """
    found: dict[int, str] = {}
    for column in table.columns:
        values = [row[column.name] for row in rows]
        # One pass at the speed of C tells nearly always that all is well.
        if all(_is_typed(kind, column.type) for kind in set(map(type, values))) and not (
            column.type in {"int", "ts", "str"} and any(not _is_kept(value) for value in values)
        ):
            continue
        for position, value in enumerate(values):
            if not (_is_typed(type(value), column.type) and _is_kept(value)):
                found.setdefault(position, column.name)
    return found


def frame_of(table: Table, keyed: Sequence[tuple[date, Row]]) -> pd.DataFrame:
    """Build the frame; its index is the position of each row."""
    rows = [row for _, row in keyed]
    columns = {
        column.name: pd.array(
            [_plain(row[column.name]) for row in rows],
            dtype=_DTYPES[column.type],  # type: ignore[call-overload]  # one of pandas' own
        )
        for column in table.columns
    }
    texts = [column.name for column in table.columns if column.type == "str"]
    columns[KEY] = pd.array([key.isoformat() for key, _ in keyed], dtype="str")
    columns[DAY_SHIFT] = pd.array([_shift(key, row) for key, row in keyed], dtype="Int64")
    columns[TEXT] = pd.array(
        ["\n".join(str(row[name]) for name in texts if row[name] is not None) for row in rows],
        dtype="str",
    )
    return pd.DataFrame(columns)


def _is_typed(kind: type, wanted: ColumnType) -> bool:
    types: Mapping[ColumnType, type] = {
        "str": str,
        "int": int,
        "bool": bool,
        "ts": datetime,
        "day": date,
    }
    return kind in {types[wanted], type(None)}


def _is_kept(value: object) -> bool:
    if isinstance(value, datetime):
        # The first and the last year have instants that are none in UTC.
        return value.tzinfo is not None and MINYEAR < value.year < MAXYEAR
    if isinstance(value, str):
        return value.isascii() or _has_bytes(value)
    if isinstance(value, int):
        return -_LARGEST_INT <= value <= _LARGEST_INT
    return True


def _has_bytes(text: str) -> bool:
    """Say whether text can be stored: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _shift(key: date, row: Row) -> int | None:
    day = row["day"]
    return (day - key).days if isinstance(day, date) else None
