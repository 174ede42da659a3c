"""The counts of scorecards: what adds up in one pass, then medians and days in another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from tasks.core.gate_window import CardAsking
from tasks.core.scorecard import CostTally, Scorecard, Stratum
from tasks.lake.instants import utc_instant

#: Everything that adds up, in one pass: few rows are left, whatever is asked of them then.
_KINDS = """
CREATE TEMP TABLE kinds AS
SELECT
    workflow, state, outcome, reason, stratum, repository, squad,
    count(*) AS items,
    count(*) FILTER (is_escalated) AS escalated,
    count(is_escalated) AS escalation_told,
    count(*) FILTER (is_handed_over) AS handed_over,
    count(*) FILTER (closed_at > recent_after) AS recent,
    count(known_nano) AS costed,
    sum(known_nano) AS known_nano,
    min(epoch_us(first_at)) AS first_us,
    max(epoch_us(first_at)) AS last_us
FROM mine
GROUP BY ALL
"""
_TALLIED = "CREATE TEMP VIEW tallied AS SELECT * FROM kinds WHERE state = 'counted'"

#: Microseconds, because an instant would come in the time zone of the machine.
_USE = "SELECT workflow, min(first_us), max(last_us) FROM kinds GROUP BY workflow"

_COUNTED = "state = 'counted'"
_SUMS = {
    "successes": ("items", f"{_COUNTED} AND outcome = 'success'"),
    "failures": ("items", f"{_COUNTED} AND outcome = 'failure'"),
    "unknown": ("items", f"{_COUNTED} AND outcome = 'unknown'"),
    "cancelled": ("items", "state = 'cancelled'"),
    "maturing": ("items", "state = 'maturing'"),
    "open": ("items", "state = 'open'"),
    "escalated": ("escalated", _COUNTED),
    "escalation_told": ("escalation_told", _COUNTED),
    "untyped_incidents": ("items", f"{_COUNTED} AND reason = 'untyped_incident'"),
    "handed_over": ("handed_over", _COUNTED),
    "recent": ("recent", _COUNTED),
}
_COUNTS = f"""
SELECT
    workflow,
    {
    ", ".join(
        f"coalesce(sum({of}) FILTER ({where}), 0) AS {name}" for name, (of, where) in _SUMS.items()
    )
},
    count(DISTINCT repository) FILTER ({_COUNTED}) AS repositories,
    count(DISTINCT squad) FILTER ({_COUNTED}) AS squads
FROM kinds
GROUP BY workflow
"""  # noqa: S608 built of our own constants

#: UTC days and weeks by integer arithmetic; 1970 began on a Thursday, ISO weeks on Mondays.
#: A median is the lower one of the middle two. `since` is when the newest required item closed
#: that is the oldest of them; null where there are fewer.
_SPREAD = """
CREATE TEMP TABLE spread AS
SELECT
    workflow,
    count(DISTINCT epoch_us(closed_at) // 86400000000) AS days,
    count(DISTINCT (epoch_us(closed_at) // 86400000000 + 3) // 7) AS weeks,
    quantile_disc(review_rounds, 0.5) AS review_rounds,
    quantile_disc(merge_minutes, 0.5) AS merge_minutes,
    quantile_disc(known_nano, 0.5) AS median_nano,
    max(closed_at, {most_required})[any_value(required)] AS since
FROM counted
GROUP BY workflow
"""
_SPREADS = "SELECT workflow, days, weeks, review_rounds, merge_minutes FROM spread"

_STRATA = """
SELECT workflow, stratum, sum(items), coalesce(sum(items) FILTER (outcome = 'success'), 0)
FROM tallied
GROUP BY ALL
ORDER BY workflow, stratum
"""

_SQUADS = """
SELECT workflow, sum(items) AS items, coalesce(sum(items) FILTER (outcome = 'success'), 0)
FROM tallied
WHERE squad IS NOT NULL
GROUP BY workflow, squad
ORDER BY workflow, items, squad DESC
"""

_REASONS = """
SELECT workflow, reason, sum(items)
FROM tallied
WHERE outcome IN ('failure', 'unknown')
GROUP BY ALL
ORDER BY workflow, reason
"""

#: Items that are blamed count for some days, or as long as the newest required items took; all of
#: them where there are fewer than required.
_INCIDENTS = """
SELECT workflow, sum(incidents)
FROM mine LEFT JOIN spread USING (workflow)
WHERE incidents > 0 AND state <> 'before' AND (
    coalesce(closed_at, first_at) >= incidents_since
    OR since IS NULL
    OR coalesce(closed_at, first_at) >= since
)
GROUP BY workflow
"""


class Counts:
    """What queries found of every workflow, to fill its card in."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, asked: Sequence[CardAsking]) -> None:
        """Query the view `mine` of `tasks.lake.scorecards`; leaves `tallied` and `spread`."""
        most_required = max((one.terms.items for one in asked), default=1)
        for statement in (_KINDS, _TALLIED, _SPREAD.format(most_required=most_required)):
            engine.execute(statement)
        self._use = by_workflow(engine, _USE)
        self._counts = _named_by_workflow(engine, _COUNTS)
        self._spread = _named_by_workflow(engine, _SPREADS)
        self._incidents = by_workflow(engine, _INCIDENTS)
        self._strata: dict[str, list[Stratum]] = {}
        for workflow, *stratum in engine.execute(_STRATA).fetchall():
            self._strata.setdefault(workflow, []).append(Stratum(*stratum))
        # The squad with the most items comes last, of several the first by name.
        squads = engine.execute(_SQUADS).fetchall()
        self._top = {workflow: (items, good) for workflow, items, good in squads}
        self._reasons: dict[str, list[tuple[str, int]]] = {}
        for workflow, reason, items in engine.execute(_REASONS).fetchall():
            self._reasons.setdefault(workflow, []).append((reason, items))

    def filled(self, card: Scorecard, cost: CostTally, drift: int) -> Scorecard:
        """Fill one card in."""
        of = card.workflow
        if of not in self._use:
            return replace(card, cost=cost)
        first_us, last_us = self._use[of]
        (incidents,) = self._incidents.get(of, (0,))
        return replace(
            card,
            **self._counts[of],
            **self._spread.get(of, {}),
            strata=tuple(self._strata.get(of, ())),
            top_squad=self._top.get(of, (0, 0)),
            incidents=incidents,
            reasons=tuple(self._reasons.get(of, ())),
            drift=drift,
            first_at=utc_instant(first_us),
            last_at=utc_instant(last_us),
            cost=cost,
        )


def by_workflow(engine: duckdb.DuckDBPyConnection, query: str) -> Mapping[str, tuple[Any, ...]]:
    """Fetch rows by their first column."""
    return {workflow: tuple(rest) for workflow, *rest in engine.execute(query).fetchall()}


def _named_by_workflow(engine: duckdb.DuckDBPyConnection, query: str) -> dict[str, dict[str, Any]]:
    rows = engine.execute(query)
    names = [column[0] for column in rows.description or ()][1:]
    return {workflow: dict(zip(names, rest, strict=True)) for workflow, *rest in rows.fetchall()}
