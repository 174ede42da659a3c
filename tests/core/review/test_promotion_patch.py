"""A new stage is one dated line in the file's own style, and nothing else of the file moves."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.load import load_config
from config.shapes.base import Stage
from config.shapes.catalog import Catalog, StageEntry
from config.yaml_lines import parse_document
from tasks.core.budgeting.budget_offers import BudgetOffer
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.errors import ConfigError
from tasks.core.review.budget_move import BudgetMove, budget_move
from tasks.core.review.promotion_patch import StageLine, first_day, promotion_patch
from tests.core.pooled import NANO, THROUGH, budgeted, line

CONFIG = Path(__file__).resolve().parents[3] / "config"
NEXT = date(2026, 12, 7)
POOL = PoolName("platform", "upgrades", "production")


def move(amount: int | None = 7000, family: str = "upgrades") -> BudgetMove:
    """Make a move of which only the budget line matters."""
    name = POOL._replace(family=family)
    offer = amount and BudgetOffer(name, "USD", NEXT, amount * NANO, 0, 0)
    return BudgetMove(family, "USD", 0, 28, THROUGH, 0, 0, 0, offer or None)


def said(text: str) -> Any:
    document = parse_document("catalog.yaml", text.encode())
    assert document.problems == ()
    return document.value


# --- styles

_ENTRIES = (
    {"from": "2026-03-01", "stage": "exploration"},
    {"from": "2026-06-01", "stage": "provisional", "until": "2026-12-31", "cap": '"90.00"'},
)
_BUDGETS = (
    {"from": "2026-01-01", "pool": "exploration", "amount": '"300.00"'},
    {"from": "2026-01-01", "pool": "production", "amount": "'400.00'"},
)
_SPARE = st.sampled_from(["", "  # agreed", "   # {not: yaml} - [x"])


def _mapping(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}"


def _one_line(key: str, entries: tuple[dict[str, str], ...], pad: str, spare: str) -> list[str]:
    return [f"{pad}{key}: [{', '.join(map(_mapping, entries))}]{spare}"]


def _brackets(key: str, entries: tuple[dict[str, str], ...], pad: str, spare: str) -> list[str]:
    return [
        f"{pad}{key}: [{spare}",
        *(f"{pad}    {_mapping(one)},{spare}" for one in entries),
        f"{pad}  ]",
    ]


def _flow_items(key: str, entries: tuple[dict[str, str], ...], pad: str, spare: str) -> list[str]:
    return [f"{pad}{key}:{spare}", *(f"{pad}  - {_mapping(one)}{spare}" for one in entries), ""]


def _block_items(key: str, entries: tuple[dict[str, str], ...], pad: str, spare: str) -> list[str]:
    lines = [f"{pad}{key}:"]
    for one in entries:
        first, *rest = (f"{name}: {value}{spare}" for name, value in one.items())
        lines += [f"{pad}- {first}", *(f"{pad}  {other}" for other in rest), f"{pad}# after it"]
    return lines


_STYLES = (_one_line, _brackets, _flow_items, _block_items)


@st.composite
def catalogs(draw: st.DrawFn) -> str:
    """Write one catalog in any mixture of styles, its keys and sections in any order."""
    spare = draw(_SPARE)

    def parts(*some: Callable[[], list[str]]) -> list[str]:
        return [one for part in draw(st.permutations(some)) for one in part()]

    def style(key: str, entries: tuple[dict[str, str], ...]) -> Callable[[], list[str]]:
        return lambda: draw(st.sampled_from(_STYLES))(key, entries, "    ", spare)

    def workflow(name: str) -> list[str]:
        return [
            f"  - id: {name}{spare}",
            *parts(
                lambda: ["    family: upgrades"],
                lambda: ["    title: 'größe 😀 # no comment'", "    risk_tier: 0"],
                lambda: ["    owner: lead", "    escalation: on-call", "    capability: act"],
                lambda: ['    rollback: {plan: "a: b", minutes: 5}', "", f"    {spare.strip()}"],
                style("stages", _ENTRIES),
            ),
        ]

    names = draw(st.permutations(["alpha", "beta", "gamma"]))
    lines = parts(
        lambda: ["version: 1"],
        lambda: [
            "portfolios:",
            "  - {id: platform, title: P, owner: lead, cost_centre: CC}",
        ],
        lambda: [
            "families:",
            "  - id: upgrades",
            *parts(lambda: ["    portfolio: platform", "    title: U"], style("budgets", _BUDGETS)),
        ],
        lambda: ["workflows:", *(one for name in names for one in workflow(name))],
    )
    text = "\n".join([draw(st.sampled_from(["# head", "---", "\ufeff# bom"])), *lines])
    text = text.rstrip("\n") + draw(st.sampled_from(["", "\n", "\n\n# tail\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=50)
@given(text=catalogs(), with_money=st.booleans())
def test_a_patch_says_the_old_catalog_and_the_new_entries_and_keeps_every_other_line(
    text: str, with_money: bool
) -> None:
    before = said(text)

    patch = promotion_patch(
        text, "beta", from_day=NEXT, stage=Stage.GOLDEN, budget=move() if with_money else None
    )

    beta = next(one for one in before["workflows"] if one["id"] == "beta")
    beta["stages"].append({"from": NEXT, "stage": "golden"})
    if with_money:
        entry = {"from": NEXT, "pool": "production", "amount": "7000.00"}
        before["families"][0]["budgets"].append(entry)
    assert said(patch.text_after) == before
    added = [f"{{from: {NEXT}, stage: golden}}"]
    added += [f'{{from: {NEXT}, pool: production, amount: "7000.00"}}'] * with_money
    kept = patch.text_after
    for one in added:
        assert kept.count(one) == 1
        kept = kept.replace(f", {one}", "").replace(one, "")
    assert [one.strip() for one in kept.split("\n") if one.strip() not in {"", "-"}] == [
        one.strip() for one in text.split("\n") if one.strip()
    ]
    assert ("\r\n" in text) == ("\r\n" in patch.text_after)
    assert patch.lines_changed <= 2 * len(added) * 2
    assert promotion_patch(text, "beta", from_day=NEXT, stage=Stage.GOLDEN).text_after != text


@settings(max_examples=25)
@given(text=catalogs())
def test_a_patch_of_any_style_is_taken_by_git(text: str, tmp_path_factory: Any) -> None:
    patch = promotion_patch(text, "alpha", from_day=NEXT, stage=Stage.GOLDEN, budget=move())

    assert applied(tmp_path_factory.mktemp("git"), text, patch.diff) == patch.text_after


def applied(folder: Path, text: str, diff: str) -> str:
    """Apply a diff with git, which knows nothing of how it was made."""
    file = folder / "config" / "catalog.yaml"
    file.parent.mkdir()
    file.write_bytes(text.encode())
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "apply", "-"], input=diff.encode(), cwd=folder, check=True)
    return file.read_bytes().decode()


# --- the sandbox organisation's own catalog


def loaded(folder: Path, text: str) -> Catalog:
    """Load a catalog as a night does, beside the other files of the sandbox."""
    for name in ("policy.yaml", "sources.yaml"):
        shutil.copy(CONFIG / name, folder / name)
    (folder / "catalog.yaml").write_bytes(text.encode())
    return load_config(folder).catalog


@pytest.mark.parametrize(
    ("workflow", "fields"),
    [
        ("ci-doctor", {"stage": Stage.GOLDEN}),
        ("ci-doctor", {"stage": Stage.EXPLORATION}),
        ("upgrade-guarded", {"stage": Stage.EXPLORATION}),
        ("upgrade-guarded", {"stage": Stage.SUNSET, "until": date(2027, 3, 1)}),
        (
            "upgrade-swarm",
            {"stage": Stage.PROVISIONAL, "until": date(2027, 3, 1), "cap": Decimal("1500.00")},
        ),
    ],
)
def test_of_the_sandboxs_catalog_one_line_is_new_and_it_loads(
    workflow: str, fields: dict[str, Any], tmp_path: Path
) -> None:
    text = (CONFIG / "catalog.yaml").read_text()
    before = loaded(tmp_path, text)

    patch = promotion_patch(text, workflow, from_day=NEXT, **fields)

    after = loaded(tmp_path, patch.text_after)
    entry = StageEntry.model_validate({"from": NEXT, **fields})
    assert after == before.model_copy(
        update={
            "workflows": tuple(
                one.model_copy(update={"stages": (*one.stages, entry)})
                if one.id == workflow
                else one
                for one in before.workflows
            )
        }
    )
    assert patch.lines_changed == 1
    assert applied(tmp_path, text, patch.diff) == patch.text_after


# --- what is refused

PLAIN = """version: 1
portfolios: [{id: platform, title: P, owner: lead, cost_centre: CC}]
families: [{id: upgrades, portfolio: platform, title: U}]
workflows:
  - id: alpha
    family: upgrades
    title: A
    risk_tier: 0
    owner: lead
    escalation: on-call
    capability: act
    rollback: {plan: p, minutes: 5}
    stages:
      - {from: 2026-06-01, stage: exploration}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("id: alpha", "id: other", "has no stages of 'alpha' among its workflows"),
        ("    owner: lead\n", "", "owner is missing; a golden workflow needs it"),
        ("exploration}", "golden}", "repeats the stage before it"),
        ("stage: exploration}", "stage: sunset, until: 2026-07-01}", "sunset, which is the last"),
        ("from: 2026-06-01", f"from: {NEXT}", "must be later than the entry before it"),
        ("from: 2026-06-01", "from: 2027-06-01", "must be later than the entry before it"),
        ("risk_tier: 0", "risk_tier: zero", "cannot be loaded"),
        ("risk_tier: 0", "risk_tier: &x 0", "cannot be read"),
    ],
)
def test_what_the_catalog_would_not_take_is_refused_with_the_reason(
    old: str, new: str, words: str
) -> None:
    assert old in PLAIN

    with pytest.raises(ConfigError, match=words):
        promotion_patch(PLAIN.replace(old, new, 1), "alpha", from_day=NEXT, stage=Stage.GOLDEN)


