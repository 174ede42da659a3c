"""The statements that execute a `Reading`: stage, look up, judge, take each request once."""

import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from tasks.core.reading import Lookup, Reading
from tasks.core.request_fields import FIELDS, FIRST_YEAR
from tasks.lake.reading_engine import json_lines, quoted
from tasks.lake.request_sql import fault_sql, raw_line_sql

_PURPOSE = "'work'"
#: Number of the file of rescued lines, and of lines that Python holds.
RESCUED = -1
_REQUIRED = {name: field.is_required for name, field in FIELDS.items()}


def structure(reading: Reading) -> str:
    """Name the members of a line with their types."""
    return ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in reading.columns.items())


def lines_view(reading: Reading, files: list[str], file: str = "file_index") -> str:
    """Make the lines of whole files the view `lines`, with the number of each line's file."""
    source = json_lines(files, f"{{{structure(reading)}}}")
    # A name with every line would be most of what a request takes.
    return f"CREATE OR REPLACE VIEW lines AS SELECT * EXCLUDE (_file), CAST({file} AS BIGINT) AS _file FROM {source}"  # noqa: S608, E501 quoted


def chunk_view(reading: Reading) -> str:
    """Make the lines of the table `chunk` (`_line`, `_text`) the view `lines`."""
    columns = ", ".join(f"said.{name_of(name)} AS {name_of(name)}" for name in reading.columns)
    parts = ", ".join(f'"{name}": "{kind}"' for name, kind in reading.columns.items())
    return f"""
CREATE OR REPLACE VIEW lines AS
SELECT {columns}, {RESCUED} AS _file, _line
FROM (
    SELECT
        _line,
        CASE WHEN json_valid(_text) THEN from_json(_text, {quoted("{" + parts + "}")}) END AS said
    FROM chunk
)
"""  # noqa: S608 quoted


def staged(reading: Reading, place: str = "_file") -> str:
    """Select the staged columns of requests, and the lines that hold nothing we know.

    Where lines share a request, why one is refused is clear at once and stands beside it.
    """
    first, *others = (name_of(name) for name in reading.columns)
    rest = " AND ".join(f"{name} IS NULL" for name in others) or "true"
    # The other columns are looked at only where the first one is null.
    unread = f"CASE WHEN {first} IS NOT NULL THEN false ELSE {rest} END"
    columns = ", ".join(f"{text} AS {name_of(name)}" for name, text in reading.staged.items())
    told = (
        f"SELECT {columns}, {place}, {unread} AS _unread,"  # noqa: S608 ours
        f" coalesce({reading.beside}, false) AS _beside FROM {reading.relation}"
        f" WHERE ({reading.where}) OR ({reading.beside}) OR {unread}"
    )
    if not reading.same:
        return told
    needed = ", ".join(map(name_of, needed_columns(reading)))
    return (
        f"SELECT {needed}, {place}, _unread, _beside, {_refused(reading)} AS _refused FROM ({told})"  # noqa: S608 ours
    )


def _refused(reading: Reading) -> str:
    cases = " ".join(
        f"WHEN {one.when} THEN {quoted(f'{one.field} {one.code}')}" for one in reading.refusals
    )
    return f"CASE {cases} END" if cases else "CAST(NULL AS VARCHAR)"


def needed_columns(reading: Reading) -> list[str]:
    """Name the staged columns that more than a refusal asks for."""
    texts = [
        *reading.fields.values(),
        *reading.order,
        *reading.shared,
        *reading.tallies.values(),
        *(text for lookup in reading.lookups for text in lookup.on),
        "ended_at",
        reading.same,
    ]
    mentioned = _mentioned(reading, texts)
    return [name for name in reading.staged if name in mentioned]


def _mentioned(reading: Reading, texts: Iterable[str]) -> set[str]:
    """Name the staged columns that some SQL may ask for."""
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return {name for name in reading.staged if name in words or not name.isidentifier()}


def judged(
    reading: Reading,
    today: date,
    source: str,
    place: str = "_file",
    unasked: Collection[str] = (),
) -> str:
    """Select the fields of every request, the order among repeats, and what is wrong with it.

    Args:
        reading: What to execute.
        today: Beyond the next day no request can have ended.
        source: Table or query of the staged columns.
        place: Column that says where a row stands.
        unasked: Lookups that no row has a value for.
    """
    fields = {"purpose": _PURPOSE, **reading.fields}
    joins = _joins(reading, source, unasked)
    columns = ", ".join(
        [
            *(f"{text} AS {name}" for name, text in fields.items()),
            *(f"{text} AS _order{at}" for at, text in enumerate(reading.order)),
            "_refused" if reading.same else f"{_refused(reading)} AS _refused",
        ]
    )
    # What Python gave is held against the contract once for each value.
    names = tuple(f"{one.name}." for one in reading.lookups)
    given = {name for name, text in fields.items() if text.startswith(names)}
    own = [name for name in fields if name not in given or _REQUIRED[name]]
    future = f"WHEN ended_at >= {_too_late(today)} THEN 'ended_at in_the_future'"
    return f"""
SELECT
    *,
    CASE
        WHEN _refused IS NOT NULL THEN _refused
        {future}
        ELSE {fault_sql(own, given)}
    END AS _fault
FROM (SELECT {columns}, {place} FROM {source}{joins} WHERE NOT _unread AND NOT _beside)
"""  # noqa: S608 of our own modules


