"""Runs by work item: set-wise, with the workflow that each run belongs to and its list price."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from tasks.core.cells import Resolutions
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.core.work.item_work import ItemWork, ListRate
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.instants import utc_instant
from tasks.lake.links import LINKS
from tasks.lake.placing import Claims, create_claims, placed
from tasks.lake.run_cells import RunLog, create_counted, precedences

#: There may be an item for every few runs: so many rows are taken at a time, an item's together.
_ROWS_AT_ONCE = 2_500_000
#: Rows taken from the engine at once.
_SOME = 10_000
_HINTS = (
    "stamp, branch_prefix, repo, actor, work_item, branch_item, branch_digest, session, account,"
    " api_key"
)
_TOLD = (
    f"issuer, source, run_id, model, started_at, ended_at, {_HINTS}, decision, human_escalation,"
    " inputs"
)
_TOKENS = tuple(f"{kind}_tokens" for kind in TOKEN_KINDS)

#: All work that any log tells of. A run that only another log saw costs nobody knows what: where
#: its money counts, the run has another name.
_SEEN = f"""
CREATE TEMP VIEW seen AS
SELECT {_TOLD}, {", ".join(_TOKENS)}
FROM counted
WHERE purpose = 'work'
UNION ALL
SELECT {_TOLD}, {", ".join(f"NULL AS {name}" for name in _TOKENS)}
FROM lending ANTI JOIN counted USING (issuer, run_id)
WHERE purpose = 'work'
"""  # noqa: S608 built of our own constants

#: Kinds that a run leaves out were not used; but what it read and what it wrote it has to tell.
_COST = " + ".join(
    f"CASE WHEN coalesce({name}, 0) = 0 THEN 0::HUGEINT ELSE {name}::HUGEINT * price_{name} END"
    for name in _TOKENS
)

#: Where a log names no item, the pull request of its session or branch counts, then the ticket
#: of its branch, if a system knows that.
_WORKED = f"""
CREATE TEMP VIEW worked AS
SELECT
    seen.*,
    coalesce(
        named.key, work_item, sessions.key, heads.key, branches.key,
        'run ' || source || ' ' || run_id
    ) AS item,
    coalesce(work_item, sessions.key, heads.key, branches.key) IS NULL AS is_nameless,
    CASE
        WHEN input_tokens IS NOT NULL AND output_tokens IS NOT NULL THEN {_COST}
    END AS cost_parts,
    inputs ->> '$.task_class' AS task_class
