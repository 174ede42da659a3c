"""The week: judge every workflow, ask people by ticket, read their decisions back, tell.

The clock is read here once and handed down. A past `as_of` reads no system, records nothing and
opens no ticket; without `open_tickets` no client that could write is ever made.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config.settings import settings_from_environment
from flows.parameters import Moment, WorkflowName
from tasks.ask import ask_people
from tasks.core.review.promotion_report import Asking
from tasks.pages.candidates import run_name
from tasks.promote import judge_workflows
from tasks.pull import check_stores
from tasks.report import name_run, promotion_state, report_promotion

#: None named: every workflow of the catalog.
_EVERY: list[WorkflowName] = []


@flow(
    name="weekly-promotion",
    flow_run_name="judging",
    description="Finds the workflows that have earned promotion, and opens their review tickets.",
)
def weekly_promotion(
    workflows: list[WorkflowName] = _EVERY,
    as_of: Moment | None = None,
    open_tickets: bool = False,  # noqa: FBT001, FBT002 - a check box of the run form
    dry_run: bool = False,  # noqa: FBT001, FBT002 - as above
) -> State[Any]:
    """List promotion candidates and workflows to retire, each with what it has and lacks.

    Looking often fools nobody: the bounds hold however often they are read. Nothing is promoted
    here: a review ticket asks people, and a merged line of catalog.yaml decides.

    Args:
        workflows: Only these. Empty: every workflow of the catalog.
        as_of: Judge what a past moment would have seen. Records nothing, opens no ticket.
        open_tickets: Open one review ticket for each workflow that newly qualifies. Otherwise the
            list says which tickets would be opened.
        dry_run: Judge and show, record nothing and open no ticket.
    """
    # Prefect forwards our loggers to the run's page (logging.extra_loggers), at their own level.
    logging.getLogger("tasks").setLevel(logging.INFO)
    now = settings_from_environment().now or datetime.now(UTC)
    check_stores()
    asking = Asking(
        as_of=as_of or now,
        is_past=as_of is not None and as_of < now,
        workflows=tuple(workflows),
        opens_tickets=open_tickets,
        is_dry_run=dry_run,
    )
    report = ask_people(judge_workflows(asking))
    report_promotion(report)
    name_run(run_name(report))
    return promotion_state(report)
