"""The rules of `runs` evaluated set-wise: rows and violations by batch and rule."""

import duckdb

from tasks.core.run_rules import (
    ANY,
    E_MAIL,
    LONGEST_SHIFT_DAYS,
    RUN_RULES,
    UNIQUE_KEY,
    Rule,
    RuleCount,
)
from tasks.core.tables import RUNS
from tasks.lake.reading_engine import quoted

_TEXTS = tuple(column.name for column in RUNS.columns if column.type == "str")
_KEY = ", ".join(RUNS.key)


def count_violations(engine: duckdb.DuckDBPyConnection, relation: str) -> list[RuleCount]:
    """Count what breaks each rule, and make the table `failed` of the rows that break any.

    Args:
        engine: An open connection.
        relation: Rows of `runs` with their batch's key in `_key` and their number in `_row`;
            `failed` has `_row` and in `_rule` the number in `RUN_RULES` of the first broken rule.

    Returns:
        One count a batch and rule, and one for rows that break any.
    """
    by_row = [rule for rule in RUN_RULES if rule.name != UNIQUE_KEY]
    sums = ", ".join(f"count(*) FILTER ({_fault(rule)})" for rule in by_row)
    found = engine.execute(
        f"SELECT _key, count(*), count(DISTINCT hash({_KEY})), {sums} FROM {relation} AS rows"  # noqa: S608 ours
        " GROUP BY _key ORDER BY _key"
    ).fetchall()
    doubled = _doubled(engine, relation) if any(row[1] != row[2] for row in found) else {}
    _mark(engine, relation, is_needed=bool(doubled) or any(any(row[3:]) for row in found))
    failing = dict(engine.execute("SELECT _key, count(*) FROM failed GROUP BY _key").fetchall())
    counts = []
    for key, rows, _, *violations in found:
        day = key.isoformat()
        by_rule = dict(zip(by_row, violations, strict=True))
        for rule in RUN_RULES:
            count = doubled.get(key, 0) if rule.name == UNIQUE_KEY else by_rule[rule]
            counts.append(RuleCount(day, rule.name, rule.field, rows, count))
        counts.append(RuleCount(day, ANY, "", rows, failing.get(key, 0)))
    return counts


def _doubled(engine: duckdb.DuckDBPyConnection, relation: str) -> dict[object, int]:
    return dict(
        engine.execute(
            f"SELECT _key, sum(n) FROM (SELECT _key, count(*) AS n FROM {relation}"  # noqa: S608 ours
            f" GROUP BY _key, {_KEY} HAVING n > 1) GROUP BY _key"
        ).fetchall()
    )


def _mark(engine: duckdb.DuckDBPyConnection, relation: str, *, is_needed: bool) -> None:
    """Name the first rule that each row breaks; without any, no row is looked at again."""
    doubled = f"(SELECT _key, {_KEY} FROM {relation} GROUP BY ALL HAVING count(*) > 1)"  # noqa: S608 ours
    cases = " ".join(
        f"WHEN {'doubled._key IS NOT NULL' if rule.name == UNIQUE_KEY else _fault(rule)} THEN {at}"
        for at, rule in enumerate(RUN_RULES)
    )
    joined = " AND ".join(f"doubled.{name} = rows.{name}" for name in ("_key", *RUNS.key))
    engine.execute(
        f"""
        CREATE TABLE failed AS
        SELECT _row, _key, _rule FROM (
            SELECT rows._row, rows._key, CASE {cases} END AS _rule
            FROM {relation} AS rows LEFT JOIN {doubled} AS doubled ON {joined}
            WHERE {"true" if is_needed else "false"}
        )
        WHERE _rule IS NOT NULL
        """  # noqa: S608 ours
    )


def _fault(rule: Rule) -> str:
    """Write when a row breaks a rule; never null."""
    name = f"rows.{rule.field}"
    match rule.name:
        case "present":
            broken = f"{name} IS NULL"
        case "no_e_mail":
            # Looking for the sign first, in all text at once, is what makes this cheap.
            some = ", ".join(f"rows.{text}" for text in _TEXTS)
            each = " OR ".join(
                f"coalesce(regexp_matches(rows.{text}, {quoted(E_MAIL)}), false)" for text in _TEXTS
            )
            broken = f"CASE WHEN contains(concat({some}), '@') THEN {each} ELSE false END"
        case "day_of_batch":
            broken = f"abs(datediff('day', rows._key, rows.day)) > {LONGEST_SHIFT_DAYS}"
        case "range":
            broken = f"{name} < 0"
        case "pattern":
            broken = f"NOT regexp_matches({name}, {quoted(rule.regex)})"
        case "known_value":
            broken = f"{name} NOT IN ({', '.join(map(quoted, rule.values))})"
        case _:
            broken = f"{name} > rows.ended_at"
    return f"coalesce({broken}, false)"
