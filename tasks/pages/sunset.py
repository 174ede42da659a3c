"""The sunset list: workflows that should stop, each with the evidence that says so.

Markdown for a Prefect artifact; every word that came from outside is escaped.
"""

from collections.abc import Mapping, Sequence

from tasks.core.promotion.candidates import is_suspended
from tasks.core.promotion.gate_words import REASONS, begun, gate_line
from tasks.core.promotion.rates import percent
from tasks.core.promotion.verdict import GateName, GateResult, Kind
from tasks.core.promotion.watch import Notice
from tasks.core.review.promotion_report import PromotionReport
from tasks.core.review.ticket_case import TicketCase
from tasks.core.work.item_facts import Reason
from tasks.pages.fences import fenced
from tasks.pages.missing_gates import unmet_gates
from tasks.pages.text import LONGEST_SENTENCE, amount, markdown, table

#: Workflows that are told one by one.
_MOST_TOLD = 50
#: Patches that are shown.
_MOST_PATCHES = 12
_NOTHING = "—"
#: Gates that say more than the sentence of a verdict does, and more than that work is lacking.
_EVIDENCE = frozenset({GateName.GOLDEN, GateName.COST})
#: Reasons for failures that are told.
_MOST_REASONS = 4


def sunset(found: PromotionReport) -> str:
    """Show what the evidence says should be retired, what is getting worse, and what changed."""
    retiring, falling = (
        [one for one in found.of_kind(kind) if not is_suspended(one.packet)]
        for kind in (Kind.RETIRE, Kind.REGRESSING)
    )
    deciding = {one.workflow: one.authority for one in found.notices if one.proposes_demotion}
    parts = ["# Sunset list", "", f"**{_summary(len(retiring), len(falling))}**", ""]
    at = f"{found.asking.as_of:%Y-%m-%d %H:%M} UTC"
    scope = (
        f"As of {at}. Nothing stops by itself, and nothing is here for"
        " what it spends alone: a merged line of catalog.yaml decides."
    )
    parts += [scope, ""]
    for title, group, what in (
        ("To retire", retiring, "Merge its line below, or narrow its scope:"),
        (
            "Regressing",
            falling,
            "Find out what changed, narrow its scope, or merge its line below:",
        ),
    ):
        if group:
            parts += [f"## {title}", "", _table(group), "", what, "", *_told(group, deciding), ""]
    parts += _offered((*retiring, *falling))
    told = {one.verdict.workflow for one in (*retiring, *falling)}
    notices = [one for one in found.notices if one.workflow not in told]
    if notices:
        parts += ["## Watched since they were promoted", "", *_watched(notices)]
    return "\n".join(parts).rstrip()


def _summary(retiring: int, falling: int) -> str:
    if not retiring and not falling:
        return "Nothing should stop."
    what = [f"{retiring:,} to retire"] * bool(retiring) + [f"{falling:,} regressing"] * bool(
        falling
    )
    return f"{', '.join(what)}."


def _table(group: Sequence[TicketCase]) -> str:
    rows = [
        (
            markdown(one.verdict.workflow),
            markdown(one.card.stage) or "none",
            f"{one.verdict.rate.successes:,} of {one.verdict.rate.items:,}",
            percent(one.verdict.rate.upper, is_up=True) if one.verdict.rate.items else _NOTHING,
            f"{one.card.incidents:,}",
            amount(one.card.exploration_nano + one.card.production_nano, one.currency),
            str(one.card.last_at.date()) if one.card.last_at else "never",
        )
        for one in group[:_MOST_TOLD]
    ]
    head = ("Workflow", "Stage", "Good", "Proven at most", "Incidents", "Spent", "Last used")
    return table(head, rows, right=frozenset({2, 3, 4, 5}))


def _offered(cases: Sequence[TicketCase]) -> list[str]:
    """Show the lines that would do it, as patches of the catalog."""
    patched = [one for one in cases if one.patch is not None or one.patch_refusal]
    lines = [
        "## Lines on offer",
        "",
        "A merge is the approval. Without one, all goes on as before.",
    ]
    for one in patched[:_MOST_PATCHES]:
        lines += ["", f"**{markdown(one.verdict.workflow)}**:", ""]
        lines.append(
            fenced(one.patch.diff, "diff")
            if one.patch is not None
            else f"{markdown(one.patch_refusal, LONGEST_SENTENCE)}."
        )
    rest = len(patched) - _MOST_PATCHES
    lines += ["", f"{rest:,} more are not shown."] if rest > 0 else []
    return [*lines, ""] if patched else []


def _watched(notices: Sequence[Notice]) -> list[str]:
    lines = [
        f"- **{markdown(one.workflow)}**: {markdown(one.sentence, LONGEST_SENTENCE)}."
        + (f" Who decides: {markdown(one.authority)}." if one.proposes_demotion else "")
        for one in notices[:_MOST_TOLD]
    ]
    rest = len(notices) - _MOST_TOLD
    return [*lines, f"- {rest:,} more."] if rest > 0 else lines


def _told(group: Sequence[TicketCase], deciding: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for one in group[:_MOST_TOLD]:
        name = one.verdict.workflow
        sentence = markdown(one.verdict.sentence, LONGEST_SENTENCE)
        lines.append(f"- **{markdown(name)}**: {sentence}.")
        below = [markdown(gate_line(gate), LONGEST_SENTENCE) for gate in _evidence(one)]
        below += _failed(one)
        if name in deciding:
            below.append(f"Who decides: {markdown(deciding[name])}.")
        lines += [f"  - {line}" for line in below]
    rest = len(group) - _MOST_TOLD
    return [*lines, f"- {rest:,} more are in the CSV."] if rest > 0 else lines


def _evidence(one: TicketCase) -> list[GateResult]:
    return [gate for gate in unmet_gates(one) if gate.name in _EVIDENCE and one.verdict.rate.items]


def _failed(one: TicketCase) -> list[str]:
    """Say why its items count as failures, or are unknown: the commonest reasons."""
    reasons = sorted(one.card.reasons, key=lambda pair: -pair[1])[:_MOST_REASONS]
    words = [f"{REASONS[Reason(reason)]} ({number:,})" for reason, number in reasons]
    return [f"{begun(', '.join(words))}."] if words else []