FROM seen
LEFT JOIN names AS named ON named.name = lower(work_item)
LEFT JOIN links AS sessions ON work_item IS NULL AND sessions.name = {LINKS["session_link"]}
LEFT JOIN links AS heads ON work_item IS NULL AND heads.name = {LINKS["branch_link"]}
LEFT JOIN names AS branches ON work_item IS NULL AND branches.name = lower(branch_item)
LEFT JOIN rates ON rates.issuer = seen.issuer AND rates.model = seen.model
"""  # noqa: S608 built of our own constants

_GRAIN = ("item", "is_nameless", "issuer", "account", "api_key")
_SUMS = """
    min(epoch_us(started)) AS first_us,
    max(epoch_us(ended_at)) AS last_us,
    count(*) AS runs,
    sum(cost_parts) AS cost_parts,
    count(cost_parts) AS costed,
    bool_or(human_escalation) AS is_escalated,
    min(task_class) AS task_class,
    arg_max(decision, (ended_at, run_id)) FILTER (decision IS NOT NULL) AS decision,
    max((ended_at, run_id)) FILTER (decision IS NOT NULL) AS decided,
    min(repo) AS repository"""


@dataclass(frozen=True, slots=True)
class ItemAsking:
    """What `query_item_runs` has to know beside the runs.

    Attributes:
        names: Item keys by names in logs, as `item_work.names_in_logs` gives them.
        rates: List prices of one day.
        decided: Workflows whose logged decisions are outcomes: their runs count as items even
            where the log names none.
    """

    names: Mapping[str, str]
    rates: Sequence[ListRate]
    decided: Collection[str]
    links: Mapping[str, str] = field(default_factory=dict)


def query_item_runs(
    files: LocalFiles | ObjectFiles,
    logs: Sequence[RunLog],
    resolutions: Resolutions,
    asking: ItemAsking,
    limits: Limits,
) -> Iterator[ItemWork]:
    """Sum the work runs on each item by workflow.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs; a source has one precedence in all of them.
        resolutions: What the core made of `run_hints` over the same files.
        asking: See there.
        limits: Of memory and threads.

    Yields:
        Rows of one item side by side, in order of their first start, then workflow; items in no
        order.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    snapshots = [log.snapshot for log in logs]
    small = {
        "sources": precedences(logs),
        "links": _table(name=asking.links.keys(), key=asking.links.values()),
        "names": _table(name=asking.names.keys(), key=asking.names.values()),
        "rates": _rates(asking.rates),
        "decided_workflows": _table(workflow=sorted(asking.decided)),
    }
    with open_engine(files, snapshots, RUNS, limits, small) as engine:
        claims = _prepared(engine, logs, resolutions)
        if claims is None:
            return
        engine.execute(_WORKED)
        parts = 1 + sum(snapshot.rows for snapshot in snapshots) // _ROWS_AT_ONCE
        for part in range(parts):
            # Written into the query: bound as parameters they make it several times as slow.
            rows = engine.execute(_items_query(claims, part, parts))
            while some := rows.fetchmany(_SOME):
                for item, workflow, first_us, last_us, *rest in some:
                    yield ItemWork(
                        item, workflow, utc_instant(first_us), utc_instant(last_us), *rest
                    )


def query_models(
    files: LocalFiles | ObjectFiles, logs: Sequence[RunLog], limits: Limits
) -> list[tuple[str, str]]:
    """Name the issuers and models of all runs, sorted.

    Raises:
        LakeError: A file is missing or short.
    """
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, {}) as engine:
        query = "SELECT DISTINCT issuer, model FROM runs ORDER BY ALL"
        return engine.execute(query).fetchall()


def _prepared(
    engine: duckdb.DuckDBPyConnection, logs: Sequence[RunLog], resolutions: Resolutions
) -> Claims | None:
    create_counted(engine, logs)
    engine.execute(_SEEN)
    return create_claims(engine, resolutions)


def _items_query(claims: Claims, part: int, parts: int) -> str:
    source = "worked" if parts == 1 else f"(FROM worked WHERE hash(item) % {parts} = {part})"
    return f"""
{placed(claims, source, _GRAIN, _SUMS)}
SELECT
    item, coalesce(workflow, '') AS workflow,
    min(first_us) AS first_us, max(last_us),
    CAST(sum(runs) AS BIGINT),
    CASE WHEN sum(costed) = sum(runs) THEN CAST(sum(cost_parts) AS HUGEINT) END,
    bool_or(is_escalated), min(task_class), arg_max(decision, decided), min(repository)
FROM placed
LEFT JOIN claims USING (claim)
GROUP BY item, is_nameless, coalesce(workflow, '')
HAVING NOT is_nameless OR coalesce(workflow, '') IN (SELECT workflow FROM decided_workflows)
ORDER BY item, first_us, workflow
"""  # noqa: S608 built of our own constants


def _rates(rates: Sequence[ListRate]) -> pa.Table:
    keys = _table(issuer=[one.issuer for one in rates], model=[one.model for one in rates])
    for place, name in enumerate(_TOKENS):
        # Far below 2**63: a token would have to cost thousands of dollars.
        prices = pa.array([one.per_token[place] for one in rates], pa.int64())
        keys = keys.append_column(f"price_{name}", prices)
    return keys


def _table(**columns: Iterable[str]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
