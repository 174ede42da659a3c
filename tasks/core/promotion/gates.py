"""The gates of responsibility: somebody answers for it, controls are there, harm is within limits.

A gate takes a case with its tier's terms and gives one result. A count is a veto, never a proof.
"""

from dataclasses import replace

from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import rollback_state
from tasks.core.promotion.limits import at_most
from tasks.core.promotion.rates import zero_proves
from tasks.core.promotion.terms import Terms
from tasks.core.promotion.verdict import GateName, GateResult, Status


def policy_gate(case: Case) -> GateResult:
    """The policy knows the workflow's tier."""
    tier = case.workflow.risk_tier
    status = Status.MET if case.terms else Status.UNMET
    detail = "" if case.terms else f"policy.yaml has no risk tier {tier}: add it to `risk_tiers`"
    return GateResult(
        GateName.POLICY, status, f"tier {tier}", "a tier of the policy", detail=detail
    )


def owner_gate(case: Case) -> GateResult:
    """Somebody answers for it and is called, it can be undone, and says whether it acts.

    These are what the catalog asks of a golden workflow: without them no promotion can be merged.
    """
    workflow = case.workflow
    named = {
        "owner": workflow.owner,
        "escalation role": workflow.escalation,
        "rollback plan": workflow.rollback,
        "capability": workflow.capability,
    }
    lacking = [name for name, value in named.items() if value is None]
    rollback = rollback_state(workflow, case.day)
    return GateResult(
        GateName.OWNER,
        Status.UNMET if lacking else Status.MET,
        f"no {', no '.join(lacking)}" if lacking else "all",
        "owner, escalation role, rollback plan, capability",
        detail="" if rollback.status is Status.MET or lacking else rollback.detail,
    )


def controls_gate(case: Case) -> GateResult:
    """Every control that the tier requires is there, declared, or waived by name."""
    states = case.controls
    if not states:
        return GateResult(GateName.CONTROLS, Status.NOT_ASKED, "none", "none")
    lacking = [one for one in states if one.status not in {Status.MET, Status.WAIVED}]
    told = lacking or [one for one in states if one.ends_soon]
    is_waived = any(one.status is Status.WAIVED for one in states)
    return GateResult(
        GateName.CONTROLS,
        Status.UNMET if lacking else Status.WAIVED if is_waived else Status.MET,
        f"{len(states) - len(lacking)} of {len(states)}",
        "all",
        detail="; ".join(f"{one.name}: {one.detail}" for one in told),
    )


def actions_gate(case: Case, terms: Terms) -> GateResult:
    """Not too many actions of its reviews are overdue."""
    have = f"{case.overdue_actions} overdue action{'s' * (case.overdue_actions != 1)}"
    if terms.overdue_actions is None:
        return GateResult(GateName.ACTIONS, Status.NOT_ASKED, have, "any number")
    return at_most(GateName.ACTIONS, have, case.overdue_actions, terms.overdue_actions)


def incidents_gate(case: Case, terms: Terms) -> GateResult:
    """Its items did not cause too many incidents."""
    card = case.card
    details = []
    if card.incidents == 0 and case.items:
        details.append(
            f"none in {case.items} items shows at most {zero_proves(case.items)}, and no less"
        )
    if card.untyped_incidents:
        details.append(
            f"{card.untyped_incidents} items are linked to an incident without saying how: "
            "type the links"
        )
    result = at_most(GateName.INCIDENTS, str(card.incidents), card.incidents, terms.incidents)
    return replace(result, detail="; ".join(details))
