"""A budget that will not do becomes a dated line and a diff that changes nothing else."""

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load_config
from config.shapes.catalog import Budget, Catalog
from tasks.core.budgeting.budget_offers import BudgetOffer, budget_offers
from tasks.core.budgeting.catalog_diff import offers_diff, with_offers
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tests.core.pooled import NANO, budgeted, line

CONFIG = Path(__file__).resolve().parents[3] / "config"
NEXT = date(2026, 12, 1)
POOL = PoolName("platform", "upgrades", "exploration")


def month(forecast_nano: int, budget_nano: int | None = 300 * NANO, carry: int = 0) -> PoolMonth:
    return PoolMonth(
        name=POOL,
        period="2026-11",
        currency="USD",
        budget_nano=budget_nano,
        carry_over_nano=carry,
        spent_nano=0,
        pending_nano=0,
        forecast_nano=forecast_nano,
    )


def offer(amount: int = 1300, **name: str) -> BudgetOffer:
    return BudgetOffer(POOL._replace(**name), "USD", NEXT, amount * NANO, 0, 0)


# --- offers


@pytest.mark.parametrize(
    ("forecast_nano", "amount"),
    [(300 * NANO + 1, 400), (400 * NANO, 400), (400 * NANO + 1, 500), (1234 * NANO, 1300)],
)
def test_an_offer_is_the_forecast_rounded_up_to_the_next_hundred(
    forecast_nano: int, amount: int
) -> None:
    (found,) = budget_offers(budgeted(line("300.00")), [month(forecast_nano)])

    assert found == BudgetOffer(
        POOL, "USD", NEXT, amount * NANO, forecast_nano, available_nano=300 * NANO
    )


def test_what_was_carried_over_counts_before_anything_is_offered() -> None:
    catalog = budgeted(line("300.00"))

    assert budget_offers(catalog, [month(320 * NANO, carry=20 * NANO)]) == ()
    assert len(budget_offers(catalog, [month(320 * NANO + 1, carry=20 * NANO)])) == 1


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (line("300.00", "production"),),
        (line("300.00"), line("350.00", from_day="2026-12-01")),
        (line("300.00"), line("350.00", from_day="2027-03-01")),
        (line("300.00"), line("900.00", from_day="2026-11-25")),
    ],
)
def test_nothing_is_offered_where_nobody_set_a_budget_or_somebody_changed_it_already(
    lines: tuple[dict[str, str], ...],
) -> None:
    assert budget_offers(budgeted(*lines), [month(820 * NANO)]) == ()


def test_a_pool_without_a_budget_gets_no_offer() -> None:
    assert budget_offers(budgeted(line("300.00")), [month(5 * NANO, budget_nano=None)]) == ()


# --- diffs

HEAD = """version: 1  # the first
portfolios:
  - {id: platform, title: 'P # no comment', owner: lead, cost_centre: CC}
families:
  - id: other
    portfolio: platform
    title: Other
  - id: upgrades   # the one
    portfolio: platform
"""
STYLES = {
    "flow items": (
        """    budgets:
      # Agreed in spring.
      - {from: 2026-01-01, pool: exploration, amount: "300.00"}   # small
      # To be looked at.

    title: Upgrades
""",
        """    budgets:
      # Agreed in spring.
      - {from: 2026-01-01, pool: exploration, amount: "300.00"}   # small
      - {from: 2026-12-01, pool: exploration, amount: "1300.00"}
      # To be looked at.

    title: Upgrades
""",
    ),
    "block items": (
        """    budgets:
    - from: 2026-01-01
      pool: exploration
      amount: "300.00"  # small

    # To be looked at.
    title: Upgrades
""",
        """    budgets:
    - from: 2026-01-01
      pool: exploration
      amount: "300.00"  # small
    - {from: 2026-12-01, pool: exploration, amount: "1300.00"}

    # To be looked at.
    title: Upgrades
""",
    ),
    "one line": (
        """    title: Upgrades
    budgets: [{from: 2026-01-01, pool: exploration, amount: "300.00"}]  # small
""",
        """    title: Upgrades
    budgets: [{from: 2026-01-01, pool: exploration, amount: "300.00"}, OFFER]  # small
""".replace("OFFER", '{from: 2026-12-01, pool: exploration, amount: "1300.00"}'),
    ),
    "no line feed at the end": (
        """    title: Upgrades
    budgets:
      - {from: 2026-01-01, pool: exploration, amount: "300.00"}""",
        """    title: Upgrades
    budgets:
      - {from: 2026-01-01, pool: exploration, amount: "300.00"}
      - {from: 2026-12-01, pool: exploration, amount: "1300.00"}""",
    ),
}


def loaded(folder: Path, text: str) -> Catalog:
    """Load a catalog as a night does, beside the other files of the sandbox."""
    for name in ("policy.yaml", "sources.yaml"):
        shutil.copy(CONFIG / name, folder / name)
    (folder / "catalog.yaml").write_bytes(text.encode())
    return load_config(folder).catalog


def applied(folder: Path, text: str, diff: str) -> str:
    """Apply a diff with git, which knows nothing of how it was made."""
    (folder / "config").mkdir()
    file = folder / "config" / "catalog.yaml"
    file.write_bytes(text.encode())
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "apply", "-"], input=diff.encode(), cwd=folder, check=True)
    return file.read_bytes().decode()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("style", STYLES)
def test_a_diff_adds_one_line_in_the_files_own_style_and_git_applies_it(
    style: str, ends: str, tmp_path: Path
) -> None:
    before, after = ((HEAD + part).replace("\n", ends) for part in STYLES[style])

    assert with_offers(before, [offer()]) == after
    assert applied(tmp_path, before, offers_diff(before, [offer()])) == after


def test_of_the_sandboxs_catalog_only_the_new_lines_differ(tmp_path: Path) -> None:
    text = (CONFIG / "catalog.yaml").read_text()
    names = {"portfolio": "platform-engineering", "family": "dependency-upgrades"}
    offers = [
        offer(1300, **names),
        offer(9900, **names, pool="production"),
        offer(7700, portfolio="customer-operations", family=""),
        offer(1, portfolio="nobody", family="nothing"),
    ]
    before = loaded(tmp_path, text)

    after = loaded(tmp_path, with_offers(text, offers))

    diff = offers_diff(text, offers)
    changed = [one for one in diff.splitlines() if re.match(r"[+-](?![+-])", one)]
    assert [one for one in changed if one.startswith("-")] == []
    assert len(changed) == 3
    family, portfolio = after.families[0], after.portfolios[1]
    assert family.budgets[:-2] == before.families[0].budgets
    assert family.budgets[-2:] == (
        Budget.model_validate(line("1300.00", "exploration", "2026-12-01")),
        Budget.model_validate(line("9900.00", "production", "2026-12-01")),
    )
    assert portfolio.budgets[-1].amount == 7700
    assert after.workflows == before.workflows
    assert after.families[1:] == before.families[1:]


@given(amounts=st.lists(st.integers(1, 9_999_999), max_size=2))
def test_a_file_without_offers_is_untouched_and_one_with_keeps_every_line(
    amounts: list[int],
) -> None:
    text = HEAD + STYLES["flow items"][0]
    offers = [
        offer(amount, pool=pool)
        for amount, pool in zip(amounts, ("exploration", "production"), strict=False)
    ]

    after = with_offers(text, offers)

    added = [one for one in after.splitlines() if "2026-12-01" in one]
    assert len(added) == len(offers)
    assert [one for one in after.splitlines() if one not in added] == text.splitlines()
    assert bool(offers_diff(text, offers)) == bool(offers)
