"""Items that a reviewer looks at: what failed, and successes that nobody could choose."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import pyarrow as pa

from tasks.core.promotion.gate_window import CardAsking
from tasks.core.promotion.packets import SUCCESSES
from tasks.core.work.item_facts import ItemFact, Outcome, Reason
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.instants import utc_instant
from tasks.lake.item_facts import ITEM_FACTS, FactsFile, as_snapshots

#: Failures and unknown items that are kept of a workflow, the latest first.
MOST_FAILED = 50
_INSTANTS = ("first_at", "closed_at", "known_at")
_COLUMNS = ", ".join(
    f"epoch_us({field.name})" if field.name in _INSTANTS else field.name
    for field in fields(ItemFact)
)

_COUNTED = """
CREATE TEMP VIEW counted AS
SELECT item_facts.*, epoch
FROM item_facts JOIN asked USING (workflow)
WHERE first_at >= epoch_from AND closed_at <= mature_by
"""
_FAILED = f"""
SELECT {_COLUMNS}
FROM counted
WHERE outcome IN ('failure', 'unknown')
QUALIFY row_number() OVER (
    PARTITION BY workflow ORDER BY closed_at DESC, item
) <= {MOST_FAILED}
ORDER BY workflow, item
"""  # noqa: S608 built of our own constants
#: The lowest by a hash: nobody can choose which they are.
_SUCCEEDED = f"""
SELECT workflow, item
FROM counted
WHERE outcome = 'success'
QUALIFY row_number() OVER (
    PARTITION BY workflow ORDER BY sha256(workflow || '@' || epoch || '/' || item), item
) <= {SUCCESSES}
ORDER BY workflow, sha256(workflow || '@' || epoch || '/' || item), item
"""  # noqa: S608 built of our own constants
_REPOSITORIES = """
SELECT DISTINCT workflow, repository
FROM item_facts JOIN asked USING (workflow)
WHERE first_at >= epoch_from AND repository IS NOT NULL
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Samples:
    """Items of each workflow's epoch, by workflow.

    Attributes:
        failed: Matured ones that failed or are unknown, by key: the latest `MOST_FAILED`.
        succeeded: Keys of a few matured successes, picked by hash.
        repositories: That its items are in, sorted.
    """

    failed: dict[str, tuple[ItemFact, ...]]
    succeeded: dict[str, tuple[str, ...]]
    repositories: dict[str, tuple[str, ...]]


def query_samples(
    files: LocalFiles | ObjectFiles, facts: FactsFile, asked: Sequence[CardAsking], limits: Limits
) -> Samples:
    """Pick the items.

    Args:
        files: Where the lake is.
        facts: As `write_facts` wrote them.
        asked: As for the scorecards.
        limits: Of memory and threads.

    Raises:
        LakeError: The file is missing or damaged.
    """
    instant = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "workflow": pa.array([one.card.workflow for one in asked], pa.string()),
            "epoch": pa.array([one.card.epoch for one in asked], pa.string()),
            "epoch_from": pa.array([one.card.epoch_from for one in asked], instant),
            "mature_by": pa.array([one.mature_by() for one in asked], instant),
        }
    )
    with open_engine(files, as_snapshots(facts), ITEM_FACTS, limits, {"asked": table}) as engine:
        engine.execute(_COUNTED)
        failed: dict[str, list[ItemFact]] = {}
        for row in engine.execute(_FAILED).fetchall():
            fact = _fact(row)
            failed.setdefault(fact.workflow, []).append(fact)
        return Samples(
            {workflow: tuple(found) for workflow, found in failed.items()},
            _grouped(engine.execute(_SUCCEEDED).fetchall()),
            _grouped(engine.execute(_REPOSITORIES).fetchall()),
        )


def _fact(row: Sequence[object]) -> ItemFact:
    values = dict(zip((field.name for field in fields(ItemFact)), row, strict=True))
    instants: dict[str, datetime | None] = {}
    for name in _INSTANTS:
        microseconds = values[name]
        instants[name] = utc_instant(microseconds) if isinstance(microseconds, int) else None
    values |= instants
    values["outcome"] = Outcome(str(values["outcome"]))
    values["reason"] = Reason(str(values["reason"]))
    return ItemFact(**values)  # type: ignore[arg-type]  # columns are its fields


def _grouped(rows: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for workflow, value in rows:
        found.setdefault(workflow, []).append(value)
    return {workflow: tuple(values) for workflow, values in found.items()}
