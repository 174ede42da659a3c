"""Tolerances are dated, and an issuer's own come before everybody's."""

from datetime import date

import pytest

from config.shapes.policy import Policy
from tasks.core.reconciling.tolerance import EXACT, Tolerance, Tolerances

ENTRIES = [
    {"from": "2026-03-01", "issuer": "openai", "absolute": "0.05", "relative": "0.01"},
    {"from": "2026-01-01", "absolute": "0.01", "relative": "0.005"},
    {"from": "2026-06-01", "absolute": "0.02", "relative": "0"},
]


@pytest.mark.parametrize(
    ("issuer", "day", "expected"),
    [
        ("openai", date(2025, 12, 31), EXACT),
        ("openai", date(2026, 2, 28), Tolerance(10_000_000, 1, 200)),  # its own is not in force
        ("openai", date(2026, 3, 1), Tolerance(50_000_000, 1, 100)),
        ("openai", date(2026, 7, 1), Tolerance(50_000_000, 1, 100)),  # its own stays
        ("anthropic", date(2026, 5, 31), Tolerance(10_000_000, 1, 200)),
        ("anthropic", date(2026, 6, 1), Tolerance(20_000_000, 0, 1)),
    ],
)
def test_the_latest_entry_in_force_holds(issuer: str, day: date, expected: Tolerance) -> None:
    policy = Policy.model_validate({"version": 1, "matching": {"tolerances": ENTRIES}})

    assert Tolerances(policy.matching.tolerances).at(issuer, day) == expected


@pytest.mark.parametrize(
    ("reference", "allowed"), [(0, 10), (1_999, 10), (2_000, 10), (2_200, 11), (-2_399, 11)]
)
def test_the_larger_of_absolute_and_relative_is_allowed(reference: int, allowed: int) -> None:
    assert Tolerance(10, 1, 200).of(reference) == allowed
