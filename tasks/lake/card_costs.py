"""What items cost, and the bets on it: golden gives the cap and the threshold of its family."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa

from tasks.core.promotion.gate_window import CardAsking, caps_of, thresholds_of
from tasks.core.promotion.scorecard import LOG_UNIT, STAKES, CostTally
from tasks.lake.card_counts import by_workflow

_COSTS = """
SELECT
    workflow,
    sum(costed), sum(items) - sum(costed), coalesce(sum(known_nano), 0),
    coalesce(sum(costed) FILTER (outcome = 'success'), 0), any_value(median_nano)
FROM tallied JOIN spread USING (number)
GROUP BY workflow
"""

#: Of golden workflows alone; the rest comes with the bets.
_GOLDEN = """
SELECT
    any_value(workflow), sum(least(known_nano, cap_nano)), count(*) FILTER (known_nano > cap_nano)
FROM numbers JOIN numbered_caps USING (number)
WHERE counts AND is_golden AND known_nano IS NOT NULL
GROUP BY number
"""
_NUMBERED = """
CREATE OR REPLACE TEMP TABLE numbered_caps AS
SELECT number, caps.* FROM caps JOIN asked USING (workflow)
"""


def _bets_query() -> str:
    """Write the bets as `tasks.core.promotion.betting` states them, operation by operation."""
    # A cast of a DOUBLE to an integer rounds half to even, as Python's `round` does.
    logs = [
        f"sum(CAST(ln(1 {sign} {stake}::DOUBLE * {z}) / {LOG_UNIT}::DOUBLE AS BIGINT))"
        for sign, z in (("-", "z"), ("+", "dearer_z"))
        for stake in STAKES
    ]
    return f"""
WITH excess AS (
    SELECT
        number, known_nano, cap_nano, threshold_nano,
        least(known_nano, cap_nano) - CASE WHEN is_success THEN threshold_nano ELSE 0 END
            AS excess_nano
    FROM numbers JOIN numbered_caps USING (number)
    WHERE counts AND known_nano IS NOT NULL AND NOT is_golden
),
bets AS (
    SELECT
        number, known_nano, cap_nano,
        excess_nano::DOUBLE / cap_nano::DOUBLE AS z,
        excess_nano::DOUBLE / greatest(cap_nano, threshold_nano)::DOUBLE AS dearer_z
    FROM excess
),
summed AS (
    SELECT
        number, sum(least(known_nano, cap_nano)), count(*) FILTER (known_nano > cap_nano),
        {", ".join(logs)}
    FROM bets
    GROUP BY number
)
SELECT workflow, summed.* EXCLUDE (number) FROM summed JOIN asked USING (number)
"""  # noqa: S608 built of our own constants


def tally_costs(
    engine: duckdb.DuckDBPyConnection, asked: Sequence[CardAsking]
) -> dict[str, CostTally]:
    """Tally the costs of all workflows.

    Args:
        engine: With the views of `tasks.lake.scorecards` and what `Counts` leaves.
        asked: The workflows; golden ones among them.

    Returns:
        By workflow; without items, golden and threshold there is none.
    """
    tallies = {
        workflow: CostTally(
            items=items,
            uncosted=uncosted,
            total_nano=total_nano,
            successes=successes,
            median_nano=median_nano,
        )
        for workflow, (items, uncosted, total_nano, successes, median_nano) in by_workflow(
            engine, _COSTS
        ).items()
    }
    caps = caps_of(asked, tallies)
    golden = {one.golden for one in asked}
    _register_caps(engine, caps, {}, golden)
    of_golden = by_workflow(engine, _GOLDEN)
    for workflow, cap_nano in caps.items():
        capped_nano, over_cap = of_golden.get(workflow, (0, 0))
        tallies[workflow] = replace(
            tallies.get(workflow, CostTally()),
            cap_nano=cap_nano,
            capped_nano=capped_nano,
            over_cap=over_cap,
        )
    thresholds = thresholds_of(asked, tallies)
    _register_caps(engine, caps, thresholds, golden)
    bets = by_workflow(engine, _bets_query())
    nothing = (0,) * (2 + 2 * len(STAKES))
    for workflow in caps:
        if workflow not in golden:
            capped_nano, over_cap, *sums = bets.get(workflow, nothing)
            logs = tuple(sums) if workflow in thresholds else ()
            tallies[workflow] = replace(
                tallies[workflow],
                threshold_nano=thresholds.get(workflow),
                capped_nano=capped_nano,
                over_cap=over_cap,
                log_sums=logs[: len(STAKES)],
                dearer_sums=logs[len(STAKES) :],
            )
    return tallies


def _register_caps(
    engine: duckdb.DuckDBPyConnection,
    caps: Mapping[str, int],
    thresholds: Mapping[str, int],
    golden: set[str | None],
) -> None:
    rows = pa.table(
        {
            "workflow": pa.array(caps.keys(), pa.string()),
            "cap_nano": pa.array(caps.values(), pa.int64()),
            "threshold_nano": pa.array([thresholds.get(one) for one in caps], pa.int64()),
            "is_golden": pa.array([one in golden for one in caps], pa.bool_()),
        }
    )
    engine.register("caps", rows)
    engine.execute(_NUMBERED)
