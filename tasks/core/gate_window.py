"""What a scorecard is asked for: whose, since when, and what it is held against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from config.shapes.base import Stage
from config.shapes.catalog import Catalog, StageEntry, Workflow
from tasks.core.cusum import reference_rate, steps
from tasks.core.money import MAX_NANO, divide_half_even
from tasks.core.scorecard import CostTally, Scorecard
from tasks.core.terms import WHOLE, Terms

#: Stages whose workflows are watched for turning bad.
WATCHED = frozenset({Stage.GOLDEN.value, Stage.PROVISIONAL.value})
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
        """Give since when outcomes are watched: midnight of the day the stage began; or None."""
        if self.card.stage not in WATCHED or self.card.stage_from is None:
            return None
        return datetime.combine(self.card.stage_from, time(), UTC)

    def steps(self, successes: int, items: int) -> tuple[int, int]:
        """Give the steps of its CUSUM: held against its rate at promotion, at least the floor.

        Args:
            successes: Among the items whose outcome was known before its stage began.
            items: All of those.
        """
        floor = self.terms.floor_ppm / WHOLE
        return steps(max(floor, reference_rate(successes, items)) if items else floor)


def stage_on(workflow: Workflow, day: date) -> StageEntry | None:
    """Give the entry of the stage that a workflow is in on a day; None without a stage."""
    begun = [entry for entry in workflow.stages if entry.from_day <= day]
    if not begun:
        return None
    newest = max(begun, key=lambda entry: entry.from_day)
    return newest if newest.until is None or day <= newest.until else None


def golden_by_family(catalog: Catalog, day: date) -> dict[str, str]:
    """Name the workflow that stands for golden in each family that has one on a day.

    Of several it is the one that has been golden longest; among equals the first of the file.
    """
    found: dict[str, tuple[date, str]] = {}
    for workflow in catalog.workflows:
        entry = stage_on(workflow, day)
        if entry is not None and entry.stage is Stage.GOLDEN:
            known = found.get(workflow.family)
            if known is None or entry.from_day < known[0]:
                found[workflow.family] = (entry.from_day, workflow.id)
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
