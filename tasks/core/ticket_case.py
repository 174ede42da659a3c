"""What a ticket of the gate is made of: a verdict, what it stands on, and what would change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from config.shapes.catalog import Workflow
from tasks.core.budget_move import BudgetMove
from tasks.core.item_facts import ItemFact
from tasks.core.promotion_patch import Patch
from tasks.core.scorecard import Scorecard
from tasks.core.terms import Terms
from tasks.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """The data cut that a verdict stands on.

    Attributes:
        digest: Of the frozen packet; approval binds to it.
        as_of: Aware UTC moment of the cut.
        snapshot_seq: Newest snapshot that was read.
        policy_digest, catalog_digest: Of the files that were in force.
        chain_head: Of the ledger at that moment; empty where nothing was booked yet.
        rule_version: Version of the rule that judged.
    """

    digest: str
    as_of: datetime
    snapshot_seq: int
    policy_digest: str
    catalog_digest: str
    chain_head: str
    rule_version: str


@dataclass(frozen=True, slots=True)
class TicketCase:
    """One workflow for people to decide about.

    Attributes:
        card: Of the workflow; `golden` of the family's golden one, None if there is none.
        terms: Of the tier; None: the policy has no such tier.
        items: The matured items of the epoch, in any order.
        names: What people call an item, by its key; an item without a name is shown by its key.
        currency: Of the portfolio, which pool spend is in; costs per success are in USD.
        decide_by: Last day to decide, UTC.
        move: What money moves; None: nothing does.
        patch: The change that is proposed; None: it cannot be written, and `patch_refusal` says
            why, with the line to add by hand.
        others: Changes to make instead, each with a title.
    """

    workflow: Workflow
    card: Scorecard
    golden: Scorecard | None
    verdict: Verdict
    terms: Terms | None
    items: tuple[ItemFact, ...]
    evidence: Evidence
    decide_by: date
    names: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"
    move: BudgetMove | None = None
    patch: Patch | None = None
    patch_refusal: str = ""
    others: tuple[tuple[str, Patch], ...] = ()
