"""Which tickets a look asks for: one a workflow and epoch, with what it says now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.core.decisions import Decision
from tasks.core.promotion_cases import asks_for_promotion
from tasks.core.ticket_case import TicketCase
from tasks.core.ticket_comments import change_comment
from tasks.core.ticket_content import TicketContent
from tasks.core.ticket_text import demotion_ticket, review_ticket
from tasks.core.verdict import Verdict
from tasks.core.watch import Notice, authority_of

#: Kinds of outbox rows.
REVIEW = "review_ticket"
DEMOTION = "demotion_ticket"
ESCALATION = "escalation_notice"
KINDS = (REVIEW, DEMOTION)


@dataclass(frozen=True, slots=True)
class Wish:
    """A ticket that should stand.

    Attributes:
        kind: `REVIEW` or `DEMOTION`.
        key: Of its outbox row; see `key_of`.
    """

    kind: str
    key: str
    case: TicketCase
    content: TicketContent

    @property
    def portfolio(self) -> str:
        """Name the portfolio whose route it takes."""
        return self.case.card.portfolio


def key_of(workflow: str, epoch: str) -> str:
    """Name the outbox row of a workflow in an epoch."""
    return f"{workflow}@{epoch}"


def workflow_and_epoch(key: str) -> tuple[str, str]:
    """Take a row's name apart; ids of workflows hold no `@`."""
    workflow, _, epoch = key.partition("@")
    return workflow, epoch


def wishes_of(
    cases: Iterable[TicketCase], notices: Iterable[Notice], decisions: Iterable[Decision]
) -> list[Wish]:
    """List the tickets of one look, those closest to money first.

    Args:
        cases: All of the look.
        notices: Of promoted workflows; those that propose a demotion get a ticket.
        decisions: That stand: what was decided in an epoch is not asked again in it.
    """
    decided = {(one.workflow, one.epoch) for one in decisions}
    proposals: dict[str, Notice] = {}
    for notice in notices:
        if notice.proposes_demotion:
            proposals.setdefault(notice.workflow, notice)
    found = []
    for case in cases:
        workflow, epoch = case.verdict.workflow, case.verdict.epoch
        if (workflow, epoch) in decided:
            continue
        key, proposal = key_of(workflow, epoch), proposals.get(workflow)
        if case.verdict.opens_ticket and asks_for_promotion(case.verdict):
            found.append(Wish(REVIEW, key, case, review_ticket(case)))
        elif proposal is not None:
            words = f"{proposal.sentence[:1].upper()}{proposal.sentence[1:]}."
            authority = f"Who decides: {authority_of(case.workflow)}."
            ticket = demotion_ticket(case, proposal=words, authority=authority)
            found.append(Wish(DEMOTION, key, case, ticket))
    return sorted(found, key=lambda wish: (_moved(wish), wish.key))


def change_of(wish: Wish, before: Verdict | None) -> TicketContent | None:
    """Say what has changed since a ticket was last written to; None if nothing that decides has.

    Args:
        wish: As of now.
        before: That the ticket, or its last comment, stands on; None: it cannot be read.
    """
    after = wish.case.verdict
    if before is None or _decisive(before) == _decisive(after):
        return None
    on = wish.case.packet.case.day
    return change_comment(before, after, on=on, digest=wish.case.digest)


def _decisive(verdict: Verdict) -> tuple[object, ...]:
    statuses: Mapping[str, str] = {gate.name: gate.status for gate in verdict.gates}
    return verdict.kind, verdict.is_review_ready, tuple(sorted(statuses.items()))


def _moved(wish: Wish) -> int:
    return -(wish.case.move.monthly_nano if wish.case.move else 0)
