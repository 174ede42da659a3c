"""`policy.yaml`: the organisation's rules, as dated entries where they change."""

from pydantic import Field

from config.shapes.base import Amount, Dated, FormatVersion, Shape, Share, Slug, Whole
from config.shapes.gate import GateRules, TierGate


class Tolerance(Dated):
    """Differences that need no name.

    A billed-versus-metered or metered-versus-logged difference of at most
    `max(absolute, relative x reference)` makes no break.
    """

    issuer: Slug | None = Field(None, description="Empty: every issuer without its own entry.")
    absolute: Amount = Field(description="In whole currency units, e.g. `0.01`.")
    relative: Share = Field(description="Part of the reference amount, e.g. `0.005`.")


class Matching(Shape):
    """How strictly the records of the same money are held against each other."""

    tolerances: tuple[Tolerance, ...] = Field(min_length=1)
    far_beyond: Whole = Field(
        2,
        ge=1,
        le=100,
        description="Logged tokens above this multiple of metered ones are not trusted.",
    )


class Rounding(Dated):
    """How far an invoice may be from what the books owe without a name of its own."""

    issuer: Slug | None = Field(None, description="Empty: every issuer without its own entry.")
    per_invoice: Amount = Field(description="In whole currency units, for each invoice.")
    per_month: Amount = Field(description="Together, over all issuers of a currency.")


class Periods(Shape):
    """How billing periods are settled and closed."""

    rounding: tuple[Rounding, ...] = Field((), description="Empty: every difference is a break.")
    soft_close_business_day: Whole = Field(
        5, ge=1, le=20, description="Business day of the next month on which accruals are made."
    )
    final_after_days: Whole = Field(
        45, ge=1, le=366, description="Days after its end when issuers no longer restate a period."
    )


class RiskTier(Shape):
    """What a tier asks for."""

    tier: Whole = Field(ge=0, le=4)
    required_controls: tuple[Slug, ...] = Field(description="Names of controls; may be empty.")
    review_cadence_days: Whole = Field(
        gt=0, le=366, description="A golden workflow is reviewed at least this often."
    )
    gate: TierGate = TierGate()


class Outcomes(Shape):
    """When the outcome of a work item is final enough to count."""

    maturation_days: Whole | None = Field(
        None,
        ge=0,
        le=365,
        description="Days after closing before an item counts; left out: 14 to 30 by tier.",
    )


class Policy(Shape):
    """The whole file."""

    version: FormatVersion
    matching: Matching
    periods: Periods = Periods()
    outcomes: Outcomes = Outcomes()
    gate: GateRules = GateRules()
    risk_tiers: tuple[RiskTier, ...] = ()
