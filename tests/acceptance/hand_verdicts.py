"""The verdict of one workflow at one look, by gate.md and the file alone.

Gates that always pass here are left out: all agents have the same mix of work, no outcome is
unknown or cancelled, and no agent has many more dear items than golden.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.core.promotion.verdict import Kind
from tests.acceptance import by_hand
from tests.acceptance.played import START, UNNAMED, Run
from tests.acceptance.played_config import GOLDEN, LAPSING, LAST_DAY, TERMS, Terms, tier_of


@dataclass(frozen=True)
class Hand:
    """One workflow at one look, from the file alone.

    Attributes:
        runs: Matured ones; `ended` are all.
        golden: Matured ones of the golden workflow.
    """

    name: str
    as_of: datetime
    runs: Sequence[Run]
    ended: Sequence[Run]
    golden: Sequence[Run]
    contenders: int

    @property
    def terms(self) -> Terms:
        return TERMS[tier_of(self.name)]

    @property
    def alpha(self) -> float:
        return int(self.terms.alpha * 10**6) // max(self.contenders, 1) / 10**6

    @property
    def good(self) -> tuple[int, int]:
        return by_hand.good_of(self.runs)

    @property
    def has_baseline(self) -> bool:
        return len(self.golden) >= by_hand.BASELINE

    def is_proven(self) -> bool:
        return by_hand.is_above(*self.good, self.terms.floor, self.alpha)

    def is_below_floor(self) -> bool:
        return by_hand.is_below(*self.good, self.terms.floor, self.alpha)

    def is_worse_than_golden(self) -> bool:
        good, items = by_hand.good_of(self.golden)
        floor = good / items - self.terms.golden_margin
        return by_hand.is_below(*self.good, floor, self.alpha)

    def costs(self) -> by_hand.Costs | None:
        """Give what decides the gate of cost; None where it is not asked, or nobody can tell."""
        if not self.has_baseline or self.name == UNNAMED:
            return None
        return by_hand.Costs(self.runs, self.golden, self.terms.cost_ratio)

    def is_dominated(self) -> bool:
        largest = Counter(run.repository for run in self.runs).most_common(1)
        return not largest or largest[0][1] > self.terms.largest_stratum * len(self.runs)

    def kind(self) -> Kind:
        """Give the verdict by gate.md."""
        costs, day = self.costs(), self.as_of.date()
        if self.name == GOLDEN:
            return Kind.HOLDS
        if self.name == LAPSING and day > LAST_DAY:
            return Kind.BLOCKED
        is_good = self.is_proven() and not (self.has_baseline and self.is_worse_than_golden())
        is_cheap = costs is None or costs.is_cheaper(self.alpha)
        is_met = is_good and is_cheap and self._has_counts() and not self.is_dominated()
        is_over = self.is_below_floor() or (costs is not None and costs.is_dearer(self.alpha))
        if (is_met or not is_over) and by_hand.is_falling(self.ended, self.as_of, self.terms.floor):
            return Kind.REGRESSING
        if is_met or is_over:
            return Kind.QUALIFIED if is_met else Kind.RETIRE
        return Kind.DECISION_DUE if (day - START).days >= 90 else Kind.NOT_YET

    def _has_counts(self) -> bool:
        days = {run.ended_at.date() for run in self.runs}
        return (
            len(self.runs) >= self.terms.items
            and len(days) >= self.terms.days
            and len({day.isocalendar()[:2] for day in days}) >= self.terms.weeks
            and len({run.repository for run in self.runs}) >= self.terms.repositories
        )
