"""What is added below a ticket later: evidence that has changed, a decision that is overdue."""

from datetime import date

from tasks.core.promotion.gate_words import begun, gate_line
from tasks.core.promotion.verdict import Verdict
from tasks.core.review.ticket_content import Block, Bullets, TicketContent
from tasks.core.review.ticket_words import code, sentence, strong, text


def change_comment(before: Verdict, after: Verdict, *, on: date, digest: str) -> TicketContent:
    """Say, dated, that the evidence has changed since the ticket was written.

    Args:
        before: That the ticket, or its last comment, stands on.
        after: What the gate says now.
        on: UTC day.
        digest: Of the packet that `after` stands on.
    """
    return TicketContent(
        f"{on}: the evidence has changed",
        (
            sentence(strong(f"{begun(after.sentence)}."), f" Before: {before.sentence}."),
            *_changed_gates(before, after),
            sentence("This stands on the evidence ", code(digest), "."),
        ),
        digest,
    )


def escalation_notice(*, due_on: date, role: str, on: date, digest: str) -> TicketContent:
    """Say once that the time to decide is over, and who decides now.

    Args:
        due_on: Last day to decide, UTC.
        role: Escalation role; empty where the catalog names none.
        on: UTC day of this notice.
        digest: Of the packet that the ticket stands on.
    """
    return TicketContent(
        f"{on}: the decision is overdue",
        (
            sentence(
                f"A decision was due by {due_on}. It is now for ",
                code(role) if role else "the owner of the portfolio",
                " to decide. Nothing has changed meanwhile: the workflow keeps its stage.",
            ),
        ),
        digest,
    )


def _changed_gates(before: Verdict, after: Verdict) -> tuple[Block, ...]:
    stood = {gate.name: gate for gate in before.gates}
    changed = [
        gate
        for gate in after.gates
        if gate.name not in stood or stood[gate.name].status is not gate.status
    ]
    return (Bullets(tuple(text(gate_line(gate)) for gate in changed)),) if changed else ()
