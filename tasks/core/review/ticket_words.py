"""The pieces that tickets of the gate are put together from: tables, lists and sentences."""

from collections.abc import Iterable

from config.shapes.base import Stage
from tasks.core.amount_text import about, amount_text
from tasks.core.budgeting.forecast import BASIS_DAYS
from tasks.core.promotion.gate_words import GATES, REASONS, STATUSES, begun
from tasks.core.promotion.packets import SUCCESSES
from tasks.core.promotion.scorecard_lines import UNKNOWN, Column, scorecard_lines
from tasks.core.promotion.verdict import GateName, GateResult
from tasks.core.review.budget_move import MONTH_DAYS, BudgetMove
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_content import (
    Bullets,
    Link,
    Paragraph,
    Span,
    Spans,
    Style,
    TableBlock,
)
from tasks.core.work.item_facts import Reason

#: Failures that are listed one by one.
MOST_FAILURES = 50
_REASONS = tuple(Reason)
#: Gates that ask for enough work before a promotion, spread wide enough.
_GATHERED = frozenset(
    {
        GateName.ITEMS,
        GateName.DAYS,
        GateName.WEEKS,
        GateName.REPOSITORIES,
        GateName.SQUADS,
        GateName.ONE_SQUAD,
        GateName.STRATUM,
        GateName.MIX,
    }
)


def text(words: str) -> Spans:
    """Give plain text."""
    return (Span(words),)


def sentence(*spans: str | Span | Link) -> Paragraph:
    """Give a paragraph of plain text and marked spans."""
    return Paragraph(tuple(Span(one) if isinstance(one, str) else one for one in spans))


def code(words: str) -> Span:
    """Give a name or id as it is."""
    return Span(words, Style.CODE)


def strong(words: str) -> Span:
    """Give what should be read first."""
    return Span(words, Style.STRONG)


def risk(case: TicketCase) -> Bullets:
    """Say who is paged, what breaks, and how it is undone."""
    workflow = case.workflow
    paged: list[Span] = [Span("Paged: ")]
    paged += [code(workflow.escalation)] if workflow.escalation else [Span("nobody is declared")]
    if workflow.owner:
        paged += [Span("; "), code(workflow.owner), Span(" owns it")]
    rollback = workflow.rollback
    undone = "nothing is declared."
    if rollback is not None:
        plan = rollback.plan.rstrip(".")
        tested = f"last tested on {rollback.tested_on}" if rollback.tested_on else "never tested"
        undone = f"{rollback.minutes:,} minutes, {tested}. {plan}."
    return Bullets(
        (
            (*paged, Span(".")),
            text(f"What breaks: {(workflow.blast_radius or 'nothing is declared').rstrip('.')}."),
            text(f"Rollback: {undone}"),
        )
    )


def beside_golden(case: TicketCase, *, is_deciding: bool) -> TableBlock:
    """Lay this workflow and the family's golden one side by side, in the lines that decide."""
    head = ["", case.card.workflow]
    columns = [Column(case.card, case.verdict.rate, case.currency)]
    if case.golden is not None:
        head.append(f"{case.golden.workflow} (golden)")
        columns.append(Column(case.golden, case.verdict.golden, case.currency))
    rows = scorecard_lines(columns, is_deciding=is_deciding)
    return TableBlock(tuple(head), tuple(tuple(map(text, row)) for row in rows))


def money_moves(move: BudgetMove) -> Paragraph:
    """Say what moves to production a month, on what basis, and whether its budget will do."""
    if not move.monthly_nano:
        return sentence(
            "No money moves: nothing was booked for it from exploration in the"
            f" {BASIS_DAYS} days through {move.through}."
        )
    lead = f"{about(move.monthly_nano, move.currency)} a month to production"
    headroom = move.headroom_nano()
    if headroom is not None:
        lead += f", headroom {amount_text(headroom, move.currency).removesuffix('.00')}"
    basis = (
        f" It spent {amount_text(move.spent_nano, move.currency)} from exploration in"
        f" {move.basis_days} days through {move.through}, taken as {MONTH_DAYS} days."
    )
    parts: list[str | Span] = [strong(f"{lead}."), basis]
    parts.append(f" {_budget(move)}")
    if move.apart:
        others = ", ".join(amount_text(nano, code_) for code_, nano in move.apart)
        parts.append(f" In no figure here: {others}.")
    parts.append(" Exploration keeps its budget.")
    return sentence(*parts)


def failures(case: TicketCase) -> tuple[Spans, ...]:
    """List failures and unknown outcomes by reason: all counted, fifty of them by name."""
    counts = {Reason(reason): number for reason, number in case.card.reasons}
    bad = sorted(case.items, key=lambda one: (_REASONS.index(one.reason), one.item))
    named: dict[Reason, list[str]] = {}
    for one in bad[:MOST_FAILURES]:
        named.setdefault(one.reason, []).append(one.item)
    lines: list[Spans] = []
    for reason in sorted({*counts, *named}, key=_REASONS.index):
        items = named.get(reason, [])
        number = max(counts.get(reason, 0), len(items))
        rest = number - len(items)
        more = f"{' and ' if items else ''}{rest:,} more" if rest else ""
        why = f"{begun(REASONS[reason])} ({number:,}): "
        lines.append((Span(why), *_named(items, case), Span(f"{more}.")))
    return tuple(lines)


def picked(case: TicketCase) -> Spans:
    """Name five of the successes that the packet keeps."""
    return _named(case.packet.succeeded[:SUCCESSES], case)


def weakest(case: TicketCase) -> GateResult | None:
    """Give the gate that a reviewer should look at first."""
    return next((one for one in gates_asked(case) if one.name == case.verdict.weakest), None)


def gates_asked(case: TicketCase) -> list[GateResult]:
    """Give the gates that speak of a workflow; what is golden is not asked to gather work."""
    is_golden = case.card.stage == Stage.GOLDEN
    return [one for one in case.verdict.gates if not (is_golden and one.name in _GATHERED)]


def gates_table(gates: Iterable[GateResult]) -> TableBlock:
    """List every gate with what it has and needs."""
    rows = [
        (
            text(begun(GATES[gate.name])),
            text(STATUSES[gate.status]),
            text(gate.have or UNKNOWN),
            text(gate.need or UNKNOWN),
            text(gate.detail),
        )
        for gate in gates
    ]
    return TableBlock(("Gate", "Stands", "Has", "Needed", ""), tuple(rows))


def _budget(move: BudgetMove) -> str:
    if move.budget_nano is None:
        return "Nobody has set a production budget for the family."
    budget = amount_text(move.budget_nano, move.currency)
    forecast = amount_text(move.forecast_nano, move.currency)
    words = f"Production is forecast to spend {forecast} of {budget} this month."
    if move.offer is not None:
        wanted = amount_text(move.offer.amount_nano, move.currency)
        return f"{words} The patch raises its budget to {wanted} a month."
    if move.is_short():
        return f"{words} That is short, and a later budget line stands in the catalog: move it."
    return f"{words} Its budget stays."


def _named(items: Iterable[str], case: TicketCase) -> Spans:
    spans: list[Span] = []
    for one in items:
        spans += [Span(", "), code(case.names.get(one, one))]
    return tuple(spans[1:])
