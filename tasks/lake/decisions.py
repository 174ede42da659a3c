"""Decisions that logs hold, by work item: what agents say came of their work, and its cost."""

from collections.abc import Sequence

from tasks.core.cells import DecisionCell
from tasks.core.tables import RUNS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.run_cells import RunLog, create_counted, precedences

#: Retries of one item are one outcome: its last decision. A run without an item is its own.
_DECISIONS = """
WITH seen AS (
    SELECT stamp, work_item, source, run_id, ended_at, decision, purpose, reported_cost_nano
    FROM counted
    UNION ALL
    SELECT stamp, work_item, source, run_id, ended_at, decision, purpose, NULL
    FROM lending ANTI JOIN counted USING (issuer, run_id)
),
items AS (
    SELECT
        stamp,
        coalesce(work_item, 'run ' || source || ' ' || run_id) AS item,
        arg_max(decision, (ended_at, run_id)) AS decision,
        sum(reported_cost_nano) AS cost_nano,
        count(reported_cost_nano) < count(*) AS is_uncosted
    FROM seen
    WHERE stamp IS NOT NULL AND purpose = 'work'
    GROUP BY ALL
)
SELECT
    stamp, decision, count(*), CAST(coalesce(sum(cost_nano), 0) AS HUGEINT), count_if(is_uncosted)
FROM items
GROUP BY ALL
ORDER BY ALL
"""


def query_decisions(
    files: LocalFiles | ObjectFiles, logs: Sequence[RunLog], limits: Limits
) -> list[DecisionCell]:
    """Count work items by stamp and last logged decision, with what their runs cost.

    As in `query_run_cells`, the cost of a run counts once; a decision may stand in any log.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs.
        limits: Of memory and threads.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, {"sources": precedences(logs)}) as engine:
        create_counted(engine, logs)
        return [DecisionCell(*row) for row in engine.execute(_DECISIONS).fetchall()]
