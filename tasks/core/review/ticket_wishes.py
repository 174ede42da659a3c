"""Which tickets a look asks for: one a workflow and epoch, with what it says now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.core.promotion.decisions import Asked, Decision, decision_by_catalog
from tasks.core.promotion.verdict import Verdict
from tasks.core.promotion.watch import Notice, authority_of
from tasks.core.review.delivery import OutboxRow, Standing
from tasks.core.review.promotion_cases import asks_for_promotion
from tasks.core.review.pull_text import pull_text
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_comments import change_comment
from tasks.core.review.ticket_content import TicketContent
from tasks.core.review.ticket_text import demotion_ticket, review_ticket

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
        proposal: Of a demotion: one sentence.
    """

    kind: str
    key: str
    case: TicketCase
    proposal: str = ""

    @property
    def portfolio(self) -> str:
        """Name the portfolio whose route it takes."""
        return self.case.card.portfolio

    def content(self) -> TicketContent:
        """Write what it says now."""
        if self.kind == REVIEW:
            return review_ticket(self.case)
        authority = f"Who decides: {authority_of(self.case.workflow)}."
        return demotion_ticket(self.case, proposal=self.proposal, authority=authority)

    def proposed_pull(self) -> tuple[str, str, str, str, TicketContent] | None:
        """Give the patch for a pull request: workflow, epoch, file before and after, its words."""
        patch = self.case.patch
        if patch is None:
            return None
        verdict, words = self.case.verdict, pull_text(self.case)
        return verdict.workflow, verdict.epoch, patch.text_before, patch.text_after, words


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
    """List the tickets of one look, by key.

    Args:
        cases: All of the look.
        notices: Of promoted workflows; those that propose a demotion get a ticket.
        decisions: That stand: promotion is not asked for again in an epoch in which it was
            decided. A demotion is: approval of what was good says nothing of what turns bad.
    """
    decided = {(one.workflow, one.epoch) for one in decisions}
    proposals: dict[str, Notice] = {}
    for notice in notices:
        if notice.proposes_demotion:
            proposals.setdefault(notice.workflow, notice)
    found = []
    for case in cases:
        workflow, epoch = case.verdict.workflow, case.verdict.epoch
        key, proposal = key_of(workflow, epoch), proposals.get(workflow)
        if case.verdict.opens_ticket and asks_for_promotion(case.verdict):
            if (workflow, epoch) not in decided:
                found.append(Wish(REVIEW, key, case))
        elif proposal is not None:
            words = f"{proposal.sentence[:1].upper()}{proposal.sentence[1:]}."
            found.append(Wish(DEMOTION, key, case, words))
    return sorted(found, key=lambda wish: wish.key)


def asked_before(
    cases: Iterable[TicketCase],
    rows: Mapping[tuple[str, str], OutboxRow],
    wishes: Iterable[Wish],
    decisions: Iterable[Decision],
) -> list[Wish]:
    """List the open tickets that nobody would ask for now: whoever decides is told why.

    Args:
        cases: All of the look.
        rows: Of the outbox, by kind and key.
        wishes: Of the look.
        decisions: That stand: who has decided, or has merged the line, is told nothing further.
    """
    over = {(wish.kind, wish.key) for wish in wishes}
    over |= {(REVIEW, key_of(one.workflow, one.epoch)) for one in decisions}
    subjects = [(key_of(case.verdict.workflow, case.verdict.epoch), case) for case in cases]
    return [
        Wish(kind, key, case)
        for kind in KINDS
        for key, case in subjects
        if (kind, key) not in over
        and (row := rows.get((kind, key))) is not None
        and row.progress.standing is Standing.OPEN
        and not (kind == REVIEW and _is_merged(case, row))
    ]


def _is_merged(case: TicketCase, row: OutboxRow) -> bool:
    verdict = case.verdict
    asked = Asked(verdict.workflow, verdict.epoch, row.opened_at, row.progress.told)
    return decision_by_catalog(asked, case.workflow) is not None


def next_to_open(
    wishes: Iterable[Wish], rows: Mapping[tuple[str, str], OutboxRow], most: int
) -> list[Wish]:
    """Choose the tickets that one run may open: those that wait longest first.

    Args:
        wishes: Of the look.
        rows: Of the outbox, by kind and key; a wish without one is queued by this look.
        most: Tickets that a run may open.
    """

    def waits_since(wish: Wish) -> tuple[bool, str, int, str]:
        row = rows.get((wish.kind, wish.key))
        queued = row.queued_at.isoformat() if row else ""
        return row is None, queued, KINDS.index(wish.kind), wish.key

    waiting = [
        wish
        for wish in wishes
        if (row := rows.get((wish.kind, wish.key))) is None or not row.progress.ticket
    ]
    return sorted(waiting, key=waits_since)[:most]


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
