"""What became of each workflow's work, the workflows of a family side by side.

Markdown for a Prefect artifact. Every share stands beside the counts it is made of; what
nobody knows is a dash, never a zero.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from tasks.core.claims import OutcomeCounts
from tasks.core.night_report import NightReport
from tasks.core.work.outcomes import ItemCounts, Outcomes, WorkflowOutcomes
from tasks.pages.text import amount, markdown, table

#: Workflows that fit beside each other; more of a family go into a further table.
_ABREAST = 3
_UNKNOWN = "—"
_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
#: Digits of a share in percent, and of hours.
_CENT = Decimal("0.01")

_Cell = Callable[[WorkflowOutcomes], str]
_Line = tuple[str, _Cell]


def outcomes(night: NightReport) -> str:
    """Show outcomes of every workflow, by family, exploration before production."""
    found = night.outcomes
    plan = night.plan
    parts = [
        "# Outcomes",
        "",
        f"Items: all that were known at {plan.as_of:%Y-%m-%d %H:%M} UTC.",
    ]
    if any(one.decided for one in found.workflows):
        parts.append(f"Logged decisions and their cost: runs from {plan.start} to {plan.end}.")
    # Where no source tells of incidents, none caused is not known.
    lines = [line for line in _LINES if line is not _INCIDENTS or found.incidents]
    told = [one for one in found.workflows if _is_known(one)]
    for (portfolio, family), group in groupby(told, lambda one: (one.portfolio, one.family)):
        parts += ["", f"## {markdown(family)} ({markdown(portfolio)})"]
        abreast = sorted(group, key=lambda one: (not one.pool, one.pool))
        for start in range(0, len(abreast), _ABREAST):
            parts += ["", _family_table(abreast[start : start + _ABREAST], lines)]
    silent = [markdown(one.workflow) for one in found.workflows if not _is_known(one)]
    if silent:
        parts += ["", f"No item and no mapped decision is known of: {', '.join(silent)}."]
    return "\n".join([*parts, "", _notes(found)])


def _is_known(one: WorkflowOutcomes) -> bool:
    return bool(one.items.total() or one.decided)


def _family_table(abreast: Sequence[WorkflowOutcomes], lines: Sequence[_Line]) -> str:
    head = [f"{markdown(one.workflow)} · {one.pool or 'no stage'}" for one in abreast]
    rows = []
    for name, cell in lines:
        cells = [cell(one) for one in abreast]
        if any(text != _UNKNOWN for text in cells):
            rows.append((name, *cells))
    return table(("", *head), rows, right=frozenset(range(1, len(head) + 1)))


def _notes(found: Outcomes) -> str:
    lines = [
        "*Open* and *unknown* are no success and no failure; shares are of all, these included.",
    ]
    if any(one.items.tickets() for one in found.workflows):
        lines.append("A closed ticket may be done or given up.")
    if found.unclaimed:
        lines.append(f"{found.unclaimed:,} items carry no mark of any workflow.")
    if not found.incidents and any(one.items.total() for one in found.workflows):
        lines.append("No source tells of an incident, which does not mean that there was none.")
    if found.unplaced:
        lines.append(
            f"{found.unplaced:,} of {found.incidents:,} incidents name a cause that no source"
            " has told of."
        )
    return "\n".join(f"- {line}" for line in lines)


def _share(part: int, whole: int) -> str:
    """Print a share with what it is made of, to two digits: `52.48 % (53 of 101)`."""
    if not whole:
        return _UNKNOWN
    percent = (Decimal(100 * part) / whole).quantize(_CENT)
    return f"{percent} % ({part:,} of {whole:,})"


def _hours(time: timedelta | None) -> str:
    if time is None:
        return _UNKNOWN
    hours = Decimal(time // _MICROSECOND) / (_HOUR // _MICROSECOND)
    return f"{hours.quantize(_CENT):,}"


def _count(whole: Callable[[ItemCounts], int]) -> _Cell:
    return lambda one: f"{whole(one.items):,}" if whole(one.items) else _UNKNOWN


def _part(part: Callable[[ItemCounts], int], whole: Callable[[ItemCounts], int]) -> _Cell:
    return lambda one: _share(part(one.items), whole(one.items))


def _decided(part: Callable[[OutcomeCounts], int]) -> _Cell:
    return lambda one: _share(part(one.decided), one.decided.total()) if one.decided else _UNKNOWN


def _incidents(one: WorkflowOutcomes) -> str:
    return f"{one.items.incidents:,}" if one.items.total() else _UNKNOWN


def _cost(one: WorkflowOutcomes) -> str:
    if one.cost is None or one.cost.uncosted == one.cost.items:
        return _UNKNOWN
    lacking = f" ({one.cost.uncosted:,} not fully logged)" if one.cost.uncosted else ""
    return amount(one.cost.cost_nano) + lacking


_INCIDENTS: _Line = ("incidents caused", _incidents)
_LINES: tuple[_Line, ...] = (
    ("**Pull requests**", _count(ItemCounts.pulls)),
    ("merged", _part(lambda items: items.merged, ItemCounts.pulls)),
    ("closed without a merge", _part(lambda items: items.closed, ItemCounts.pulls)),
    ("open", _part(lambda items: items.open, ItemCounts.pulls)),
    ("reverted, of merged", _part(lambda items: items.reverted, lambda items: items.merged)),
    ("median hours to merge", lambda one: _hours(one.items.to_merge)),
    ("median hours to close", lambda one: _hours(one.items.to_close)),
    ("**Tickets**", _count(ItemCounts.tickets)),
    ("closed", _part(lambda items: items.tickets_closed, ItemCounts.tickets)),
    ("median hours to close a ticket", lambda one: _hours(one.items.to_ticket_close)),
    ("**All items**", _count(ItemCounts.total)),
    ("of unknown kind", _count(lambda items: items.untyped)),
    ("reopened", _part(lambda items: items.reopened, ItemCounts.total)),
    _INCIDENTS,
    ("**Logged decisions**", lambda one: f"{one.decided.total():,}" if one.decided else _UNKNOWN),
    ("success", _decided(lambda counts: counts.success)),
    ("failure", _decided(lambda counts: counts.failure)),
    ("unknown", _decided(lambda counts: counts.unknown)),
    ("logged cost", _cost),
)
