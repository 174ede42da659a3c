"""Stages by what they mean to the gate, and the one that a workflow is in on a day."""

from datetime import date, timedelta
from itertools import pairwise

from config.shapes.base import Stage
from config.shapes.catalog import Workflow

#: A workflow in one of these tries for promotion.
TRYING = frozenset({Stage.EXPLORATION, Stage.PROVISIONAL})
#: A workflow in one of these was promoted, can be taken back, and is watched for turning bad.
PROMOTED = frozenset({Stage.GOLDEN, Stage.PROVISIONAL})


def stage_on(workflow: Workflow, day: date) -> tuple[Stage, date] | None:
    """Give the stage that a workflow is in on a day and its first day; None without a stage.

    An entry that only goes on with the stage before it, without a day between, begins nothing.
    """
    begun = sorted(
        (one for one in workflow.stages if one.from_day <= day), key=lambda one: one.from_day
    )
    if not begun or (begun[-1].until is not None and begun[-1].until < day):
        return None
    first = begun[-1].from_day
    for before, entry in reversed(list(pairwise(begun))):
        is_gap = before.until is not None and before.until < entry.from_day - timedelta(days=1)
        if before.stage is not entry.stage or is_gap:
            break
        first = before.from_day
    return begun[-1].stage, first
