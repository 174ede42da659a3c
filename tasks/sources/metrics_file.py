"""Declared metrics as CSV, for what no system tells: how many minutes people spent on rework.

Our own format, see `docs/outcomes.md`. A row that cannot be read is refused alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from config.shapes.sources import MetricsFileSource
from tasks.core.batches import Conformed, Pulled, RawRow, Reject, Stream, StreamKind, Watermark
from tasks.core.days import vendor_day
from tasks.core.promotion.declared_metrics import MICRO
from tasks.core.refusals import place_of
from tasks.core.tables import METRICS as TABLE
from tasks.sources.document_days import whole_days
from tasks.sources.log_files import find_files
from tasks.sources.report_fields import decimal_text
from tasks.sources.table_files import (
    needed_columns,
    open_table,
    refuse_too_many,
    refused_row,
    told_of,
)
from tasks.transport.client import Client

METRICS = Stream("metrics", StreamKind.REPORT, TABLE.name)
STREAMS: tuple[Stream, ...] = (METRICS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "metrics_file-1"

_COLUMNS = ("workflow", "day", "name", "value", "n")
_WORD = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_DAY = re.compile(r"(20\d\d|21\d\d)-\d\d-\d\d", re.ASCII)
# Plain digits only: no sign, no exponent, no separators, and so no formula.
_VALUE = re.compile(r"\d{1,40}(?:\.\d{1,15})?", re.ASCII)
_COUNT = re.compile(r"\d{1,40}", re.ASCII)
_LARGEST = 10**12
_WHOLE_ROW = ""
_ONE_DAY = timedelta(days=1)


class _Named(NamedTuple):
    """What a row is about."""

    day: date
    workflow: str
    name: str


class _BadCellError(Exception):
    """A cell cannot be used; `args` are its column and the code."""


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: MetricsFileSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read all declared metrics, by day; the window bounds nothing.

    Of two rows about the same day, workflow and metric the first one holds, in order of the
    files' names; the other is refused, as a duplicate or as a contradiction.

    Raises:
        SourceError: A file cannot be used; nothing of any file is taken.
    """
    rows: dict[date, list[RawRow]] = defaultdict(list)
    rejects: dict[date, list[Reject]] = defaultdict(list)
    undated = min(window[1], vendor_day(now) - _ONE_DAY)
    seen: dict[_Named, RawRow] = {}
    files = find_files(config.name, config.paths)
    for at, path in enumerate(files, start=1):
        place, told = place_of(path, keyed_digest), told_of(at, len(files))
        refused = 0
        with open_table(config.name, path, told) as table:
            columns = needed_columns(config.name, told, table.columns, _COLUMNS, ())
            for row in table.rows:
                said = columns.fields(row) or {}
                day = _day(said.get("day", "")) or undated
                try:
                    named, read = _metric(said)
                    _refuse_again(seen.setdefault(named, read), read)
                    rows[named.day].append(read)
                except _BadCellError as error:
                    column, code = error.args
                    rejects[min(day, undated)].append(refused_row(place, row, column, code))
                    refused += 1
                    refuse_too_many(config.name, told, refused)
    return whole_days(rows, rejects, window=window, watermark=watermark, now=now)


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: MetricsFileSource,
    rows: Sequence[RawRow],
    key: date,
) -> Conformed:
    """Give one row per workflow and metric."""
    return Conformed(
        [
            {
                "source": config.name,
                "day": key,
                "workflow": row["workflow"],
                "name": row["name"],
                "value_micro": _micro(Decimal(str(row["value"]))),
                "items": row["items"],
            }
            for row in rows
        ]
    )


def _metric(said: Mapping[str, str]) -> tuple[_Named, RawRow]:
    """Read a row.

    Raises:
        _BadCellError: A cell cannot be used.
    """
    if not said:
        raise _BadCellError(_WHOLE_ROW, "ragged_row")
    for column in ("workflow", "name"):
        if not _WORD.fullmatch(said[column]):
            raise _BadCellError(column, "bad_word")
    day = _day(said["day"])
    if day is None:
        raise _BadCellError("day", "bad_instant")  # noqa: EM101  # the code is the message
    value = _number(said, "value", _VALUE)
    read: RawRow = {
        "workflow": said["workflow"],
        "name": said["name"],
        "value": decimal_text(value),
        "items": int(_number(said, "n", _COUNT)),
    }
    return _Named(day, said["workflow"], said["name"]), read


def _number(said: Mapping[str, str], column: str, pattern: re.Pattern[str]) -> Decimal:
    if not pattern.fullmatch(said[column]):
        raise _BadCellError(column, "bad_number")
    number = Decimal(said[column])
    if number > _LARGEST:
        raise _BadCellError(column, "out_of_range")
    return number


def _refuse_again(first: RawRow, read: RawRow) -> None:
    """Refuse a row about something that an earlier row was about."""
    if first is read:
        return
    is_equal = _micro(Decimal(str(first["value"]))) == _micro(Decimal(str(read["value"])))
    is_equal = is_equal and first["items"] == read["items"]
    code = "duplicate" if is_equal else "conflicting_duplicate"
    raise _BadCellError(_WHOLE_ROW, code)


def _micro(value: Decimal) -> int:
    return int((value * MICRO).to_integral_value(ROUND_HALF_EVEN))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
