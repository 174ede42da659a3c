"""What a scorecard is asked for: whose, since when, and what it is held against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from config.shapes.base import Stage
from config.shapes.catalog import Catalog
from config.shapes.policy import Policy
from tasks.core.money import MAX_NANO, divide_half_even
from tasks.core.promotion.cusum import LEAST_OUTCOMES, reference_rate, steps
from tasks.core.promotion.scorecard import CostTally, Scorecard
from tasks.core.promotion.stages import PROMOTED, stage_on
from tasks.core.promotion.terms import DEFAULTS, WHOLE, Terms, terms_of
from tasks.core.work.epochs import Epoch

#: Of a workflow that is explored so many last days are watched, against those before.
EXPLORED_DAYS = 42
#: It is held against its own rate, but no more than this above the floor: what falls from there
#: and stays well above the floor may still be promoted.
_ABOVE_FLOOR = 0.10
#: The cap of an item's cost is so many times golden's median.
CAP_FACTOR = 5
#: Incidents are counted at least so far back.
INCIDENT_DAYS = 90


@dataclass(frozen=True, slots=True)
class CardAsking:
    """One scorecard to fill in.

    Attributes:
        card: With names, stage and epoch, and no counts yet.
        terms: Of its tier: how old an item must be, how many are required, what a success may cost.
        golden: Workflow whose costs its own are held against; itself for that workflow; None:
            the family has no golden workflow.
    """

    card: Scorecard
    terms: Terms
    golden: str | None

    def mature_by(self) -> datetime:
        """Give the last moment of closing at which an item is old enough to count."""
        return self.card.as_of - timedelta(days=self.terms.maturation_days)

    def watched_from(self) -> datetime | None:
        """Give since when outcomes are watched; None: they are not.

        What was promoted is watched from midnight of the day that its stage began, what is
        explored for the last `EXPLORED_DAYS`.
        """
        if self.card.stage == Stage.EXPLORATION:
            return self.card.as_of - timedelta(days=EXPLORED_DAYS)
        if self.card.stage not in PROMOTED or self.card.stage_from is None:
            return None
        return datetime.combine(self.card.stage_from, time(), UTC)

    def steps(self, successes: int, items: int) -> tuple[int, int] | None:
        """Give the steps of its CUSUM: held against its earlier rate.

        What was promoted is held against the floor at least: so much was proven once. What is
        explored has proven nothing yet, and without an earlier rate there is no fall: None.

        Args:
            successes: Among the items of the epoch whose outcome was known before `watched_from`.
            items: All of those.
        """
        floor = self.terms.floor_ppm / WHOLE
        if self.card.stage == Stage.EXPLORATION:
            if items < LEAST_OUTCOMES:
                return None
            return steps(min(floor + _ABOVE_FLOOR, reference_rate(successes, items)))
        return steps(max(floor, reference_rate(successes, items)) if items else floor)


def asked_cards(
    catalog: Catalog, policy: Policy, epochs: Mapping[str, Epoch], as_of: datetime
) -> list[CardAsking]:
    """Ask for the scorecard of every workflow of a catalog, in file order.

    A workflow of a tier that the policy does not know is counted by that tier's defaults.

    Args:
        catalog: In force.
        policy: In force.
        epochs: By workflow.
        as_of: Aware UTC.
    """
    day = as_of.date()
    portfolios = {family.id: family.portfolio for family in catalog.families}
    golden = golden_by_family(catalog, day)
    asked = []
    for workflow in catalog.workflows:
        stage, first = stage_on(workflow, day) or ("", None)
        card = Scorecard(
            workflow=workflow.id,
            family=workflow.family,
            portfolio=portfolios[workflow.family],
            tier=workflow.risk_tier,
            stage=str(stage),
            stage_from=first,
            epoch=epochs[workflow.id].name,
            epoch_from=epochs[workflow.id].from_at,
            as_of=as_of,
        )
        terms = terms_of(policy, workflow.risk_tier) or DEFAULTS[workflow.risk_tier]
        asked.append(CardAsking(card, terms, golden.get(workflow.family)))
    return asked


def golden_by_family(catalog: Catalog, day: date) -> dict[str, str]:
    """Name the workflow that stands for golden in each family that has one on a day.

    Of several it is the one that has been golden longest; among equals the first of the file.
    """
    found: dict[str, tuple[date, str]] = {}
    for workflow in catalog.workflows:
        stage, first = stage_on(workflow, day) or (None, day)
        known = found.get(workflow.family)
        if stage is Stage.GOLDEN and (known is None or first < known[0]):
            found[workflow.family] = (first, workflow.id)
    return {family: workflow for family, (_, workflow) in found.items()}


def caps_of(asked: Iterable[CardAsking], golden: Mapping[str, CostTally]) -> dict[str, int]:
    """Give the cap of an item's cost, nano-USD, by workflow; left out where there is none.

    Args:
        asked: The workflows.
        golden: What items of golden workflows cost.
    """
    caps = {}
    for one in asked:
        tally = golden.get(one.golden or "")
        if tally is not None and tally.median_nano:
            caps[one.card.workflow] = min(CAP_FACTOR * tally.median_nano, MAX_NANO)
    return caps


def thresholds_of(asked: Iterable[CardAsking], golden: Mapping[str, CostTally]) -> dict[str, int]:
    """Give what a success may cost, nano-USD, by workflow: the tier's multiple of golden's.

    Golden itself has none, and neither has a workflow whose golden has had no success.

    Args:
        asked: The workflows.
        golden: What items of golden workflows cost, capped.
    """
    thresholds = {}
    for one in asked:
        tally = golden.get(one.golden or "")
        if tally is None or one.golden == one.card.workflow or not tally.successes:
            continue
        if tally.cap_nano is not None:
            product = one.terms.cost_ratio_ppm * tally.capped_nano
            threshold_nano = divide_half_even(product, WHOLE * tally.successes)
            thresholds[one.card.workflow] = min(threshold_nano, MAX_NANO)
    return thresholds