def day_sql(today: date) -> str:
    """Write the day of `ended_at`; null where it cannot be true, and so dates nothing."""
    return (
        f"CASE WHEN ended_at >= TIMESTAMP '{FIRST_YEAR}-01-01' AND ended_at < {_too_late(today)}"
        " THEN CAST(ended_at AS DATE) END"
    )


def _too_late(today: date) -> str:
    return f"TIMESTAMP '{(today + timedelta(days=2)).isoformat()}'"


def tallied(reading: Reading, window: tuple[date, date]) -> str:
    """Count what a reading wants told."""
    first, last = (day.isoformat() for day in window)
    counts = ", ".join(
        f"CAST({text} AS HUGEINT) AS {name_of(name)}" for name, text in reading.tallies.items()
    )
    return (
        f"SELECT {counts} FROM staged{_joins(reading, 'staged')} WHERE NOT _unread AND"  # noqa: S608 ours
        f" coalesce(CAST(ended_at AS DATE) BETWEEN DATE '{first}' AND DATE '{last}', true)"
    )


def kept(reading: Reading, window: tuple[date, date], *, has_repeats: bool) -> str:
    """Make the table `kept`: day and fields of each request, and where lines are faulty.

    Where requests are told several times, `best` has those lines that may tell them.
    """
    names = ", ".join({"purpose": "", **reading.fields})
    first, last = (day.isoformat() for day in window)
    day = "CAST(ended_at AS DATE)"
    is_in = f"{day} BETWEEN DATE '{first}' AND DATE '{last}'"
    if not has_repeats:
        # A filter by what is wrong, or one half for each answer, would judge all rows twice.
        return (
            f"CREATE OR REPLACE TABLE kept AS SELECT"  # noqa: S608 ours
            f" CASE WHEN _fault IS NULL AND {is_in} THEN {day} END AS _day,"
            f" CASE WHEN _fault IS NOT NULL THEN _file END AS _file, {names} FROM judged"
        )
    source = (
        "(SELECT * FROM best QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY _text) = 1)"
    )
    return (
        f"CREATE OR REPLACE TABLE kept AS SELECT {day} AS _day, NULL AS _file, {names}"  # noqa: S608 ours
        f" FROM {source} WHERE {is_in}"
        " UNION ALL BY NAME SELECT NULL AS _day, _file FROM judged WHERE _fault IS NOT NULL"
    )


def lines_of_day(reading: Reading) -> str:
    """Select the canonical lines of one day of `kept`, ends included, in their order."""
    line = raw_line_sql({"purpose", *reading.fields}, "chr(10)")
    return f"SELECT line FROM (SELECT {line} AS line FROM kept WHERE _day = ?) ORDER BY line"  # noqa: S608 ours


def _joins(reading: Reading, source: str, unasked: Collection[str] = ()) -> str:
    return "".join(
        f" LEFT JOIN look_{one.name} ON "
        + " AND ".join(
            f"{key_sql(reading, text, source)} IS NOT DISTINCT FROM look_{one.name}._key{at}"
            for at, text in enumerate(one.on)
        )
        for one in reading.lookups
        if one.name not in unasked
    ) + "".join(
        f" LEFT JOIN look_{one.name} ON false" for one in reading.lookups if one.name in unasked
    )


def asked_of(reading: Reading, lookup: Lookup, source: str) -> str:
    """Name the table whose values a lookup is asked for: all staged ones, where that is quicker."""
    if reading.same and _mentioned(reading, lookup.on) <= {reading.same, *reading.shared}:
        return "named"
    # What lines share may stand beside values that it was not staged with.
    return "staged" if set(lookup.on) <= set(reading.staged) - set(reading.shared) else source


def key_sql(reading: Reading, text: str, source: str) -> str:
    """Write what a lookup is asked for: a staged column, or SQL over some."""
    return f"{source}.{name_of(text)}" if text in reading.staged else f"({text})"


def name_of(name: str) -> str:
    """Quote the name of a column."""
    return '"' + name.replace('"', '""') + '"'
