"""Aggregates over conformed files: sums of integers, set-wise, never a loop over rows.

Sums run in HUGEINT and arrive as Python integers. File lists come from
snapshots; the caller chooses them and holds what `Lake.unreadable` names.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

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
from tasks.core.errors import LakeError
from tasks.core.promotion.gate_window import CardAsking
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.reconciling.matching import Line
from tasks.core.tables import CHARGES, RUNS, USAGE
from tasks.core.work.epochs import Seen
from tasks.core.work.item_work import ItemWork
from tasks.lake.decisions import query_decisions
from tasks.lake.direct_runs import query_direct_runs
from tasks.lake.engine import Limits, open_engine
from tasks.lake.item_facts import FactsFile
from tasks.lake.item_runs import ItemAsking, query_item_runs, query_models
from tasks.lake.item_samples import Samples, query_samples
from tasks.lake.run_cells import RunLog, query_run_cells
from tasks.lake.scorecards import query_scorecards
from tasks.lake.seen_runs import query_seen
from tasks.lake.store import Lake

log = logging.getLogger(__name__)

#: Memory for what the limits are too small for.
_MORE = "2GB"
_T = TypeVar("_T")


def _hints_of(dimension: Dimension, columns: str, issuer: str = "''") -> str:
    """Write the query for one dimension; a scan reads its columns only."""
    # UTC days by integer arithmetic, so that no session's time zone matters.
    day = "DATE '1970-01-01' + CAST(epoch_us({}(start)) // 86400000000 AS INTEGER)"
    of_stamps = dimension is Dimension.STAMP
    days = [day.format(of) if of_stamps else "NULL" for of in ("min", "max")]
    value = columns if "," not in columns else f"unnest(list_distinct([{columns}]))"
    return f"""
SELECT '{dimension}', issuer, value, count(*), CAST({days[0]} AS DATE), CAST({days[1]} AS DATE)
FROM (
    SELECT {issuer} AS issuer, {value} AS value, coalesce(started_at, ended_at) AS start FROM runs
)
WHERE value IS NOT NULL
GROUP BY issuer, value"""  # noqa: S608 built of our own constants


_HINTS = (
    _hints_of(Dimension.STAMP, "stamp"),
    _hints_of(Dimension.ACCOUNT, "account", "issuer"),
    _hints_of(Dimension.API_KEY, "api_key", "issuer"),
    _hints_of(Dimension.BRANCH_PREFIX, "branch_prefix"),
    _hints_of(Dimension.REPO, "repo"),
    _hints_of(Dimension.ACTOR, "actor"),
)

#: There may be an item for every few runs: those that say nothing are never listed.
_ITEM_HINTS = (
    _hints_of(Dimension.WORK_ITEM, "work_item, branch_item").replace(
        "FROM runs",
        "FROM runs\n    WHERE work_item IN (FROM asked) OR branch_item IN (FROM asked)",
    )
    + " HAVING value IN (FROM asked)"
)

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


@dataclass(frozen=True, slots=True)
class Queries:
    """The aggregates of one lake, within limits of memory and threads."""

    lake: Lake
    limits: Limits = field(default_factory=Limits)

    def run_hints(self, snapshots: Sequence[Snapshot], items: Collection[str]) -> list[Hint]:
        """List the distinct hint values of runs, for the core to resolve.

        Args:
            snapshots: Conformed files of runs.
            items: Work items that may say whose a run is; no others are listed.

        Raises:
            LakeError: A file is missing or short.
        """
        asked = pa.table({"item": pa.array(sorted(set(items)), pa.string())})
        query = " UNION ALL ".join((*_HINTS, _ITEM_HINTS) if items else _HINTS) + " ORDER BY ALL"
        small = {"asked": asked}
        rows: list[tuple[Any, ...]] = self._roomy(
            lambda limits: _rows(self.lake, snapshots, limits, small, query)
        )
        return [Hint(Dimension(dimension), *rest) for dimension, *rest in rows]

    def run_cells(self, logs: Sequence[RunLog], resolutions: Resolutions) -> list[RunCell]:
        """Sum runs by issuer, account, day, model, key and destination.

        See `tasks.lake.run_cells.query_run_cells`.
        """
        return self._roomy(
            lambda limits: query_run_cells(self.lake.files, logs, resolutions, limits)
        )

    def direct_runs(
        self,
        logs: Sequence[RunLog],
        resolutions: Resolutions,
        named: Collection[tuple[str, str]],
    ) -> dict[tuple[str, str], Line]:
        """Find whose the runs are that charges name, by (issuer, run id).

        See `tasks.lake.direct_runs.query_direct_runs`.
        """
        return query_direct_runs(self.lake.files, logs, resolutions, named, self.limits)

    def decisions(self, logs: Sequence[RunLog]) -> list[DecisionCell]:
        """Count work items by stamp and last logged decision.

        See `tasks.lake.decisions.query_decisions`.
        """
        return self._roomy(lambda limits: query_decisions(self.lake.files, logs, limits))

    def seen(self, logs: Sequence[RunLog], resolutions: Resolutions) -> dict[str, list[Seen]]:
        """Count each workflow's work runs by day, model and epoch word.

        See `tasks.lake.seen_runs.query_seen`.
        """
        return self._roomy(lambda limits: query_seen(self.lake.files, logs, resolutions, limits))

    def models(self, logs: Sequence[RunLog]) -> list[tuple[str, str]]:
        """Name the issuers and models of all runs. See `tasks.lake.item_runs.query_models`."""
        return query_models(self.lake.files, logs, self.limits)

    def item_runs(
        self, logs: Sequence[RunLog], resolutions: Resolutions, asking: ItemAsking
    ) -> Iterator[ItemWork]:
        """Sum the work runs on each item by workflow.

        What has been taken cannot be taken again, so that there is more memory from the start.
        See `tasks.lake.item_runs.query_item_runs`.
        """
        limits = replace(self.limits, memory=_MORE)
        return query_item_runs(self.lake.files, logs, resolutions, asking, limits)

    def scorecards(self, facts: FactsFile, asked: Sequence[CardAsking]) -> dict[str, Scorecard]:
        """Fill scorecards in. See `tasks.lake.scorecards.query_scorecards`."""
        return self._roomy(lambda limits: query_scorecards(self.lake.files, facts, asked, limits))

    def samples(self, facts: FactsFile, asked: Sequence[CardAsking]) -> Samples:
        """Pick items to look at. See `tasks.lake.item_samples.query_samples`."""
        return self._roomy(lambda limits: query_samples(self.lake.files, facts, asked, limits))

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

    def _roomy(self, work: Callable[[Limits], _T]) -> _T:
        """Work within the limits; with more memory where what it takes cannot spill."""
        try:
            return work(self.limits)
        except LakeError as error:
            if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
                raise
            log.warning("a query needs more than %s: taking up to %s", self.limits.memory, _MORE)
        return work(replace(self.limits, memory=_MORE))


def _rows(
    lake: Lake,
    snapshots: Sequence[Snapshot],
    limits: Limits,
    small: Mapping[str, pa.Table],
    query: str,
) -> list[tuple[Any, ...]]:
    with open_engine(lake.files, snapshots, RUNS, limits, small) as engine:
        return engine.execute(query).fetchall()
