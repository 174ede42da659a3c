"""Requests that a log tells more than once: which line of each counts, found set-wise.

Only what decides is carried along until it is clear which lines stay.
"""

from collections.abc import Iterator

from tasks.core.reading import Reading
from tasks.core.request_fields import FIRST_YEAR
from tasks.lake.reading_sql import name_of, needed_columns
from tasks.lake.request_sql import raw_line_sql

#: Of the number that ranks lines of one request: bits of the count, the end, and the tie-break.
_COUNT_BITS, _END_BITS, _TIE_BITS = 50, 42, 35


def once(reading: Reading) -> Iterator[str]:
    """Make the view `once` of the staged lines that tell each request, and of bad ones.

    Lines that are equal in what decides, to the millisecond, are told apart by a digest of all
    that they say, so that neither their order nor threads decide. The view `named` has what
    names each request alone.
    """
    same = name_of(reading.same)
    shared = [name_of(name) for name in reading.shared]
    good = f"NOT _unread AND NOT _beside AND _refused IS NULL AND {same} IS NOT NULL"
    took = "".join(f", max({name}) AS {name}" for name in shared)
    yield (
        f"CREATE TABLE top AS SELECT {same}, arg_max(rowid, {_rank(reading)}) FILTER ({good})"  # noqa: S608 ours
        f" AS _row{took} FROM staged WHERE {same} IS NOT NULL GROUP BY {same}"
    )
    yield "CREATE VIEW named AS SELECT *, false AS _unread FROM top WHERE _row IS NOT NULL"
    replaced = ", ".join(f"top.{name} AS {name}" for name in shared)
    yield (
        f"CREATE VIEW once AS SELECT staged.*{f' REPLACE ({replaced})' if replaced else ''}"  # noqa: S608 ours
        " FROM staged JOIN top ON top._row = staged.rowid"
        f" UNION ALL SELECT * FROM staged WHERE _refused IS NOT NULL OR {same} IS NULL"
    )


def _rank(reading: Reading) -> str:
    """Write the greater count, then the earlier end, then the digest, as one number.

    Another version of the engine may digest otherwise; then a tie may fall otherwise, once.
    """
    (order,) = reading.order
    said = ", ".join(map(name_of, needed_columns(reading)))
    first = f"epoch_ms(TIMESTAMP '{FIRST_YEAR}-01-01')"
    count = f"CAST(least(greatest(coalesce({order}, 0), 0), {2**_COUNT_BITS - 1}) AS HUGEINT)"
    age = f"least(greatest(coalesce(epoch_ms(ended_at) - {first}, 0), 0), {2**_END_BITS - 1})"
    end = f"({2**_END_BITS - 1} - {age})"
    digest = f"CAST(hash({said}) >> {64 - _TIE_BITS} AS BIGINT)"
    return f"({count} * {2**_END_BITS} + {end}) * {2**_TIE_BITS} + {digest}"


def best(reading: Reading) -> Iterator[str]:
    """Make the table `best` of the rows of `judged` that may tell each request.

    Of each request's rows those stay that have the greatest `_order`s, then the earliest end.
    """
    line = raw_line_sql({"purpose", *reading.fields})
    yield f"CREATE TABLE best AS SELECT *, {line} AS _text FROM judged WHERE _fault IS NULL"  # noqa: S608 ours
    steps = [(f"_order{at}", "max") for at in range(len(reading.order))] + [("ended_at", "min")]
    for column, first in steps:
        yield (
            "CREATE OR REPLACE TABLE best AS SELECT best.* FROM best"  # noqa: S608 ours
            f" JOIN (SELECT run_id, {first}({column}) AS _best FROM best GROUP BY 1) AS first"
            f" ON first.run_id = best.run_id AND {column} IS NOT DISTINCT FROM _best"
        )
