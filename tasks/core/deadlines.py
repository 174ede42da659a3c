"""Days on which people have to decide: about a stage, and about a review ticket."""

from datetime import date, timedelta

from config.shapes.base import Stage
from config.shapes.catalog import StageEntry, Workflow
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


def entry_in_force(workflow: Workflow, day: date) -> StageEntry | None:
    """Give the stage entry of a day; None before the first and after the last day of the latest."""
    begun = [entry for entry in workflow.stages if entry.from_day <= day]
    if not begun:
        return None
    latest = max(begun, key=lambda entry: entry.from_day)
    return None if latest.until is not None and latest.until < day else latest


def decision_day(
    workflow: Workflow, stage: str, stage_from: date | None, rules: GateRules
) -> date | None:
    """Give the day from which on a decision about a stage is due; None: none will be.

    Exploration has so many days from its beginning. A provisional stage has as many, and no more
    than leave the time for a decision before it ends.

    Args:
        workflow: As in the catalog in force.
        stage: That it is in.
        stage_from: First day of that stage.
        rules: How many days.
    """
    if stage_from is None or stage not in {Stage.EXPLORATION, Stage.PROVISIONAL}:
        return None
    due = stage_from + timedelta(days=rules.exploration_days)
    entry = next((one for one in workflow.stages if one.from_day == stage_from), None)
    if entry is None or entry.until is None:
        return due
    return min(due, business_days_before(entry.until, rules.decide_within_days))
