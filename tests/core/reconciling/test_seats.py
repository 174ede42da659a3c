"""Seats: a plan by day, who sat on it, and what stays out of the books (R12)."""

import random
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import Finance, SeatPlan
from config.shapes.sources import Issuer
from tasks.core.books import (
    BookKey,
    Destination,
    DestinationKind,
    Method,
    Strength,
)
from tasks.core.errors import ConfigError, OutOfRangeError
from tasks.core.money import NANO, to_nano
from tasks.core.night import Books
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.reconciling.seats import SeatRow, day_part
from tests.core.factories import DAY, ISSUER, charge, legs, night, run, usage

EDITOR = Issuer(id="editor", currency="EUR")
NEXT = DAY + timedelta(days=1)
#: 30 days of November at 2 a day.
MONTHLY = {"seats": 3, "price": "20"}
UNNAMED = Destination(DestinationKind.SEAT, "platform", method=Method.ACCRUED)
IDLE = Destination(DestinationKind.IDLE_SEAT, "platform", method=Method.ACCRUED)
CLEARING = Destination(DestinationKind.ACCRUED, "platform", method=Method.ACCRUED)
AD_HOC = Destination(DestinationKind.AD_HOC, "platform", paid_from="production", method=Method.SEAT)


def plan(**fields: Any) -> SeatPlan:
    values = {"id": "team", "issuer": "anthropic", "account": "main", "from": "2026-11-01"}
    return SeatPlan.model_validate({**values, **MONTHLY, **fields})


def books_of(*rows: Any, plans: tuple[SeatPlan, ...] = (plan(),), **fields: Any) -> Books:
    """Reconcile one day of runs under plans."""
    return reconcile(night(rows, finance=Finance(seats=plans), **fields))


def only_book(books: Books) -> Mapping[Destination, int]:
    ((key, amounts),) = books.desired.items()
    assert key == BookKey("anthropic", "main", DAY, "2026-11", "USD")
    return amounts


def seated(workflow: str, strength: Strength = Strength.STAMP) -> Destination:
    family = {"alpha": "upgrades", "gamma": "upgrades", "beta": "triage"}[workflow]
    return Destination(
        DestinationKind.FAMILY,
        portfolio={"upgrades": "platform", "triage": "operations"}[family],
        family=family,
        workflow=workflow,
        pool="production",
        paid_from="production",
        method=Method.SEAT,
        strength=strength,
    )


@given(
    year=st.integers(2024, 2028),
    month=st.integers(1, 12),
    price=st.decimals(0, 999_999, places=9),
    seats=st.integers(1, 9000),
)
def test_a_month_of_a_plan_sums_exactly_to_its_price(
    year: int, month: int, price: Decimal, seats: int
) -> None:
    bought = plan(**{"from": date(2020, 1, 1), "price": price, "seats": seats})
    _, days = monthrange(year, month)

    parts = [day_part(bought, date(year, month, day + 1)) for day in range(days)]

    assert sum(parts) == to_nano(price) * seats
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("day", "days"), [(date(2026, 2, 28), 28), (date(2028, 2, 29), 29), (date(2026, 12, 31), 31)]
)
def test_a_day_is_its_share_of_its_own_month(day: date, days: int) -> None:
    assert day_part(plan(seats=1, price=days), day) == NANO


def test_a_plan_that_ends_in_a_month_accrues_its_days_only() -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    ending = plan(**{"from": days[1], "to": days[2]})

    books = books_of(plans=(ending,), legs=legs(*days))

    assert {key.day: sum(amounts.values()) for key, amounts in books.desired.items()} == {
        days[1]: 2 * NANO,
        days[2]: 2 * NANO,
    }


def test_seats_go_to_the_workflows_whose_runs_the_logs_show_by_all_their_tokens() -> None:
    books = books_of(
        run("alpha", input=10, output=20),
        run("alpha", cache_read=30, model="another"),
        run("beta", output=30),
        run("", input=10),
    )

    assert only_book(books) == {
        seated("alpha"): 1_200_000_000,
        seated("beta"): 600_000_000,
        AD_HOC: 200_000_000,
    }


def test_evidence_of_different_strength_makes_different_lines() -> None:
    books = books_of(
        run("alpha", input=1), run("alpha", input=1, strength=Strength.BOT, rule="bots")
    )

    assert only_book(books) == {
        seated("alpha"): NANO,
        seated("alpha", Strength.BOT): NANO,
    }


def test_without_logged_tokens_seats_are_nobodys() -> None:
    assert only_book(books_of(run("alpha"))) == {UNNAMED: 2 * NANO}
    assert only_book(books_of()) == {UNNAMED: 2 * NANO}


