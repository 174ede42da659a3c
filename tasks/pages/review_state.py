"""Parts of the candidate list: review tickets, decisions, and how promotion itself does."""

from collections import Counter

from tasks.core.promotion.candidates import OwnFigures
from tasks.core.promotion.decisions import Decision
from tasks.core.promotion.rates import percent, share_ppm
from tasks.core.review.promotion_report import PromotionReport, TicketState
from tasks.pages.text import LONGEST_SENTENCE, markdown, table

#: Lines of a table that a person still reads.
_MOST_ROWS = 60
_NOTHING = "—"
#: What became of a ticket, in words; see `tasks.tickets.wanted.What`.
_WORDS = {
    "would_open": "would be opened",
    "created": "opened now",
    "adopted": "found open",
    "commented": "told of new evidence",
    "stands": "open",
    "open": "open",
    "closed": "closed by people",
    "gone": "deleted by people",
    "foreign": "lost its marker",
    "queued": "waits for its turn",
    "pending": "waits for its system",
    "refused": "refused by its system",
    "taken": "another run is at work",
    "unrouted": "no system takes it",
}
_STANDING = ("commented", "stands", "open")
_WAITING = ("queued", "pending", "refused", "unrouted", "taken")


def tickets_asked(found: PromotionReport) -> str:
    """Say how many tickets were opened, wait, or would be opened."""
    by_what = Counter(one.what for one in found.tickets)
    if not found.asking.writes():
        return f"{_number(by_what['would_open'])} would be opened (dry run)"
    opened = by_what["created"] + by_what["adopted"]
    standing = sum(by_what[what] for what in _STANDING)
    waiting = sum(by_what[what] for what in _WAITING)
    told = [f"{_number(opened)} opened" if opened else "no new ticket"]
    told += [f"{standing:,} still open"] * bool(standing)
    return ", ".join([*told, *[f"{waiting:,} waiting"] * bool(waiting)])


def review_state(found: PromotionReport) -> list[str]:
    """Show tickets, those that wait first, and the decisions that stand."""
    parts: list[str] = []
    if found.tickets:
        ordered = sorted(found.tickets, key=lambda one: (one.what not in _WAITING, one.workflow))
        parts += ["## Review tickets", "", _ticket_table(ordered[:_MOST_ROWS]), ""]
        details = [one for one in ordered if one.detail and one.what in _WAITING]
        parts += [
            f"- {markdown(one.workflow)}: {markdown(one.detail, LONGEST_SENTENCE)}"
            for one in details[:_MOST_ROWS]
        ]
        parts += [""] * bool(details)
    if found.decisions:
        parts += ["## Decisions that stand", "", _decision_table(found.decisions[:_MOST_ROWS]), ""]
    return parts


def own_figures_lines(figures: OwnFigures) -> list[str]:
    """Tell how many workflows graduate, how soon, and how long a decision takes."""
    lines = []
    if figures.entered:
        rate = percent(share_ppm(figures.graduated, figures.entered))
        lines.append(
            f"- {figures.graduated:,} of {figures.entered:,} workflows that have been tried for"
            f" long enough graduated: {rate}."
        )
    else:
        lines.append("- No workflow has been tried for long enough to say how many graduate.")
    if figures.days_to_graduate is not None:
        lines.append(f"- Days to graduate: {figures.days_to_graduate:,} (median).")
    if figures.days_to_decide is not None:
        number = f"{figures.decided:,} ticket{'s' * (figures.decided != 1)}"
        lines.append(f"- Days to a decision: {figures.days_to_decide:,} (median of {number}).")
    return lines


def _number(tickets: int) -> str:
    return {0: "no ticket", 1: "1 ticket"}.get(tickets, f"{tickets:,} tickets")


def _ticket_table(tickets: list[TicketState]) -> str:
    rows = [
        (
            markdown(one.workflow),
            markdown(one.kind.replace("_", " ")),
            markdown(one.ticket) or _NOTHING,
            _WORDS.get(one.what) or markdown(one.what),
        )
        for one in tickets
    ]
    return table(("Workflow", "Kind", "Ticket", "Stands"), rows, right=frozenset())


def _decision_table(decisions: tuple[Decision, ...]) -> str:
    rows = [
        (
            markdown(one.workflow),
            one.code.value,
            markdown(one.role) or _NOTHING,
            str(one.decided_on),
            _until(one),
        )
        for one in decisions
    ]
    return table(("Workflow", "Decision", "By", "On", "Until"), rows, right=frozenset())


def _until(one: Decision) -> str:
    if one.until_day is not None:
        return str(one.until_day)
    return _NOTHING if one.until_items is None else f"{one.until_items:,} items"
