"""What tickets of the gate say: a promotion to review, or one to take back.

The first screen holds what a person decides by; the mathematics stands below the fold. Item names
are shown as they are, as code, never as links.
"""

from datetime import timedelta

from tasks.core.promotion.decisions import PREFIX
from tasks.core.promotion.gate_words import begun, gate_line, projected
from tasks.core.promotion.verdict import Kind
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_content import (
    Block,
    Bullets,
    CodeBlock,
    Fold,
    Heading,
    Spans,
    TicketContent,
)
from tasks.core.review.ticket_fold import below_the_fold
from tasks.core.review.ticket_words import (
    beside_golden,
    code,
    failures,
    money_moves,
    picked,
    risk,
    sentence,
    strong,
    text,
    weakest,
)

#: Where an example of a day is shown.
_A_MONTH = timedelta(days=30)


def review_ticket(case: TicketCase) -> TicketContent:
    """Ask people to decide whether a workflow becomes golden."""
    workflow = case.workflow
    return TicketContent(
        f"Decide: promote {workflow.id} to golden ({workflow.family})",
        (
            _standing(case),
            *_opening(case),
            *_pending(case),
            *_money(case),
            *_looked_at(case),
            Heading("How to decide"),
            Bullets(
                (
                    _approval(case, "Approve"),
                    (
                        strong("Provisional"),
                        *text(": merge a provisional line instead, with a cap and a last day."),
                    ),
                    _refusal(case),
                    (
                        strong("Withdraw"),
                        *text(": label "),
                        code(f"{PREFIX}withdrawn"),
                        *text(", if those who proposed it no longer want it."),
                    ),
                )
            ),
            *_patches(case),
            *below_the_fold(case),
        ),
        case.digest,
    )


def demotion_ticket(case: TicketCase, *, proposal: str, authority: str) -> TicketContent:
    """Ask people to decide whether a workflow loses its stage.

    Args:
        case: Its patch takes the stage back.
        proposal: One sentence: what the watch saw.
        authority: One sentence: who decides, by the tier.
    """
    workflow = case.workflow
    # A verdict of its own fall would say the same once more.
    standing = () if case.verdict.kind is Kind.REGRESSING else (_standing(case),)
    return TicketContent(
        f"Decide: take back {workflow.id} ({workflow.family})",
        (
            sentence(strong(proposal), f" {authority}"),
            *standing,
            *_opening(case),
            *_looked_at(case),
            Heading("How to decide"),
            Bullets(
                (
                    _approval(case, "Take it back"),
                    (
                        strong("Narrow it"),
                        *text(": take what fails out of its scope in the catalog."),
                    ),
                    (
                        strong("Leave it"),
                        *text(": close this ticket. The watch goes on, and the lists say so."),
                    ),
                )
            ),
            *_patches(case),
            *below_the_fold(case),
        ),
        case.digest,
    )


def _standing(case: TicketCase) -> Block:
    return sentence(strong(f"{begun(case.verdict.sentence)}."))


def _opening(case: TicketCase) -> tuple[Block, ...]:
    role = case.workflow.escalation
    after = ("; after that ", code(role), " decides.") if role else (".",)
    return (
        sentence(f"Decide by {case.decide_by}", *after),
        risk(case),
        beside_golden(case, is_deciding=True),
    )


def _pending(case: TicketCase) -> tuple[Block, ...]:
    if case.verdict.kind is Kind.QUALIFIED:
        return ()
    words = "The proof is still pending: the policy of this tier asks people before it is there."
    projection = case.verdict.projection
    when = f" To all gates: {projected(projection)}" if projection else ""
    return (sentence(strong(words), when),)


def _money(case: TicketCase) -> tuple[Block, ...]:
    return () if case.move is None else (Heading("What moves"), money_moves(case.move))


def _looked_at(case: TicketCase) -> tuple[Block, ...]:
    """Show the weakest point, the failures, and a few successes to look at."""
    blocks: list[Block] = [Heading("Look at this first")]
    gate = weakest(case)
    if gate is not None:
        blocks.append(sentence(strong("Weakest: "), gate_line(gate)))
    bad = failures(case)
    blocks += [Bullets(bad)] if bad else [sentence("No item failed, and none is unknown.")]
    good = picked(case)
    if good:
        blocks.append(sentence("Successes to look at, picked by hash: ", *good, "."))
    return tuple(blocks)


def _approval(case: TicketCase, name: str) -> Spans:
    if case.patch is not None:
        return (strong(name), *text(": merge the patch below."))
    refusal = f" {case.patch_refusal}" if case.patch_refusal else ""
    return (strong(name), *text(f": change its stage in the catalog by hand.{refusal}"))


def _refusal(case: TicketCase) -> Spans:
    terms = case.packet.case.terms
    missing = max((terms.items if terms else 0) - case.card.items(), 0)
    asked = case.card.items() + max(missing, 20)
    return (
        strong("Decline"),
        *text(": label "),
        code(f"{PREFIX}declined"),
        *text(" until the workflow changes, "),
        code(f"{PREFIX}declined:{asked}-items"),
        *text(" until it has so many items, or "),
        code(f"{PREFIX}declined:{case.decide_by + _A_MONTH}"),
        *text(" until a day. Its evidence goes on."),
    )


def _patches(case: TicketCase) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if case.patch is not None:
        blocks += [
            CodeBlock(case.patch.diff, "diff"),
            sentence(
                "The merge is the approval, of the evidence ",
                code(case.digest),
                ". Take another day if you like, but none before the merge: no day that has"
                " passed is judged anew.",
            ),
        ]
    blocks += [Fold(title, (CodeBlock(patch.diff, "diff"),)) for title, patch in case.others]
    return tuple(blocks)
