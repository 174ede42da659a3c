"""What one verdict is made of: everything the gate looks at, and nothing else."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.rates import rate_of
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.terms import WHOLE, Terms
from tasks.core.promotion.verdict import Rate

#: Matured items from which on a golden workflow's rate and cost are a baseline.
BASELINE_ITEMS = 100


@dataclass(frozen=True)  # without slots: what is derived from it is kept in it
class Case:
    """A workflow before the gate.

    Attributes:
        golden: Of the family's golden workflow; None: it has none, or it is this one.
        terms: Of its tier; None: the policy has no such tier.
        workflow: As in the catalog in force.
        controls: As `tasks.core.promotion.controls.controls_of` gives them.
        contenders: Workflows of the family that try for promotion, this one included: they share
            the chance of a wrong one.
        overdue_actions: Of reviews of this workflow.
        has_squads: The catalog has squads at all.
        squads_in_scope: How many of them its scope can reach, see
            `tasks.core.promotion.scopes.squads_allowed`; None: any number.
    """

    card: Scorecard
    golden: Scorecard | None
    terms: Terms | None
    rules: GateRules
    workflow: Workflow
    controls: tuple[ControlState, ...]
    contenders: int
    overdue_actions: int
    has_squads: bool = True
    squads_in_scope: int | None = None

    @cached_property
    def day(self) -> date:
        """The UTC day of the look."""
        return self.card.as_of.date()

    @cached_property
    def items(self) -> int:
        """Matured items, however they went."""
        return max(self.card.items(), 0)

    @cached_property
    def alpha_ppm(self) -> int:
        """The chance of a wrong promotion, shared within the family; at least one in a million."""
        alpha = self.terms.alpha_ppm if self.terms else 0
        return max(alpha // max(self.contenders, 1), 1)

    @property
    def alpha(self) -> float:
        """The same as a number."""
        return self.alpha_ppm / WHOLE

    @cached_property
    def rate(self) -> Rate:
        """The workflow's own success rate."""
        return self._rate_of(self.card)

    @cached_property
    def golden_rate(self) -> Rate | None:
        """The success rate of golden, however few items it has; None without golden."""
        return None if self.golden is None else self._rate_of(self.golden)

    @cached_property
    def baseline(self) -> Rate | None:
        """The success rate of golden; None without golden, or below `BASELINE_ITEMS` of it."""
        if self.golden is None or self.golden.items() < BASELINE_ITEMS:
            return None
        return self.golden_rate

    def squads_needed(self, terms: Terms) -> int:
        """How many squads are asked for: no more than its scope can reach, and one at least."""
        reach = terms.squads if self.squads_in_scope is None else max(self.squads_in_scope, 1)
        return min(terms.squads, reach)

    def _rate_of(self, card: Scorecard) -> Rate:
        free = self.terms.unknown_free_ppm if self.terms else 0
        return rate_of(card, free_ppm=free, alpha=self.alpha)
