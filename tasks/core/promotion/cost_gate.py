"""The gates of cost: a success costs no more than a multiple of golden's, and the tail is no worse.

Both workflows are priced at one dated list price, and a single item's cost is cut at a cap, so
that one runaway cannot decide. What the cap hides is what the tail gate and the uncapped figures
beside it are for.
"""

from tasks.core.amount_text import amount_text
from tasks.core.money import divide_half_even
from tasks.core.promotion.betting import log_e_of_sums
from tasks.core.promotion.case import Case
from tasks.core.promotion.e_values import threshold
from tasks.core.promotion.rates import percent, share_ppm, times
from tasks.core.promotion.scorecard import STAKES, CostTally
from tasks.core.promotion.terms import Terms
from tasks.core.promotion.verdict import GateName, GateResult, Status

#: Items with a cost below which no ratio is ever claimed.
FEWEST_ITEMS = 30
#: Share of spend that logs have to evidence, and of items whose cost has to be known.
EVIDENCED_PPM = 800_000
#: By how much the share of items beyond the cap may exceed golden's.
TAIL_MARGIN_PPM = 50_000


def cost_gate(case: Case, terms: Terms) -> GateResult:
    """A success is proven to cost no more than the limit that golden sets."""
    cost = case.card.cost
    need = _need(cost, terms)
    why = _why_not_asked(case)
    if why:
        return GateResult(GateName.COST, Status.NOT_ASKED, _have(cost), need, detail=why)
    why = _why_unknown(case)
    if why:
        return GateResult(GateName.COST, Status.UNKNOWN, _have(cost), need, detail=why)
    if cost.items < FEWEST_ITEMS:
        missing = FEWEST_ITEMS - cost.items
        detail = f"{missing} short of {FEWEST_ITEMS} items with a known cost"
        return GateResult(
            GateName.COST, Status.UNMET, _have(cost), need, missing=missing, detail=detail
        )
    is_met = log_e_of_sums(cost.log_sums) >= threshold(case.alpha)
    status = Status.MET if is_met else Status.UNMET
    return GateResult(
        GateName.COST, status, _have(cost), need, detail="" if is_met else _why_unmet(case)
    )


def tail_gate(case: Case, terms: Terms) -> GateResult:  # noqa: ARG001 - one shape for all gates
    """Hardly more items than golden's cost more than the cap."""
    cost, golden = case.card.cost, case.golden.cost if case.golden else CostTally()
    limit = share_ppm(max(golden.over_cap, 0), golden.items) + TAIL_MARGIN_PPM
    have, need = f"{cost.over_cap} of {cost.items}", f"at most {percent(limit)}"
    for status, why in (
        (Status.NOT_ASKED, _why_not_asked(case)),
        (Status.UNKNOWN, _why_unknown(case)),
    ):
        if why:
            return GateResult(GateName.TAIL, status, have, need, detail=why)
    share = share_ppm(max(cost.over_cap, 0), cost.items)
    is_met = share <= limit
    return GateResult(
        GateName.TAIL,
        Status.MET if is_met else Status.UNMET,
        f"{percent(share, is_up=True)}, {have}",
        need,
        slack_ppm=share_ppm(limit - share, limit) if is_met else None,
    )


def is_dearer(case: Case) -> bool:
    """Tell whether a success is proven to cost more than the limit."""
    cost = case.card.cost
    return (
        not _why_not_asked(case)
        and not _why_unknown(case)
        and cost.items >= FEWEST_ITEMS
        and len(cost.dearer_sums) == len(STAKES)
        and log_e_of_sums(cost.dearer_sums) >= threshold(case.alpha)
    )


def is_within_limit(case: Case) -> bool:
    """Tell whether a success, as measured, costs no more than the limit."""
    cost = case.card.cost
    limit = (cost.threshold_nano or 0) * max(cost.successes, 0)
    return cost.successes > 0 and cost.capped_nano <= limit


def _why_not_asked(case: Case) -> str:
    if case.golden is None:
        return "the family has no other golden"
    return "" if case.baseline else "no baseline: too few matured items of golden"


def _why_unknown(case: Case) -> str:
    """Say what is missing for a verdict on cost; empty if nothing is."""
    cost, golden = case.card.cost, case.golden.cost if case.golden else CostTally()
    if cost.items <= 0:
        return "no run logs: no item's cost is known" if case.items else "no items yet"
    if golden.items <= 0 or cost.threshold_nano is None or cost.cap_nano is None:
        return "no run logs of golden: its items' cost is not known"
    for whose, one in (("", cost), ("of golden ", golden)):
        share = one.evidenced_ppm
        if share is None or share < EVIDENCED_PPM:
            told = "nothing" if share is None else percent(share)
            limit = percent(EVIDENCED_PPM)
            return f"no run logs {whose}for enough spend: {told} is evidenced, {limit} needed"
        known = share_ppm(one.items, one.items + max(one.uncosted, 0))
        if one.uncosted > 0 and known < EVIDENCED_PPM:
            return f"the cost {whose}is known of {percent(known)} of items only"
    return "" if len(cost.log_sums) == len(STAKES) else "its costs were not held against golden's"


def _why_unmet(case: Case) -> str:
    if is_dearer(case):
        return "proven to cost more"
    return "not proven yet" if is_within_limit(case) else "too dear so far, which is not proven"


def _have(cost: CostTally) -> str:
    if cost.items <= 0:
        return "no costs"
    if cost.successes <= 0:
        return f"{amount_text(cost.total_nano)} and no success"
    capped_nano = cost.total_nano if cost.cap_nano is None else cost.capped_nano
    each, uncapped = (
        amount_text(divide_half_even(nano, cost.successes))
        for nano in (capped_nano, cost.total_nano)
    )
    beside = f" ({uncapped} uncapped)" if uncapped != each else ""
    return f"{each} a success{beside}"


def _need(cost: CostTally, terms: Terms) -> str:
    limit = f"{times(terms.cost_ratio_ppm)} golden's"
    if cost.threshold_nano is None:
        return f"at most {limit}"
    return f"at most {amount_text(cost.threshold_nano)}, {limit}"
