"""The pools page: lines sum as printed, currencies apart, nothing from outside as markup."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.core.books import DestinationKind
from tasks.core.budgeting.pool_days import PoolDay, PoolName
from tasks.core.budgeting.pools import Outside, Pools, pools_of
from tasks.core.budgeting.squad_money import Lack, SquadWithout
from tasks.core.night_report import NightReport
from tasks.core.totals import Leak
from tasks.pages.fences import fenced
from tasks.pages.night import what_to_do
from tasks.pages.pools import pool_tasks, pools
from tasks.pages.rounding import CENT, in_cents
from tests.core.pooled import NANO, THROUGH, booked, budgeted, line, waiting
from tests.pages.shown import foreign_markup
from tests.pages.test_night import a_night

HOSTILE = "<img src=x onerror=alert(1)>|`x`\n# [y](http://z) =cmd()"
CATALOG = budgeted(line("300.00"), line("2000.00", "production"), portfolio_lines=(line("250.00"),))
TEXT = """portfolios:
  - id: platform
    budgets:
      - {from: 2026-01-01, pool: exploration, amount: "250.00"}
families:
  - id: upgrades
    budgets:
      - {from: 2026-01-01, pool: exploration, amount: "300.00"}
"""


def shown(*days: PoolDay, catalog: Any = CATALOG, text: str = TEXT, **parts: Any) -> NightReport:
    found = pools_of(catalog, days, parts.pop("pending", ()), through=THROUGH, catalog_text=text)
    return a_night(pools=replace(found, **parts))


def cells(page: str, title: str) -> list[list[str]]:
    """Read the rows of the first table below a title, without its head."""
    lines = page.partition(f"{title}\n")[2].splitlines()
    start = next(at for at, one in enumerate(lines) if one.startswith("|"))
    rows = []
    for one in lines[start + 2 :]:
        if not one.startswith("|"):
            break
        rows.append([cell.strip().strip("*") for cell in one.strip("|").split(" | ")])
    return rows


def spending(page: str, portfolio: str = "platform") -> dict[str, list[str]]:
    """Read what a portfolio spent, forecasts and may spend, by family."""
    return {row[0]: row[1:] for row in cells(page, f"## {portfolio}")}


def left(page: str, portfolio: str = "platform") -> dict[str, list[str]]:
    """Read what is left of a portfolio's pools, by family."""
    below = page.partition(f"## {portfolio}\n")[2]
    return {row[0]: row[1:] for row in cells(below, "What is left of it:")}


def figure(cell: str) -> Decimal:
    """Read a printed amount; a dash is nothing."""
    if cell == "—":
        return Decimal(0)
    found = re.fullmatch(r"(-?)(?:\$|[A-Z]{3} )([0-9,]+\.[0-9]{2})", cell)
    assert found is not None, cell
    return Decimal(f"{found[1]}{found[2].replace(',', '')}")


def daily(amount_nano: int, days: int = 28) -> list[PoolDay]:
    return [booked(amount_nano, THROUGH - timedelta(days=back)) for back in range(days)]


def test_both_pools_of_a_family_stand_side_by_side_with_headroom_and_forecast() -> None:
    night = shown(
        booked(100 * NANO), booked(20 * NANO, pool="production"), pending=(waiting(7 * NANO),)
    )

    page = pools(night)

    assert spending(page)["upgrades"] == [
        *("$100.00", "$1,177.00", "$300.00"),
        *("$20.00", "$220.00", "$2,000.00"),
    ]
    assert left(page)["upgrades"] == ["$300.00", "$7.00", "$493.00", "$0.00", "$1,980.00"]


def test_the_pool_is_named_above_the_first_of_its_columns() -> None:
    page = pools(shown(booked(NANO)))

    heads = (line for line in page.splitlines() if line.startswith("| Family | Expl"))
    spent, rest = next(heads), next(heads)
    pool = "{}: spent | Forecast | Budget"
    assert spent == f"| Family | {pool.format('Exploration')} | {pool.format('Production')} |"
    explored, produced = "Exploration: carried over | Pending", "Production: pending"
    assert rest == f"| Family | {explored} | Headroom | {produced} | Headroom |"


