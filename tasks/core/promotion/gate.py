"""The rule: what the gate says of one workflow, from its scorecard and what its tier asks.

`judge` is pure and gives a verdict for any scorecard, however odd. docs/gate.md has the rule in
words.
"""

from collections.abc import Callable, Sequence

from config.shapes.base import Stage
from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.cost_gate import cost_gate, is_dearer, is_within_limit, tail_gate
from tasks.core.promotion.count_gates import (
    cancelled_gate,
    coverage_gate,
    days_gate,
    items_gate,
    repositories_gate,
    squads_gate,
    weeks_gate,
)
from tasks.core.promotion.cusum import is_alarm
from tasks.core.promotion.deadlines import decision_day
from tasks.core.promotion.gates import (
    actions_gate,
    controls_gate,
    incidents_gate,
    owner_gate,
    policy_gate,
)
from tasks.core.promotion.mix import mix_gate, one_squad_gate, stratum_gate
from tasks.core.promotion.outlook import outlook
from tasks.core.promotion.run_gates import escalations_gate, rework_gate
from tasks.core.promotion.scorecard import LOG_UNIT, Scorecard
from tasks.core.promotion.stages import TRYING
from tasks.core.promotion.success_gate import golden_gate, is_below_floor, log_e_of, success_gate
from tasks.core.promotion.terms import Terms
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Rate, Status, Verdict
from tasks.core.promotion.verdict_text import BLOCKING, Grounds, sentence_of, weakest_of
from tasks.core.promotion.waivers import waived

_Gate = Callable[[Case, Terms], GateResult]

#: Raised, with the changelog, when an equal case could give another verdict.
RULE_VERSION = "1"

#: What a tier's terms are needed for, in the order in which it is shown.
_GATES: tuple[_Gate, ...] = (
    actions_gate,
    incidents_gate,
    items_gate,
    days_gate,
    weeks_gate,
    repositories_gate,
    squads_gate,
    one_squad_gate,
    stratum_gate,
    mix_gate,
    coverage_gate,
    cancelled_gate,
    success_gate,
    golden_gate,
    cost_gate,
    tail_gate,
    escalations_gate,
    rework_gate,
)
# An e-value's logarithm is kept to nine places: the tenth may differ between two builds of SciPy.
_PARTS = 10**9
_LOWEST_LOG = -1e6


def judge(
    card: Scorecard,
    golden: Scorecard | None,
    terms: Terms | None,
    rules: GateRules,
    workflow: Workflow,
    controls: Sequence[ControlState],
    *,
    contenders: int,
    overdue_actions: int,
    has_squads: bool = True,
    squads_in_scope: int | None = None,
) -> Verdict:
    """Judge one workflow.

    Args:
        card: Its scorecard, as of the look.
        golden: That of its family's golden workflow; None without one. A workflow is never
            compared with itself.
        terms: Of its tier; None: the policy has no such tier.
        rules: That hold for every tier.
        workflow: As in the catalog in force.
        controls: As `tasks.core.promotion.controls.controls_of` gives them.
        contenders: Workflows of the family that share the chance of a wrong promotion.
        overdue_actions: Of reviews of this workflow.
        has_squads: The catalog has squads at all.
        squads_in_scope: How many of them its scope can reach; None: any number.
    """
    if golden is not None and golden.workflow == card.workflow:
        golden = None
    return judge_case(
        Case(
            card=card,
            golden=golden,
            terms=terms,
            rules=rules,
            workflow=workflow,
            controls=tuple(controls),
            contenders=contenders,
            overdue_actions=overdue_actions,
            has_squads=has_squads,
            squads_in_scope=squads_in_scope,
        )
    )


