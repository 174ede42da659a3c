"""What a verdict says in one sentence, and which gate a reviewer should look at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.shapes.base import Stage
from tasks.core.promotion.case import Case
from tasks.core.promotion.gate_words import GATES, PROVEN_FROM, listed
from tasks.core.promotion.rates import percent
from tasks.core.promotion.terms import WHOLE
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Projection, Rate, Status

#: Nothing is promoted while one of these is not met, and nothing else is worth saying first.
BLOCKING = frozenset({GateName.POLICY, GateName.OWNER, GateName.CONTROLS, GateName.ACTIONS})
#: A decision that is due may wait so many days for a proof that is coming.
EXTENSION_DAYS = 30
#: A met gate further than that from its limit is no weak point.
_CLEAR_PPM = 250_000
#: In which order gates that are not met deserve a look.
_FIRST_LOOKED_AT = (
    GateName.POLICY,
    GateName.OWNER,
    GateName.CONTROLS,
    GateName.ACTIONS,
    GateName.INCIDENTS,
    GateName.SUCCESS,
    GateName.GOLDEN,
    GateName.COST,
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What beside the gates decides which verdict it is.

    Attributes:
        is_alarm: The watch on its outcomes alarms.
        is_below_floor: The rate is proven to lie below the floor, unknown items aside.
        is_dearer: A success is proven to cost more than the limit.
        is_unused: No work began for as many days as exploration has.
        days_in_stage: None without a stage.
        due_on: Day from which on a decision about the stage is due; None: none will be.
        is_due: It has come.
    """

    is_alarm: bool
    is_below_floor: bool
    is_dearer: bool
    is_unused: bool
    days_in_stage: int | None
    due_on: date | None
    is_due: bool

    @property
    def is_retirement(self) -> bool:
        """Evidence says that it should stop."""
        return self.is_below_floor or self.is_dearer or self.is_unused


def sentence_of(
    case: Case,
    kind: Kind,
    gates: Sequence[GateResult],
    rate: Rate,
    grounds: Grounds,
    projection: Projection | None,
) -> str:
    """Say in one sentence what decided, with its figures."""
    if kind is Kind.OUTSIDE:
        return f"{case.card.stage or f'no stage on {case.day}'}: the gate does not ask"
    parts = [_figures(case, kind, rate)]
    match kind:
        case Kind.BLOCKED:
            parts.insert(0, _blocked(case, gates))
        case Kind.REGRESSING:
            parts.insert(0, _harm(case, grounds))
        case Kind.RETIRE:
            parts.insert(0, _retirement(case, rate, grounds))
        case Kind.DECISION_DUE:
            can_wait = all(one.projection for one in gates if one.status is Status.UNMET)
            parts.insert(0, _decision(case, grounds, projection if can_wait else None))
    if kind in {Kind.DECISION_DUE, Kind.NOT_YET} and rate.items:
        parts.append(f"not met: {_named(gates, Status.UNMET)}")
    elif kind is Kind.QUALIFIED:
        for status, said in ((Status.UNKNOWN, "not measured"), (Status.WAIVED, "waived")):
            names = _named(gates, status)
            parts += [f"{said}: {names}"] if names else []
    return "; ".join(parts)


def weakest_of(gates: Sequence[GateResult]) -> str:
    """Name the gate to look at first; empty if all are clear.

    That is the first that is not met, by what it may do harm; else one that nobody can tell; else
    one that was waived; else the one that is closest to its limit. Success, once proven, is never
    the weakest: its doubt is what alpha stands for.
    """
    unmet = {one.name for one in gates if one.status is Status.UNMET}
    for name in _FIRST_LOOKED_AT:
        if name in unmet:
            return name.value
    for status in (Status.UNMET, Status.UNKNOWN, Status.WAIVED):
        for one in gates:
            if one.status is status:
                return one.name.value
    close = [(one.slack_ppm, one.name.value) for one in gates if one.slack_ppm is not None]
    slack, weakest = min(close, key=lambda pair: pair[0], default=(WHOLE, ""))
    return weakest if slack < _CLEAR_PPM else ""


def _figures(case: Case, kind: Kind, rate: Rate) -> str:
    """Give the counts, and what they prove; only where that is asked and there are enough."""
    floor = f", floor {percent(case.terms.floor_ppm)}" if case.terms else ""
    if not rate.items:
        return f"no matured item yet{floor}"
    figures = f"{rate.successes} of {rate.items} good{floor}"
    if case.terms is None or kind is Kind.RETIRE or rate.items < PROVEN_FROM or not rate.lower:
        return figures
    return f"{figures}; proven at least {percent(rate.lower)}"


def _blocked(case: Case, gates: Sequence[GateResult]) -> str:
    """Name the first that blocks, and count the others that do."""
    first, *others = [one for one in gates if one.name in BLOCKING and one.status is Status.UNMET]
    lacking = [one for one in case.controls if one.status is Status.UNMET]
    more = len(others)
    if first.name is GateName.CONTROLS and lacking:
        why = f"blocked by {lacking[0].name}: {lacking[0].detail}"
        more += len(lacking) - 1
    else:
        why = f"blocked: {first.detail if first.name is GateName.POLICY else first.have}"
    return why + (f"; {more} more" if more else "")


def _harm(case: Case, grounds: Grounds) -> str:
    limit = case.terms.incidents if case.terms else 0
    number = case.card.incidents
    caused = f"its items caused {number} incident{'s' * (number != 1)}, at most {limit} allowed"
    if not grounds.is_alarm:
        return caused
    falling = "its success rate is falling: the watch on its outcomes alarms"
    if case.card.stage != Stage.EXPLORATION:
        return falling
    if number > limit:
        return f"{falling}; {caused}"
    due = f"; decision due since {grounds.due_on}" if grounds.is_due else ""
    return f"{falling}, and promotion is suspended while it does{due}"


def _retirement(case: Case, rate: Rate, grounds: Grounds) -> str:
    if grounds.is_below_floor:
        return f"proven below the floor: at most {percent(rate.upper, is_up=True)}"
    if grounds.is_dearer:
        return "a success is proven to cost more than the limit"
    last = case.card.last_at
    return f"no work since {last.date()}" if last else "no work at all"


def _decision(case: Case, grounds: Grounds, projection: Projection | None) -> str:
    """Say that a decision is due, and what the figures speak for; people choose.

    Args:
        case: With the day of the look.
        grounds: Since when it is due.
        projection: If time alone can bring what is missing.
    """
    due = f"decision due since {grounds.due_on}, day {grounds.days_in_stage} of its stage"
    latest = projection.latest if projection else None
    if latest is not None and latest <= case.day + timedelta(days=EXTENSION_DAYS):
        return f"{due}: extend to {latest}, or make it provisional"
    return f"{due}: narrow its scope, make it provisional, or retire it"


def _named(gates: Sequence[GateResult], status: Status) -> str:
    return listed([GATES[one.name] for one in gates if one.status is status])
