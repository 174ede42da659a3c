"""Nights of the sandbox organisation: the stages as the flow composes them, without a server.

Settings come from the environment, as they do in a flow run; the clock is a parameter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar
from unittest.mock import patch

from config.load import load_config
from config.settings import settings_from_environment
from sandbox.script import FLAPPING_DAY, NIGHTS, RESTATED_DAY
from tasks.close import night_looks_back_to
from tasks.core.errors import GraduandError
from tasks.core.findings import Finding
from tasks.core.night_report import NightReport
from tasks.core.plan import Failure, Plan, plan_night
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.pull import pull
from tasks.reconcile import reconcile
from tasks.sources.registry import streams_by_source
from tasks.validate import validate

FIRST, SECOND, THIRD = NIGHTS
#: Two days that vendors bill differently later: OpenAI before the second night and back before
#: the third, Anthropic before the third. Both are metered and logged.
WINDOW = (RESTATED_DAY, FLAPPING_DAY)

#: Every kind of stream, and as few streams as that takes.
SOME = ("agent-logs", "jira", "anthropic", "openai")
EVERY: tuple[str, ...] = ()

_TRIES = 3
_T = TypeVar("_T")


@dataclass(frozen=True)
class Night:
    """What a night is asked for; see the flow's parameters.

    Attributes:
        now: The moment it starts, aware UTC.
        patience_s: Real seconds after which it waits for no source any more.
    """

    now: datetime
    window: tuple[date, date] | None = WINDOW
    only: tuple[str, ...] = SOME
    as_of: datetime | None = None
    repull: bool = False
    dry_run: bool = False
    patience_s: float = 60.0


def run(night: Night) -> NightReport:
    """Run a night on the stores that the environment names."""
    settings = settings_from_environment()
    plan = plan_night(
        streams_by_source(load_config(settings.config_dir).sources),
        window=night.window,
        only=night.only or None,
        as_of=night.as_of,
        now=night.now,
        back_to=None if night.window else night_looks_back_to(night.as_of or night.now),
    )
    failures, notices = pulled(plan, night)
    for order in plan.orders:
        try:
            found = validate.fn(order.source, order.stream, now=plan.as_of)
        except GraduandError as error:
            failures.append(Failure(order.source, order.stream, str(error)))
        else:
            failures += [Failure(order.source, order.stream, reason) for reason in found.reasons]
            notices += found.findings
    return reconcile.fn(plan, failures=failures, notices=notices, dry_run=night.dry_run)


def pulled(plan: Plan, night: Night) -> tuple[list[Failure], list[Finding]]:
    """Read every stream of a plan, as often as Prefect would try."""
    deadline = datetime.now(UTC) + timedelta(seconds=night.patience_s)
    failures = []
    notices: list[Finding] = []
    for order in plan.orders:
        fetch = partial(
            pull.fn,
            order.source,
            order.stream,
            window=(plan.start, plan.end),
            now=plan.as_of,
            deadline=deadline,
            from_scratch=night.repull,
        )
        try:
            notices += _tried(fetch).findings
        except GraduandError as error:
            failures.append(Failure(order.source, order.stream, str(error)))
    return failures, notices


def _tried(work: Callable[[], _T]) -> _T:
    """Try again what passes by itself, as Prefect does with the task; without its pauses."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except GraduandError as error:
            if not error.is_transient:
                raise
    return work()


@contextmanager
def watched(steps: Callable[[str], None]) -> Iterator[None]:
    """Have every lake and ledger that is opened meanwhile name its moments."""
    with ExitStack() as stack:
        for store in (Lake, Ledger):
            opener = partial(store.open, steps=steps)
            stack.enter_context(patch.object(store, "open", opener))
        yield


def environment_of(base: Mapping[str, str], **values: object) -> dict[str, str]:
    """Give variables of `config.settings`, with `values` for those that differ."""
    return {**base, **{f"GRADUAND_{name.upper()}": str(value) for name, value in values.items()}}


def days_of(window: tuple[date, date]) -> Sequence[date]:
    """List the days of a window."""
    return [window[0] + timedelta(days=n) for n in range((window[1] - window[0]).days + 1)]
