"""What each workflow of the candidate list lacks: first what people can do, then what needs work.

Markdown; every word that came from outside is escaped.
"""

from collections.abc import Iterable, Sequence

from tasks.core.promotion.candidates import is_suspended
from tasks.core.promotion.gate_words import GATES, begun, gate_line, verdict_words
from tasks.core.promotion.rates import percent
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Projection, Status
from tasks.core.promotion.verdict_text import BLOCKING
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.text import LONGEST_SENTENCE, markdown

#: Workflows whose gates are told one by one.
_MOST_TOLD = 25
_NOTHING = "—"
#: Gates that say something before there is any work.
_BEFORE_WORK = BLOCKING | {GateName.INCIDENTS}


def missing_gates(listed: Sequence[TicketCase]) -> list[str]:
    """Tell every gate that is not met, workflow by workflow; those that qualify lack nothing."""
    told = [one for one in listed if one.verdict.kind is not Kind.QUALIFIED]
    lines: list[str] = []
    for one in told[:_MOST_TOLD]:
        name = f"{markdown(one.verdict.workflow)} ({markdown(one.card.family)})"
        lines += [f"### {name}: {verdict_words(one.verdict)}", ""]
        if is_suspended(one.packet):  # which no gate says
            lines += [f"{markdown(begun(one.verdict.sentence), LONGEST_SENTENCE)}.", ""]
        lines += _by_who(one)
    rest = len(told) - _MOST_TOLD
    return [*lines, f"The gates of {rest:,} more are in the CSV."] if rest > 0 else lines


def unmet_gates(one: TicketCase) -> tuple[GateResult, ...]:
    """Give the gates that a workflow does not meet."""
    return tuple(gate for gate in one.verdict.gates if gate.status is Status.UNMET)


def projected_days(projection: Projection | None, *, is_missing: bool) -> str:
    """Print a projection for a cell.

    Args:
        projection: Of one gate, or of all together.
        is_missing: Something is; else a projection that is none means: nothing to wait for.
    """
    if projection is None:
        return "waits for no item" if is_missing else _NOTHING
    if projection.items is None:
        return "not at this rate"
    if projection.earliest is None:
        return "not within a year at this pace"
    if projection.latest is None:
        return f"{projection.earliest} or later"
    is_day = projection.latest == projection.earliest
    return str(projection.earliest) if is_day else f"{projection.earliest} to {projection.latest}"


def _by_who(one: TicketCase) -> Iterable[str]:
    """Part what people have to do from what only work and time bring."""
    unmet = unmet_gates(one)
    by_people = [f"- {_gate(gate)}" for gate in unmet if gate.projection is None]
    by_work = [f"- {_gate(gate)}" for gate in unmet if gate.projection is not None]
    if not one.card.items():
        # Every other count is of nothing: one line says so.
        by_people = [f"- {_gate(gate)}" for gate in unmet if gate.name in _BEFORE_WORK]
        by_work = [
            f"- No item has matured yet; needed {items.need}."
            for items in unmet
            if items.name is GateName.ITEMS
        ]
    by_people += [f"- {line}" for line in _to_tag(one)]
    for title, lines in (("For people to do", by_people), ("Comes with more work", by_work)):
        if lines:
            yield from (f"**{title}**", "", *lines, "")
    notes = _notes(one) if one.card.items() else []
    if notes:
        yield from (*notes, "")


def _gate(gate: GateResult) -> str:
    line = markdown(gate_line(gate), LONGEST_SENTENCE)
    if gate.projection is None:
        return line
    when = projected_days(gate.projection, is_missing=True)
    # Days and weeks are no items: what is missing of them stands in the line.
    if gate.missing is None:
        return f"{line} {begun(when)}."
    return f"{line} {gate.missing:,} more item{'s' * (gate.missing != 1)}: {when}."


def _to_tag(one: TicketCase) -> list[str]:
    number, rate = one.verdict.unknown_to_tag, one.verdict.rate
    bounds = f"{percent(rate.worst)} and {percent(rate.best, is_up=True)}"
    words = f"Unknown outcomes to tag: {number:,}. The rate lies between {bounds}."
    return [words] if number else []


def _notes(one: TicketCase) -> list[str]:
    """Name the gates that are waived or that nobody measures."""
    lines = []
    for status, words in (
        (Status.UNKNOWN, "Not measured, which is no fail"),
        (Status.WAIVED, "Waived"),
    ):
        names = [GATES[gate.name] for gate in one.verdict.gates if gate.status is status]
        if names:
            lines.append(f"{words}: {', '.join(names)}.")
    return [" ".join(lines)] if lines else []
