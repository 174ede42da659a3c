"""Pull and validate every stream of a first day, with a line for each as it ends.

The same stages as a night's, without a Prefect run: nobody has a server on the first day.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from typing import TypeVar

from tasks.core.errors import GraduandError, SourceError, WaitUntilError
from tasks.core.plan import Failure, Order, Plan
from tasks.pages.text import LONGEST_SENTENCE, plain
from tasks.pull import PullReport, pull
from tasks.validate import validate

#: Streams read side by side: one that waits for a limit holds up no other.
_STREAMS = 8
#: Seconds before what may pass by itself is tried again, as a night does.
_PAUSES = (5, 30)
_CUT_SHORT = "a limit or an outage ended the pull midway; run it again to go on from there"
_T = TypeVar("_T")


def read_streams(
    plan: Plan, *, deadline: datetime, from_scratch: bool, tell: Callable[[str], None]
) -> list[Failure]:
    """Read what a plan orders.

    Args:
        plan: Streams and window.
        deadline: Aware UTC; a limit that ends later is not waited for.
        from_scratch: Forget how far each source was read.
        tell: Takes a line of progress, without its end.

    Returns:
        What could not be read, in the plan's order; nothing of it stopped anything else.
    """
    failures: dict[Order, list[Failure]] = {}
    with ThreadPoolExecutor(max_workers=_STREAMS) as threads:
        pulls = {
            threads.submit(_pull, plan, order, deadline, from_scratch=from_scratch): order
            for order in plan.orders
        }
        for done in as_completed(pulls):
            order = pulls[done]
            failures[order], line = done.result()
            tell(line)
    for order in plan.orders:
        failures[order] += _validated(plan, order)
    return [one for order in plan.orders for one in failures[order]]


def _pull(
    plan: Plan, order: Order, deadline: datetime, *, from_scratch: bool
) -> tuple[list[Failure], str]:
    def once() -> PullReport:
        return pull.fn(
            order.source,
            order.stream,
            window=(plan.start, plan.end),
            now=plan.as_of,
            deadline=deadline,
            from_scratch=from_scratch,
        )

    name = f"{order.source} {order.stream}"
    try:
        report = _tried(once, _PAUSES)
    except GraduandError as error:
        failure = _failure(order, error)
        return [failure], f"  ✗ {plain(name):<32} {plain(failure.detail, LONGEST_SENTENCE)}"
    line = f"  ✓ {plain(name):<32} {report.rows:>7} rows, {report.requests} requests"
    cut = [Failure(order.source, order.stream, _CUT_SHORT)] if report.is_cut_short else []
    return cut, line


def _validated(plan: Plan, order: Order) -> list[Failure]:
    try:
        found = validate.fn(order.source, order.stream, now=plan.as_of)
    except GraduandError as error:
        return [_failure(order, error)]
    return [Failure(order.source, order.stream, reason) for reason in found.reasons]


def _failure(order: Order, error: GraduandError) -> Failure:
    until = error.wait_until if isinstance(error, WaitUntilError) else None
    # A source's error says its name before the detail, and so do those who tell it.
    detail = error.detail if isinstance(error, SourceError) else str(error)
    return Failure(order.source, order.stream, detail, until)


def _tried(work: Callable[[], _T], pauses: Sequence[float]) -> _T:
    """Try again what may pass by itself."""
    for pause in pauses:
        try:
            return work()
        except GraduandError as error:
            # A wait lies past the deadline: asking sooner cannot help.
            if not error.is_transient or isinstance(error, WaitUntilError):
                raise
            time.sleep(pause)
    return work()