def judge_case(case: Case) -> Verdict:
    """Judge a case; the same case gives the same verdict, to the byte."""
    rate, terms = case.rate, case.terms
    results = [policy_gate(case), owner_gate(case), controls_gate(case)]
    if terms is not None:
        results += [gate(case, terms) for gate in _GATES]
    gates, projection = outlook(case, waived(results, case.workflow.waivers, case.day))
    unmet = {one.name for one in gates if one.status is Status.UNMET}
    grounds = _grounds(case, rate, unmet)
    kind = _kind(case, grounds, unmet)
    is_ready = kind in {Kind.NOT_YET, Kind.DECISION_DUE} and _is_review_ready(case, rate, unmet)
    is_asking = {GateName.SUCCESS, GateName.COVERAGE} & unmet
    return Verdict(
        workflow=case.card.workflow,
        epoch=case.card.epoch,
        kind=kind,
        sentence=sentence_of(case, kind, gates, rate, grounds, projection),
        gates=gates,
        rate=rate,
        golden=case.golden_rate,
        weakest=weakest_of(gates),
        alpha_ppm=case.alpha_ppm,
        is_review_ready=is_ready,
        opens_ticket=_opens_ticket(terms, kind, is_ready=is_ready),
        log_e=_log_e(case, rate),
        unknown_to_tag=max(case.card.unknown, 0) if is_asking else 0,
        projection=projection if _is_waiting(case, kind) else None,
    )


def _is_waiting(case: Case, kind: Kind) -> bool:
    """Tell whether a workflow may still be promoted once more work is done."""
    if kind is Kind.REGRESSING:
        return case.card.stage == Stage.EXPLORATION
    return kind in {Kind.NOT_YET, Kind.DECISION_DUE, Kind.BLOCKED}


def _kind(case: Case, grounds: Grounds, unmet: set[GateName]) -> Kind:
    """Take the first verdict that holds."""
    stage = case.card.stage
    # An explored workflow that falls only waits; what is proven bad says more than that.
    is_over = stage == Stage.EXPLORATION and bool(unmet) and grounds.is_retirement
    is_falling = grounds.is_alarm and not is_over
    in_order = (
        (Kind.OUTSIDE, stage not in {*TRYING, Stage.GOLDEN}),
        (Kind.BLOCKED, bool(unmet & BLOCKING)),
        (Kind.REGRESSING, is_falling or GateName.INCIDENTS in unmet),
        (Kind.HOLDS, stage == Stage.GOLDEN),
        (Kind.QUALIFIED, not unmet),
        (Kind.RETIRE, grounds.is_retirement),
        (Kind.DECISION_DUE, grounds.is_due),
    )
    return next((kind for kind, does_hold in in_order if does_hold), Kind.NOT_YET)


def _grounds(case: Case, rate: Rate, unmet: set[GateName]) -> Grounds:
    card, rules = case.card, case.rules
    due_on = decision_day(case.workflow, card.stage, card.stage_from, rules)
    days = None if card.stage_from is None else (case.day - card.stage_from).days
    seen = None if card.last_at is None else (case.day - card.last_at.date()).days
    is_unused = (
        days is not None
        and days >= rules.exploration_days
        and (seen is None or seen >= rules.exploration_days)
    )
    return Grounds(
        is_alarm=is_alarm(card.drift),
        is_below_floor=case.terms is not None and is_below_floor(rate, case.terms),
        is_dearer=GateName.COST in unmet and is_dearer(case),
        is_unused=is_unused,
        days_in_stage=days,
        due_on=due_on,
        is_due=due_on is not None and due_on <= case.day,
    )


def _is_review_ready(case: Case, rate: Rate, unmet: set[GateName]) -> bool:
    """Tell whether proof alone is missing, and what was measured promises it."""
    if case.terms is None:
        return False
    pending = {GateName.SUCCESS}
    if case.terms.is_proof_asked:
        pending.add(GateName.GOLDEN)
    if is_within_limit(case):
        pending.add(GateName.COST)
    return unmet <= pending and rate.items > 0 and rate.rate >= case.terms.floor_ppm


def _opens_ticket(terms: Terms | None, kind: Kind, *, is_ready: bool) -> bool:
    if kind is Kind.QUALIFIED:
        return True
    return is_ready and terms is not None and terms.opens_ticket == "review_ready"


def _log_e(case: Case, rate: Rate) -> int:
    if case.terms is None:
        return 0
    log_e = max(log_e_of(rate, case.terms.floor_ppm, case.alpha), _LOWEST_LOG)
    return round(log_e * _PARTS) * round(1 / (_PARTS * LOG_UNIT))
