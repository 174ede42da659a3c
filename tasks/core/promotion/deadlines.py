"""Days on which people have to decide: about a stage, and about a review ticket."""

from datetime import date, timedelta

from config.shapes.base import Stage
from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules

_SATURDAY = 5


def business_days_after(day: date, number: int) -> date:
    """Give the nth day from Monday to Friday after a day; the day itself for none."""
    while number > 0:
        day += timedelta(days=1)
        number -= day.weekday() < _SATURDAY
    return day


def business_days_before(day: date, number: int) -> date:
    """Give the nth day from Monday to Friday before a day; the day itself for none."""
    while number > 0:
        day -= timedelta(days=1)
        number -= day.weekday() < _SATURDAY
    return day


def decision_day(
    workflow: Workflow, stage: str, stage_from: date | None, rules: GateRules
) -> date | None:
    """Give the day from which on a decision about a stage is due; None: none will be.

    Exploration has so many days from its beginning. A provisional stage has as many, and no more
    than leave the time for a decision before it ends; a line that prolongs it moves its end.

    Args:
        workflow: As in the catalog in force.
        stage: That it is in.
        stage_from: First day of that stage.
        rules: How many days.
    """
    if stage_from is None or stage not in {Stage.EXPLORATION, Stage.PROVISIONAL}:
        return None
    due = stage_from + timedelta(days=rules.exploration_days)
    until = _last_day(workflow, stage, stage_from)
    return due if until is None else min(due, business_days_before(until, rules.decide_within_days))


def _last_day(workflow: Workflow, stage: str, stage_from: date) -> date | None:
    """Give the last day of a stage, lines that go on with it included; None: it has no end."""
    until = None
    for entry in workflow.stages:
        if entry.from_day < stage_from:
            continue
        is_gap = until is not None and until < entry.from_day - timedelta(days=1)
        if entry.stage != stage or is_gap:
            break
        until = entry.until
    return until
