"""What a ticket of the gate is made of: frozen evidence, and what would change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from config.shapes.catalog import Workflow
from tasks.core.promotion.packets import Packet
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.verdict import Verdict
from tasks.core.review.budget_move import BudgetMove
from tasks.core.review.promotion_patch import Patch
from tasks.core.work.item_facts import ItemFact


@dataclass(frozen=True, slots=True)
class TicketCase:
    """One workflow for people to decide about.

    Attributes:
        packet: The verdict and all that it stands on.
        digest: Of the packet; approval binds to it.
        items: Matured items of the epoch that failed or are unknown, as many as are kept, in any
            order; the scorecard counts all of them.
        decide_by: Last day to decide, UTC.
        names: What people call an item, by its key; an item without a name is shown by its key.
        currency: Of the portfolio, which pool spend is in; costs per success are in USD.
        move: What money moves; None: nothing does.
        patch: The change that is proposed; None: it cannot be written, and `patch_refusal` says
            why, with the line to add by hand.
        others: Changes to make instead, each with a title.
        chain_head: Of the ledger; empty where nothing is booked yet.
    """

    packet: Packet
    digest: str
    items: tuple[ItemFact, ...]
    decide_by: date
    names: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"
    move: BudgetMove | None = None
    patch: Patch | None = None
    patch_refusal: str = ""
    others: tuple[tuple[str, Patch], ...] = ()
    chain_head: str = ""

    @property
    def workflow(self) -> Workflow:
        """As in the catalog that was in force."""
        return self.packet.case.workflow

    @property
    def card(self) -> Scorecard:
        """The workflow's own scorecard."""
        return self.packet.case.card

    @property
    def golden(self) -> Scorecard | None:
        """That of the family's golden workflow; None without one."""
        return self.packet.case.golden

    @property
    def verdict(self) -> Verdict:
        """What the gate says."""
        return self.packet.verdict
