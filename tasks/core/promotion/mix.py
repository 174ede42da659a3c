"""The gates against a good rate that comes from easy work, or from one squad alone.

A workflow that is worse at every kind of work can look better than golden if it is given the easy
kinds (Simpson's paradox). The remedy is a narrower scope, which these gates name.
"""

from collections.abc import Mapping

from tasks.core.promotion.case import Case
from tasks.core.promotion.e_values import log_e_value, threshold
from tasks.core.promotion.gate_words import listed
from tasks.core.promotion.rates import percent, share_ppm
from tasks.core.promotion.scopes import is_all_of, within
from tasks.core.promotion.scorecard import NO_KIND, Stratum
from tasks.core.promotion.terms import WHOLE, Terms
from tasks.core.promotion.verdict import GateName, GateResult, Status

#: Largest total variation distance to golden's mix of work.
MIX_LIMIT_PPM = 250_000
#: Items beside those of the top squad from which on their rate says something.
OTHERS_ITEMS = 10


def stratum_gate(case: Case, terms: Terms) -> GateResult:
    """No kind of work dominates, unless the scope is of one kind anyway."""
    limit, scope, strata = terms.largest_stratum_ppm, case.workflow.scope, _sizes(case.card.strata)
    strata = within(scope, strata) or strata
    items = sum(strata.values())
    need = f"at most {percent(limit)}"
    if not items:
        return GateResult(GateName.STRATUM, Status.UNMET, "no items", need)
    name, largest = max(strata.items(), key=lambda one: (one[1], one[0]))
    share = share_ppm(largest, items)
    have = f"{percent(share, is_up=True)} {name}"
    if len(strata) == 1 and is_all_of(scope, name):
        return GateResult(
            GateName.STRATUM, Status.NOT_ASKED, have, need, detail="its scope is this kind of work"
        )
    if largest * WHOLE <= limit * items:
        slack = share_ppm(limit - share, limit)
        return GateResult(GateName.STRATUM, Status.MET, have, need, slack_ppm=slack)
    if name == NO_KIND:
        detail = "no run and no system says what kind of work it was"
        return GateResult(GateName.STRATUM, Status.UNKNOWN, have, need, detail=detail)
    detail = f"narrow the scope to {name}, or let it work on other kinds, too"
    return GateResult(GateName.STRATUM, Status.UNMET, have, need, detail=detail)


def mix_gate(case: Case, terms: Terms) -> GateResult:
    """Its mix of work is close enough to golden's for their figures to be compared.

    Golden's kinds that the workflow's scope leaves out do not count: narrowing the scope is how
    a workflow passes that is proven for some kinds only.
    """
    need = f"at most {percent(MIX_LIMIT_PPM)} apart"
    if case.golden is None or case.baseline is None:
        return GateResult(GateName.MIX, Status.NOT_ASKED, "", need, detail="no baseline")
    own, golden = _sizes(case.card.strata), _sizes(case.golden.strata)
    scoped = within(case.workflow.scope, own)
    if scoped:  # else the scope speaks of other things than these kinds are named by
        own, golden = scoped, within(case.workflow.scope, golden)
    if not own:
        return GateResult(GateName.MIX, Status.UNMET, "no items", need)
    if not golden:
        return GateResult(
            GateName.MIX, Status.NOT_ASKED, "", need, detail="golden has no such work to compare"
        )
    distance = _distance_ppm(own, golden)
    have = f"{percent(distance, is_up=True)} apart"
    if distance <= MIX_LIMIT_PPM:
        slack = share_ppm(MIX_LIMIT_PPM - distance, MIX_LIMIT_PPM)
        return GateResult(GateName.MIX, Status.MET, have, need, slack_ppm=slack)
    proven = [one.name for one in case.card.strata if _is_proven(one, terms, case.alpha)]
    advice = (
        f"proven for {listed(proven)} alone: narrow the scope to it"
        if proven
        else ("proven for no kind of work alone")
    )
    return GateResult(GateName.MIX, Status.UNMET, have, need, detail=advice)


def one_squad_gate(case: Case, terms: Terms) -> GateResult:
    """It succeeds for others than the squad that uses it most, too."""
    need = f"at least {percent(terms.floor_ppm)} without the top squad"
    if not case.has_squads or case.squads_needed(terms) <= 1:
        return GateResult(
            GateName.ONE_SQUAD, Status.NOT_ASKED, "", need, detail="one squad is enough"
        )
    top_items, top_successes = case.card.top_squad
    items = max(case.items - max(top_items, 0), 0)
    successes = max(case.card.successes - max(top_successes, 0), 0)
    have = f"{successes} of {items}" if items else "no items of other squads"
    if items < OTHERS_ITEMS:
        missing = OTHERS_ITEMS - items
        detail = f"{missing} more items of other squads say whether it works for them"
        return GateResult(GateName.ONE_SQUAD, Status.UNMET, have, need, detail=detail)
    is_met = successes * WHOLE >= terms.floor_ppm * items
    room = WHOLE - terms.floor_ppm
    slack = share_ppm(share_ppm(successes, items) - terms.floor_ppm, room) if is_met else None
    status = Status.MET if is_met else Status.UNMET
    return GateResult(GateName.ONE_SQUAD, status, have, need, slack_ppm=slack)


def _sizes(strata: tuple[Stratum, ...]) -> dict[str, int]:
    return {one.name: one.items for one in strata if one.items > 0}


def _distance_ppm(own: Mapping[str, int], golden: Mapping[str, int]) -> int:
    """Half the sum of the differences of shares: 0 for the same mix, 1 for nothing in common."""
    mine, theirs = sum(own.values()), sum(golden.values())
    apart = sum(
        abs(own.get(name, 0) * theirs - golden.get(name, 0) * mine) for name in {*own, *golden}
    )
    return share_ppm(apart, 2 * mine * theirs)


def _is_proven(one: Stratum, terms: Terms, alpha: float) -> bool:
    successes = min(max(one.successes, 0), max(one.items, 0))
    log_e = log_e_value(successes, max(one.items, 0), terms.floor_ppm / WHOLE, alpha=alpha)
    return log_e >= threshold(alpha)
