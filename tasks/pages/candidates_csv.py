"""Every gate of every workflow as CSV: what it has, what it needs, and when it would be met."""

from collections.abc import Iterable

from tasks.core.promotion.verdict import Projection
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.csv_text import Cell, csv_text

#: Columns, in order.
HEAD = (
    "workflow",
    "family",
    "portfolio",
    "tier",
    "stage",
    "epoch",
    "verdict",
    "review_ready",
    "gate",
    "status",
    "have",
    "need",
    "missing_items",
    "earliest",
    "latest",
    "detail",
    "evidence",
)


def candidates_csv(cases: Iterable[TicketCase]) -> str:
    """Write one line for each gate; days are UTC, what is empty is not known or not asked."""
    return csv_text(HEAD, _rows(cases))


def _rows(cases: Iterable[TicketCase]) -> Iterable[tuple[Cell, ...]]:
    for one in cases:
        verdict, card = one.verdict, one.card
        about = (
            verdict.workflow,
            card.family,
            card.portfolio,
            str(card.tier),
            card.stage,
            verdict.epoch,
            verdict.kind.value,
            str(verdict.is_review_ready).lower(),
        )
        for gate in verdict.gates:
            projection = gate.projection or Projection(None, None, None)
            yield (
                *about,
                gate.name.value,
                gate.status.value,
                gate.have,
                gate.need,
                _text(gate.missing),
                _text(projection.earliest),
                _text(projection.latest),
                gate.detail,
                one.digest,
            )


def _text(value: object) -> Cell:
    return None if value is None else str(value)
