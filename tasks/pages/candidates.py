"""The candidate list as people read it: what to decide now, and what each workflow lacks.

Markdown for a Prefect artifact; every word that came from outside is escaped. The table stays
narrow enough for both UIs of Prefect: one of them breaks no cell into lines.
"""

from collections.abc import Sequence

from tasks.core.promotion.candidates import candidate_list, is_suspended
from tasks.core.promotion.gate_words import GATES, KINDS, PROVEN_FROM, REVIEW_READY, verdict_words
from tasks.core.promotion.rates import percent
from tasks.core.promotion.verdict import GateName, Kind
from tasks.core.promotion.verdict_text import BLOCKING
from tasks.core.review.promotion_report import PromotionReport
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.finding_tasks import finding_tasks
from tasks.pages.missing_gates import missing_gates, projected_days, unmet_gates
from tasks.pages.review_state import own_figures_lines, review_state, tickets_asked
from tasks.pages.text import LONGEST_SENTENCE, markdown, numbered, table

#: Workflows of the table; the others are in the CSV.
_MOST_ROWS = 100
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
    Kind.HOLDS: "golden holding",
}
#: What is asked of people, in the order in which it is asked.
_WANTED = (
    (Kind.QUALIFIED, "Decide about"),
    (Kind.REGRESSING, "Narrow or take back"),
    (Kind.DECISION_DUE, "Extend, narrow or retire"),
    (Kind.BLOCKED, "Unblock"),
    (Kind.RETIRE, "Narrow or retire"),
)
#: What lets a blocked workflow go on, by the first gate that blocks it.
_UNBLOCKED = {
    GateName.OWNER: "Add it to catalog.yaml.",
    GateName.CONTROLS: "Put that control in place, or declare or waive it in catalog.yaml.",
    GateName.ACTIONS: "Finish them.",
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
    missing = missing_gates(listed)
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
    lines = []
    for kind, words in _WANTED:
        # An explored workflow that falls only waits; nothing is taken back.
        for one in (one for one in found.of_kind(kind) if not is_suspended(one.packet)):
            name = one.verdict.workflow
            told = markdown(one.verdict.sentence, LONGEST_SENTENCE)
            where = f" Ticket {markdown(tickets[name])}." if name in tickets else ""
            lines.append(f"{words} **{markdown(name)}**: {told}.{_unblocked_by(one)}{where}")
    lines += [markdown(problem, LONGEST_SENTENCE) for problem in found.problems]
    lines += finding_tasks(found.findings)
    rest = len(lines) - _MOST_TASKS
    return [*lines[:_MOST_TASKS], f"{rest:,} more stand below."] if rest > 0 else lines


_MEANING = (
    "*Good* is of matured items; *proven* is what its rate is at least, however often one looks,"
    f" told from {PROVEN_FROM} items on. *Missing* are items at the measured rate, and *expected*"
    " says when they would be there."
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
                verdict_words(verdict),
                f"{verdict.rate.successes:,} of {verdict.rate.items:,}"
                if verdict.rate.items
                else _NOTHING,
                percent(verdict.rate.lower) if verdict.rate.items >= PROVEN_FROM else _NOTHING,
                _lacks(one),
                _NOTHING if missing is None else f"{missing:,}",
                projected_days(verdict.projection, is_missing=bool(unmet))
                if verdict.rate.items
                else "waits for its first items",
            )
        )
    return table(head, rows, right=frozenset({2, 3, 5}))


def _unblocked_by(one: TicketCase) -> str:
    if one.verdict.kind is not Kind.BLOCKED:
        return ""
    first = next((gate.name for gate in unmet_gates(one) if gate.name in _UNBLOCKED), None)
    return f" {_UNBLOCKED[first]}" if first else ""


def _lacks(one: TicketCase) -> str:
    unmet = [gate.name for gate in unmet_gates(one)]
    if not unmet:
        return _NOTHING
    if not one.card.items() and not BLOCKING.intersection(unmet):
        return GATES[GateName.ITEMS]  # all else is counted of them
    first = next((name for name in unmet if name == one.verdict.weakest), unmet[0])
    return GATES[first] + (f" +{len(unmet) - 1}" if len(unmet) > 1 else "")


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