@pytest.mark.parametrize(
    "text",
    [
        (PLAIN + "squads: []\n").replace("\n", "\r"),
        PLAIN.replace(
            "      - {from: 2026-06-01, stage: exploration}",
            "      - from: 2026-06-01\n        stage: |-\n          exploration\nsquads: []",
        ),
    ],
    ids=["lines end in a bare carriage return", "the last value is a block of text"],
)
def test_a_file_that_cannot_be_extended_is_refused_with_the_line_to_add(text: str) -> None:
    with pytest.raises(ConfigError, match=r"put \{from: 2026-12-07, stage: golden\} last in"):
        promotion_patch(text, "alpha", from_day=NEXT, stage=Stage.GOLDEN)


def test_money_for_a_family_without_budgets_is_refused_rather_than_left_out() -> None:
    with pytest.raises(ConfigError, match="has no budgets of 'upgrades' among its families"):
        promotion_patch(PLAIN, "alpha", from_day=NEXT, stage=Stage.GOLDEN, budget=move())


def test_a_move_that_needs_no_line_adds_none() -> None:
    patch = promotion_patch(PLAIN, "alpha", from_day=NEXT, stage=Stage.GOLDEN, budget=move(None))

    assert patch.lines_changed == 1


def test_a_stage_begins_after_its_last_merge_day_and_after_every_entry_that_stands() -> None:
    catalog = Catalog.model_validate(said(PLAIN))
    (alpha,) = catalog.workflows

    assert first_day(alpha, date(2026, 12, 4)) == date(2026, 12, 5)
    assert first_day(alpha, date(2026, 5, 4)) == date(2026, 6, 2)


