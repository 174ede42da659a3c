"""The scorecard of a workflow: counts and sums over the work items of its epoch.

Everything here is an integer or a name, so that the same items give the same bytes, in whatever
order they were read. Rates and bounds are derived in `tasks.core.promotion.gate`.
"""

from dataclasses import dataclass
from datetime import date, datetime

#: Stakes of the cost bet (`docs/gate.md`); one logarithm is summed for each.
STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
#: Logarithms are summed as integers of this part: order must not change a sum.
LOG_UNIT = 10**-12


#: Kind of work of items for which no class, repository or project is known.
NO_KIND = "-"


@dataclass(frozen=True, slots=True, order=True)
class Stratum:
    """Matured items of one kind of work; `NO_KIND` where nothing tells it."""

    name: str
    items: int
    successes: int


@dataclass(frozen=True, slots=True)
class CostTally:
    """What the matured items cost, at one dated list price; nano-USD.

    Attributes:
        items: With a known cost; the others are in `uncosted`.
        total_nano: Over `items`, uncapped, whatever their outcome.
        successes: Among `items`.
        cap_nano, threshold_nano: Cap of an item's cost, and what one success may cost; both come
            from the family's golden workflow. None: there is nothing to compare with.
        capped_nano: Sum with each cost cut at the cap; 0 without one.
        over_cap: Items beyond the cap.
        log_sums: For each of `STAKES` the sum of ln(1 - stake x z) in units of `LOG_UNIT`, with
            z = (min(cost, cap) - threshold x success) / cap; empty without a threshold.
        dearer_sums: The same with -z, divided by the threshold where that is more than the cap
            (`tasks.core.promotion.betting`): evidence that a success costs more than the threshold.
        median_nano: Of an item; None without items.
        evidenced_ppm: Share of the workflow's booked spend that logs evidence, parts per
            million; None if nothing is booked.
    """

    items: int = 0
    uncosted: int = 0
    total_nano: int = 0
    successes: int = 0
    cap_nano: int | None = None
    threshold_nano: int | None = None
    capped_nano: int = 0
    over_cap: int = 0
    log_sums: tuple[int, ...] = ()
    dearer_sums: tuple[int, ...] = ()
    median_nano: int | None = None
    evidenced_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A workflow's evidence in its epoch, as of one moment.

    Unless it says otherwise, a count is over matured items of the epoch that were not cancelled.

    Attributes:
        tier: Risk tier.
        stage: By the catalog in force; empty: it has none on that day.
        stage_from: First day of that stage; the 90 days run from here.
        epoch: Name of the epoch: the day it began and what changed.
        epoch_from: Items whose work began at or after it count.
        unknown: No system says how they went.
        cancelled: By the business: left out of every other count.
        maturing: Closed, and too young to count.
        open: Not closed.
        days, weeks: Distinct UTC days and ISO weeks on which items closed.
        squads: Distinct ones; items of nobody count as none.
        strata: By name.
        top_squad: Items and successes of the squad with the most items.
        escalated, escalation_told: Items on which a run asked a human, of those whose runs say.
        incidents: Caused by an item of the epoch, matured or not, in the longer of 90 days and
            the time the newest required items took.
        untyped_incidents: Items linked to an incident without saying how.
        reasons: Failures and unknown items by reason, by name.
        rework_minutes, rework_items: As a declared metric tells, over the epoch; None: untold.
        review_rounds, merge_minutes: Medians over the items that have them; None without.
        recent: Items that matured in the last 42 days: the pace of a projection.
        drift: CUSUM (`tasks.core.promotion.cusum`) over all items whose outcome became known,
            matured or not, in that order, in units of `LOG_UNIT`: in golden and provisional stages
            since the stage began, in exploration over the last 42 days; against the rate before
            (`tasks.core.promotion.gate_window`). 0 where that tells nothing yet, and in other
            stages.
        first_at: Start of the first item ever seen of the workflow; None: no use.
        last_at: Start of the last.
        exploration_nano, production_nano: Booked since the epoch began, by entitled pool.
    """

    workflow: str
    family: str
    portfolio: str
    tier: int
    stage: str
    stage_from: date | None
    epoch: str
    epoch_from: datetime
    as_of: datetime
    successes: int = 0
    failures: int = 0
    unknown: int = 0
    cancelled: int = 0
    maturing: int = 0
    open: int = 0
    days: int = 0
    weeks: int = 0
    repositories: int = 0
    squads: int = 0
    strata: tuple[Stratum, ...] = ()
    top_squad: tuple[int, int] = (0, 0)
    escalated: int = 0
    escalation_told: int = 0
    incidents: int = 0
    untyped_incidents: int = 0
    handed_over: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    rework_minutes: int | None = None
    rework_items: int | None = None
    review_rounds: int | None = None
    merge_minutes: int | None = None
    recent: int = 0
    drift: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    exploration_nano: int = 0
    production_nano: int = 0
    cost: CostTally = CostTally()

    def items(self) -> int:
        """Count the matured items that the gate judges."""
        return self.successes + self.failures + self.unknown
