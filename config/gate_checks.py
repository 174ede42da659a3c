"""Checks of what the catalog says for the gate: changes, declared controls, waivers."""

from collections.abc import Iterator

from config.misfits import CATALOG, POLICY, Misfit, not_ascending
from config.problems import Path, shown, suggestion
from config.shapes.catalog import Catalog, Workflow
from config.shapes.gate import GATES, NEVER_WAIVED
from config.shapes.policy import Policy


def gate_misfits(path: Path, workflow: Workflow) -> Iterator[Misfit]:
    """Check what a workflow's own entries can tell.

    Args:
        path: Of the workflow.
        workflow: To check.
    """
    changes = ((change.kind, change.from_day) for change in workflow.changes)
    yield from not_ascending(CATALOG, (*path, "changes"), changes)
    yield from _named_twice(path, "controls", "control", [one.control for one in workflow.controls])
    yield from _named_twice(path, "waivers", "waives", [one.waives for one in workflow.waivers])
    for position, waiver in enumerate(workflow.waivers):
        if waiver.waives in NEVER_WAIVED:
            instead = "waive a control by its name" if waiver.waives == "controls" else "remove it"
            message = f"{shown(waiver.waives)} can never be waived; {instead}."
            yield Misfit(CATALOG, (*path, "waivers", position, "waives"), message)


def named_for_gate_misfits(catalog: Catalog, policy: Policy) -> Iterator[Misfit]:
    """Check that declared controls and waivers name what the policy or the gate knows."""
    required = {name for tier in policy.risk_tiers for name in tier.required_controls}
    for at, workflow in enumerate(catalog.workflows):
        for position, control in enumerate(workflow.controls):
            if control.control not in required:
                path: Path = ("workflows", at, "controls", position, "control")
                message = f"{shown(control.control)} is required by no risk tier of {POLICY}."
                yield Misfit(CATALOG, path, message + suggestion(control.control, required))
        for position, waiver in enumerate(workflow.waivers):
            known = required.union(GATES)
            if waiver.waives not in known:
                path = ("workflows", at, "waivers", position, "waives")
                message = f"{shown(waiver.waives)} is no gate and no required control of {POLICY}."
                yield Misfit(
                    CATALOG, path, message + suggestion(waiver.waives, known - NEVER_WAIVED)
                )


def _named_twice(path: Path, name: str, field: str, values: list[str]) -> Iterator[Misfit]:
    for position, value in enumerate(values):
        first = values.index(value)
        if first != position:
            message = f"is the same as in {name}[{first}]; keep the one that holds."
            yield Misfit(CATALOG, (*path, name, position, field), message)
