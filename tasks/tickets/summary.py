"""What the deliveries of a run come to: where each ticket stands, and what a person has to do."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from tasks.core.review.promotion_report import TicketState
from tasks.core.review.ticket_wishes import workflow_and_epoch
from tasks.tickets.catalog_pulls import Became, Proposed
from tasks.tickets.wanted import Delivered, What

#: What became of a pull request, in the words of tickets.
PULLS = {
    Became.OPENED: "created",
    Became.STANDS: "stands",
    Became.REFUSED: "refused",
    Became.PENDING: "pending",
}


def state_of_pull(one: Proposed) -> TicketState:
    """Say where the pull request of a patch stands."""
    return TicketState(one.workflow, "pull_request", PULLS[one.became], one.pull, one.detail)


def state_of(kind: str, told: Delivered, wished: Collection[tuple[str, str]]) -> TicketState:
    """Say where a ticket stands after a run.

    Args:
        kind: Of its row.
        told: What its delivery told.
        wished: Kind and key of the tickets that the look asks for.
    """
    workflow, _ = workflow_and_epoch(told.key)
    detail = told.detail
    if told.what is What.QUEUED and (kind, told.key) in wished:
        detail = "this run has opened as many tickets as it may"
    return TicketState(workflow, kind, told.what, told.ticket, detail)


def problems_of(
    told: Sequence[tuple[str, Delivered]], pulls: Iterable[TicketState]
) -> tuple[str, ...]:
    """Say what keeps tickets from being written, and what a person has to do about them."""
    lines = [
        f"the pull request of {one.workflow} is not opened: {one.detail}"
        for one in pulls
        if one.what == PULLS[Became.REFUSED]
    ]
    for _, one in told:
        workflow, _ = workflow_and_epoch(one.key)
        if one.what in {What.REFUSED, What.UNROUTED}:
            lines.append(f"the ticket of {workflow} is not written: {one.detail}")
        if one.strangers:
            lines.append(
                f"{one.strangers} tickets carry the label of {workflow}'s review and are not ours:"
                " copies, or made by somebody else"
            )
    return (*lines, *_waiting(told))


def _waiting(told: Iterable[tuple[str, Delivered]]) -> Iterator[str]:
    """Name what waits for the next run, once for each reason: a whole system may be down."""
    names: dict[str, list[str]] = {}
    for _, one in told:
        if one.what is What.PENDING:
            names.setdefault(one.detail, []).append(workflow_and_epoch(one.key)[0])
    for detail, found in names.items():
        others = len(found) - 1
        whose = f"{found[0]} and {others:,} more" if others else found[0]
        yield f"the ticket of {whose} waits for the next run: {detail}"
