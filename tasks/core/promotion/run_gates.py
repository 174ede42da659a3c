"""The gates of what only runs and declared metrics tell: asking humans, and rework."""

from tasks.core.money import divide_half_even
from tasks.core.promotion.case import Case
from tasks.core.promotion.limits import share_at_most
from tasks.core.promotion.rates import percent, share_ppm, times
from tasks.core.promotion.terms import WHOLE, Terms
from tasks.core.promotion.verdict import GateName, GateResult, Status


def escalations_gate(case: Case, terms: Terms) -> GateResult:
    """Not too many items asked a human, of those whose runs say."""
    told, limit = case.card.escalation_told, terms.escalations_ppm
    if limit is None:
        return GateResult(
            GateName.ESCALATIONS, Status.NOT_ASKED, "", "", detail="a human approves every item"
        )
    if told <= 0:
        return GateResult(
            GateName.ESCALATIONS,
            Status.UNKNOWN,
            "untold",
            f"at most {percent(limit)}",
            detail="no run says whether it asked a human",
        )
    return share_at_most(GateName.ESCALATIONS, case.card.escalated, told, limit)


def rework_gate(case: Case, terms: Terms) -> GateResult:
    """People rework its items no longer than golden's, times a ratio; by declared metrics."""
    ratio, golden = terms.rework_ratio_ppm, case.golden
    need = f"at most {times(ratio)} golden's"
    told = _minutes(case.card.rework_minutes, case.card.rework_items)
    if told is None:
        return GateResult(
            GateName.REWORK, Status.UNKNOWN, "untold", need, detail="no metric rework_minutes"
        )
    have = f"{_minutes_text(*told)} an item"
    base = _minutes(golden.rework_minutes, golden.rework_items) if golden else None
    if base is None:
        return GateResult(
            GateName.REWORK, Status.NOT_ASKED, have, need, detail="golden's is not told"
        )
    # minutes / items <= ratio x golden's minutes / items, without a division.
    mine, limit = told[0] * base[1] * WHOLE, ratio * base[0] * told[1]
    is_met = mine <= limit
    return GateResult(
        GateName.REWORK,
        Status.MET if is_met else Status.UNMET,
        have,
        f"{need}, {_minutes_text(*base)}",
        slack_ppm=share_ppm(limit - mine, limit) if is_met else None,
    )


def _minutes(minutes: int | None, items: int | None) -> tuple[int, int] | None:
    return None if minutes is None or not items or items < 0 else (minutes, items)


def _minutes_text(minutes: int, items: int) -> str:
    each = divide_half_even(minutes, items)
    return "1 minute" if each == 1 else f"{each} minutes"
