"""The statements that type raw requests as rows of `runs`."""

from collections.abc import Sequence

from tasks.core.request_fields import FIELDS
from tasks.core.tables import RUNS, Column
from tasks.lake.reading_engine import json_lines, quoted
from tasks.lake.request_sql import Member, fault_sql, object_sql, raw_line_sql

_INSTANTS = [name for name, field in FIELDS.items() if field.type == "instant"]
_TYPES = {"str": "VARCHAR", "int": "BIGINT", "bool": "BOOLEAN", "ts": "TIMESTAMP", "day": "DATE"}
# Made of others; the rest of what no request has is null.
_MADE = frozenset({"source", "day", "reported_cost_nano"})
_NEVER = frozenset(RUNS.column_names()) - FIELDS.keys() - _MADE
# What is the same in every row is not carried along with each.
_SAME = [column for column in RUNS.columns if column.name in {*_NEVER, "source"}]
_TOLD = [column for column in RUNS.columns if column not in _SAME]


def requests(files: list[str]) -> str:
    """Make the view `requests` of raw files: fields, batch's key and what is wrong first.

    The table `keys` says which file is of which key.
    """
    columns = ", ".join(
        f"{name}: '{'BIGINT' if field.type == 'int' else 'VARCHAR'}'"
        for name, field in FIELDS.items()
    )
    instants = ", ".join(f"instant({name}) AS {name}" for name in _INSTANTS)
    lines = json_lines(files, f"{{{columns}}}")
    return f"""
CREATE VIEW requests AS
SELECT *, {fault_sql()} AS _fault
FROM (SELECT * REPLACE ({instants}) FROM {lines} JOIN keys USING (_file))
"""  # noqa: S608 of our own constants


#: Lines that are no request, with what is wrong; the name of their file is another each time.
BAD = """
SELECT _key, _fault, CAST(told AS VARCHAR) AS _text
FROM (SELECT * EXCLUDE (_file) FROM requests WHERE _fault IS NOT NULL) AS told
"""

#: Requests that more than one line of a batch tells of.
REPEATED = """
CREATE TABLE repeated AS SELECT _key, run_id FROM typed GROUP BY ALL HAVING count(*) > 1
"""

#: Lines of `repeated`, from the one that stays on: the latest end, then the greatest text.
RANKED = f"""
CREATE TABLE ranked AS
SELECT
    *,
    row_number() OVER (PARTITION BY _key, run_id ORDER BY ended_at DESC, _text DESC) AS _rank,
    row_number() OVER (PARTITION BY _key, run_id, _text) AS _copy
FROM (
    SELECT *, {raw_line_sql()} AS _text
    FROM requests SEMI JOIN repeated USING (_key, run_id)
    WHERE _fault IS NULL
)
"""  # noqa: S608 of our own constants

#: What goes, and what of it comes back.
WITHOUT_REPEATED = "DELETE FROM typed WHERE (_key, run_id) IN (SELECT (_key, run_id) FROM repeated)"
STAYING = "(SELECT * FROM ranked WHERE _rank = 1)"


#: Lines of `ranked` that do not stay, and why.
REPEATS = """
SELECT
    _key,
    CASE WHEN _copy > 1 THEN 'run_id duplicate' ELSE 'run_id conflicting_run' END AS _fault,
    _text
FROM ranked
WHERE _rank > 1
"""


def first_of_each_key(lines: str) -> str:
    """Number the lines of each key by what is wrong and by text, from 0, and select the first.

    Args:
        lines: Query with `_key`, `_fault` and `_text`.
    """
    return f"""
SELECT _key, _at, _count, _fault, _text
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY _key ORDER BY _fault, _text) - 1 AS _at,
        count(*) OVER (PARTITION BY _key) AS _count
    FROM ({lines})
)
WHERE _at < ?
ORDER BY _key, _at
"""  # noqa: S608 of our own constants


def runs_rows(source: str) -> str:
    """Make the view `runs_rows` of `typed` as it is published, numbered.

    The model is spelt as the books do, and what is the same in every row added.
    """
    same = ", ".join(f"{_same(column, source)} AS {column.name}" for column in _SAME)
    return f"""
CREATE VIEW runs_rows AS
SELECT typed.* REPLACE (models.model AS model), {same}, typed.rowid AS _row
FROM typed JOIN models ON models.said = typed.model
"""  # noqa: S608 of our own constants, and a source's name


def typed(told: str) -> str:
    """Select what differs among rows of `runs`, and their batch's key.

    The model is still as it was logged.

    The tables `issuers` (`issuer`, `offset_minutes`) and `accounts` (`issuer`, `account`) say
    when days start and what account is meant.
    """
    columns = ", ".join(f"{_column(column.name)} AS {column.name}" for column in _TOLD)
    return f"""
SELECT {columns}, _key
FROM {told} AS told
LEFT JOIN issuers ON issuers.issuer = told.issuer
LEFT JOIN accounts ON accounts.issuer = told.issuer
WHERE _fault IS NULL
"""  # noqa: S608 of our own constants


def _same(column: Column, source: str) -> str:
    return quoted(source) if column.name == "source" else f"CAST(NULL AS {_TYPES[column.type]})"


def _column(name: str) -> str:
    own = {
        "day": "CAST(told.ended_at - to_minutes(coalesce(offset_minutes, 0)) AS DATE)",
        "account": "coalesce(told.account, accounts.account)",
        "reported_cost_nano": "nano(told.cost_usd)",
    }
    return own.get(name, f"told.{name}")


def held() -> str:
    """Count the rows of `typed` that hold something, by column; required ones always do."""
    counts = ", ".join(
        f"{f'count({column.name})' if column.is_nullable else '1'} AS {column.name}"
        for column in _TOLD
    )
    return f"SELECT {counts} FROM typed"  # noqa: S608 of our own constants


def in_order(source: str, columns: Sequence[str], *, some_fail: bool) -> str:
    """Select the rows of one key that pass, in canonical order.

    Each has the line that `tasks.lake.canonical.typed_lines` gives it, end included, in `_line`.
    Ids hold nothing that sorts before the quote behind them, so that their order is that of the
    lines.

    Args:
        source: Name of the source.
        columns: Those that hold something: nothing else is carried through the sort.
        some_fail: The table `failed` has rows.
    """
    form = "'%Y-%m-%dT%H:%M:%S.%f+00:00'"
    own = {"source": quoted(source)}
    members = [
        Member(
            column.name,
            f"strftime({column.name}, {form})"
            if column.type == "ts"
            else own.get(column.name, column.name),
            is_quoted=column.type != "int",
            is_required=not column.is_nullable,
        )
        for column in RUNS.columns
        if column.name in columns or not column.is_nullable
    ]
    same = {column.name: f"{_same(column, source)} AS {column.name}" for column in RUNS.columns}
    told = ", ".join(name if name in columns else same[name] for name in RUNS.column_names())
    passing = "runs_rows ANTI JOIN failed USING (_row)" if some_fail else "runs_rows"
    return f"""
SELECT {told}, {object_sql(members, "chr(10)")} AS _line
FROM (SELECT {", ".join(columns)} FROM {passing} WHERE _key = ? ORDER BY run_id)
"""  # noqa: S608 of our own constants
