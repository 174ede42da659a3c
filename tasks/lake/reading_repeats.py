"""Requests that a log tells more than once: which line of each counts, found set-wise.

Only what decides is carried along until it is clear which lines stay.
"""

from collections.abc import Iterator

from tasks.core.reading import Reading
from tasks.lake.reading_sql import name_of, needed_columns
from tasks.lake.request_sql import raw_line_sql

_HALF = 1 << 63


def once(reading: Reading) -> Iterator[str]:
    """Make the view `once` of the staged lines that tell each request, and of bad ones.

    Of lines that are equal in what decides, the one with the least text counts.
    """
    same = name_of(reading.same)
    (order,) = reading.order
    good = f"NOT _unread AND NOT _beside AND _refused IS NULL AND {same} IS NOT NULL"
    # The greater count, then the earlier end, as one number: neither half runs into the other.
    rank = (
        f"(CAST(greatest({order}, {1 - _HALF}) AS HUGEINT) * {2 * _HALF}"
        f" + ({_HALF} - CAST(coalesce(epoch_us(ended_at), {_HALF - 1}) AS HUGEINT)))"
    )
    shared = "".join(f", max({name_of(name)}) AS {name_of(name)}" for name in reading.shared)
    took = "".join(f", top.{name_of(name)} AS {name_of(name)}" for name in reading.shared)
    text = ", ".join(
        f"coalesce(CAST(staged.{name_of(name)} AS VARCHAR), chr(30))"
        for name in needed_columns(reading)
    )
    yield (
        f"CREATE TABLE top AS SELECT {same} AS _same, max({rank}) FILTER ({good}) AS _rank{shared}"  # noqa: S608 ours
        f" FROM staged WHERE {same} IS NOT NULL GROUP BY 1"
    )
    yield (
        f"CREATE TABLE chosen AS SELECT staged.rowid AS _row, top.rowid AS _one{took}"  # noqa: S608 ours
        f" FROM staged JOIN top ON _same = {same} AND _rank = {rank} WHERE {good}"
    )
    yield "DROP TABLE top"
    yield f"""
        DELETE FROM chosen WHERE _row IN (
            SELECT _row FROM (
                SELECT _row, _one, concat_ws(chr(31), {text}) AS _text
                FROM staged JOIN (
                    FROM chosen SEMI JOIN
                        (SELECT _one FROM chosen GROUP BY 1 HAVING count(*) > 1) AS more
                        USING (_one)
                ) AS tied ON tied._row = staged.rowid
            )
            QUALIFY row_number() OVER (PARTITION BY _one ORDER BY _text) > 1
        )
    """  # noqa: S608 ours
    replaced = ", ".join(f"chosen.{name_of(name)} AS {name_of(name)}" for name in reading.shared)
    yield (
        f"CREATE VIEW once AS SELECT staged.*{f' REPLACE ({replaced})' if replaced else ''}"  # noqa: S608 ours
        " FROM staged JOIN chosen ON chosen._row = staged.rowid"
        f" UNION ALL SELECT * FROM staged WHERE _refused IS NOT NULL OR {same} IS NULL"
    )


def best(reading: Reading) -> Iterator[str]:
    """Make the table `best` of the rows of `judged` that may tell each request."""
    line = raw_line_sql({"purpose", *reading.fields})
    yield f"CREATE TABLE best AS SELECT *, {line} AS _text FROM judged WHERE _fault IS NULL"  # noqa: S608 ours
    yield from _narrowed(reading, "best", "run_id")


def _narrowed(reading: Reading, table: str, key: str) -> Iterator[str]:
    """Keep of each key's rows those with the greatest `_order`s, then the earliest end."""
    steps = [(f"_order{at}", "max") for at in range(len(reading.order))] + [("ended_at", "min")]
    for column, first in steps:
        yield (
            f"CREATE OR REPLACE TABLE {table} AS SELECT {table}.* FROM {table}"  # noqa: S608 ours
            f" JOIN (SELECT {key}, {first}({column}) AS _best FROM {table} GROUP BY 1) AS first"
            f" ON first.{key} = {table}.{key} AND {column} IS NOT DISTINCT FROM _best"
        )
