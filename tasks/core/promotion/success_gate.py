"""The gates of success: a rate proven to lie above the floor, and not worse than golden's."""

from tasks.core.promotion.case import BASELINE_ITEMS, Case
from tasks.core.promotion.e_values import log_e_value, threshold
from tasks.core.promotion.gate_words import PROVEN_FROM
from tasks.core.promotion.rates import percent
from tasks.core.promotion.terms import WHOLE, Terms
from tasks.core.promotion.verdict import GateName, GateResult, Rate, Status

#: Floor of a proof against golden, where golden less the margin is none that can be proven.
_LOWEST, _HIGHEST = 1, WHOLE - 1


def log_e_of(rate: Rate, floor_ppm: int, alpha: float) -> float:
    """Give ln of the e-value of a rate against a floor; at least ln(1 / alpha) proves it."""
    return log_e_value(rate.successes, rate.items, floor_ppm / WHOLE, alpha=alpha)


def success_gate(case: Case, terms: Terms) -> GateResult:
    """The success rate is proven to lie above the tier's floor."""
    rate = case.rate
    is_met = log_e_of(rate, terms.floor_ppm, case.alpha) >= threshold(case.alpha)
    details = []
    if case.card.unknown > 0:
        details.append(
            f"tag {case.card.unknown} unknown items: until then the rate lies between "
            f"{percent(rate.worst)} and {percent(rate.best, is_up=True)}"
        )
    if case.contenders > 1:
        details.append(f"{case.contenders} workflows of the family share the chance of an error")
    return GateResult(
        GateName.SUCCESS,
        Status.MET if is_met else Status.UNMET,
        _have(rate),
        f"more than {percent(terms.floor_ppm)}, proven",
        detail="; ".join(details),
    )


def golden_gate(case: Case, terms: Terms) -> GateResult:
    """Nothing says that it is worse than golden; or proof that it is not, where policy asks."""
    margin = f"golden less {percent(terms.golden_margin_ppm)}"
    if case.golden is None:
        return GateResult(
            GateName.GOLDEN, Status.NOT_ASKED, "", margin, detail="the family has no other golden"
        )
    base = case.baseline
    if base is None:
        few = f"{max(case.golden.items(), 0)} of {BASELINE_ITEMS} matured items"
        detail = f"no baseline: golden has {few}"
        return GateResult(GateName.GOLDEN, Status.NOT_ASKED, "", margin, detail=detail)
    rate, floor = case.rate, golden_floor(base, terms)
    if terms.is_proof_asked:
        is_met = log_e_of(rate, floor, case.alpha) >= threshold(case.alpha)
        have = f"{percent(rate.rate)}, at least {percent(rate.lower)}"
        need = f"more than {percent(floor)}, proven"
    else:
        is_met = rate.upper >= floor
        have = f"{percent(rate.rate)}, at most {percent(rate.upper, is_up=True)}"
        need = f"not proven below {percent(floor)}"
    return GateResult(
        GateName.GOLDEN,
        Status.MET if is_met else Status.UNMET,
        have,
        need,
        detail=f"golden {case.golden.workflow} has {percent(base.rate)} of {base.items}",
    )


def _have(rate: Rate) -> str:
    if not rate.items:
        return "no items"
    proven = f", at least {percent(rate.lower)}" if rate.items >= PROVEN_FROM else ""
    return f"{rate.successes} of {rate.items}{proven}"


def golden_floor(base: Rate, terms: Terms) -> int:
    """Give golden's rate less the margin, in parts per million, within (0, 1)."""
    return min(max(base.rate - terms.golden_margin_ppm, _LOWEST), _HIGHEST)


def is_below_floor(rate: Rate, terms: Terms) -> bool:
    """Tell whether the rate is proven to lie below the tier's floor, unknown items aside."""
    return rate.items > 0 and rate.upper < terms.floor_ppm
