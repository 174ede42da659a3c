"""After promotion: what the evidence on golden and provisional workflows asks people to look at.

Demotion is proposed sooner than promotion is granted, and nothing is ever changed by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.cusum import is_alarm
from tasks.core.promotion.deadlines import business_days_after
from tasks.core.promotion.decisions import Asked
from tasks.core.promotion.rates import percent
from tasks.core.promotion.stages import PROMOTED
from tasks.core.promotion.verdict import GateName, Kind, Status, Verdict
from tasks.core.work.epochs import Cause, Epoch

#: From this tier on nothing about a stage may be automated, not even by those who use the product.
_BY_PEOPLE = 3
_SIGNED = 4
_ACKNOWLEDGED = 2


class Signal(StrEnum):
    """What the watch saw, the most urgent first."""

    ALARM = "alarm"  # the success rate fell
    INCIDENTS = "incidents"  # more than the tier allows
    LAPSED = "lapsed"  # a control, an owner or an action that it was promoted with
    QUESTION = "question"  # on today's tags the evidence no longer speaks for the floor
    RECERTIFY = "recertify"  # another model, tools or major version
    WATCH = "watch"  # a small change, not long ago


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at.

    Attributes:
        sentence: With its figures.
        proposes_demotion: Else it asks for a look.
        authority: Who decides, by tier; roles only.
    """

    workflow: str
    epoch: str
    signal: Signal
    sentence: str
    proposes_demotion: bool
    authority: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """A review ticket that nobody decided in time.

    Attributes:
        due_on: Last UTC day for the decision.
        role: Escalation role that is asked now; empty where the catalog names none.
    """

    workflow: str
    epoch: str
    due_on: date
    role: str


def watch(case: Case, verdict: Verdict, epoch: Epoch) -> tuple[Notice, ...]:
    """List what the evidence on a promoted workflow asks for; nothing for any other stage.

    Args:
        case: As judged.
        verdict: On that case.
        epoch: That the workflow is in.
    """
    card, terms = case.card, case.terms
    if card.stage not in PROMOTED or terms is None:
        return ()
    unmet = {one.name for one in verdict.gates if one.status is Status.UNMET}
    is_new = _is_new(case, epoch) and GateName.SUCCESS in unmet
    figures = f"{verdict.rate.successes} of {verdict.rate.items} good in this epoch"
    floor = percent(terms.floor_ppm)
    seen = {
        Signal.ALARM: is_alarm(card.drift) and f"its success rate is falling; {figures}",
        Signal.INCIDENTS: GateName.INCIDENTS in unmet
        and f"its items caused {card.incidents} incidents, at most {terms.incidents} allowed",
        Signal.LAPSED: verdict.kind is Kind.BLOCKED and verdict.sentence,
        Signal.QUESTION: not is_new
        and verdict.rate.items >= terms.items
        and verdict.log_e < 0
        and f"{figures} no longer speak for the floor of {floor}",
        Signal.RECERTIFY: is_new
        and f"its {epoch.cause} changed on {epoch.from_at.date()}; {figures}, floor {floor}",
        Signal.WATCH: epoch.is_watch and f"a small change on {epoch.watch_from}; {figures}",
    }
    return tuple(
        Notice(
            workflow=card.workflow,
            epoch=card.epoch,
            signal=signal,
            sentence=sentence,
            proposes_demotion=signal in {Signal.ALARM, Signal.INCIDENTS},
            authority=authority_of(case.workflow),
        )
        for signal, sentence in seen.items()
        if sentence
    )


def authority_of(workflow: Workflow) -> str:
    """Say who decides about a workflow's stage, by its tier."""
    owner = workflow.owner or "its owner"
    accountable = workflow.raci.accountable if workflow.raci else owner
    if workflow.risk_tier >= _SIGNED:
        return f"{accountable} signs; the gate only proposes, and nothing is automatic"
    if workflow.risk_tier >= _BY_PEOPLE:
        return f"{owner} and the code owners; never automatic"
    if workflow.risk_tier >= _ACKNOWLEDGED:
        return f"a merged line of the catalog that {owner} has acknowledged"
    return "a merged line of the catalog"


def decide_by(asked: Asked, rules: GateRules) -> date:
    """Give the last UTC day for deciding a review ticket."""
    return business_days_after(asked.opened_at.date(), rules.decide_within_days)


def overdue(
    asked: Iterable[Asked],
    decided: Collection[tuple[str, str]],
    escalated: Collection[tuple[str, str]],
    *,
    workflows: Mapping[str, Workflow],
    rules: GateRules,
    today: date,
) -> tuple[Overdue, ...]:
    """List the review tickets that go to the escalation role now: each only once.

    Args:
        asked: All review tickets.
        decided: (workflow, epoch) of those that were.
        escalated: (workflow, epoch) of those that went there before.
        workflows: Of the catalog in force, by id.
        rules: How many business days a decision may take.
        today: UTC day; on the last day for deciding nothing is late.
    """
    late = []
    for one in asked:
        due_on = decide_by(one, rules)
        key = (one.workflow, one.epoch)
        if due_on < today and key not in decided and key not in escalated:
            workflow = workflows.get(one.workflow)
            role = (workflow.escalation if workflow else None) or ""
            late.append(Overdue(one.workflow, one.epoch, due_on, role))
    return tuple(sorted(late, key=lambda one: (one.due_on, one.workflow, one.epoch)))


def _is_new(case: Case, epoch: Epoch) -> bool:
    """Tell whether the epoch began after the workflow was promoted."""
    began, stage_from = epoch.from_at.date(), case.card.stage_from
    return epoch.cause is not Cause.FIRST and stage_from is not None and began > stage_from
