"""The week's lists, candidates and sunset, who shares alpha, and the product's own figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low

from config.shapes.base import Stage
from config.shapes.catalog import Catalog, Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.packets import Packet
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.stages import PROMOTED, TRYING
from tasks.core.promotion.verdict import GateName, Kind, Status, Verdict

_READY, _LAST = 1, 9
#: Candidates, the closest to a decision first; a blocked one has to do something else first.
_ORDER = {
    Kind.QUALIFIED: 0,
    Kind.DECISION_DUE: 2,
    Kind.NOT_YET: 3,
    Kind.REGRESSING: 4,
    Kind.BLOCKED: 5,
}
_ENDING = (Kind.RETIRE, Kind.REGRESSING)


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What became of the workflows that were tried: how well promotion itself works.

    Attributes:
        entered: Workflows that came into exploration as many days ago as exploration has, or more.
        graduated: Of these, the ones that were golden or provisional since.
        days_to_graduate: Lower median over all that graduated, from the first day of exploration;
            None if none did. Those still trying are not in it.
        decided: Review tickets that were decided.
        days_to_decide: Lower median of the calendar days from opening to decision; None for none.
    """

    entered: int
    graduated: int
    days_to_graduate: int | None
    decided: int
    days_to_decide: int | None


def contenders_of(cards: Iterable[Scorecard]) -> Counter[str]:
    """Count, by family, the workflows that try for promotion and have a matured item.

    Args:
        cards: Of every workflow of a family, also of those that are not asked for.
    """
    return Counter(one.family for one in cards if one.stage in TRYING and one.items() > 0)


def candidate_list(packets: Iterable[Packet]) -> tuple[Packet, ...]:
    """List what tries for promotion: qualified, ready, decision due, not yet, suspended, blocked.

    Within a verdict the closest comes first: fewest gates that time alone will not pass, then the
    earliest day.
    """
    trying = [
        one
        for one in packets
        if one.case.card.stage in TRYING
        and one.verdict.kind in _ORDER
        and (one.verdict.kind is not Kind.REGRESSING or is_suspended(one))
    ]
    return tuple(sorted(trying, key=lambda one: (_rank(one.verdict), _closeness(one.verdict))))


def is_suspended(packet: Packet) -> bool:
    """Tell whether a workflow is explored and its rate is falling: it waits, and nothing more."""
    is_harmful = any(
        one.name is GateName.INCIDENTS and one.status is Status.UNMET
        for one in packet.verdict.gates
    )
    is_explored = packet.case.card.stage == Stage.EXPLORATION
    return packet.verdict.kind is Kind.REGRESSING and is_explored and not is_harmful


def sunset_list(packets: Iterable[Packet]) -> tuple[Packet, ...]:
    """List what should stop, or is getting worse, by name; golden ones among them."""
    ending = [one for one in packets if one.verdict.kind in _ENDING and not is_suspended(one)]
    return tuple(
        sorted(ending, key=lambda one: (_ENDING.index(one.verdict.kind), one.verdict.workflow))
    )


def own_figures(
    catalog: Catalog,
    decided: Iterable[tuple[date, date]],
    rules: GateRules,
    *,
    today: date,
) -> OwnFigures:
    """Measure how many workflows graduate, how soon, and how long people take to decide.

    Args:
        catalog: In force; its dated stages tell.
        decided: (day a review ticket was opened, day of its decision), of all that were decided.
        rules: How many days exploration has.
        today: UTC day; later entries have not happened.
    """
    lives = [life for one in catalog.workflows if (life := _life(one, today)) is not None]
    latest = today - timedelta(days=rules.exploration_days)
    entered = [one for one in lives if one[0] <= latest]
    took = [(graduated - began).days for began, graduated in lives if graduated is not None]
    waited = [(on - opened).days for opened, on in decided]
    return OwnFigures(
        entered=len(entered),
        graduated=sum(graduated is not None for _, graduated in entered),
        days_to_graduate=_median(took),
        decided=len(waited),
        days_to_decide=_median(waited),
    )


def _rank(verdict: Verdict) -> int:
    return _READY if verdict.is_review_ready else _ORDER.get(verdict.kind, _LAST)


def _closeness(verdict: Verdict) -> tuple[int, bool, date, str]:
    unmet = [one for one in verdict.gates if one.status is Status.UNMET]
    by_hand = sum(one.projection is None for one in unmet)
    earliest = verdict.projection.earliest if verdict.projection else date.min
    return by_hand, earliest is None, earliest or date.max, verdict.workflow


def _life(workflow: Workflow, today: date) -> tuple[date, date | None] | None:
    """Give when a workflow first came into exploration, and when it graduated after that."""
    begun = [entry for entry in workflow.stages if entry.from_day <= today]
    began = next((one.from_day for one in begun if one.stage is Stage.EXPLORATION), None)
    if began is None:
        return None
    later = (one for one in begun if one.stage in PROMOTED and one.from_day > began)
    return began, next((one.from_day for one in later), None)


def _median(days: Sequence[int]) -> int | None:
    return median_low(days) if days else None
