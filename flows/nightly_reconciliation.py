"""The night: pull, validate, reconcile, report.

The clock is read here once and handed down. A past `as_of` pulls nothing and books nothing.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from config.load import load_config
from config.settings import settings_from_environment
from flows.parameters import EVERY_SOURCE, Moment, SourceName, Window
from tasks.close import night_looks_back_to
from tasks.core.errors import GraduandError, SourceError, WaitUntilError
from tasks.core.findings import Finding
from tasks.core.plan import Failure, Order, Plan, plan_night
from tasks.pull import PullReport, check_stores, pull
from tasks.reconcile import reconcile
from tasks.report import PullProgress, end_state, rename_run, report
from tasks.sources.registry import streams_by_source, trailing_days
from tasks.validate import ValidateReport, validate

_CUT_SHORT = "a limit or an outage ended the pull midway; the next run goes on from there"


@flow(
    name="nightly-reconciliation",
    flow_run_name="reconciling",
    description="Reconciles what agents logged, what vendors metered and what they billed.",
    # One thread a stream: a source that has to wait for a limit does not hold up another.
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]  # Prefect leaves its runner's type open
)
def nightly_reconciliation(
    window: Window | None = None,
    sources: list[SourceName] = EVERY_SOURCE,
    as_of: Moment | None = None,
    repull: bool = False,  # noqa: FBT001, FBT002 - a check box of the run form
    dry_run: bool = False,  # noqa: FBT001, FBT002 - as above
) -> State[Any]:
    """Reconcile a window of days and book what changed.

    Running it again books nothing twice; nothing that was booked is ever altered.

    Args:
        window: Days to reconcile. Empty: the trailing days up to yesterday, 31 by default, and
            further back to the oldest period that is not closed.
        sources: Sources to read now. One that you take out is not read again; what is
            known of it still counts.
        as_of: Compute what a past moment would have seen. Reads no source and books nothing.
        repull: Forget how far each source has been read, and read everything again.
        dry_run: Read and validate, compute and show, but book nothing.
    """
    # Prefect forwards our loggers to the run's page (logging.extra_loggers), at their own level.
    logging.getLogger("tasks").setLevel(logging.INFO)
    started = datetime.now(UTC)
    settings = settings_from_environment()
    configured = load_config(settings.config_dir).sources
    now = settings.now or started
    check_stores()
    plan = plan_night(
        streams_by_source(configured),
        window=(window.start, window.end) if window else None,
        only=sources,
        as_of=as_of,
        now=now,
        trailing_days=trailing_days(configured),
        back_to=None if window else night_looks_back_to(as_of or now),
    )
    deadline = started + timedelta(minutes=settings.night_deadline_minutes)
    failures, notices = _read(plan, deadline, repull=repull)
    night = reconcile(plan, failures=failures, notices=notices, dry_run=dry_run)
    report(night)
    rename_run(night)
    return end_state(night)


def _read(plan: Plan, deadline: datetime, *, repull: bool) -> tuple[list[Failure], list[Finding]]:
    """Pull every ordered stream, then validate what changed; what fails stops nothing else."""
    if not plan.orders:
        return [], []
    pulls = pull.map(
        source=[order.source for order in plan.orders],
        stream=[order.stream for order in plan.orders],
        window=unmapped((plan.start, plan.end)),
        now=unmapped(plan.as_of),
        deadline=unmapped(deadline),
        from_scratch=unmapped(repull),
    )
    progress = PullProgress(len(pulls))
    for _ in as_completed(list(pulls)):
        progress.advance()
    # Streams whose pull failed are validated too: an earlier night may have left work behind.
    checks = validate.map(
        source=[order.source for order in plan.orders],
        stream=[order.stream for order in plan.orders],
        now=unmapped(plan.as_of),
    )
    validated = [
        one
        for one in (future.result(raise_on_failure=False) for future in checks)
        if isinstance(one, ValidateReport)
    ]
    held = [Failure(one.source, one.stream, reason) for one in validated for reason in one.reasons]
    pulled = [
        one
        for one in (future.result(raise_on_failure=False) for future in pulls)
        if isinstance(one, PullReport)
    ]
    notices = [finding for one in pulled for finding in one.findings]
    notices += [finding for one in validated for finding in one.findings]
    return [*_failures(plan.orders, pulls), *_failures(plan.orders, checks), *held], notices


def _failures(orders: Sequence[Order], futures: Sequence[PrefectFuture[Any]]) -> list[Failure]:
    failures = []
    for order, future in zip(orders, futures, strict=True):
        error = future.result(raise_on_failure=False)
        if isinstance(error, PullReport) and error.is_cut_short:
            failures.append(Failure(order.source, order.stream, _CUT_SHORT))
        if not isinstance(error, BaseException):
            continue
        until = error.wait_until if isinstance(error, WaitUntilError) else None
        failures.append(Failure(order.source, order.stream, _detail_of(error), until))
    return failures


def _detail_of(error: BaseException) -> str:
    """Say what went wrong, without the source's name: it stands before the detail."""
    if isinstance(error, SourceError):
        return error.detail
    if isinstance(error, GraduandError):
        return str(error)
    # Only our own faults are known to name no secret and no person.
    return f"unexpected {type(error).__name__}; its traceback is in the log of the task run"