@pytest.mark.parametrize(
    ("in_use", "idle_nano"),
    [
        ((), 0),  # unknown: nothing is idle
        (({"from": "2026-12-01", "seats": 0},), 0),  # has not begun
        (({"from": "2026-11-01", "seats": 3}, {"from": "2026-11-10", "seats": 2}), 666_666_667),
        (({"from": "2026-11-01", "seats": 2}, {"from": "2026-11-11", "seats": 3}), 666_666_667),
        (({"from": "2026-11-01", "seats": 0},), 2 * NANO),
        (({"from": "2026-11-01", "seats": 3},), 0),
    ],
    ids=["unknown", "not begun", "latest", "begun", "all idle", "none idle"],
)
def test_the_latest_number_in_use_that_has_begun_says_what_is_idle(
    in_use: tuple[dict[str, Any], ...], idle_nano: int
) -> None:
    books = books_of(run("alpha", input=1), plans=(plan(in_use=in_use),))

    expected = {seated("alpha"): 2 * NANO - idle_nano, IDLE: idle_nano}
    assert only_book(books) == {to: amount for to, amount in expected.items() if amount}


def test_what_the_vendor_bills_itself_clears_what_accrued_and_the_day_owes_nothing() -> None:
    billed = charge(60 * NANO, category="purchase", sku="team-seats", model=None, kind=None)
    alike = charge(5, category="purchase", sku="other", model=None, kind=None)

    books = books_of(
        run("alpha", input=1),
        plans=(plan(sku="team-seats"),),
        charges=[billed, alike],
    )

    assert only_book(books) == {
        seated("alpha"): 2 * NANO,
        CLEARING: -2 * NANO,
        Destination(DestinationKind.ACCRUED, "platform", method=Method.BOUGHT): 60 * NANO,
        Destination(DestinationKind.FEE, "platform"): 5,
    }


def test_only_purchases_of_the_sku_on_the_plans_account_clear_it() -> None:
    named = {"sku": "team-seats", "model": None, "kind": None}
    books = books_of(
        plans=(plan(sku="team-seats"),),
        charges=[
            charge(7, category="tax", **named),
            charge(9, category="purchase", account="other", **named),
        ],
    )

    kinds = {
        (key.account, to.kind): amount
        for key, amounts in books.desired.items()
        for to, amount in amounts.items()
    }
    assert kinds[("main", DestinationKind.TAX)] == 7
    assert kinds[("other", DestinationKind.FEE)] == 9


def test_a_purchase_that_comes_after_the_plan_still_clears_it_and_tells_its_terms() -> None:
    ended = plan(sku="team-seats", to=DAY - timedelta(days=1))
    late = charge(60, category="purchase", sku="team-seats", model=None, kind=None)

    books = books_of(plans=(ended,), charges=[late])

    (to,) = only_book(books)
    assert (to.kind, to.method) == (DestinationKind.ACCRUED, Method.BOUGHT)
    assert books.terms == {("anthropic", DAY): ("accrued main sku team-seats",)}


def test_shadow_runs_meet_no_usage_and_make_no_breaks() -> None:
    expensive = run("alpha", output=10_000_000)
    metered, billed = usage(1_000_000), charge(5 * NANO)
    without = reconcile(night([], [metered], [billed]))

    books = books_of(expensive, usage=[metered], charges=[billed])

    assert books.breaks == without.breaks
    assert books.ties == without.ties
    assert books.coverage == without.coverage, "seats count toward no coverage"
    ((key, amounts),) = without.desired.items()
    assert books.desired[key] == {**amounts, seated("alpha"): 2 * NANO}


def test_runs_of_other_accounts_and_days_are_no_shadow() -> None:
    runs = [run("alpha", input=100), run("alpha", input=100, account="other")]
    ended = plan(to=DAY - timedelta(days=1))

    assert {row.logged_nano for row in books_of(*runs).ties} == {500_000}
    assert {row.logged_nano for row in books_of(*runs, plans=(ended,)).ties} == {1_000_000}


