"""What a tier asks for: its defaults, the policy's own words, and which of them wins."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from config.shapes.policy import Policy
from tasks.core.promotion.terms import DEFAULTS, parts_per_million, terms_of

MATCHING = {"tolerances": [{"from": "2026-01-01", "absolute": "0", "relative": "0"}]}


def policy(gate: dict[str, Any] | None = None, tier: int = 3, **parts: Any) -> Policy:
    one = {"tier": tier, "required_controls": [], "review_cadence_days": 30, "gate": gate or {}}
    return Policy.model_validate({"version": 1, "matching": MATCHING, "risk_tiers": [one], **parts})


@pytest.mark.parametrize("tier", range(5))
def test_a_tier_without_a_gate_of_its_own_asks_for_its_defaults(tier: int) -> None:
    terms = terms_of(policy(tier=tier), tier)

    assert terms == DEFAULTS[tier]
    assert terms is not None
    assert terms.tier == tier


def test_a_higher_tier_never_asks_for_less() -> None:
    for lower, higher in pairwise(DEFAULTS):
        assert higher.items > lower.items
        assert higher.floor_ppm > lower.floor_ppm
        assert higher.coverage_ppm >= lower.coverage_ppm
        assert higher.alpha_ppm <= lower.alpha_ppm
        assert higher.incidents <= lower.incidents
        assert higher.maturation_days >= lower.maturation_days


def test_a_tier_that_the_policy_does_not_know_has_no_terms() -> None:
    assert terms_of(policy(tier=3), 2) is None


def test_what_the_policy_says_replaces_the_default_and_nothing_else_moves() -> None:
    given = {
        "items": 25,
        "floor": "0.85",
        "against_golden": "proof",
        "opens_ticket": "review_ready",
    }

    terms = terms_of(policy(given), 3)

    assert terms is not None
    assert (terms.items, terms.floor_ppm, terms.is_proof_asked) == (25, 850_000, True)
    assert terms.opens_ticket == "review_ready"
    assert (terms.days, terms.alpha_ppm) == (DEFAULTS[3].days, DEFAULTS[3].alpha_ppm)


@pytest.mark.parametrize(
    ("gate", "outcomes", "days"),
    [
        ({}, {}, 21),
        ({}, {"maturation_days": 14}, 14),
        ({"maturation_days": 5}, {"maturation_days": 14}, 5),
        ({"maturation_days": 0}, {}, 0),
    ],
)
def test_of_maturation_ages_the_tiers_own_wins_then_the_policys(
    gate: dict[str, Any], outcomes: dict[str, Any], days: int
) -> None:
    terms = terms_of(policy(gate, outcomes=outcomes), 3)

    assert terms is not None
    assert terms.maturation_days == days


@pytest.mark.parametrize(
    ("share", "ppm"), [("0.8", 800_000), ("0.0000005", 0), ("0.0000015", 2), ("1.5", 1_500_000)]
)
def test_a_share_becomes_whole_parts_per_million_half_even(share: str, ppm: int) -> None:
    assert parts_per_million(Decimal(share)) == ppm
