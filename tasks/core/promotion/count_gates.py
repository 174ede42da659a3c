"""The gates that count: how much work there was, how spread out, and how much of it is known."""

from dataclasses import replace

from tasks.core.promotion.case import Case
from tasks.core.promotion.limits import at_least, share_at_most
from tasks.core.promotion.rates import percent, share_ppm
from tasks.core.promotion.scopes import repositories_allowed
from tasks.core.promotion.terms import WHOLE, Terms, parts_per_million
from tasks.core.promotion.verdict import GateName, GateResult, Status


def items_gate(case: Case, terms: Terms) -> GateResult:
    """Enough matured items."""
    result = at_least(GateName.ITEMS, case.items, terms.items)
    card = case.card
    waiting = [f"{card.maturing} maturing"] * (card.maturing > 0)
    waiting += [f"{card.open} open"] * (card.open > 0)
    return replace(result, detail=", ".join(waiting))


def days_gate(case: Case, terms: Terms) -> GateResult:
    """They closed on enough distinct days."""
    return at_least(GateName.DAYS, case.card.days, terms.days)


def weeks_gate(case: Case, terms: Terms) -> GateResult:
    """They closed in enough distinct weeks."""
    return at_least(GateName.WEEKS, case.card.weeks, terms.weeks)


def repositories_gate(case: Case, terms: Terms) -> GateResult:
    """They are of enough repositories; tickets have none."""
    if case.items and not case.card.repositories:
        return GateResult(
            GateName.REPOSITORIES, Status.NOT_ASKED, "none", "none", detail="its items have none"
        )
    allowed = repositories_allowed(case.workflow.scope)
    need = terms.repositories if allowed is None else min(terms.repositories, allowed)
    result = at_least(GateName.REPOSITORIES, case.card.repositories, need)
    return _as_scoped(result, is_scoped=need < terms.repositories)


def squads_gate(case: Case, terms: Terms) -> GateResult:
    """Enough squads had use of it."""
    if not case.has_squads:
        return GateResult(
            GateName.SQUADS, Status.NOT_ASKED, "none", "none", detail="the catalog has no squads"
        )
    need = case.squads_needed(terms)
    result = at_least(GateName.SQUADS, case.card.squads, need)
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
    return share_at_most(GateName.CANCELLED, case.card.cancelled, closed, limit)


def _as_scoped(result: GateResult, *, is_scoped: bool) -> GateResult:
    """Say where the scope asks for less than the tier; all of little is no weak point."""
    if not is_scoped:
        return result
    slack = None if result.slack_ppm is None else WHOLE
    return replace(result, detail="its scope has no more", slack_ppm=slack)
