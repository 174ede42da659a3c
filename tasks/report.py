"""Stage 4: tell people: artifacts, the run's name, and the state it ends in.

Everything here is derived from the books, can be made again, and is never proof.
"""

import logging
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

from config.settings import settings_from_environment
from tasks.core.night_report import NightReport
from tasks.core.review.promotion_report import PromotionReport
from tasks.pages import night as pages
from tasks.pages.breaks import breaks
from tasks.pages.candidates import candidates, run_name
from tasks.pages.candidates_csv import candidates_csv
from tasks.pages.new_file import write_file
from tasks.pages.outcomes import outcomes
from tasks.pages.pools import pools
from tasks.pages.scorecards import scorecards
from tasks.pages.sunset import sunset

log = logging.getLogger(__name__)

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


@task(name="report-promotion", task_run_name="report {report.asking.as_of}")
def report_promotion(report: PromotionReport) -> None:
    """Publish the lists of a look, the first of them what to decide now, and every gate as CSV."""
    create_markdown_artifact(
        candidates(report), key="candidates", description="Promotion candidates"
    )
    create_markdown_artifact(sunset(report), key="sunset", description="Sunset list")
    create_markdown_artifact(
        scorecards(report),
        key="scorecards",
        description="Scorecards: exploration and golden side by side per family",
    )
    name = f"candidates-{report.asking.as_of:%Y-%m-%d}.csv"
    folder = settings_from_environment().work_dir / "var" / "exports"
    write_file(folder / name, candidates_csv(report.cases).encode(), replaces=True)
    log.info("every gate of every workflow stands in var/exports/%s", name)


def promotion_state(report: PromotionReport) -> State[Any]:
    """End a look: `Completed`, or `Partial` where tickets could not be written."""
    message = "; ".join(report.problems) or run_name(report)
    if report.problems:
        return Completed(name="Partial", message=message, data=report)
    return Completed(message=message, data=report)


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
