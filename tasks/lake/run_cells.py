"""Attribution of runs, set-wise: millions of runs joined with small tables of resolutions.

Which of several logs counts is told here; whose each run is, in `tasks.lake.placing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from tasks.core.books import Snapshot, Strength
from tasks.core.cells import Resolutions, RunCell, TokenSum
from tasks.core.errors import LakeError
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.placing import Claims, create_claims, placed

_HINT_COLUMNS = ("stamp", "branch_prefix", "repo", "actor", "work_item", "branch_item")
#: Rows taken from the engine at once.
_SOME = 5_000
#: Runs that are rather kept in memory than read again.
_FEW_ROWS = 100_000
_LENT_COLUMNS = (*_HINT_COLUMNS, "branch_digest", "session", "decision")
_SHARED = ("issuer", "account", "day", "model", "tier", "context", "api_key")
_PLAIN = (
    *_SHARED,
    *("workflow", "family", "portfolio", "pool", "strength", "rule", "is_out_of_scope", "runs"),
)
_TOKENS = tuple(f"{kind}_tokens" for kind in TOKEN_KINDS)
_SUMS = ", ".join(
    (
        "count(*) AS runs",
        *(f"coalesce(sum({name}), 0) AS {name}" for name in _TOKENS),
        *(f"count(*) - count({name}) AS no_{name}" for name in _TOKENS),
        "sum(reported_cost_nano) AS reported_cost_nano",
    )
)


@dataclass(frozen=True, slots=True)
class RunLog:
    """One conformed file of runs.

    Attributes:
        precedence: Of its source. Per issuer, account and day only the sources of the lowest
            number that have runs count; the others lend hints to runs of the same id.
    """

    snapshot: Snapshot
    precedence: int


def query_run_cells(
    files: LocalFiles | ObjectFiles,
    logs: Sequence[RunLog],
    resolutions: Resolutions,
    limits: Limits,
    only: pa.Table | None = None,
) -> list[RunCell]:
    """Sum runs by issuer, account, day, model, key and destination.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs; a source has one precedence in all of them.
        resolutions: What the core made of `run_hints` over the same files.
        limits: Of memory and threads.
        only: Runs, as `issuer` and `run_id`, to the exclusion of all others; each then is a
            cell of its own, and its id stands in the place of the model.

    Returns:
        One cell a group, in the order of its columns.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    snapshots = [log.snapshot for log in logs]
    small = {"sources": precedences(logs)}
    with open_engine(files, snapshots, RUNS, limits, small) as engine:
        create_counted(engine, logs)
        if only is not None:
            engine.register("named", only)
            for statement in _ONLY_NAMED:
                engine.execute(statement)
        claims = create_claims(engine, resolutions)
        if claims is None:
            return []  # no run at all
        query = _cells_query(claims)
        return _cells(engine.execute(query, {"pool": resolutions.out_of_scope_pool}))


def create_counted(engine: duckdb.DuckDBPyConnection, logs: Sequence[RunLog]) -> None:
    """Make the views `counted` of runs that count, and `lending` of those of other logs."""
    if len({log.precedence for log in logs}) <= 1:
        for view in _COUNTED_ALL:
            engine.execute(view)
        return
    # Views are read again wherever they are named, file by file; of a few rows that is dear.
    is_small = sum(log.snapshot.rows for log in logs) <= _FEW_ROWS
    engine.execute(f"CREATE TEMP {'TABLE' if is_small else 'VIEW'} judged AS {_JUDGED}")
    for view in _COUNTED_COMPETING:
        engine.execute(view)


