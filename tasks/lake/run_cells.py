"""Attribution of runs, set-wise: millions of runs joined with small tables of resolutions.

What each hint value means on each day is worked out first, in small tables (see
`tasks.lake.claims`); then one pass over the runs looks every hint up and sums.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from tasks.core.books import Snapshot, Strength
from tasks.core.cells import Dimension, Resolutions, RunCell, TokenSum
from tasks.core.errors import LakeError
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.lake.claims import segments_of, small_tables
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles

_HINT_COLUMNS = ("stamp", "branch_prefix", "repo", "actor", "work_item", "branch_item")
#: Rows taken from the engine at once.
_SOME = 5_000
_LENT_COLUMNS = (*_HINT_COLUMNS, "decision")
_SHARED = "issuer, account, day, model, tier, context, api_key"
_PLAIN = (
    *_SHARED.split(", "),
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
        first, last = engine.execute(_STARTS).fetchall()[0]
        if first is None:
            return []  # no run at all
        segments = segments_of(resolutions, first, last)
        for name, rows in small_tables(resolutions, segments).items():
            engine.register(name, rows)
        for statement in (_CLAIMS, _REACH, _STAMPS):
            engine.execute(statement)
        known = {one.dimension.value for one in resolutions.candidates}
        if resolutions.out_of_scope:
            known.add(Dimension.REPO)
        query = _cells_query(segments.number, known)
        return _cells(engine.execute(query, {"pool": resolutions.out_of_scope_pool}))


def create_counted(engine: duckdb.DuckDBPyConnection, logs: Sequence[RunLog]) -> None:
    """Make the views `counted` of runs that count, and `lending` of those of other logs."""
    competing = len({log.precedence for log in logs}) > 1
    for view in _COUNTED_COMPETING if competing else _COUNTED_ALL:
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
_COUNTED_COMPETING = (
    """
CREATE TEMP VIEW judged AS
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
""",
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

_STARTS = """
SELECT CAST(DATE '1970-01-01' + CAST(epoch_us(min(started)) // 86400000000 AS INTEGER) AS DATE),
    CAST(DATE '1970-01-01' + CAST(epoch_us(max(started)) // 86400000000 AS INTEGER) AS DATE)
FROM (SELECT coalesce(started_at, ended_at) AS started FROM runs)
"""

#: Every meaning within every span of its workflow, numbered so that the lower number wins.
_CLAIMS = """
CREATE TEMP TABLE claims AS
SELECT
    row_number() OVER (ORDER BY rank, workflow, rule, from_day, dimension, code) AS claim,
    meanings.*, spans.* EXCLUDE (workflow)
FROM meanings JOIN spans USING (workflow)
"""

#: For each code the strongest claim that holds in each segment.
_REACH = """
CREATE TEMP TABLE reach AS
SELECT dimension, code, segment, min(claim) AS claim
FROM claims
JOIN segments ON day >= from_day AND (to_day IS NULL OR day <= to_day)
GROUP BY ALL
"""

#: A stamp that beats whatever else a run may carry decides; the other hints need no look then.
#: It roams if its workflow may be out of scope: its repository has to be looked at all the same.
_STAMPS = """
CREATE TEMP TABLE stamp_codes AS
WITH decisive AS (
    SELECT code
    FROM reach
    WHERE dimension = 'stamp'
    GROUP BY code
    HAVING count(*) = (SELECT count(*) FROM segments)
        AND max(claim) < coalesce(
            (SELECT min(claim) FROM reach WHERE dimension <> 'stamp'), max(claim) + 1
        )
)
SELECT
    value, code,
    code IN (SELECT code FROM decisive) AS decides,
    code IN (SELECT code FROM decisive) AND code NOT IN (
        SELECT meanings.code FROM meanings JOIN foreign_codes USING (workflow)
    ) AS stays
FROM codes
WHERE dimension = 'stamp'
"""

_WEAKER = {
    "branch_prefix": "CASE WHEN stamps.decides THEN NULL ELSE branch_prefix END",
    "repo": "CASE WHEN stamps.stays THEN NULL ELSE repo END",
    "actor": "CASE WHEN stamps.decides THEN NULL ELSE actor END",
    "work_item": "CASE WHEN stamps.decides THEN NULL ELSE work_item END",
    "branch_item": "CASE WHEN stamps.decides THEN NULL ELSE branch_item END",
}


def _cells_query(segment: str, dimensions: Collection[str]) -> str:
    """Write the pass over the runs: look every hint up, sum, keep the strongest claim, sum.

    Args:
        segment: SQL for the segment of `started`.
        dimensions: Those of which any value means anything; a scan reads no other column.
    """
    of = {name: "work_item" if name == "branch_item" else name for name in _WEAKER}
    weaker = [name for name in _WEAKER if of[name] in dimensions]
    codes = ["stamps.code AS stamp_code", *(f"{name}s.code AS {name}_code" for name in weaker)]
    looked_up = "".join(
        f"""
    LEFT JOIN (SELECT value, code FROM codes WHERE dimension = '{of[name]}') AS {name}s
        ON {name}s.value = {_WEAKER[name]}"""  # noqa: S608 built of our own constants
        for name in weaker
    )
    held = ["stamp", *weaker, "account", "api_key"]
    claimed = "".join(
        f"""
    LEFT JOIN reach AS {name}_reach
        ON {name}_reach.code = {name}_code AND {name}_reach.segment = owned.segment"""
        for name in held
    )
    repo_code = "repo_code" if "repo" in weaker else "NULL"
    return f"""
WITH
dated AS (SELECT *, coalesce(started_at, ended_at) AS started FROM counted),
numbered AS (SELECT *, {segment} AS segment FROM dated),
coded AS (
    SELECT {_SHARED}, segment, {", ".join(codes)}, {_SUMS}
    FROM numbered
    LEFT JOIN stamp_codes AS stamps ON stamps.value = stamp{looked_up}
    GROUP BY ALL
),
owned AS (
    SELECT coded.*, accounts.code AS account_code, keys.code AS api_key_code
    FROM coded
    LEFT JOIN codes AS accounts
        ON accounts.dimension = 'account' AND accounts.issuer = coded.issuer
        AND accounts.value = coded.account
    LEFT JOIN codes AS keys
        ON keys.dimension = 'api_key' AND keys.issuer = coded.issuer AND keys.value = coded.api_key
),
claimed AS (
    SELECT owned.*, least({", ".join(f"{name}_reach.claim" for name in held)}) AS claim
    FROM owned{claimed}
),
outside AS (SELECT claim, foreign_codes.code FROM claims JOIN foreign_codes USING (workflow)),
placed AS (
    SELECT claimed.*, outside.code IS NOT NULL AS is_out_of_scope
    FROM claimed
    LEFT JOIN outside ON outside.claim = claimed.claim AND outside.code = {repo_code}
)
SELECT
    {", ".join(f"placed.{name}" for name in _SHARED.split(", "))},
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
