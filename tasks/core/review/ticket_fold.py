"""What stands below the fold of a ticket: all gates, the mathematics, the cut and its digests."""

from tasks.core.promotion.gate_words import projected
from tasks.core.promotion.rates import percent
from tasks.core.promotion.scorecard import LOG_UNIT
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_content import Block, Bullets, CodeBlock, Fold, Spans
from tasks.core.review.ticket_words import (
    beside_golden,
    code,
    gates_asked,
    gates_table,
    sentence,
    text,
)

_ABOUT_WORKFLOWS = (
    "These figures are about a workflow, not about people: no log behind them says who ran it, and"
    " they are no evidence of anybody's performance."
)


def below_the_fold(case: TicketCase) -> tuple[Block, ...]:
    """Show every gate, the mathematics, and how to compute all of it again."""
    return (
        sentence(_ABOUT_WORKFLOWS),
        Fold("All gates", (gates_table(gates_asked(case)),)),
        Fold("Further figures", (beside_golden(case, is_deciding=False),)),
        Fold("The mathematics", (Bullets(_mathematics(case)),)),
        Fold("What it stands on, and how to compute it again", _reproduced(case)),
    )


def _mathematics(case: TicketCase) -> tuple[Spans, ...]:
    verdict, rate, card = case.verdict, case.verdict.rate, case.card
    bounds = (
        f"Success: {rate.successes:,} of {rate.items:,}. At a chance of"
        f" {percent(verdict.alpha_ppm)} of a wrong promotion, shared within the family, the rate"
        f" is at least {percent(rate.lower)} and at most {percent(rate.upper, is_up=True)}."
        " These bounds hold however often one looks."
    )
    unknown = (
        f"Unknown outcomes ({card.unknown:,}) all taken as failures: {percent(rate.worst)}; all as"
        f" successes: {percent(rate.best, is_up=True)}."
    )
    left_out = (
        f"Left out: {card.cancelled:,} cancelled by the business, {card.maturing:,} too young to"
        f" count, {card.open:,} open."
    )
    lines = [
        bounds,
        f"ln of the e-value against the floor: {verdict.log_e * LOG_UNIT:.4f}.",
        unknown,
        *_outlook(case),
        left_out,
    ]
    terms = case.packet.case.terms
    if terms is not None:
        lines.insert(0, f"Floor of tier {terms.tier}: {percent(terms.floor_ppm)}.")
    return tuple(map(text, lines))


def _outlook(case: TicketCase) -> tuple[str, ...]:
    projection = case.verdict.projection
    if projection is None:
        return ()
    return (f"To all gates at the present pace: {projected(projection)}",)


def _reproduced(case: TicketCase) -> tuple[Block, ...]:
    packet, cut = case.packet, case.packet.cut
    lines: list[Spans] = [
        text(
            f"Data as of {cut.as_of:%Y-%m-%d %H:%M:%S} UTC, snapshot {cut.seq}, bookings of night"
            f" {cut.books_at}."
        ),
        text(f"Epoch {case.card.epoch}, from {case.card.epoch_from:%Y-%m-%d %H:%M} UTC."),
        text(f"Rule {packet.rule_version}, arithmetic {packet.code_version}."),
        (*text("Evidence "), code(case.digest)),
        *((*text(f"{name} "), code(digest)) for name, digest in cut.digests),
    ]
    if case.chain_head:
        lines.append((*text("Ledger's chain head "), code(case.chain_head)))
    return (
        Bullets(tuple(lines)),
        CodeBlock(f"graduand backtest --packet {case.digest}", "sh"),
    )
