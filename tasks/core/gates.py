"""The gates that count and compare: owner, controls, incidents, how much and how varied the work.

Each takes a case with its tier's terms and gives one result. Nothing here is statistics: a count
is a veto, never a proof.
"""

import math
from dataclasses import replace

from tasks.core.case import Case
from tasks.core.controls import rollback_state
from tasks.core.money import divide_half_even
from tasks.core.rates import percent, share_ppm
from tasks.core.scopes import repositories_allowed
from tasks.core.terms import WHOLE, Terms, parts_per_million
from tasks.core.verdict import GateName, GateResult, Status

# What zero incidents in n items really shows: a rate of at most 1 - CHANCE ** (1 / n).
_CHANCE = 0.05


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
    have = f"{case.overdue_actions} overdue"
    if terms.overdue_actions is None:
        return GateResult(GateName.ACTIONS, Status.NOT_ASKED, have, "any number")
    return _at_most(GateName.ACTIONS, have, case.overdue_actions, terms.overdue_actions)


def incidents_gate(case: Case, terms: Terms) -> GateResult:
    """Its items did not cause too many incidents."""
    card = case.card
    details = []
    if card.incidents == 0 and case.items:
        bound = math.ceil((1 - _CHANCE ** (1 / case.items)) * WHOLE)
        details.append(
            f"none in {case.items} items shows at most {percent(bound, is_up=True)}, and no less"
        )
    if card.untyped_incidents:
        details.append(
            f"{card.untyped_incidents} items are linked to an incident without saying how: "
            "type the links"
        )
    result = _at_most(GateName.INCIDENTS, str(card.incidents), card.incidents, terms.incidents)
    return replace(result, detail="; ".join(details))


def items_gate(case: Case, terms: Terms) -> GateResult:
    """Enough matured items."""
    result = _at_least(GateName.ITEMS, case.items, terms.items)
    card = case.card
    waiting = [f"{card.maturing} maturing"] * (card.maturing > 0)
    waiting += [f"{card.open} open"] * (card.open > 0)
    return replace(result, detail=", ".join(waiting))


def days_gate(case: Case, terms: Terms) -> GateResult:
    """They closed on enough distinct days."""
    return _at_least(GateName.DAYS, case.card.days, terms.days)


def weeks_gate(case: Case, terms: Terms) -> GateResult:
    """They closed in enough distinct weeks."""
    return _at_least(GateName.WEEKS, case.card.weeks, terms.weeks)


def repositories_gate(case: Case, terms: Terms) -> GateResult:
    """They are of enough repositories; tickets have none."""
    if case.items and not case.card.repositories:
        return GateResult(
            GateName.REPOSITORIES, Status.NOT_ASKED, "none", "none", detail="its items are tickets"
        )
    allowed = repositories_allowed(case.workflow.scope)
    need = terms.repositories if allowed is None else min(terms.repositories, allowed)
    result = _at_least(GateName.REPOSITORIES, case.card.repositories, need)
    return _as_scoped(result, is_scoped=need < terms.repositories)


def squads_gate(case: Case, terms: Terms) -> GateResult:
    """Enough squads had use of it."""
    if not case.has_squads:
        return GateResult(
            GateName.SQUADS, Status.NOT_ASKED, "none", "none", detail="the catalog has no squads"
        )
    need = case.squads_needed(terms)
    result = _at_least(GateName.SQUADS, case.card.squads, need)
    result = _as_scoped(result, is_scoped=need < terms.squads)
    is_nobodys = case.items > 0 and case.card.squads == 0 and result.status is Status.UNMET
    if is_nobodys:
        detail = "the catalog gives its repositories and projects to no squad"
        return replace(result, detail=detail)
    return result


def coverage_gate(case: Case, terms: Terms) -> GateResult:
    """The outcome of enough items is known."""
    items, known = case.items, case.items - max(case.card.unknown, 0)
    have, need = share_ppm(known, items), terms.coverage_ppm
    is_met = items > 0 and known * WHOLE >= need * items
    to_tag = -(-need * items // WHOLE) - known
    return GateResult(
        GateName.COVERAGE,
        Status.MET if is_met else Status.UNMET,
        f"{percent(have)} of {items}" if items else "no items",
        f"at least {percent(need)}",
        detail=f"tag {to_tag} of {case.card.unknown} unknown items" if to_tag > 0 else "",
        slack_ppm=share_ppm(have - need, WHOLE - need, of_none=WHOLE) if is_met else None,
    )


def cancelled_gate(case: Case, terms: Terms) -> GateResult:  # noqa: ARG001 - one shape for all
    """Not too many items were left out as cancelled."""
    limit = parts_per_million(case.rules.cancelled_share)
    closed = case.items + max(case.card.cancelled, 0)
    return _share_at_most(GateName.CANCELLED, case.card.cancelled, closed, limit)


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
    return _share_at_most(GateName.ESCALATIONS, case.card.escalated, told, limit)


def rework_gate(case: Case, terms: Terms) -> GateResult:
    """People rework its items no longer than golden's, times a ratio; by declared metrics."""
    ratio, golden = terms.rework_ratio_ppm, case.golden
    need = f"at most {_times(ratio)} golden's"
    told = _minutes(case.card.rework_minutes, case.card.rework_items)
    if told is None:
        return GateResult(
            GateName.REWORK, Status.UNKNOWN, "untold", need, detail="no metric `rework_minutes`"
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


def _at_least(name: GateName, have: int, need: int) -> GateResult:
    if need <= 0:
        return GateResult(name, Status.NOT_ASKED, str(have), "any number")
    missing = max(need - have, 0)
    return GateResult(
        name,
        Status.UNMET if missing else Status.MET,
        str(have),
        f"at least {need}",
        missing=missing if name is GateName.ITEMS else None,
        slack_ppm=None if missing else share_ppm(have - need, need),
    )


def _as_scoped(result: GateResult, *, is_scoped: bool) -> GateResult:
    """Say where the scope asks for less than the tier; all of little is no weak point."""
    if not is_scoped:
        return result
    slack = None if result.slack_ppm is None else WHOLE
    return replace(result, detail="its scope has no more", slack_ppm=slack)


def _at_most(name: GateName, text: str, have: int, limit: int) -> GateResult:
    is_met = have <= limit
    # Zero of zero is as far from harm as can be, and no weak point.
    slack = share_ppm(limit - have, limit, of_none=WHOLE)
    return GateResult(
        name,
        Status.MET if is_met else Status.UNMET,
        text,
        f"at most {limit}",
        slack_ppm=slack if is_met else None,
    )


def _share_at_most(name: GateName, part: int, whole: int, limit: int) -> GateResult:
    have = share_ppm(max(part, 0), whole)
    is_met = max(part, 0) * WHOLE <= limit * max(whole, 0)
    return GateResult(
        name,
        Status.MET if is_met else Status.UNMET,
        f"{percent(have, is_up=True)}, {part} of {whole}",
        f"at most {percent(limit)}",
        slack_ppm=share_ppm(limit - have, limit, of_none=WHOLE) if is_met else None,
    )


def _minutes(minutes: int | None, items: int | None) -> tuple[int, int] | None:
    return None if minutes is None or not items or items < 0 else (minutes, items)


def _minutes_text(minutes: int, items: int) -> str:
    each = divide_half_even(minutes, items)
    return "1 minute" if each == 1 else f"{each} minutes"


def _times(ratio_ppm: int) -> str:
    return f"{ratio_ppm / WHOLE:g} ×"
