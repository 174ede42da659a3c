"""Scorecards of all workflows from their facts: a few set-wise queries, integers throughout.

Every figure is a count, a sum of integers, a value that one row has or a median that one row
has, so that neither threads nor the order of rows can change a byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow as pa

from tasks.core.gate_window import (
    INCIDENT_DAYS,
    CardAsking,
    caps_of,
    thresholds_of,
)
from tasks.core.projection import PACE_DAYS
from tasks.core.scorecard import LOG_UNIT, STAKES, CostTally, Scorecard, Stratum
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.instants import utc_instant
from tasks.lake.item_facts import ITEM_FACTS, FactsFile, as_snapshots

_INSTANT = pa.timestamp("us", tz="UTC")

#: Work of the epoch; `counts` is what a scorecard's figures are over, unless they say otherwise.
_MINE = """
CREATE TEMP VIEW mine AS
SELECT
    item_facts.*, mature_by, recent_after, incidents_since, required, watched_from,
    outcome = 'success' AS is_success,
    coalesce(closed_at <= mature_by, false) AS is_mature,
    coalesce(closed_at <= mature_by, false) AND outcome <> 'cancelled' AS counts,
    CASE WHEN cost_nano >= 0 THEN cost_nano END AS known_nano
FROM item_facts JOIN asked USING (workflow)
WHERE first_at >= epoch_from
"""
_COUNTED = "CREATE TEMP VIEW counted AS SELECT * FROM mine WHERE counts"

_USE = """
SELECT workflow, epoch_us(min(first_at)), epoch_us(max(first_at)) FROM item_facts GROUP BY workflow
"""

_COUNTS = """
SELECT
    workflow,
    count(*) FILTER (counts AND is_success) AS successes,
    count(*) FILTER (counts AND outcome = 'failure') AS failures,
    count(*) FILTER (counts AND outcome = 'unknown') AS unknown,
    count(*) FILTER (is_mature AND outcome = 'cancelled') AS cancelled,
    count(*) FILTER (closed_at > mature_by AND outcome <> 'cancelled') AS maturing,
    count(*) FILTER (closed_at IS NULL) AS open,
    count(*) FILTER (counts AND is_escalated) AS escalated,
    count(is_escalated) FILTER (counts) AS escalation_told,
    count(*) FILTER (counts AND reason = 'untyped_incident') AS untyped_incidents,
    count(*) FILTER (counts AND is_handed_over) AS handed_over,
    quantile_disc(review_rounds, 0.5) FILTER (counts) AS review_rounds,
    quantile_disc(merge_minutes, 0.5) FILTER (counts) AS merge_minutes,
    count(*) FILTER (counts AND closed_at > recent_after) AS recent
