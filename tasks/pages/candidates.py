"""The candidate list as people read it: what to decide now, and what each workflow lacks.

Markdown for a Prefect artifact; every word that came from outside is escaped. The table stays
narrow enough for both UIs of Prefect: one of them breaks no cell into lines.
"""

from collections.abc import Sequence

from tasks.core.candidates import candidate_list
from tasks.core.gate_words import GATES, KINDS, REVIEW_READY, gate_line
from tasks.core.promotion_report import PromotionReport
from tasks.core.rates import percent
from tasks.core.ticket_case import TicketCase
from tasks.core.verdict import GateResult, Kind, Projection, Status
from tasks.pages.finding_tasks import finding_tasks
from tasks.pages.review_state import own_figures_lines, review_state, tickets_asked
from tasks.pages.text import LONGEST_SENTENCE, markdown, numbered, table

#: Workflows of the table; the others are in the CSV.
_MOST_ROWS = 100
#: Workflows whose gates are told one by one.
_MOST_TOLD = 25
#: Things to do that a person still reads.
_MOST_TASKS = 12
_NOTHING = "—"
#: Verdicts of the list, and how many of them are called in the first sentence.
_LISTED = (Kind.QUALIFIED, Kind.DECISION_DUE, Kind.NOT_YET, Kind.BLOCKED)
_BESIDE = (Kind.RETIRE, Kind.REGRESSING, Kind.HOLDS)
_COUNTED = {
    Kind.BLOCKED: "blocked",
    Kind.REGRESSING: "regressing",
    Kind.QUALIFIED: "qualified",
    Kind.RETIRE: "to retire",
    Kind.DECISION_DUE: "due for a decision",
    Kind.NOT_YET: "not yet",
    Kind.HOLDS: "golden that holds",
}


def candidates(found: PromotionReport) -> str:
    """Show the candidates of one look, those that want a decision first."""
    listed = listed_cases(found)
    at = f"{found.asking.as_of:%Y-%m-%d %H:%M} UTC"
    scope = (
        f"As of {at}. Looking often fools nobody: the bounds hold"
        " at every look. Nothing is promoted here: a merged line of catalog.yaml decides."
    )
    parts = ["# Promotion candidates", "", f"**{summary(found)}**", "", scope, ""]
    tasks = candidate_tasks(found)
    told = numbered(tasks) if tasks else ["Nothing is to be decided."]
    parts += ["## What to do now", "", *told, ""]
    if listed:
        parts += ["## How each stands", "", _table(listed[:_MOST_ROWS]), ""]
        if len(listed) > _MOST_ROWS:
            parts += [f"{len(listed) - _MOST_ROWS:,} more are in the CSV.", ""]
        parts += [_MEANING, ""]
    else:
        parts += ["No workflow is explored.", ""]
    parts += [*_changes(found), *review_state(found)]
    missing = _missing(listed)
    if missing:
        parts += ["## What is missing", "", *missing]
    if found.own is not None:
        parts += ["", "## How promotion itself does", "", *own_figures_lines(found.own)]
    return "\n".join(parts).rstrip()


def listed_cases(found: PromotionReport) -> list[TicketCase]:
    """Give the cases of the list, those closest to a decision first."""
    cases = {one.verdict.workflow: one for one in found.cases}
    listed = candidate_list(one.packet for one in found.cases)
    return [cases[packet.verdict.workflow] for packet in listed]


def ready_cases(found: PromotionReport) -> list[TicketCase]:
    """Give those that only lack the proof."""
    return [one for one in found.cases if one.verdict.is_review_ready]


def summary(found: PromotionReport) -> str:
    """Say in one sentence what was found, and which tickets it asks for."""
    ready = {one.verdict.workflow for one in ready_cases(found)}
    counts = []
    for kind in (*_LISTED, *_BESIDE):
        number = sum(one.verdict.workflow not in ready for one in found.of_kind(kind))
        if number or kind is Kind.QUALIFIED:
            counts.append(f"{number:,} {_COUNTED[kind]}")
    if ready:
        counts.insert(1, f"{len(ready):,} {REVIEW_READY}")
    return f"{', '.join(counts)}; {tickets_asked(found)}."


def run_name(found: PromotionReport) -> str:
    """Name the run by its answer: `2026-11-20 · 1 qualified · 2 ready · 4 not yet`."""
    ready = len(ready_cases(found))
    pending = sum(not one.verdict.is_review_ready for one in found.of_kind(Kind.NOT_YET))
    parts = [f"{found.asking.as_of:%Y-%m-%d}", f"{len(found.of_kind(Kind.QUALIFIED)):,} qualified"]
    parts += [f"{ready:,} ready"] * bool(ready)
    parts += [f"{pending:,} not yet"] * bool(pending)
    return " · ".join(parts)


