"""Attribution of runs, set-wise: millions of runs joined with small tables of resolutions.

Runs are first grouped by every hint that can matter, then each distinct group
is resolved once; nothing but the first grouping ever sees single runs.
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
) -> list[RunCell]:
    """Sum runs by issuer, account, day, model, key and destination.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs; a source has one precedence in all of them.
        resolutions: What the core made of `run_hints` over the same files.
        limits: Of memory and threads.

    Returns:
        One cell a group, in the order of its columns.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    small = {
        "sources": _sources(logs),
        "candidates": _candidates(resolutions),
        "spans": _spans(resolutions),
        "foreign_repos": _pairs(resolutions),
    }
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, small) as engine:
        competing = len({log.precedence for log in logs}) > 1
        engine.execute(_COUNTED_COMPETING if competing else _COUNTED_ALL)
        engine.execute(_GROUPS)
        engine.execute(_CLAIMS)
        rows = engine.execute(_CELLS, {"pool": resolutions.out_of_scope_pool})
        return _cells(rows)


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


def _sources(logs: Sequence[RunLog]) -> pa.Table:
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
_COUNTED_ALL = "CREATE TEMP VIEW counted AS SELECT * FROM runs"

#: Several ranks: the best per issuer, account and day counts, the others lend hints.
_COUNTED_COMPETING = f"""
CREATE TEMP VIEW counted AS
WITH ranked AS (
    SELECT runs.*, sources.precedence FROM runs JOIN sources USING (source)
),
best AS (
    SELECT issuer, account, day, min(precedence) AS precedence
    FROM ranked
    GROUP BY ALL
),
judged AS (
    SELECT ranked.*, ranked.precedence = best.precedence AS counts
    FROM ranked
    JOIN best
        ON best.issuer = ranked.issuer
        AND best.account IS NOT DISTINCT FROM ranked.account
        AND best.day = ranked.day
),
lent AS (
    SELECT issuer, run_id, {", ".join(f"min({name}) AS {name}" for name in _HINT_COLUMNS)}
    FROM judged
    WHERE NOT counts
    GROUP BY ALL
)
SELECT judged.* REPLACE (
    {", ".join(f"coalesce(judged.{name}, lent.{name}) AS {name}" for name in _HINT_COLUMNS)}
)
FROM judged
LEFT JOIN lent USING (issuer, run_id)
WHERE counts
"""  # noqa: S608 built of our own constants

#: Hints that point nowhere are dropped before grouping: they may be as many as the runs.
_GROUPS = f"""
CREATE TEMP TABLE groups AS
WITH stamps AS (SELECT DISTINCT value FROM candidates WHERE dimension = 'stamp'),
prefixes AS (SELECT DISTINCT value FROM candidates WHERE dimension = 'branch_prefix'),
repos AS (
    SELECT value FROM candidates WHERE dimension = 'repo'
    UNION SELECT repo FROM foreign_repos
),
actors AS (SELECT DISTINCT value FROM candidates WHERE dimension = 'actor'),
items AS (SELECT DISTINCT value FROM candidates WHERE dimension = 'work_item'),
hinted AS (
    SELECT
        {_SHARED},
        stamps.value AS stamp,
        prefixes.value AS branch_prefix,
        repos.value AS repo,
        actors.value AS actor,
        coalesce(own.value, branched.value) AS work_item,
        DATE '1970-01-01'
            + CAST(epoch_us(coalesce(started_at, ended_at)) // 86400000000 AS INTEGER) AS start_day,
        {", ".join(_TOKENS)},
        reported_cost_nano
    FROM counted
    LEFT JOIN stamps ON stamps.value = stamp
    LEFT JOIN prefixes ON prefixes.value = branch_prefix
    LEFT JOIN repos ON repos.value = repo
    LEFT JOIN actors ON actors.value = actor
    LEFT JOIN items AS own ON own.value = counted.work_item
    LEFT JOIN items AS branched ON branched.value = branch_item
),
summed AS (
    SELECT
        {_SHARED}, stamp, branch_prefix, repo, actor, work_item, start_day,
        count(*) AS runs,
        {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _TOKENS)},
        {", ".join(f"count(*) - count({name}) AS no_{name}" for name in _TOKENS)},
        sum(reported_cost_nano) AS reported_cost_nano
    FROM hinted
    GROUP BY ALL
)
SELECT row_number() OVER () AS id, * FROM summed
"""  # noqa: S608 built of our own constants

#: For each group the strongest candidate whose workflow has a stage on the day of the start.
_CLAIMS = """
CREATE TEMP TABLE claims AS
WITH hints AS (
    SELECT id, 'stamp' AS dimension, '' AS issuer, stamp AS value, start_day FROM groups
    UNION ALL SELECT id, 'account', issuer, account, start_day FROM groups
    UNION ALL SELECT id, 'api_key', issuer, api_key, start_day FROM groups
    UNION ALL SELECT id, 'branch_prefix', '', branch_prefix, start_day FROM groups
    UNION ALL SELECT id, 'repo', '', repo, start_day FROM groups
    UNION ALL SELECT id, 'actor', '', actor, start_day FROM groups
    UNION ALL SELECT id, 'work_item', '', work_item, start_day FROM groups
)
SELECT
    hints.id, candidates.workflow, candidates.strength, candidates.rule,
    spans.pool, spans.family, spans.portfolio
FROM hints
JOIN candidates USING (dimension, issuer, value)
JOIN spans
    ON spans.workflow = candidates.workflow
    AND hints.start_day >= spans.from_day
    AND (spans.to_day IS NULL OR hints.start_day <= spans.to_day)
QUALIFY row_number() OVER (
    PARTITION BY hints.id ORDER BY candidates.rank, candidates.workflow, candidates.rule
) = 1
"""

_CELLS = f"""
WITH placed AS (
    SELECT
        groups.*,
        coalesce(claims.workflow, '') AS workflow,
        coalesce(claims.family, '') AS family,
        coalesce(claims.portfolio, '') AS portfolio,
        coalesce(claims.pool, '') AS entitled,
        coalesce(claims.strength, 'none') AS strength,
        coalesce(claims.rule, '') AS rule,
        foreign_repos.repo IS NOT NULL AS is_out_of_scope
    FROM groups
    LEFT JOIN claims USING (id)
    LEFT JOIN foreign_repos
        ON foreign_repos.workflow = claims.workflow AND foreign_repos.repo = groups.repo
)
SELECT
    {_SHARED}, workflow, family, portfolio,
    CASE WHEN is_out_of_scope THEN $pool ELSE entitled END AS pool,
    strength, rule, is_out_of_scope,
    CAST(sum(runs) AS HUGEINT) AS runs,
    {", ".join(f"sum({name})" for name in _TOKENS)},
    {", ".join(f"sum(no_{name})" for name in _TOKENS)},
    sum(reported_cost_nano)
FROM placed
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 built of our own constants