def test_a_line_reads_back_as_it_is_told() -> None:
    entry = StageLine(NEXT, Stage.PROVISIONAL, date(2027, 1, 1), Decimal("1E+3"))

    assert said(entry.text()) == entry.plain()


# --- what moves


def production(forecast: int, **fields: Any) -> PoolMonth:
    values = {"budget_nano": 0, "carry_over_nano": 0, "spent_nano": 0, "pending_nano": 0}
    return PoolMonth(POOL, "2026-11", "USD", **(values | fields), forecast_nano=forecast * NANO)


def moved(
    spent: dict[tuple[str, date], int], forecast: int, *lines: dict[str, str], **fields: Any
) -> BudgetMove:
    (family, *_) = budgeted(*lines).families
    return budget_move(
        family, production(forecast), spent, through=THROUGH, from_day=NEXT, **fields
    )


def daily(dollars: int, days: int) -> dict[tuple[str, date], int]:
    return {("USD", THROUGH - timedelta(days=back)): dollars * NANO for back in range(days)}


def test_a_month_of_what_28_days_spent_moves() -> None:
    found = moved(daily(14, 60), 3000, line("12000.00", "production"))

    assert (found.spent_nano, found.basis_days) == (14 * 28 * NANO, 28)
    assert found.monthly_nano == 14 * 30 * NANO
    assert found.headroom_nano() == (12000 - 3000) * NANO
    assert found.offer is None