def candidate_tasks(found: PromotionReport) -> list[str]:
    """Ask for what wants a decision, then for what kept tickets back, then for findings."""
    tickets = {one.workflow: one.ticket for one in found.tickets if one.ticket}
    wanted = (
        (Kind.QUALIFIED, "Decide about"),
        (Kind.DECISION_DUE, "Extend, narrow or retire"),
        (Kind.BLOCKED, "Unblock"),
    )
    lines = []
    for kind, words in wanted:
        for one in found.of_kind(kind):
            name = one.verdict.workflow
            told = markdown(one.verdict.sentence, LONGEST_SENTENCE)
            where = f" Ticket {markdown(tickets[name])}." if name in tickets else ""
            lines.append(f"{words} **{markdown(name)}**: {told}.{where}")
    lines += [markdown(problem, LONGEST_SENTENCE) for problem in found.problems]
    lines += finding_tasks(found.findings)
    rest = len(lines) - _MOST_TASKS
    return [*lines[:_MOST_TASKS], f"{rest:,} more stand below."] if rest > 0 else lines


def projected_days(projection: Projection | None, *, is_missing: bool) -> str:
    """Print a projection for a cell.

    Args:
        projection: Of one gate, or of all together.
        is_missing: Something is; else a projection that is none means: nothing to wait for.
    """
    if projection is None:
        return "waits for no item" if is_missing else _NOTHING
    if projection.items is None or projection.earliest is None:
        return "not at this rate"
    if projection.latest is None:
        return f"from {projection.earliest}"
    is_day = projection.latest == projection.earliest
    return str(projection.earliest) if is_day else f"{projection.earliest} to {projection.latest}"


def unmet_gates(one: TicketCase) -> tuple[GateResult, ...]:
    """Give the gates that a workflow does not meet."""
    return tuple(gate for gate in one.verdict.gates if gate.status is Status.UNMET)


_MEANING = (
    "*Good* is of matured items; *proven* is what its rate is at least, however often one looks."
    " *Missing* are items at the measured rate, and *expected* says when they would be there."
)


def _table(listed: Sequence[TicketCase]) -> str:
    head = ("Workflow", "Verdict", "Good", "Proven", "Lacks", "Missing", "Expected")
    rows = []
    for one in listed:
        verdict = one.verdict
        unmet = unmet_gates(one)
        missing = verdict.projection.items if verdict.projection else None
        rows.append(
            (
                markdown(verdict.workflow),
                REVIEW_READY if verdict.is_review_ready else KINDS[verdict.kind],
                f"{verdict.rate.successes:,} of {verdict.rate.items:,}",
                percent(verdict.rate.lower) if verdict.rate.items else _NOTHING,
                _lacks(one),
                _NOTHING if missing is None else f"{missing:,}",
                projected_days(verdict.projection, is_missing=bool(unmet)),
            )
        )
    return table(head, rows, right=frozenset({2, 3, 5}))


def _missing(listed: Sequence[TicketCase]) -> list[str]:
    """Tell every gate that is not met, workflow by workflow."""
    told = [one for one in listed if one.verdict.kind is not Kind.QUALIFIED]
    lines: list[str] = []
    for one in told[:_MOST_TOLD]:
        verdict = one.verdict
        title = f"### {markdown(verdict.workflow)} ({markdown(one.card.family)})"
        lines += [title, "", f"{markdown(verdict.sentence, LONGEST_SENTENCE)}.", ""]
        lines += [f"- {_gate(gate)}" for gate in unmet_gates(one)]
        lines += [f"- {line}" for line in _notes(one)]
        lines.append("")
    rest = len(told) - _MOST_TOLD
    return [*lines, f"The gates of {rest:,} more are in the CSV."] if rest > 0 else lines


def _gate(gate: GateResult) -> str:
    line = markdown(gate_line(gate), LONGEST_SENTENCE)
    if gate.projection is None:
        return line
    when = projected_days(gate.projection, is_missing=True)
    if gate.projection.items is not None:
        when = f"{gate.projection.items:,} more items, {when}"
    return f"{line} {when[:1].upper()}{when[1:]}."


def _notes(one: TicketCase) -> list[str]:
    """Name the gates that are waived or that nobody can tell of, and what a tag would settle."""
    lines = []
    for status, words in (
        (Status.UNKNOWN, "Nobody can tell, which is no fail"),
        (Status.WAIVED, "Waived"),
    ):
        names = [GATES[gate.name] for gate in one.verdict.gates if gate.status is status]
        if names:
            lines.append(f"{words}: {'; '.join(names)}.")
    number, rate = one.verdict.unknown_to_tag, one.verdict.rate
    if number:
        lines.append(
            f"Unknown outcomes to tag: {number:,}. The rate lies between {percent(rate.worst)} and"
            f" {percent(rate.best, is_up=True)}."
        )
    return lines


def _lacks(one: TicketCase) -> str:
    unmet = [gate.name.value for gate in unmet_gates(one)]
    if not unmet:
        return _NOTHING
    first = one.verdict.weakest if one.verdict.weakest in unmet else unmet[0]
    return markdown(first) + (f" +{len(unmet) - 1}" if len(unmet) > 1 else "")


def _changes(found: PromotionReport) -> list[str]:
    now = {one.verdict.workflow: one.verdict for one in found.cases}
    lines = [
        f"- {markdown(workflow)}: {_kind_words(before)}, now {KINDS[now[workflow].kind]}"
        for workflow, before in found.since
        if workflow in now
    ]
    return ["## Since the last look", "", *lines, ""] if lines else []


def _kind_words(kind: str) -> str:
    return KINDS[Kind(kind)] if kind in set(Kind) else markdown(kind)
