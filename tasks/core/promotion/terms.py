"""What a risk tier asks of a workflow: the tier's defaults, and what the policy says instead.

docs/gate.md has the table. Shares and ratios are whole parts per million, so that what a verdict
stood on can be kept and read back exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from config.shapes.policy import Policy

#: One, in parts per million.
WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers that hold for a tier; see `config.shapes.gate.TierGate` for each.

    Attributes:
        items: Matured ones; also how many of the newest ones incidents are counted over, at least.
        repositories, squads: 0: not asked.
        unknown_free_ppm: Share of the items whose unknown outcomes are left out; any further
            unknown one counts as a failure.
        alpha_ppm: Chance of a wrong promotion, before it is shared within the family.
        is_proof_asked: Proof of golden less the margin; else no evidence of being worse is enough.
        escalations_ppm: None: not asked, because everything is approved by a human.
        overdue_actions: None: any number is fine.
        maturation_days: An item counts from so many days after it closed.
        opens_ticket: `qualified` or `review_ready`: from which of them on a ticket is opened.
    """

    tier: int
    items: int
    days: int
    weeks: int
    repositories: int
    squads: int
    largest_stratum_ppm: int
    coverage_ppm: int
    unknown_free_ppm: int
    floor_ppm: int
    alpha_ppm: int
    golden_margin_ppm: int
    cost_ratio_ppm: int
    escalations_ppm: int | None
    rework_ratio_ppm: int
    incidents: int
    overdue_actions: int | None
    maturation_days: int
    is_proof_asked: bool = False
    opens_ticket: str = "qualified"


def terms_of(policy: Policy, tier: int) -> Terms | None:
    """Give what a tier asks for, or None if the policy does not know the tier.

    For the maturation age the first that says something holds: the tier's own `gate`,
    `outcomes.maturation_days` of the policy, the tier's default.
    """
    declared = next((one for one in policy.risk_tiers if one.tier == tier), None)
    if declared is None:
        return None
    terms = DEFAULTS[tier]
    if policy.outcomes.maturation_days is not None:
        terms = replace(terms, maturation_days=policy.outcomes.maturation_days)
    gate = declared.gate
    given = {name: getattr(gate, name) for name in type(gate).model_fields}
    return replace(
        terms, **_as_terms({key: value for key, value in given.items() if value is not None})
    )


def parts_per_million(value: Decimal) -> int:
    """Turn a share or ratio into whole parts per million, half-even."""
    return int((value * WHOLE).to_integral_value(ROUND_HALF_EVEN))


def _as_terms(given: Mapping[str, int | str | Decimal]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "against_golden":
            found["is_proof_asked"] = value == "proof"
        elif isinstance(value, Decimal):
            found[f"{name}_ppm"] = parts_per_million(value)
        else:
            found[name] = value
    return found


#: By tier, 0 to 4. They are tuned so that a workflow 10 to 15 points above the floor passes within
#: 90 days at five items a week (docs/statistics.md).
DEFAULTS = (
    Terms(
        tier=0,
        items=15,
        days=5,
        weeks=2,
        repositories=1,
        squads=1,
        largest_stratum_ppm=900_000,
        coverage_ppm=800_000,
        unknown_free_ppm=50_000,
        floor_ppm=600_000,
        alpha_ppm=100_000,
        golden_margin_ppm=100_000,
        cost_ratio_ppm=2_000_000,
        escalations_ppm=400_000,
        rework_ratio_ppm=1_500_000,
        incidents=2,
        overdue_actions=None,
        maturation_days=14,
    ),
    Terms(
        tier=1,
        items=20,
        days=8,
        weeks=3,
        repositories=2,
        squads=1,
        largest_stratum_ppm=800_000,
        coverage_ppm=900_000,
        unknown_free_ppm=0,
        floor_ppm=700_000,
        alpha_ppm=50_000,
        golden_margin_ppm=50_000,
        cost_ratio_ppm=1_500_000,
        escalations_ppm=250_000,
        rework_ratio_ppm=1_250_000,
        incidents=1,
        overdue_actions=0,
        maturation_days=14,
    ),
    Terms(
        tier=2,
        items=30,
        days=10,
        weeks=4,
        repositories=2,
        squads=2,
        largest_stratum_ppm=700_000,
        coverage_ppm=900_000,
        unknown_free_ppm=0,
        floor_ppm=750_000,
        alpha_ppm=50_000,
        golden_margin_ppm=50_000,
        cost_ratio_ppm=1_500_000,
        escalations_ppm=200_000,
        rework_ratio_ppm=1_250_000,
        incidents=1,
        overdue_actions=0,
        maturation_days=14,
    ),
    Terms(
        tier=3,
        items=40,
        days=15,
        weeks=4,
        repositories=3,
        squads=2,
        largest_stratum_ppm=700_000,
        coverage_ppm=950_000,
        unknown_free_ppm=0,
        floor_ppm=800_000,
        alpha_ppm=50_000,
        golden_margin_ppm=30_000,
        cost_ratio_ppm=1_500_000,
        escalations_ppm=200_000,
        rework_ratio_ppm=1_000_000,
        incidents=0,
        overdue_actions=0,
        maturation_days=21,
    ),
    Terms(
        tier=4,
        items=60,
        days=20,
        weeks=6,
        repositories=3,
        squads=2,
        largest_stratum_ppm=700_000,
        coverage_ppm=980_000,
        unknown_free_ppm=0,
        floor_ppm=900_000,
        alpha_ppm=20_000,
        golden_margin_ppm=0,
        cost_ratio_ppm=2_000_000,
        escalations_ppm=None,
        rework_ratio_ppm=1_000_000,
        incidents=0,
        overdue_actions=0,
        maturation_days=30,
    ),
)