def test_a_pool_without_a_budget_has_no_headroom_rather_than_a_debt() -> None:
    page = pools(shown(booked(5 * NANO, family="triage", portfolio="operations")))

    assert spending(page, "operations")["triage"][0] == "$5.00"
    assert [spending(page, "operations")["triage"][at] for at in (2, 5)] == ["—", "—"]
    assert [left(page, "operations")["triage"][at] for at in (2, 4)] == ["—", "—"]


_FAMILIES = [f"family-{number}" for number in range(4)]


@st.composite
def money(draw: st.DrawFn) -> PoolDay:
    kind = draw(st.sampled_from([DestinationKind.FAMILY] * 3 + [DestinationKind.TAX]))
    is_family = kind is DestinationKind.FAMILY
    return booked(
        draw(st.integers(-(10**12), 10**12)),
        THROUGH - timedelta(days=draw(st.integers(0, 25))),
        kind=kind,
        family=draw(st.sampled_from(_FAMILIES)) if is_family else "",
        pool=draw(st.sampled_from(["exploration", "production"])) if is_family else "",
        currency=draw(st.sampled_from(["USD", "USD", "EUR"])),
    )


@given(
    days=st.lists(money(), max_size=15),
    budgets=st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
)
def test_the_printed_lines_of_every_table_sum_to_the_printed_total(
    days: list[PoolDay], budgets: list[int]
) -> None:
    families = [
        {
            "id": name,
            "portfolio": "platform",
            "title": "F",
            "budgets": [line(f"{Decimal(nano).scaleb(-9)}")],
        }
        for name, nano in zip(_FAMILIES, budgets, strict=True)
    ]
    catalog = budgeted(
        families=families, workflows=[], accounts=[], portfolio_lines=(line("77.77"),)
    )
    page = pools(shown(*days, catalog=catalog, text=""))

    spent, rest = spending(page), left(page)
    names = [name.replace("-", "\\-") for name in _FAMILIES]
    for rows in (spent, rest):
        assert set(names) < set(rows)
        for at, total in enumerate(rows["together"]):
            assert sum(figure(rows[name][at]) for name in names) == figure(total)
        assert all("EUR" not in cell for row in rows.values() for cell in row)
    for name in rest:
        budget, carried = figure(spent[name][2]), figure(rest[name][0])
        leaves = budget + carried - figure(spent[name][0]) - figure(rest[name][1])
        assert figure(rest[name][2]) == leaves
        if rest[name][4] != "—":
            leaves = figure(spent[name][5]) - figure(spent[name][3]) - figure(rest[name][3])
            assert figure(rest[name][4]) == leaves
    tables = page.partition("## All that was booked in the month\n")[2].split("\n\n")
    for one in tables:
        if one.strip() and one.strip() != "Nothing was booked.":
            amounts = [figure(row[1]) for row in cells(f"t\n{one.strip()}\n", "t")]
            assert sum(amounts[:-1]) == amounts[-1]
            assert len({re.sub("[0-9.,-]", "", row[1]) for row in cells(f"t\n{one}", "t")}) <= 1


@given(amounts=st.lists(st.integers(-(10**18), 10**18)))
def test_rounded_amounts_sum_to_the_rounded_sum_and_lie_within_a_cent(amounts: list[int]) -> None:
    rounded = in_cents(amounts)

    assert abs(sum(rounded) - sum(amounts)) * 2 <= CENT
    assert all(
        abs(one - exact) <= CENT and one % CENT == 0
        for one, exact in zip(rounded, amounts, strict=True)
    )


def test_a_pool_that_runs_short_gets_a_budget_line_and_no_block() -> None:
    night = shown(*daily(20 * NANO))

    page = pools(night)

    assert "Nothing is ever blocked" in page
    assert (
        "- Exploration of upgrades: $600.00 a month from 2026-12-01. It is forecast to spend"
        " $600.00 and has $440.00." in page
    )
    assert '+      - {from: 2026-12-01, pool: exploration, amount: "600.00"}' in page
    assert "Exploration of the whole portfolio platform" in page
    advice = "merge the budget line on offer under *Pools*, or plan for less."
    assert pool_tasks(night) == [
        f"Exploration of {name} is forecast to spend **$600.00** of {available}: {advice}"
        for name, available in (
            ("the whole portfolio platform", "$340.00"),
            ("upgrades", "$440.00"),
        )
    ]
    assert "forecast to spend" in what_to_do(night)


