"""Attribution of runs, set-wise: millions of runs joined with small tables of resolutions.

What each hint value means on each day is worked out first, in small tables; then
one pass over the runs looks every hint up, keeps the strongest claim and sums.
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

_HINT_COLUMNS = ("stamp", "branch_prefix", "repo", "actor", "work_item", "branch_item")
_LENT_COLUMNS = (*_HINT_COLUMNS, "decision")
_SHARED = "issuer, account, day, model, tier, context, api_key"
_PLAIN = (
    *_SHARED.split(", "),
    *("workflow", "family", "portfolio", "pool", "strength", "rule", "is_out_of_scope", "runs"),
)
_TOKENS = tuple(f"{kind}_tokens" for kind in TOKEN_KINDS)


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
    small = {
        "sources": precedences(logs),
        "candidates": _candidates(resolutions),
        "spans": _spans(resolutions),
        "foreign_repos": _pairs(resolutions),
    }
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, small) as engine:
        create_counted(engine, logs)
        if only is not None:
            engine.register("named", only)
            for statement in _ONLY_NAMED:
                engine.execute(statement)
        engine.execute(_CLAIMS)
        engine.execute(_REACH)
        rows = engine.execute(_CELLS, {"pool": resolutions.out_of_scope_pool})
        return _cells(rows)


def create_counted(engine: duckdb.DuckDBPyConnection, logs: Sequence[RunLog]) -> None:
    """Make the views `counted` of runs that count, and `lending` of those of other logs."""
    competing = len({log.precedence for log in logs}) > 1
    for view in _COUNTED_COMPETING if competing else _COUNTED_ALL:
        engine.execute(view)


def _cells(rows: duckdb.DuckDBPyConnection) -> list[RunCell]:
    kinds = len(TOKEN_KINDS)
    cells = []
    for row in rows.fetchall():
        plain = dict(zip(_PLAIN, row, strict=False))  # the sums come after them
        sums, unreported = row[len(_PLAIN) :][:kinds], row[len(_PLAIN) + kinds :][:kinds]
        tokens = tuple(TokenSum(*pair) for pair in zip(sums, unreported, strict=True))
        strength = Strength(plain.pop("strength"))
        cells.append(RunCell(**plain, strength=strength, tokens=tokens, reported_cost_nano=row[-1]))
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


def _candidates(resolutions: Resolutions) -> pa.Table:
    rows = resolutions.candidates
    text = ("dimension", "issuer", "value", "workflow", "strength", "rule")
    columns = {name: pa.array([str(getattr(row, name)) for row in rows], "string") for name in text}
    return pa.table(columns | {"rank": pa.array([row.rank for row in rows], pa.int64())})


def _spans(resolutions: Resolutions) -> pa.Table:
    rows = resolutions.stages
    text = ("workflow", "pool", "family", "portfolio")
    columns = {name: pa.array([getattr(row, name) for row in rows], "string") for name in text}
    days = {
        "from_day": pa.array([row.from_day for row in rows], pa.date32()),
        "to_day": pa.array([row.to_day for row in rows], pa.date32()),
    }
    return pa.table(columns | days)


def _pairs(resolutions: Resolutions) -> pa.Table:
    pairs = sorted(set(resolutions.out_of_scope))
    return pa.table(
        {
            "workflow": pa.array([workflow for workflow, _ in pairs], pa.string()),
            "repo": pa.array([repo for _, repo in pairs], pa.string()),
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

_START_DAY = """DATE '1970-01-01'
    + CAST(epoch_us(coalesce(started_at, ended_at)) // 86400000000 AS INTEGER)"""

#: Every candidate within every span of its workflow, numbered so that the lower number wins.
_CLAIMS = """
CREATE TEMP TABLE claims AS
SELECT
    row_number() OVER (
        ORDER BY rank, workflow, rule, from_day, dimension, candidates.issuer, value
    ) AS claim,
    candidates.*, spans.* EXCLUDE (workflow)
FROM candidates JOIN spans USING (workflow)
"""

#: For each hint value the strongest claim that holds on each day on which a run started.
_REACH = f"""
CREATE TEMP TABLE reach AS
WITH days AS (SELECT DISTINCT {_START_DAY} AS start_day FROM runs)
SELECT dimension, issuer, value, start_day, min(claim) AS claim
FROM claims
JOIN days ON start_day >= from_day AND (to_day IS NULL OR start_day <= to_day)
GROUP BY ALL
"""  # noqa: S608 built of our own constants

#: One pass over the runs: look every hint up, keep the strongest claim, sum.
_CELLS = f"""
WITH
stamps AS (SELECT value, start_day, claim FROM reach WHERE dimension = 'stamp'),
accounts AS (SELECT issuer, value, start_day, claim FROM reach WHERE dimension = 'account'),
keys AS (SELECT issuer, value, start_day, claim FROM reach WHERE dimension = 'api_key'),
prefixes AS (SELECT value, start_day, claim FROM reach WHERE dimension = 'branch_prefix'),
repos AS (SELECT value, start_day, claim FROM reach WHERE dimension = 'repo'),
actors AS (SELECT value, start_day, claim FROM reach WHERE dimension = 'actor'),
items AS (SELECT value, start_day, claim FROM reach WHERE dimension = 'work_item'),
dated AS (SELECT *, {_START_DAY} AS start_day FROM counted),
claimed AS (
    SELECT
        dated.*,
        least(
            stamps.claim, accounts.claim, keys.claim, prefixes.claim, repos.claim, actors.claim,
            own.claim, branched.claim
        ) AS claim
    FROM dated
    LEFT JOIN stamps ON stamps.value = dated.stamp AND stamps.start_day = dated.start_day
    LEFT JOIN accounts
        ON accounts.value = dated.account AND accounts.issuer = dated.issuer
        AND accounts.start_day = dated.start_day
    LEFT JOIN keys
        ON keys.value = dated.api_key AND keys.issuer = dated.issuer
        AND keys.start_day = dated.start_day
    LEFT JOIN prefixes
        ON prefixes.value = dated.branch_prefix AND prefixes.start_day = dated.start_day
    LEFT JOIN repos ON repos.value = dated.repo AND repos.start_day = dated.start_day
    LEFT JOIN actors ON actors.value = dated.actor AND actors.start_day = dated.start_day
    LEFT JOIN items AS own ON own.value = dated.work_item AND own.start_day = dated.start_day
    LEFT JOIN items AS branched
        ON branched.value = dated.branch_item AND branched.start_day = dated.start_day
),
outside AS (SELECT claim, repo FROM claims JOIN foreign_repos USING (workflow)),
summed AS (
    SELECT
        {_SHARED}, claimed.claim, outside.repo IS NOT NULL AS is_out_of_scope,
        count(*) AS runs,
        {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _TOKENS)},
        {", ".join(f"count(*) - count({name}) AS no_{name}" for name in _TOKENS)},
        sum(reported_cost_nano) AS reported_cost_nano
    FROM claimed
    LEFT JOIN outside ON outside.claim = claimed.claim AND outside.repo = claimed.repo
    GROUP BY ALL
)
SELECT
    {", ".join(f"summed.{name}" for name in _SHARED.split(", "))},
    coalesce(workflow, '') AS workflow,
    coalesce(family, '') AS family,
    coalesce(portfolio, '') AS portfolio,
    CASE WHEN is_out_of_scope THEN $pool ELSE coalesce(pool, '') END AS pool,
    coalesce(strength, 'none') AS strength,
    coalesce(rule, '') AS rule,
    is_out_of_scope,
    CAST(sum(runs) AS HUGEINT) AS runs,
    {", ".join(f"sum({name})" for name in _TOKENS)},
    {", ".join(f"sum(no_{name})" for name in _TOKENS)},
    sum(summed.reported_cost_nano)
FROM summed
LEFT JOIN claims USING (claim)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 built of our own constants
