"""The close of a month: soft-close, tell what is left, and close what finance has signed.

The clock is read here once and handed down. Nothing is ever reset, and nobody closes by a
click: the sign-off is a merged line of `finance.yaml`.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config.settings import settings_from_environment
from flows.parameters import Month
from tasks.close import close_period, close_state, periods_to_close, report_close
from tasks.pages.close import run_name
from tasks.pull import check_stores
from tasks.report import name_run


@flow(
    name="month-close",
    flow_run_name="closing",
    description="Soft-closes and closes billing periods that finance has signed off.",
)
def month_close(
    period: Month | None = None,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a check box of the run form
) -> State[Any]:
    """Take billing periods as far as policy and signatures let them go today.

    Running it again records nothing twice; nothing that was booked is ever altered.

    Args:
        period: A month that has ended, e.g. 2026-10. Empty: the newest one that has ended, those
            soft-closed or reopened and not closed, and closed ones that finance.yaml reopens.
        dry_run: Look and show, record nothing.
    """
    # Prefect forwards our loggers to the run's page (logging.extra_loggers), at their own level.
    logging.getLogger("tasks").setLevel(logging.INFO)
    now = settings_from_environment().now or datetime.now(UTC)
    check_stores()
    reports = [
        close_period(one, as_of=now, dry_run=dry_run) for one in periods_to_close(period, now)
    ]
    report_close(reports)
    name_run(run_name(reports))
    return close_state(reports)
