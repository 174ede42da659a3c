"""The pools of a month: every nano once, currencies apart, and offers that block nothing."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import DestinationKind
from tasks.core.budgeting.pool_days import PoolDay, PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.budgeting.pools import CORRECTIONS, Outside, Pools, pools_of
from tasks.core.budgeting.squad_money import Lack, SquadWithout
from tasks.core.totals import Leak
from tests.core.pooled import NANO, THROUGH, booked, budgeted, line, waiting

OCTOBER = date(2026, 10, 15)
EXPLORED = PoolName("platform", "upgrades", "exploration")


def pools(*days: PoolDay, catalog: Any = None, pending: tuple[Any, ...] = ()) -> Pools:
    return pools_of(catalog or budgeted(), days, pending, through=THROUGH)


def one(found: Pools, name: PoolName = EXPLORED) -> PoolMonth:
    return next(row for row in (*found.families, *found.portfolios) if row.name == name)


def test_a_pool_has_what_the_rule_says() -> None:
    catalog = budgeted(line("300.00"))
    days = (booked(100 * NANO), booked(220 * NANO, OCTOBER))

    month = one(pools(*days, catalog=catalog, pending=(waiting(7 * NANO),)))

    assert (month.budget_nano, month.carry_over_nano) == (300 * NANO, 80 * NANO)
    assert (month.spent_nano, month.pending_nano) == (100 * NANO, 7 * NANO)
    assert month.headroom_nano() == 273 * NANO
    assert month.period == "2026-11"


def test_production_carries_nothing_over() -> None:
    found = pools(catalog=budgeted(line("300.00"), line("300.00", "production")))

    assert one(found).carry_over_nano == 300 * NANO
    assert one(found, EXPLORED._replace(pool="production")).carry_over_nano == 0


def test_every_family_of_the_catalog_has_both_pools_and_so_has_one_that_left_it() -> None:
    found = pools(booked(5, portfolio="gone", family="old"))

    assert [row.name for row in found.families] == [
        PoolName(portfolio, family, pool)
        for portfolio, family in (
            ("gone", "old"),
            ("operations", "triage"),
            ("platform", "upgrades"),
        )
        for pool in ("exploration", "production")
    ]
    assert one(found, PoolName("gone", "old", "exploration")).spent_nano == 5


def test_a_correction_of_a_closed_period_burns_no_budget_and_is_told_beside() -> None:
    found = pools(booked(5), booked(70, OCTOBER, billing_period="2026-11", origin_period="2026-10"))

    assert one(found).spent_nano == 5
    assert found.outside == (Outside("platform", CORRECTIONS, "USD", 70),)


def test_money_is_spent_in_the_month_that_bills_it() -> None:
    late = booked(9, date(2026, 10, 31), billing_period="2026-11")

    assert one(pools(late)).spent_nano == 9


def test_another_currency_stands_apart_and_is_in_no_sum() -> None:
    month = one(pools(booked(5), booked(7, currency="EUR"), pending=(waiting(3, currency="EUR"),)))

    assert (month.currency, month.spent_nano, month.pending_nano) == ("USD", 5, 0)
    assert [(row.currency, row.spent_nano, row.pending_nano) for row in month.apart] == [
        ("EUR", 7, 3)
    ]
    assert month.forecast_nano == 5 + 10 * 5


def test_a_portfolio_with_its_own_budget_sums_its_families() -> None:
    families = [
        {"id": "upgrades", "portfolio": "platform", "title": "U"},
        {"id": "triage", "portfolio": "platform", "title": "T"},
    ]
    catalog = budgeted(portfolio_lines=(line("100.00"),), families=families)
    days = (booked(5 * NANO), booked(6 * NANO, family="triage"), booked(30 * NANO, OCTOBER))

    found = pools(*days, catalog=catalog, pending=(waiting(NANO),))

    whole = one(found, EXPLORED._replace(family=""))
    assert (whole.budget_nano, whole.carry_over_nano) == (100 * NANO, 70 * NANO)
    assert (whole.spent_nano, whole.pending_nano) == (11 * NANO, NANO)
    assert whole.forecast_nano == sum(row.forecast_nano for row in found.families)
    assert len(found.portfolios) == 1


def test_a_leak_is_told_both_ways() -> None:
    found = pools(
        booked(5, paid_from="production"),
        booked(6, paid_from="exploration"),
        booked(7, pool="production", paid_from="exploration"),
        booked(8, OCTOBER, paid_from="production"),
    )

    assert found.leaks == (
        Leak("platform", "upgrades", "", "exploration", "production", "USD", 5),
        Leak("platform", "upgrades", "", "production", "exploration", "USD", 7),
    )


def test_an_unusual_day_of_the_month_is_told_with_its_pool() -> None:
    days = [booked(10 * NANO, THROUGH - timedelta(days=back)) for back in range(30)]

    found = pools(*days, booked(500 * NANO, date(2026, 11, 18)), catalog=budgeted(line("300.00")))

    (anomaly,) = one(found).anomalies
    assert (anomaly.first_day, anomaly.last_day) == (date(2026, 11, 18), date(2026, 11, 18))
    assert (anomaly.spent_nano, anomaly.expected_nano) == (510 * NANO, 10 * NANO)


_KINDS = [
    (DestinationKind.FAMILY, "upgrades", "exploration"),
    (DestinationKind.FAMILY, "upgrades", "production"),
    (DestinationKind.FAMILY, "triage", "production"),
    (DestinationKind.UNATTRIBUTED, "", ""),
    (DestinationKind.TAX, "", ""),
]


@st.composite
def any_day(draw: st.DrawFn) -> PoolDay:
    kind, family, pool = draw(st.sampled_from(_KINDS))
    day = THROUGH - timedelta(days=draw(st.integers(0, 40)))
    return booked(
        draw(st.integers(-(10**12), 10**12)),
        day,
        billing_period=draw(st.sampled_from(["2026-10", "2026-11"])),
        origin_period=draw(st.sampled_from(["", "", "2026-09"])),
        kind=kind,
        family=family,
        pool=pool,
        portfolio=draw(st.sampled_from(["platform", "operations", ""])),
        currency=draw(st.sampled_from(["USD", "EUR"])),
    )


@given(days=st.lists(any_day(), max_size=20), seed=st.randoms())
def test_pools_and_what_is_beside_them_are_all_that_was_booked_in_the_month(
    days: list[PoolDay], seed: Any
) -> None:
    found = pools(*days)
    told: Counter[str] = Counter()
    for row in found.families:
        told[row.currency] += row.spent_nano
        for other in row.apart:
            told[other.currency] += other.spent_nano
    for beside in found.outside:
        told[beside.currency] += beside.amount_nano
    expected: Counter[str] = Counter()
    for day in days:
        if day.billing_period == "2026-11":
            expected[day.currency] += day.amount_nano

    assert {k: v for k, v in told.items() if v} == {k: v for k, v in expected.items() if v}
    seed.shuffle(days)
    assert pools(*days) == found


# --- squads


def squads(*accounts: dict[str, str], scope: Any = None, **parts: Any) -> tuple[SquadWithout, ...]:
    workflow = {
        "id": "swarm",
        "family": "upgrades",
        "title": "S",
        "risk_tier": 0,
        "stages": [{"from": "2026-01-01", "stage": "exploration"}],
        "scope": scope or {},
    }
    catalog = budgeted(
        line("10.00"),
        workflows=[workflow],
        accounts=[{"issuer": "anthropic"} | account for account in accounts],
        squads=[{"id": "yard", "title": "Yard", "repositories": ["org/yard"], "projects": ["YRD"]}],
        **parts,
    )
    return pools(booked(15 * NANO), booked(10 * NANO, OCTOBER), catalog=catalog).squads


EXPLORING = {"id": "lab", "squad": "yard", "paid_from": "exploration"}


@pytest.mark.parametrize(
    "scope", [{"repositories": ["org/*"]}, {"repositories": ["org/yard"]}, {"tickets": ["YRD-*"]}]
)
def test_a_squad_whose_work_is_explored_without_an_account_is_named(scope: Any) -> None:
    assert squads(scope=scope) == (SquadWithout("yard", Lack.NO_ACCOUNT, ("swarm",)),)


@pytest.mark.parametrize("scope", [{}, {"repositories": ["org/other"]}, {"tickets": ["OPS-*"]}])
def test_a_squad_that_no_exploration_names_is_not(scope: Any) -> None:
    assert squads(scope=scope) == ()


def test_a_squad_whose_portfolio_has_spent_its_exploration_is_named() -> None:
    assert squads(EXPLORING | {"portfolio": "platform"}) == (
        SquadWithout("yard", Lack.SPENT, ("platform",)),
    )


def test_a_squad_with_headroom_somewhere_or_no_budget_to_exhaust_is_not_named() -> None:
    other = EXPLORING | {"id": "other", "portfolio": "operations"}

    assert squads(EXPLORING | {"portfolio": "platform"}, other) == ()
    assert squads(EXPLORING) == ()
