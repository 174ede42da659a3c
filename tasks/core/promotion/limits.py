"""Results of gates that hold a number against a limit: met or not, and how far from it."""

from tasks.core.promotion.rates import percent, share_ppm
from tasks.core.promotion.terms import WHOLE
from tasks.core.promotion.verdict import GateName, GateResult, Status


def at_least(name: GateName, have: int, need: int) -> GateResult:
    """Hold a count against what is needed; not asked where nothing is."""
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


def at_most(name: GateName, text: str, have: int, limit: int) -> GateResult:
    """Hold a count, said in words of its own, against a limit."""
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


def share_at_most(name: GateName, part: int, whole: int, limit: int) -> GateResult:
    """Hold a part of a whole against a limit in parts per million; nothing of nothing is met."""
    have = share_ppm(max(part, 0), whole)
    is_met = max(part, 0) * WHOLE <= limit * max(whole, 0)
    return GateResult(
        name,
        Status.MET if is_met else Status.UNMET,
        f"{percent(have, is_up=True)}, {part} of {whole}",
        f"at most {percent(limit)}",
        slack_ppm=share_ppm(limit - have, limit, of_none=WHOLE) if is_met else None,
    )
