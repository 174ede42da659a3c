"""Rows of a batch that do not become runs: described one by one, the first ones of many."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb

from tasks.core.batches import Reject
from tasks.core.findings import Finding
from tasks.core.run_rules import RUN_RULES
from tasks.core.tables import RUNS
from tasks.lake import bulk_sql

#: Rows of one batch that are refused one by one; beyond them only their number is told.
_MOST_TOLD = 10_000


@dataclass(frozen=True, slots=True)
class RefusedLines:
    """Lines that are no run of their own, described as far as they are told, and their number."""

    told: Sequence[tuple[date, Reject]] = ()
    counts: Mapping[date, int] = field(default_factory=dict)


def bad_lines(engine: duckdb.DuckDBPyConnection, lines: int, source: str) -> RefusedLines:
    """Describe rows that do not keep the contract of a raw request."""
    if _one(engine, "SELECT count(*) FROM typed") == lines:
        return RefusedLines()
    return _refused(engine, bulk_sql.BAD, source)


def repeated_lines(engine: duckdb.DuckDBPyConnection, source: str) -> RefusedLines:
    """Keep one line of each run, and describe the others."""
    if _one(engine, "SELECT count(*) = count(DISTINCT hash(_key, run_id)) FROM typed"):
        return RefusedLines()
    engine.execute(bulk_sql.REPEATED)
    engine.execute(bulk_sql.RANKED)
    engine.execute(bulk_sql.WITHOUT_REPEATED)
    engine.execute(f"INSERT INTO typed {bulk_sql.typed(bulk_sql.STAYING)}")
    return _refused(engine, bulk_sql.REPEATS, source)


def _refused(engine: duckdb.DuckDBPyConnection, lines: str, source: str) -> RefusedLines:
    """Describe the first refused lines of each key, and count them all."""
    rows = engine.execute(bulk_sql.first_of_each_key(lines), [_MOST_TOLD]).fetchall()
    return RefusedLines(
        [
            (key, _reject(source, key, at, text, *fault.split(" ", 1)))
            for key, at, _, fault, text in rows
        ],
        {key: count for key, _, count, _, _ in rows},
    )


def failed_rows(engine: duckdb.DuckDBPyConnection, key: date) -> tuple[Reject, ...]:
    """Describe the first rows of a key that break a rule."""
    found = engine.execute(
        "SELECT * EXCLUDE (_key, _row) FROM runs_rows JOIN"
        " (SELECT _row, _rule FROM failed WHERE _key = ?) USING (_row)"
        " ORDER BY run_id LIMIT ?",
        [key, _MOST_TOLD],
    )
    rows = found.to_arrow_table().to_pylist()
    return tuple(_failed(key, position, row) for position, row in enumerate(rows))


def untold(counts: Sequence[Mapping[date, int]], source: str) -> list[Finding]:
    """Say how many refused rows of a batch are not told one by one."""
    beyond: dict[date, int] = {}
    for some in counts:
        for key, count in some.items():
            beyond[key] = beyond.get(key, 0) + max(count - _MOST_TOLD, 0)
    return [
        Finding(
            "more_refused",
            f"{source} {key}",
            f"{count:,} more rows of the day are refused than stand in quarantine",
            source,
        )
        for key, count in sorted(beyond.items())
        if count
    ]


def _reject(source: str, key: date, position: int, text: str, field: str, code: str) -> Reject:
    return Reject(
        place=f"{source} {key}",
        position=position,
        length=len(text),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        field_path=field,
        code=code,
    )


def _failed(key: date, position: int, row: Mapping[str, object]) -> Reject:
    """Describe a row that breaks a rule, as `tasks.checks.run` does."""
    rule = RUN_RULES[int(str(row["_rule"]))]
    said = {name: value for name, value in row.items() if name != "_rule"}
    reject = _reject(
        RUNS.name,
        key,
        position,
        json.dumps(said, sort_keys=True, default=str),
        rule.field,
        f"failed_check:{rule.name}",
    )
    if rule.name == "no_e_mail":
        # Who fails for an address in some column may have it in any of these.
        return reject
    return replace(reject, issuer=str(said["issuer"]), account=str(said["account"] or ""))


def _one(engine: duckdb.DuckDBPyConnection, query: str) -> object:
    (value,) = engine.execute(query).fetchone() or (None,)
    return value
