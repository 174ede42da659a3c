"""What the pull request of a catalog patch says: the sentence, and where the evidence stands."""

from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_content import TicketContent
from tasks.core.review.ticket_words import code, sentence, strong


def pull_text(case: TicketCase) -> TicketContent:
    """Say what merging a patch decides, and on which evidence."""
    workflow = case.workflow.id
    return TicketContent(
        f"Promote {workflow} to golden",
        (
            sentence(strong(case.verdict.sentence)),
            sentence(
                "Merging this is the approval. Its review ticket has the failures, what moves, and"
                " how else to decide."
            ),
            sentence("This stands on the evidence ", code(case.digest), "."),
        ),
        case.digest,
    )
