"""Aggregates over conformed files: sums of integers, set-wise, never a loop over rows.

Sums run in HUGEINT and arrive as Python integers. File lists come from
snapshots; the caller chooses them and holds what `Lake.unreadable` names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.core.books import Snapshot
from tasks.core.cells import (
    ChargeCell,
    DecisionCell,
    Dimension,
    Hint,
    Resolutions,
    RunCell,
    UsageCell,
)
from tasks.core.tables import CHARGES, RUNS, USAGE
from tasks.lake.engine import Limits, open_engine
from tasks.lake.run_cells import RunLog, query_run_cells
from tasks.lake.store import Lake

#: UTC day of a run's start; integer arithmetic, so that no session's time zone matters.
_HINTS = """
WITH starts AS (
    SELECT
        *,
        DATE '1970-01-01'
            + CAST(epoch_us(coalesce(started_at, ended_at)) // 86400000000 AS INTEGER) AS start_day
    FROM runs
),
hints AS (
    SELECT 'stamp' AS dimension, '' AS issuer, stamp AS value, start_day FROM starts
    UNION ALL SELECT 'account', issuer, account, start_day FROM starts
    UNION ALL SELECT 'api_key', issuer, api_key, start_day FROM starts
    UNION ALL SELECT 'branch_prefix', '', branch_prefix, start_day FROM starts
    UNION ALL SELECT 'repo', '', repo, start_day FROM starts
    UNION ALL SELECT 'actor', '', actor, start_day FROM starts
    UNION ALL SELECT 'work_item', '', work_item, start_day FROM starts
    UNION ALL
    SELECT 'work_item', '', branch_item, start_day FROM starts
    WHERE branch_item IS DISTINCT FROM work_item
)
SELECT dimension, issuer, value, count(*), min(start_day), max(start_day)
FROM hints
WHERE value IS NOT NULL
GROUP BY ALL
ORDER BY dimension, issuer, value
"""

_USAGE = """
SELECT issuer, account, day, api_key, model, sku, tier, context, kind, sum(quantity)
FROM usage
GROUP BY ALL
ORDER BY ALL
"""

_CHARGES = """
SELECT
    issuer, account, day, billing_period, currency, category, charge_class, sku, model, kind,
    run_id,
    sum(billed_nano),
    CASE WHEN count(quantity) = count(*) THEN sum(quantity) END,
    count(*)
FROM charges
GROUP BY ALL
ORDER BY ALL
"""

#: Retries of one item are one outcome: its last decision. A run without an item is its own.
_DECISIONS = """
WITH items AS (
    SELECT
        stamp,
        coalesce(work_item, 'run ' || source || ' ' || run_id) AS item,
        arg_max(decision, (ended_at, run_id)) AS decision,
        sum(reported_cost_nano) AS cost_nano
    FROM runs
    WHERE stamp IS NOT NULL AND purpose = 'work'
    GROUP BY ALL
)
SELECT stamp, decision, count(*), CAST(coalesce(sum(cost_nano), 0) AS HUGEINT)
FROM items
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Queries:
    """The aggregates of one lake, within limits of memory and threads."""

    lake: Lake
    limits: Limits = field(default_factory=Limits)

    def run_hints(self, snapshots: Sequence[Snapshot]) -> list[Hint]:
        """List the distinct hint values of runs, for the core to resolve.

        Raises:
            LakeError: A file is missing or short.
        """
        with open_engine(self.lake.files, snapshots, RUNS, self.limits, {}) as engine:
            rows = engine.execute(_HINTS).fetchall()
        return [Hint(Dimension(dimension), *rest) for dimension, *rest in rows]

    def run_cells(self, logs: Sequence[RunLog], resolutions: Resolutions) -> list[RunCell]:
        """Sum runs by issuer, account, day, model, key and destination.

        See `tasks.lake.run_cells.query_run_cells`.
        """
        return query_run_cells(self.lake.files, logs, resolutions, self.limits)

    def decisions(self, snapshots: Sequence[Snapshot]) -> list[DecisionCell]:
        """Count work items by stamp and last logged decision, with what their runs cost.

        Raises:
            LakeError: A file is missing or short.
        """
        with open_engine(self.lake.files, snapshots, RUNS, self.limits, {}) as engine:
            return [DecisionCell(*row) for row in engine.execute(_DECISIONS).fetchall()]

    def usage_cells(self, snapshots: Sequence[Snapshot]) -> list[UsageCell]:
        """Sum what vendors metered, by everything but the source.

        Raises:
            LakeError: A file is missing or short.
        """
        with open_engine(self.lake.files, snapshots, USAGE, self.limits, {}) as engine:
            return [UsageCell(*row) for row in engine.execute(_USAGE).fetchall()]

    def charge_cells(self, snapshots: Sequence[Snapshot]) -> list[ChargeCell]:
        """Sum what vendors billed, by everything the books tell apart.

        Raises:
            LakeError: A file is missing or short.
        """
        with open_engine(self.lake.files, snapshots, CHARGES, self.limits, {}) as engine:
            return [ChargeCell(*row) for row in engine.execute(_CHARGES).fetchall()]
