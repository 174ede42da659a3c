"""Decisions that logs hold, by work item: what agents say came of their work, and its cost."""

from collections.abc import Sequence

from tasks.core.cells import DecisionCell
from tasks.core.tables import RUNS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.run_cells import RunLog, create_counted, precedences

#: There may be an item for every few runs: so many rows are taken at a time, an item's together.
_ROWS_AT_ONCE = 2_500_000

_TOLD = """
CREATE TEMP VIEW told AS
WITH seen AS (
    SELECT issuer, stamp, work_item, source, run_id, ended_at, decision, purpose, reported_cost_nano
    FROM counted
    UNION ALL
    SELECT issuer, stamp, work_item, source, run_id, ended_at, decision, purpose, NULL
    FROM lending ANTI JOIN counted USING (issuer, run_id)
)
SELECT *, coalesce(work_item, 'run ' || source || ' ' || run_id) AS item
FROM seen
WHERE stamp IS NOT NULL AND purpose = 'work'
"""

_NUMBERED = """
CREATE TEMP TABLE numbered AS
SELECT decision, row_number() OVER (ORDER BY decision) AS number, count(*) OVER () AS numbers
FROM (SELECT DISTINCT decision FROM told WHERE decision IS NOT NULL)
"""

#: Retries of one item are one outcome: its last decision. A run without an item is its own. Last is
#: told by one number, the instant and then the decision's: what it takes has a fixed size, and so
#: can spill to disk. Only where an item's last instant has several decisions, the greatest run id
#: settles it.
_ITEMS = """
CREATE OR REPLACE TEMP TABLE items AS
SELECT
    stamp,
    item,
    max(epoch_us(ended_at)::HUGEINT * (numbers + 1) + number) AS last,
    max(epoch_us(ended_at)::HUGEINT * (numbers + 1) + numbers - number) AS other_last,
    sum(reported_cost_nano) AS cost_nano,
    count(reported_cost_nano) < count(*) AS is_uncosted
FROM told LEFT JOIN numbered USING (decision)
WHERE {parts} = 1 OR hash(item) % {parts} = {part}
GROUP BY ALL
"""

_DECISIONS = """
WITH
sizes AS (SELECT coalesce(max(numbers), 0) AS numbers FROM numbered),
judged AS (
    SELECT
        items.*, last % (numbers + 1) AS number,
        last % (numbers + 1) <> numbers - other_last % (numbers + 1) AS is_tied
    FROM items, sizes
),
settled AS (
    SELECT told.stamp, told.item, arg_max(told.decision, (ended_at, run_id)) AS decision
    FROM told
    JOIN judged
        ON judged.is_tied AND judged.stamp = told.stamp AND judged.item = told.item
    GROUP BY ALL
),
decided AS (
    SELECT
        judged.stamp,
        CASE WHEN is_tied THEN settled.decision ELSE numbered.decision END AS decision,
        cost_nano,
        is_uncosted
    FROM judged
    LEFT JOIN numbered USING (number)
    LEFT JOIN settled ON settled.stamp = judged.stamp AND settled.item = judged.item
)
SELECT
    stamp, decision, count(*), CAST(coalesce(sum(cost_nano), 0) AS HUGEINT), count_if(is_uncosted)
FROM decided
GROUP BY ALL
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
        engine.execute(_TOLD)
        engine.execute(_NUMBERED)
        parts = 1 + sum(snapshot.rows for snapshot in snapshots) // _ROWS_AT_ONCE
        cells: dict[tuple[str, str | None], DecisionCell] = {}
        for part in range(parts):
            # Written into the query: bound as parameters they make it five times as slow.
            engine.execute(_ITEMS.format(part=part, parts=parts))
            for row in engine.execute(_DECISIONS).fetchall():
                cell = DecisionCell(*row)
                before = cells.get((cell.stamp, cell.decision))
                cells[cell.stamp, cell.decision] = cell if before is None else _sum(before, cell)
        return sorted(cells.values(), key=_order)


def _order(cell: DecisionCell) -> tuple[str, bool, str]:
    return cell.stamp, cell.decision is None, cell.decision or ""


def _sum(one: DecisionCell, other: DecisionCell) -> DecisionCell:
    return DecisionCell(
        one.stamp,
        one.decision,
        one.items + other.items,
        one.cost_nano + other.cost_nano,
        one.uncosted + other.uncosted,
    )
