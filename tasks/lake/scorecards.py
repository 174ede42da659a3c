"""Scorecards of all workflows from their facts: a few set-wise queries, integers throughout.

Every figure is a count, a sum of integers, a value that one row has or a median that one row
has, so that neither threads nor the order of rows can change a byte.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import product

import duckdb
import pyarrow as pa

from tasks.core.promotion.cusum import LEAST_OUTCOMES
from tasks.core.promotion.gate_window import INCIDENT_DAYS, CardAsking
from tasks.core.promotion.projection import PACE_DAYS
from tasks.core.promotion.scorecard import CostTally, Scorecard
from tasks.core.work.item_facts import Outcome, Reason
from tasks.lake.card_costs import tally_costs
from tasks.lake.card_counts import COUNTS, Counts, by_workflow
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.item_facts import ITEM_FACTS, FactsFile, as_snapshots

_INSTANT = pa.timestamp("us", tz="UTC")

#: An item is ripe once it is old enough; whether an open one is, is null.
_MINE = """
CREATE TEMP VIEW mine AS
SELECT
    item_facts.*, number, recent_after, incidents_since, watched_from, required,
    outcome = 'success' AS is_success,
    first_at >= epoch_from AS is_mine,
    closed_at <= mature_by AS is_ripe,
    CASE WHEN cost_nano >= 0 THEN cost_nano END AS known_nano
FROM item_facts JOIN asked USING (workflow)
"""
_COUNTED = f"CREATE TEMP VIEW counted AS FROM mine WHERE {COUNTS}"
#: What is looked at several times, without texts: little memory, and one reading of the file.
_NUMBERS = f"""
CREATE TEMP TABLE numbers AS
SELECT
    number, code, is_mine, is_ripe, coalesce({COUNTS}, false) AS counts, is_success,
    outcome = 'failure' AS is_failure, known_nano, review_rounds, merge_minutes, incidents,
    is_escalated, is_handed_over, first_at, closed_at, known_at
FROM mine JOIN codes USING (outcome, reason)
"""  # noqa: S608 built of our own constants

#: Outcomes that are known, matured or not, of workflows that are watched.
_WATCHED = """
CREATE TEMP TABLE watched AS
SELECT workflow, known_at, is_success, watched_from
FROM numbers JOIN asked USING (number)
WHERE
    watched_from IS NOT NULL AND is_mine AND (is_success OR is_failure) AND known_at IS NOT NULL
"""

_BEFORE = """
SELECT workflow, count(*) FILTER (is_success), count(*)
FROM watched
WHERE known_at < watched_from
GROUP BY workflow
"""

#: W_n = S_n - min(0, S_1 ... S_n), of sums of integers. What was known at the same instant counts
#: as if successes had been known first.
_DRIFTS = """
WITH stepped AS (
    SELECT
        workflow, known_at, is_success,
        CASE WHEN is_success THEN on_success ELSE on_failure END AS step
    FROM watched JOIN steps USING (workflow)
    WHERE known_at >= watched_from
),
running AS (
    SELECT
        workflow, step,
        sum(step) OVER (
            PARTITION BY workflow ORDER BY known_at, is_success DESC ROWS UNBOUNDED PRECEDING
        ) AS total
    FROM stepped
)
SELECT workflow, sum(step) - least(0, min(total)), count(*)
FROM running
GROUP BY workflow
"""


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
        asked: One a workflow, golden ones among them; without any fact a card stays one of zeros.
        limits: Of memory and threads.

    Returns:
        By workflow, in the order asked.

    Raises:
        LakeError: The file is missing or damaged.
    """
    small = {"asked": _asked_table(asked), "codes": _codes()}
    with open_engine(files, as_snapshots(facts), ITEM_FACTS, limits, small) as engine:
        for statement in (_MINE, _COUNTED, _NUMBERS):
            engine.execute(statement)
        counts = Counts(engine)
        costs = tally_costs(engine, asked)
        drifts = _drifts(engine, asked)
        return {
            of: counts.filled(one.card, costs.get(of, CostTally()), drifts.get(of, 0))
            for one in asked
            for of in (one.card.workflow,)
        }


def _codes() -> pa.Table:
    """Number every outcome with every reason."""
    pairs = list(product(Outcome, Reason))
    return pa.table(
        {
            "code": pa.array(range(len(pairs)), pa.int16()),
            "outcome": pa.array([outcome.value for outcome, _ in pairs], pa.string()),
            "reason": pa.array([reason.value for _, reason in pairs], pa.string()),
        }
    )


def _asked_table(asked: Sequence[CardAsking]) -> pa.Table:
    def instants(values: Iterable[object]) -> pa.Array:
        return pa.array(list(values), _INSTANT)

    cards = [one.card for one in asked]
    return pa.table(
        {
            "workflow": pa.array([card.workflow for card in cards], pa.string()),
            "number": pa.array(range(len(cards)), pa.int32()),
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


def _drifts(engine: duckdb.DuckDBPyConnection, asked: Sequence[CardAsking]) -> dict[str, int]:
    """Run the CUSUM of every workflow that is watched."""
    engine.execute(_WATCHED)
    before = by_workflow(engine, _BEFORE)
    held = {
        one.card.workflow: one.steps(*before.get(one.card.workflow, (0, 0)))
        for one in asked
        if one.watched_from() is not None
    }
    watched = {workflow: steps for workflow, steps in held.items() if steps is not None}
    rows = pa.table(
        {
            "workflow": pa.array(watched.keys(), pa.string()),
            "on_success": pa.array([step for step, _ in watched.values()], pa.int64()),
            "on_failure": pa.array([step for _, step in watched.values()], pa.int64()),
        }
    )
    engine.register("steps", rows)
    found = by_workflow(engine, _DRIFTS).items()
    return {workflow: drift for workflow, (drift, told) in found if told >= LEAST_OUTCOMES}
