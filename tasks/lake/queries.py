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
from tasks.core.reconciling.opinions import ToldCharges
from tasks.core.reconciling.rivals import Rival
from tasks.core.squad_use import SquadTotal
from tasks.core.tables import RUNS
from tasks.core.work.epochs import Seen
from tasks.core.work.item_work import ItemWork
from tasks.lake.decisions import query_decisions
from tasks.lake.direct_runs import query_direct_runs
from tasks.lake.engine import Limits, open_engine
from tasks.lake.item_facts import FactsFile
from tasks.lake.item_runs import ItemAsking, query_item_runs, query_models
from tasks.lake.item_samples import Samples, query_samples
from tasks.lake.links import LINKED, LINKS, is_link
from tasks.lake.money_cells import query_charges, query_told, query_usage
from tasks.lake.rivals import query_rivals
from tasks.lake.run_cells import RunLog, query_run_cells
from tasks.lake.scorecards import query_scorecards
from tasks.lake.seen_runs import query_seen
from tasks.lake.squad_totals import query_squad_totals
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


_NAMED = ("work_item", "branch_item")
#: The same with the links, by which runs find an item that their log does not name.
_LINKED = (*_NAMED, *LINKS)


def _item_hints(names: Sequence[str], rows: str) -> str:
    """Write the query for items: there may be one for every few runs, most of which say nothing."""
    asked = " OR ".join(f"{name} IN (FROM asked)" for name in names)
    query = _hints_of(Dimension.WORK_ITEM, ", ".join(names))
    told = query.replace("FROM runs", f"FROM {rows}\n    WHERE {asked}")
    return f"{told} HAVING value IN (FROM asked)"


_ITEM_HINTS = _item_hints(_NAMED, "runs")
_LINKED_ITEM_HINTS = _item_hints(_LINKED, f"(SELECT *, {LINKED} FROM runs)")  # noqa: S608 ours


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
        of_items = _LINKED_ITEM_HINTS if any(map(is_link, items)) else _ITEM_HINTS
        parts = (*_HINTS, of_items) if items else _HINTS
        query = " UNION ALL ".join(parts) + " ORDER BY ALL"
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
        """Sum what vendors metered. See `tasks.lake.money_cells.query_usage`."""
        return query_usage(self.lake.files, snapshots, self.limits)

    def charge_cells(self, snapshots: Sequence[Snapshot]) -> list[ChargeCell]:
        """Sum what vendors billed. See `tasks.lake.money_cells.query_charges`."""
        return query_charges(self.lake.files, snapshots, self.limits)

    def told_charges(self, snapshots: Sequence[Snapshot]) -> list[ToldCharges]:
        """Sum what each source says was billed. See `tasks.lake.money_cells.query_told`."""
        return query_told(self.lake.files, snapshots, self.limits)

    def rivals(self, logs: Sequence[RunLog]) -> list[Rival]:
        """Sum what logs that do not count say. See `tasks.lake.rivals.query_rivals`."""
        return self._roomy(lambda limits: query_rivals(self.lake.files, logs, limits))

    def squad_totals(self, snapshots: Sequence[Snapshot]) -> tuple[SquadTotal, ...]:
        """Sum use by squad. See `tasks.lake.squad_totals.query_squad_totals`."""
        return query_squad_totals(self.lake.files, snapshots, self.limits)

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