def test_a_forecast_says_what_it_rests_on_and_how_far_it_was_off() -> None:
    days = [booked(NANO, THROUGH - timedelta(days=back)) for back in range(80)]

    page = pools(shown(*days))

    (row,) = cells(page, "## What the forecasts rest on")
    assert row == [
        "Exploration of upgrades",
        "$20.00",
        "10 × $1.00",
        "0 % on this day (mean of 2 months)",
    ]


def test_a_young_pool_says_that_nothing_can_be_compared_and_how_few_days_it_has() -> None:
    page = pools(shown(*daily(NANO, days=7)))

    assert "10 × $1.00 (mean of 7)" in page
    assert "no earlier month to compare" in page


def test_an_unusual_day_is_told_and_asked_about() -> None:
    days = [booked(NANO, THROUGH - timedelta(days=back)) for back in range(40)]
    night = shown(*days, booked(400 * NANO, date(2026, 11, 12)))

    told = "Exploration of upgrades spent $401.00 on 2026-11-12, where its trend says $1.00"

    assert f"- {told}\n" in pools(night)
    assert f"{told}: find out which workflow ran." in pool_tasks(night)


def test_leaks_other_currencies_and_unpriced_tokens_are_told() -> None:
    night = shown(
        booked(5 * NANO, paid_from="production"),
        booked(6 * NANO, currency="EUR"),
        pending=(waiting(0, unpriced_tokens=1234),),
    )

    page = pools(night)

    assert "| upgrades | exploration | production | $5.00 |" in page
    assert "Exploration of upgrades in EUR, in no figure below: EUR 6.00 spent" in page
    assert "1,234 pending tokens have no price" in page


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        (Lack.SPENT, "nothing is left of the exploration pools behind its exploration accounts"),
        (Lack.NO_ACCOUNT, "no account or key of it is paid from exploration"),
    ],
)
def test_a_squad_without_exploration_money_is_named_with_the_reason(lack: Lack, words: str) -> None:
    page = pools(shown(squads=(SquadWithout("yard", lack, ("swarm",)),)))

    assert "**yard**: " in page
    assert words in page


def test_books_that_begin_within_last_month_are_no_proof_of_what_was_left_of_it() -> None:
    late = shown(booked(NANO, date(2026, 10, 2)))
    whole = shown(booked(NANO, date(2026, 10, 1)))

    assert "The books begin on 2026-10-02: what last month carried over" in pools(late)
    assert "The books are empty" in pools(shown())
    assert "The books" not in pools(whole)


def test_a_night_without_pools_says_so() -> None:
    assert "were not stated" in pools(a_night(pools=Pools()))
    assert pool_tasks(a_night(pools=Pools())) == []


def test_nothing_from_outside_is_markup_on_the_page() -> None:
    name = PoolName(HOSTILE, HOSTILE, "exploration")
    night = shown(*daily(20 * NANO), booked(500 * NANO))
    row = replace(night.pools.families[2], name=name)
    offer = replace(night.pools.offers[0], name=name)
    diff = f"--- a\n+++ b\n ```\n+# {HOSTILE}\n \u202eevil\x1b[2J\n"
    night = replace(
        night,
        pools=replace(
            night.pools,
            families=(row, replace(row, name=name._replace(pool="production"))),
            outside=(Outside(HOSTILE, HOSTILE, "USD", 1),),
            leaks=(Leak(HOSTILE, HOSTILE, "", HOSTILE, HOSTILE, "USD", 1),),
            offers=(offer,),
            offer_diff=diff,
            squads=(SquadWithout(HOSTILE, Lack.SPENT, (HOSTILE,)),),
        ),
    )

    html = MarkdownIt("commonmark").enable("table").render(pools(night))

    assert "<img" not in html
    assert "<h1>Pools</h1>" in html
    assert html.count("<h1") == 1
    assert "href=" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("<pre>") == 1
    assert all(foreign_markup(task) == [] for task in pool_tasks(night))


def test_a_fence_is_longer_than_any_in_its_text() -> None:
    assert fenced("a\n````\nb\r\n", "diff") == "`````diff\na\n````\nb\n`````"