FROM mine
GROUP BY workflow
"""

#: UTC days and weeks by integer arithmetic; 1970 began on a Thursday, ISO weeks on Mondays.
_SPREAD = """
WITH placed AS (
    SELECT
        workflow, repository, squad, CAST(epoch_us(closed_at) // 86400000000 AS INTEGER) AS day
    FROM counted
)
SELECT
    workflow,
    count(DISTINCT day) AS days,
    count(DISTINCT (day + 3) // 7) AS weeks,
    count(DISTINCT repository) AS repositories,
    count(DISTINCT squad) AS squads
FROM placed
GROUP BY workflow
"""

_STRATA = """
SELECT workflow, stratum, count(*), count(*) FILTER (is_success)
FROM counted
GROUP BY ALL
ORDER BY ALL
"""

_SQUADS = """
SELECT workflow, squad, count(*) AS items, count(*) FILTER (is_success)
FROM counted
WHERE squad IS NOT NULL
GROUP BY ALL
ORDER BY workflow, items, squad DESC
"""

_REASONS = """
SELECT workflow, reason, count(*)
FROM counted
WHERE outcome IN ('failure', 'unknown')
GROUP BY ALL
ORDER BY ALL
"""

#: Only where some blamed item is older than the days that always count, the newest required items
#: are looked for; where there are fewer than required, all count.
_INCIDENTS = """
WITH
blamed AS (
    SELECT workflow, incidents, incidents_since, coalesce(closed_at, first_at) AS blamed_at
    FROM mine
    WHERE incidents > 0
),
ordered AS (
    SELECT
        workflow, closed_at, required,
        row_number() OVER (PARTITION BY workflow ORDER BY closed_at DESC) AS place
    FROM counted SEMI JOIN (FROM blamed WHERE blamed_at < incidents_since) AS old USING (workflow)
),
newest AS (SELECT workflow, closed_at AS since FROM ordered WHERE place = required)
SELECT workflow, CAST(sum(incidents) AS BIGINT)
FROM blamed LEFT JOIN newest USING (workflow)
WHERE blamed_at >= incidents_since OR since IS NULL OR blamed_at >= since
GROUP BY workflow
"""

_COSTS = """
SELECT
    workflow,
    count(known_nano), count(*) - count(known_nano), CAST(sum(known_nano) AS HUGEINT),
    count(known_nano) FILTER (is_success), quantile_disc(known_nano, 0.5)
FROM counted
GROUP BY workflow
"""

_BEFORE = """
SELECT workflow, count(*) FILTER (is_success), count(*)
FROM mine
WHERE known_at < watched_from AND outcome IN ('success', 'failure')
GROUP BY workflow
"""

#: W_n = S_n - min(0, S_1 ... S_n), of sums of integers.
_DRIFTS = """
WITH stepped AS (
    SELECT
        workflow, known_at, item, CASE WHEN is_success THEN on_success ELSE on_failure END AS step
    FROM mine JOIN steps USING (workflow)
    WHERE known_at >= watched_from AND outcome IN ('success', 'failure')
),
running AS (
    SELECT
        workflow, step,
        sum(step) OVER (
            PARTITION BY workflow ORDER BY known_at, item ROWS UNBOUNDED PRECEDING
        ) AS total
    FROM stepped
)
SELECT workflow, sum(step) - least(0, min(total))
FROM running
GROUP BY workflow
"""

_CAPPED = """
SELECT
    workflow,
    CAST(sum(least(known_nano, cap_nano)) AS HUGEINT),
    count(*) FILTER (known_nano > cap_nano)
FROM counted JOIN caps USING (workflow)
WHERE known_nano IS NOT NULL
GROUP BY workflow
"""


def _bets_query() -> str:
    """Write the bets as `tasks.core.betting` states them, operation by operation."""
    # A cast of a DOUBLE to an integer rounds half to even, as Python's `round` does.
    logs = [
        f"CAST(sum(CAST(ln(1 {sign} {stake}::DOUBLE * {z}) / {LOG_UNIT}::DOUBLE AS BIGINT))"
        " AS HUGEINT)"
        for sign, z in (("-", "z"), ("+", "dearer_z"))
        for stake in STAKES
    ]
    return f"""
WITH excess AS (
    SELECT
        workflow, cap_nano, threshold_nano,
        least(known_nano, cap_nano) - CASE WHEN is_success THEN threshold_nano ELSE 0 END
            AS excess_nano
    FROM counted JOIN caps USING (workflow)
    WHERE known_nano IS NOT NULL AND threshold_nano IS NOT NULL
),
bets AS (
    SELECT
        workflow,
        excess_nano::DOUBLE / cap_nano::DOUBLE AS z,
        excess_nano::DOUBLE / greatest(cap_nano, threshold_nano)::DOUBLE AS dearer_z
    FROM excess
)
SELECT workflow, {", ".join(logs)}
FROM bets
GROUP BY workflow
"""  # noqa: S608 built of our own constants


def query_scorecards(
    files: LocalFiles | ObjectFiles,
    facts: FactsFile,
    asked: Sequence[CardAsking],
    limits: Limits,
) -> dict[str, Scorecard]:
    """Fill the scorecards in, all but what the ledger and declared metrics tell.

    Args:
        files: Where the lake is.
        facts: As `write_facts` wrote them.
        asked: One a workflow; without any fact its card stays one of zeros.
        limits: Of memory and threads.

    Returns:
        By workflow, in the order asked.

    Raises:
        LakeError: The file is missing or damaged.
    """
    small = {"asked": _asked_table(asked)}
    with open_engine(files, as_snapshots(facts), ITEM_FACTS, limits, small) as engine:
        engine.execute(_MINE)
        engine.execute(_COUNTED)
        costs = _costs(engine, asked)
        found = _Found(engine)
        drifts = _drifts(engine, asked)
        return {
            one.card.workflow: found.filled(
                one.card, costs.get(one.card.workflow, CostTally()), drifts
            )
            for one in asked
        }


class _Found:
    """What queries found, by workflow."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        # As microseconds: an instant would come in the time zone of the machine.
        self._use = {
            workflow: (utc_instant(first), utc_instant(last))
            for workflow, (first, last) in _by_workflow(engine, _USE).items()
        }
        self._counts = _named_by_workflow(engine, _COUNTS)
        self._spread = _named_by_workflow(engine, _SPREAD)
        self._incidents = _by_workflow(engine, _INCIDENTS)
        self._strata: dict[str, list[Stratum]] = {}
        for workflow, *stratum in engine.execute(_STRATA).fetchall():
            self._strata.setdefault(workflow, []).append(Stratum(*stratum))
        # The squad with the most items comes last, of several the first by name.
        squads = engine.execute(_SQUADS).fetchall()
        self._top = {workflow: (items, good) for workflow, _, items, good in squads}
        self._reasons: dict[str, list[tuple[str, int]]] = {}
        for workflow, reason, items in engine.execute(_REASONS).fetchall():
            self._reasons.setdefault(workflow, []).append((reason, items))

    def filled(self, card: Scorecard, cost: CostTally, drifts: Mapping[str, int]) -> Scorecard:
        """Fill one card in."""
        of = card.workflow
        first_at, last_at = self._use.get(of, (None, None))
        (incidents,) = self._incidents.get(of, (0,))
        return replace(
            card,
            **self._counts.get(of, {}),
            **self._spread.get(of, {}),
            strata=tuple(self._strata.get(of, ())),
            top_squad=self._top.get(of, (0, 0)),
            incidents=incidents,
            reasons=tuple(self._reasons.get(of, ())),
            drift=drifts.get(of, 0),
            first_at=first_at,
            last_at=last_at,
            cost=cost,
        )


def _asked_table(asked: Sequence[CardAsking]) -> pa.Table:
    def instants(values: Iterable[object]) -> pa.Array:
        return pa.array(list(values), _INSTANT)

    cards = [one.card for one in asked]
    return pa.table(
        {
            "workflow": pa.array([card.workflow for card in cards], pa.string()),
            "epoch_from": instants(card.epoch_from for card in cards),
            "mature_by": instants(one.mature_by() for one in asked),
            "recent_after": instants(one.mature_by() - timedelta(days=PACE_DAYS) for one in asked),
            "incidents_since": instants(
                card.as_of - timedelta(days=INCIDENT_DAYS) for card in cards
            ),
            "required": pa.array([one.terms.items for one in asked], pa.int64()),
            "watched_from": instants(one.watched_from() for one in asked),
        }
    )


def _costs(engine: duckdb.DuckDBPyConnection, asked: Sequence[CardAsking]) -> dict[str, CostTally]:
    """Tally costs: golden's median gives the caps, golden's capped costs the thresholds."""
    tallies = {
        workflow: CostTally(
            items=items,
            uncosted=uncosted,
            total_nano=total_nano or 0,
            successes=successes,
            median_nano=median_nano,
        )
        for workflow, items, uncosted, total_nano, successes, median_nano in engine.execute(
            _COSTS
        ).fetchall()
    }
    caps = caps_of(asked, tallies)
    _create_caps(engine, caps, {})
    capped = _by_workflow(engine, _CAPPED)
    for workflow, cap_nano in caps.items():
        capped_nano, over_cap = capped.get(workflow, (0, 0))
        tallies[workflow] = replace(
            tallies.get(workflow, CostTally()),
            cap_nano=cap_nano,
            capped_nano=capped_nano,
            over_cap=over_cap,
        )
    thresholds = thresholds_of(asked, tallies)
    _create_caps(engine, caps, thresholds)
    bets = _by_workflow(engine, _bets_query())
    nothing = (0,) * (2 * len(STAKES))
    for workflow, threshold_nano in thresholds.items():
        sums = bets.get(workflow, nothing)
        tallies[workflow] = replace(
            tallies[workflow],
            threshold_nano=threshold_nano,
            log_sums=sums[: len(STAKES)],
            dearer_sums=sums[len(STAKES) :],
        )
    return tallies


def _create_caps(
    engine: duckdb.DuckDBPyConnection, caps: Mapping[str, int], thresholds: Mapping[str, int]
) -> None:
    rows = pa.table(
        {
            "workflow": pa.array(caps.keys(), pa.string()),
            "cap_nano": pa.array(caps.values(), pa.int64()),
            "threshold_nano": pa.array([thresholds.get(one) for one in caps], pa.int64()),
        }
    )
    engine.register("caps", rows)


def _drifts(engine: duckdb.DuckDBPyConnection, asked: Sequence[CardAsking]) -> dict[str, int]:
    """Run the CUSUM of every workflow that is watched."""
    before = _by_workflow(engine, _BEFORE)
    watched = {
        one.card.workflow: one.steps(*before.get(one.card.workflow, (0, 0)))
        for one in asked
        if one.watched_from() is not None
    }
    rows = pa.table(
        {
            "workflow": pa.array(watched.keys(), pa.string()),
            "on_success": pa.array([step for step, _ in watched.values()], pa.int64()),
            "on_failure": pa.array([step for _, step in watched.values()], pa.int64()),
        }
    )
    engine.register("steps", rows)
    return {workflow: drift for workflow, (drift,) in _by_workflow(engine, _DRIFTS).items()}


def _by_workflow(engine: duckdb.DuckDBPyConnection, query: str) -> dict[str, tuple[Any, ...]]:
    return {workflow: tuple(rest) for workflow, *rest in engine.execute(query).fetchall()}


def _named_by_workflow(engine: duckdb.DuckDBPyConnection, query: str) -> dict[str, dict[str, Any]]:
    rows = engine.execute(query)
    names = [column[0] for column in rows.description or ()][1:]
    return {workflow: dict(zip(names, rest, strict=True)) for workflow, *rest in rows.fetchall()}