def test_a_young_workflow_moves_by_the_days_it_has_and_one_that_spent_nothing_moves_nothing() -> (
    None
):
    found = moved(daily(14, 7), 0, line("12000.00", "production"))

    assert (found.basis_days, found.monthly_nano) == (7, 14 * 30 * NANO)
    assert moved({}, 0).monthly_nano == 0
    assert moved(daily(-5, 28), 0).monthly_nano == 0


@pytest.mark.parametrize(
    ("dollars", "amount"), [(100, None), (101, 6100), (103, 6100), (104, 6200)]
)
def test_production_is_offered_the_next_hundred_only_if_its_headroom_is_short(
    dollars: int, amount: int | None
) -> None:
    found = moved(daily(dollars, 28), 3000, line("6000.00", "production"))

    assert found.is_short() == (3000 + 30 * dollars > 6000)
    if amount is None:
        assert found.offer is None
    else:
        assert found.offer is not None
        assert found.offer.amount_nano == amount * NANO
        assert (found.offer.name, found.offer.from_day) == (POOL, NEXT)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (line("1.00", "exploration"),),
        (line("1.00", "production"), line("2.00", "production", str(NEXT))),
        (line("1.00", "production"), line("2.00", "production", "2027-03-01")),
    ],
)
def test_no_line_is_offered_where_nobody_set_a_budget_or_somebody_changed_it_already(
    lines: tuple[dict[str, str], ...],
) -> None:
    assert moved(daily(500, 28), 3000, *lines).offer is None


def test_a_budget_that_begins_later_is_not_in_force_yet() -> None:
    lines = (line("9.00", "production"), line("99999.00", "production", "2027-03-01"))

    assert moved({}, 0, *lines).budget_nano == 9 * NANO


def test_a_provisional_stage_moves_no_more_than_its_cap() -> None:
    found = moved(daily(100, 28), 0, line("5000.00", "production"), cap_nano=1500 * NANO)

    assert found.monthly_nano == 1500 * NANO


def test_other_currencies_stand_apart_and_are_in_no_sum() -> None:
    spent = daily(1, 28) | {("EUR", THROUGH): 7 * NANO, ("EUR", date(2026, 1, 1)): NANO}

    found = moved(spent, 0)

    assert (found.spent_nano, found.apart) == (28 * NANO, (("EUR", 7 * NANO),))
