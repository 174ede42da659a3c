"""When the gates that wait for more work would be passed, at the present pace and rate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tasks.core.promotion.case import Case
from tasks.core.promotion.cost_gate import is_within_limit
from tasks.core.promotion.projection import Pace, bets_needed, project, project_count
from tasks.core.promotion.success_gate import golden_floor
from tasks.core.promotion.terms import WHOLE, Terms
from tasks.core.promotion.verdict import GateName, GateResult, Projection, Status

_WEEK = timedelta(days=7)
_NEVER = Projection(None, None, None)


def outlook(
    case: Case, gates: tuple[GateResult, ...]
) -> tuple[tuple[GateResult, ...], Projection | None]:
    """Project the gates that are not met and that more work of the same kind would pass.

    Another repository, a tag or a control is nothing that time brings: such gates have no
    projection, and say in their own words what is missing.

    Args:
        case: With the pace of its items.
        gates: As they stand, waived ones marked.

    Returns:
        The gates, and the projection of all together; None if no gate waits for more work.
    """
    if case.terms is None:
        return gates, None
    pace = Pace(max(case.card.recent, 0), case.day, case.terms.maturation_days)
    projected = tuple(
        _projected(case, case.terms, one, pace) if one.status is Status.UNMET else one
        for one in gates
    )
    return projected, _together([one.projection for one in projected if one.projection])


def _projected(case: Case, terms: Terms, gate: GateResult, pace: Pace) -> GateResult:
    projection: Projection | None = None
    match gate.name:
        case GateName.SUCCESS:
            projection = _proof(case, terms.floor_ppm, pace)
        case GateName.GOLDEN if terms.is_proof_asked:
            base = case.baseline
            projection = _proof(case, golden_floor(base, terms), pace) if base else None
        case GateName.ITEMS | GateName.COST if gate.missing is not None:
            projection = project_count(gate.missing, case.items, pace)
        case GateName.COST:
            projection = _cost(case, pace)
        case GateName.DAYS:
            projection = _days(terms.days - case.card.days, pace)
        case GateName.WEEKS:
            projection = _weeks(terms.weeks - case.card.weeks, pace)
    if projection is None:
        return gate
    is_of_items = gate.name not in {GateName.DAYS, GateName.WEEKS}
    missing = projection.items if is_of_items else None
    return replace(gate, missing=missing, projection=projection)


def _proof(case: Case, floor_ppm: int, pace: Pace) -> Projection:
    rate = case.rate
    floor = floor_ppm / WHOLE
    return project(rate.successes, rate.items, floor, alpha=case.alpha, pace=pace)


def _cost(case: Case, pace: Pace) -> Projection:
    """Project the proof at costs as measured; how they scatter is not known, so no last day is."""
    cost = case.card.cost
    more = bets_needed(cost.log_sums, cost.items, alpha=case.alpha)
    if more is None or not is_within_limit(case):
        return _NEVER
    return Projection(more, pace.day_of(more), None)


def _days(missing: int, pace: Pace) -> Projection:
    """At the earliest every day has work; at the latest each item brings one new day."""
    if not pace.recent:
        return _NEVER
    latest = pace.day_of(missing)
    earliest = pace.today + timedelta(days=missing)
    return Projection(missing, earliest, latest and max(earliest, latest))


def _weeks(missing: int, pace: Pace) -> Projection:
    """There is work in every week; at the latest it still has to mature."""
    if not pace.recent:
        return _NEVER
    earliest = pace.today + missing * _WEEK
    return Projection(missing, earliest, earliest + timedelta(days=pace.maturation_days))


def _together(projections: Sequence[Projection]) -> Projection | None:
    """Give the slowest; one that never comes leaves all of them out of reach."""
    if not projections:
        return None
    items = [one.items for one in projections]
    earliest = [one.earliest for one in projections]
    latest = [one.latest for one in projections]
    return Projection(
        items=None if None in items else max(one for one in items if one is not None),
        earliest=None if None in earliest else max(one for one in earliest if one is not None),
        latest=None if None in latest else max(one for one in latest if one is not None),
    )
