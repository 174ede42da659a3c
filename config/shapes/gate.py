"""The gate's part of `policy.yaml`: what promotion asks for, and when people are asked."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from config.shapes.base import Ratio, Shape, Share, Slug, Whole

#: The gates, in the order in which they are shown, as waivers name them.
GATES = (
    "policy",
    "owner",
    "controls",
    "actions",
    "incidents",
    "items",
    "days",
    "weeks",
    "repositories",
    "squads",
    "one_squad",
    "stratum",
    "mix",
    "coverage",
    "cancelled",
    "success",
    "golden",
    "cost",
    "tail",
    "escalations",
    "rework",
)
#: Gates that no role can waive: without them a promotion would be no more than a wish. A control
#: is waived by its own name, never all of them at once.
NEVER_WAIVED = frozenset({"policy", "owner", "controls", "incidents", "success"})


class TierGate(Shape):
    """What a risk tier asks of a workflow; what is left out is the tier's default."""

    items: Whole | None = Field(None, ge=1, description="Matured work items.")
    days: Whole | None = Field(None, ge=1, description="Distinct days on which they closed.")
    weeks: Whole | None = Field(None, ge=1, description="Distinct weeks.")
    repositories: Whole | None = Field(None, ge=0, description="Distinct repositories.")
    squads: Whole | None = Field(None, ge=0, description="Distinct squads.")
    largest_stratum: Share | None = Field(None, description="Largest share of one kind of work.")
    coverage: Share | None = Field(None, description="Share of items whose outcome is known.")
    unknown_free: Share | None = Field(
        None, description="Share of unknown items that are left out; the rest are failures."
    )
    floor: Share | None = Field(
        None,
        gt=0,
        lt=1,
        decimal_places=6,
        description="Success rate that has to be proven.",
    )
    alpha: Share | None = Field(
        None,
        gt=0,
        lt=0.5,  # from here on not even a fair coin would be doubted
        decimal_places=6,
        description="Chance of a wrong promotion.",
    )
    golden_margin: Share | None = Field(
        None, description="How far below golden is still not worse."
    )
    against_golden: Literal["not_worse", "proof"] | None = Field(
        None, description="`proof` asks for proof of golden less the margin."
    )
    cost_ratio: Ratio | None = Field(
        None, description="Cost of a success, as a multiple of golden's."
    )
    escalations: Share | None = Field(None, description="Share of items that ask a human.")
    rework_ratio: Ratio | None = Field(
        None, description="Rework minutes an item, as a multiple of golden's."
    )
    incidents: Whole | None = Field(None, ge=0, description="Incidents that items caused.")
    overdue_actions: Whole | None = Field(
        None, ge=0, description="Overdue actions of reviews; more of them block."
    )
    maturation_days: Whole | None = Field(
        None, ge=0, le=365, description="Days after closing before an item counts."
    )
    opens_ticket: Literal["qualified", "review_ready"] | None = Field(
        None, description="From which verdict on a review ticket is opened."
    )


class GateRules(Shape):
    """What holds for every tier."""

    exploration_days: Whole = Field(
        90, ge=7, le=730, description="Days in exploration after which a decision is due."
    )
    cancelled_share: Share = Field(
        Decimal("0.10"),
        description="Largest share of closed items that may be left out as cancelled.",
    )
    cancelled_by: tuple[Slug, ...] = Field(
        ("not_planned", "duplicate"),
        description="Close reasons or `resolution.<id>` that mean: cancelled by the business.",
    )
    decide_within_days: Whole = Field(
        10, ge=1, le=60, description="Business days to decide a review ticket."
    )
    most_tickets: Whole = Field(10, ge=0, le=100, description="Tickets opened in one run.")
    most_pull_requests: Whole = Field(3, ge=0, le=20, description="Pull requests in one run.")
