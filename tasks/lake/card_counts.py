"""The counts of scorecards: what adds up in one pass, then medians and days in another."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb

from tasks.core.promotion.scorecard import CostTally, Scorecard, Stratum
from tasks.lake.instants import utc_instant

#: What figures are over, unless they say otherwise: ripe items of the epoch, none cancelled.
COUNTS = "is_mine AND is_ripe AND outcome <> 'cancelled'"

#: Everything that adds up, in one pass that leaves few rows.
_KINDS = """
CREATE TEMP TABLE coded_kinds AS
SELECT
    number, is_mine, is_ripe, code,
    count(*) AS items,
    count(*) FILTER (is_escalated) AS escalated,
    count(is_escalated) AS escalation_told,
    count(*) FILTER (is_handed_over) AS handed_over,
    count(*) FILTER (closed_at > recent_after) AS recent,
    count(*) FILTER (closed_at >= incidents_since) AS of_late,
    count(known_nano) AS costed,
    sum(known_nano) AS known_nano,
    min(first_at) AS first_at,
    max(first_at) AS last_at
FROM numbers JOIN asked USING (number)
GROUP BY ALL
"""
_NAMED_KINDS = """
CREATE TEMP VIEW kinds AS
SELECT * FROM coded_kinds JOIN codes USING (code) JOIN asked USING (number)
"""
_TALLIED = f"CREATE TEMP VIEW tallied AS FROM kinds WHERE {COUNTS}"

#: Microseconds, because an instant would come in the time zone of the machine.
_USE = """
SELECT workflow, epoch_us(min(first_at)), epoch_us(max(last_at)) FROM kinds GROUP BY workflow
"""

_SUMS = {
    "successes": ("items", f"{COUNTS} AND outcome = 'success'"),
    "failures": ("items", f"{COUNTS} AND outcome = 'failure'"),
    "unknown": ("items", f"{COUNTS} AND outcome = 'unknown'"),
    "cancelled": ("items", "is_mine AND is_ripe AND outcome = 'cancelled'"),
    "maturing": ("items", "is_mine AND NOT is_ripe AND outcome <> 'cancelled'"),
    "open": ("items", "is_mine AND is_ripe IS NULL"),
    "escalated": ("escalated", COUNTS),
    "escalation_told": ("escalation_told", COUNTS),
    "untyped_incidents": ("items", f"{COUNTS} AND reason = 'untyped_incident'"),
    "handed_over": ("handed_over", COUNTS),
    "recent": ("recent", COUNTS),
}
_SUMMED = ", ".join(
    f"coalesce(sum({of}) FILTER ({where}), 0) AS {name}" for name, (of, where) in _SUMS.items()
)
_COUNTS = f"SELECT workflow, {_SUMMED} FROM kinds GROUP BY workflow"  # noqa: S608 our constants

#: UTC days and weeks by integer arithmetic; 1970 began on a Thursday, ISO weeks on Mondays.
#: A median is the lower one of the middle two.
_SPREAD = """
CREATE TEMP TABLE spread AS
SELECT
    number,
    count(DISTINCT epoch_us(closed_at) // 86400000000) AS days,
    count(DISTINCT (epoch_us(closed_at) // 86400000000 + 3) // 7) AS weeks,
    quantile_disc(review_rounds, 0.5) AS review_rounds,
    quantile_disc(merge_minutes, 0.5) AS merge_minutes,
    quantile_disc(known_nano, 0.5) AS median_nano
FROM numbers
WHERE counts
GROUP BY number
"""
_SPREADS = """
SELECT workflow, days, weeks, review_rounds, merge_minutes FROM spread JOIN asked USING (number)
"""

#: An item is in one of each: together they make few groups.
_GROUPS = """
CREATE TEMP TABLE groups AS
SELECT
    workflow, stratum, repository, squad,
    count(*) AS items, count(*) FILTER (is_success) AS successes
FROM counted
GROUP BY ALL
"""
_REPOSITORIES = "SELECT workflow, count(DISTINCT repository) FROM groups GROUP BY workflow"
_STRATA = """
SELECT workflow, stratum, sum(items), sum(successes)
FROM groups
GROUP BY ALL
ORDER BY workflow, stratum
"""
_SQUADS = """
SELECT workflow, sum(items) AS items, sum(successes)
FROM groups
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
#: them where there are fewer than required. Only where too few items are that young, and an older
#: one is blamed, it has to be found out how long that was.
_INCIDENTS = """
WITH
blamed AS (
    SELECT workflow, incidents, incidents_since, coalesce(closed_at, first_at) AS blamed_at
    FROM numbers JOIN asked USING (number)
    WHERE is_mine AND incidents > 0
),
plenty AS (
    SELECT workflow
    FROM tallied
    GROUP BY workflow, required
    HAVING sum(of_late) >= required
),
old AS (FROM blamed ANTI JOIN plenty USING (workflow) WHERE blamed_at < incidents_since),
ordered AS (
    SELECT
        workflow, closed_at, required,
        row_number() OVER (PARTITION BY workflow ORDER BY closed_at DESC) AS place
    FROM (FROM numbers JOIN asked USING (number) WHERE counts) SEMI JOIN old USING (workflow)
),
newest AS (SELECT workflow, closed_at AS since FROM ordered WHERE place = required),
counting AS (
    SELECT workflow, incidents FROM blamed WHERE blamed_at >= incidents_since
    UNION ALL
    SELECT workflow, incidents
    FROM old LEFT JOIN newest USING (workflow)
    WHERE since IS NULL OR blamed_at >= since
)
SELECT workflow, sum(incidents) FROM counting GROUP BY workflow
"""

_NONE = (0,)


class Counts:
    """What queries found of every workflow, to fill its card in."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Query the views of `tasks.lake.scorecards`; leaves `tallied` and `spread`."""
        for statement in (_KINDS, _NAMED_KINDS, _TALLIED, _SPREAD, _GROUPS):
            engine.execute(statement)
        self._use = by_workflow(engine, _USE)
        self._counts = _named_by_workflow(engine, _COUNTS)
        self._spread = _named_by_workflow(engine, _SPREADS)
        self._incidents = by_workflow(engine, _INCIDENTS)
        self._strata: dict[str, list[Stratum]] = {}
        for workflow, *stratum in engine.execute(_STRATA).fetchall():
            self._strata.setdefault(workflow, []).append(Stratum(*stratum))
        # The squad with the most items comes last, of several the first by name.
        self._squads: dict[str, list[tuple[int, int]]] = {}
        for workflow, *squad in engine.execute(_SQUADS).fetchall():
            self._squads.setdefault(workflow, []).append((squad[0], squad[1]))
        self._repositories = by_workflow(engine, _REPOSITORIES)
        self._reasons: dict[str, list[tuple[str, int]]] = {}
        for workflow, reason, items in engine.execute(_REASONS).fetchall():
            self._reasons.setdefault(workflow, []).append((reason, items))

    def filled(self, card: Scorecard, cost: CostTally, drift: int) -> Scorecard:
        """Fill one card in."""
        of = card.workflow
        if of not in self._use:
            return replace(card, cost=cost)
        first_us, last_us = self._use[of]
        squads = self._squads.get(of, [])
        return replace(
            card,
            **self._counts[of],
            **self._spread.get(of, {}),
            repositories=self._repositories.get(of, _NONE)[0],
            squads=len(squads),
            strata=tuple(self._strata.get(of, ())),
            top_squad=squads[-1] if squads else (0, 0),
            incidents=self._incidents.get(of, _NONE)[0],
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
