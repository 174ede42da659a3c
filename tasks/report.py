"""Stage 4: tell people: artifacts, the run's name, and the state it ends in.

Everything here is derived from the books, can be made again, and is never proof.
"""

import time
from typing import Any, cast
from uuid import UUID

from prefect import task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed

from tasks.core.night_report import NightReport
from tasks.pages import night as pages
from tasks.pages.breaks import breaks
from tasks.pages.outcomes import outcomes
from tasks.pages.pools import pools

#: Each update of a progress artifact is an event; a second between them is enough for an eye.
_UPDATE_EVERY_S = 1.0


@task(name="report", task_run_name="report {night.status}")
def report(night: NightReport) -> None:
    """Publish the artifacts of a night; the first of them says what to do now."""
    create_markdown_artifact(
        pages.what_to_do(night), key="what-to-do-now", description="What to do now"
    )
    create_markdown_artifact(pages.tie_out(night), key="tie-out", description="Tie-out")
    create_markdown_artifact(
        pages.families(night),
        key="families",
        description="Families: exploration and production side by side",
    )
    create_markdown_artifact(
        pools(night),
        key="pools",
        description="Pools: budgets, spent and forecast, exploration and production side by side",
    )
    create_markdown_artifact(breaks(night), key="breaks", description="Breaks")
    create_markdown_artifact(
        outcomes(night), key="outcomes", description="Outcomes: what became of the work"
    )


def rename_run(night: NightReport) -> None:
    """Let the run's name carry the answer; outside a run there is nothing to rename."""
    name_run(pages.run_name(night))


def name_run(name: str) -> None:
    """Rename the flow run at work; outside a run there is nothing to rename."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, name=name)


def end_state(night: NightReport) -> State[Any]:
    """End a night by its name, with its report as data: `Completed`, `Partial`, failed `Held`."""
    message = "; ".join(night.reasons) or pages.run_name(night)
    if night.status == "held":
        return Failed(name="Held", message=message, data=night)
    if night.status == "partial":
        return Completed(name="Partial", message=message, data=night)
    return Completed(message=message, data=night)


class PullProgress:
    """The progress of the pulls as an artifact, updated at most once a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown_at = time.monotonic()
        # In a synchronous flow Prefect creates the artifact at once; its type says "or later".
        self._artifact = cast(
            "UUID",
            create_progress_artifact(0.0, key="pulls", description=f"0 of {total} streams read"),
        )

    def advance(self) -> None:
        """Count one more stream as read, or as given up."""
        self._done += 1
        now = time.monotonic()
        if self._done == self._total or now - self._shown_at >= _UPDATE_EVERY_S:
            self._shown_at = now
            update_progress_artifact(
                self._artifact,
                100.0 * self._done / self._total,
                description=f"{self._done} of {self._total} streams read",
            )
