"""Waivers: a gate that is not asked of one workflow, until a day, because a role approved it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from config.shapes.catalog import Waiver
from config.shapes.gate import NEVER_WAIVED
from tasks.core.promotion.verdict import GateResult, Status


def waived(
    results: Iterable[GateResult], waivers: Iterable[Waiver], day: date
) -> tuple[GateResult, ...]:
    """Mark the gates that are not met and that a waiver in force names.

    Args:
        results: Of all gates.
        waivers: Of the workflow; of several for a gate the one that lasts longest counts.
        day: UTC day of the look; a waiver holds on its last day, too.
    """
    in_force: dict[str, Waiver] = {}
    for one in sorted(waivers, key=lambda one: one.until):
        if one.until >= day and one.waives not in NEVER_WAIVED:
            in_force[one.waives] = one
    return tuple(_marked(result, in_force.get(result.name)) for result in results)


def _marked(result: GateResult, waiver: Waiver | None) -> GateResult:
    if waiver is None or result.status not in {Status.UNMET, Status.UNKNOWN}:
        return result
    said = f"waived by {waiver.approved_by} until {waiver.until}"
    detail = f"{said}; {result.detail}" if result.detail else said
    return replace(result, status=Status.WAIVED, detail=detail)