def test_what_shadow_runs_would_have_cost_is_told_beside_the_books() -> None:
    books = books_of(
        run("alpha", input=1000),
        run("", output=10, day=NEXT),
        run("gamma", input=3, model="unheard-of", pool="exploration"),
        plans=(plan(in_use=[{"from": "2026-11-01", "seats": 2}]),),
        legs=legs(DAY, NEXT),
    )

    (row,) = books.seats
    families = dict(row.families)
    assert row == SeatRow(
        plan="team",
        issuer="anthropic",
        account="main",
        currency="USD",
        accrued_nano=4 * NANO,
        idle_nano=2 * 666_666_667,
        unnamed_nano=0,
        ad_hoc_nano=1_333_333_333,
        families=(("upgrades", families["upgrades"]),),
        shadow_nano=1000 * 5_000 + 10 * 25_000,
        unpriced_tokens=3,
    )
    assert families["upgrades"] + row.ad_hoc_nano + row.idle_nano == row.accrued_nano
    assert {leak.workflow for leak in books.leaks} == {"gamma"}


def test_days_whose_charges_are_not_complete_accrue_nothing_yet() -> None:
    books = books_of(run("alpha", input=1), legs=legs(charges=set()))

    assert (books.desired, books.seats, books.terms) == ({}, (), {})
    assert [row.logged_nano for row in books.ties] == [0], "its runs are shadow all the same"


def test_a_plan_of_an_issuer_without_reports_is_booked_in_the_issuers_currency() -> None:
    books = books_of(
        issuers=(ISSUER, EDITOR),
        plans=(plan(issuer="editor", account="org"),),
        legs=legs(charges={("editor", DAY)}, usage=set()),
    )

    ((key, amounts),) = books.desired.items()
    assert key == BookKey("editor", "org", DAY, "2026-11", "EUR")
    assert sum(amounts.values()) == 2 * NANO


def test_a_plan_of_an_issuer_that_is_not_configured_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="'nobody'"):
        books_of(plans=(plan(issuer="nobody"),), legs=legs(issuers=("nobody",)))


def test_a_month_beyond_what_can_be_kept_is_refused_by_name() -> None:
    largest = {"price": "999999999.999999999", "seats": 9}

    assert day_part(plan(**largest), DAY) == 300_000_000_000_000_000
    with pytest.raises(OutOfRangeError, match=r"'team' costs 10 x 999999999\.999999999 a month"):
        day_part(plan(**{**largest, "seats": 10}), DAY)


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({"price": "21"}, True),
        ({"seats": 4}, True),
        ({"sku": "team-seats"}, True),
        ({"in_use": [{"from": "2026-11-01", "seats": 1}]}, True),
        ({"in_use": [{"from": "2026-11-11", "seats": 1}]}, False),
        ({"to": "2026-11-30"}, False),
        ({"to": "2026-11-09"}, True),
        ({"from": "2026-10-01"}, False),
        ({"id": "renamed"}, False),
    ],
    ids=str,
)
def test_a_days_terms_move_with_what_decides_its_seats(
    changed: dict[str, Any], is_told: bool
) -> None:
    before, after = books_of(), books_of(plans=(plan(**changed),))

    assert (before.terms != after.terms) is is_told
    assert (before.desired != after.desired) <= is_told


@given(st.integers(0, 10_000))
def test_seats_are_conserved_and_the_order_of_arrival_is_immaterial(seed: int) -> None:
    noise = random.Random(seed)
    days = [DAY + timedelta(days=number) for number in range(4)]
    runs = [
        run(
            noise.choice(["alpha", "beta", "gamma", ""]),
            day=noise.choice(days),
            account=noise.choice(["main", "beta-account"]),
            input=noise.randrange(10**6),
            strength=noise.choice(list(Strength)),
        )
        for _ in range(12)
    ]
    plans = tuple(
        plan(
            **{
                "id": account,
                "account": account,
                "from": noise.choice(days),
                "price": Decimal(noise.randrange(10**12)).scaleb(-9),
                "seats": noise.randrange(1, 50),
                "sku": noise.choice([None, "team-seats"]),
                "in_use": noise.choice([(), ({"from": days[1], "seats": noise.randrange(50)},)]),
            }
        )
        for account in ("main", "beta-account")
    )

    books = books_of(*runs, plans=plans, legs=legs(*days))

    again = books_of(*reversed(runs), plans=tuple(reversed(plans)), legs=legs(*reversed(days)))
    assert again == books
    for bought in plans:
        held = [day for day in days if day >= bought.from_day]
        accrued = sum(day_part(bought, day) for day in held)
        owed = sum(
            sum(amounts.values())
            for key, amounts in books.desired.items()
            if key.account == bought.account
        )
        assert owed == (0 if bought.sku else accrued)
        (row,) = [row for row in books.seats if row.plan == bought.id]
        told = row.idle_nano + row.unnamed_nano + row.ad_hoc_nano + sum(dict(row.families).values())
        assert row.accrued_nano == accrued == told