def _cells(rows: duckdb.DuckDBPyConnection) -> list[RunCell]:
    # Columns stand in the order of the record's fields, with two sums for each kind of tokens.
    kinds = len(TOKEN_KINDS)
    first = len(_PLAIN)
    strength = _PLAIN.index("strength")
    by_text = {one.value: one for one in Strength}
    cells = []
    while some := rows.fetchmany(_SOME):
        for row in some:
            sums, unreported = row[first : first + kinds], row[first + kinds : first + 2 * kinds]
            tokens = tuple(map(TokenSum, sums, unreported))
            plain = (*row[:strength], by_text[row[strength]], *row[strength + 1 : first])
            cells.append(RunCell(*(*plain, tokens, row[-1])))
    return cells


def precedences(logs: Sequence[RunLog]) -> pa.Table:
    """Give the small table `sources`, which `create_counted` joins.

    Raises:
        LakeError: A source has two precedences.
    """
    precedence: dict[str, int] = {}
    for log in logs:
        source = log.snapshot.source
        if precedence.setdefault(source, log.precedence) != log.precedence:
            message = f"log source {source!r} has two precedences: give it one"
            raise LakeError(message)
    return pa.table(
        {
            "source": pa.array(precedence.keys(), pa.string()),
            "precedence": pa.array(precedence.values(), pa.int64()),
        }
    )


#: One log, or logs of equal rank: every run counts with its own hints.
_COUNTED_ALL = (
    "CREATE TEMP VIEW counted AS SELECT * FROM runs",
    "CREATE TEMP VIEW lending AS SELECT * FROM runs WHERE false",
)

#: Several ranks: the best per issuer, account and day counts, the others lend hints.
_JUDGED = """
WITH ranked AS (
    SELECT runs.*, sources.precedence FROM runs JOIN sources USING (source)
),
best AS (
    SELECT issuer, account, day, min(precedence) AS precedence
    FROM ranked
    GROUP BY ALL
)
SELECT ranked.*, ranked.precedence = best.precedence AS counts
FROM ranked
JOIN best
    ON best.issuer = ranked.issuer
    AND best.account IS NOT DISTINCT FROM ranked.account
    AND best.day = ranked.day
"""

_COUNTED_COMPETING = (
    "CREATE TEMP VIEW lending AS SELECT * FROM judged WHERE NOT counts",
    f"""
CREATE TEMP VIEW counted AS
WITH lent AS (
    SELECT issuer, run_id, {", ".join(f"min({name}) AS {name}" for name in _LENT_COLUMNS)}
    FROM lending
    GROUP BY ALL
)
SELECT judged.* REPLACE (
    {", ".join(f"coalesce(judged.{name}, lent.{name}) AS {name}" for name in _LENT_COLUMNS)}
)
FROM judged
LEFT JOIN lent USING (issuer, run_id)
WHERE counts
""",  # noqa: S608 built of our own constants
)

#: Of the runs that count, those named, told apart.
_ONLY_NAMED = (
    "ALTER VIEW counted RENAME TO counted_all",
    """
CREATE TEMP VIEW counted AS
SELECT * REPLACE (run_id AS model) FROM counted_all SEMI JOIN named USING (issuer, run_id)
""",
)


def _cells_query(claims: Claims) -> str:
    """Write the pass over the runs, then sum what claims of one destination share."""
    return f"""
{placed(claims, "counted", _SHARED, _SUMS)}
SELECT
    {", ".join(f"placed.{name}" for name in _SHARED)},
    coalesce(workflow, '') AS workflow,
    coalesce(family, '') AS family,
    coalesce(portfolio, '') AS portfolio,
    CASE WHEN is_out_of_scope THEN $pool ELSE coalesce(pool, '') END AS pool,
    coalesce(strength, 'none') AS strength,
    coalesce(rule, '') AS rule,
    is_out_of_scope,
    CAST(sum(runs) AS HUGEINT) AS runs,
    {", ".join(f"sum({name})" for name in _TOKENS)},
    {", ".join(f"CAST(sum(no_{name}) AS HUGEINT)" for name in _TOKENS)},
    sum(reported_cost_nano)
FROM placed
LEFT JOIN claims USING (claim)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 built of our own constants
