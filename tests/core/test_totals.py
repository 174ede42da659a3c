"""Totals, tie-outs and coverage say the same as the books, line by line."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import BookKey, Destination, DestinationKind, Method, Strength
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.totals import (
    Coverage,
    Leak,
    OtherRow,
    PoolRow,
    completeness_ppm,
    coverage_of,
    family_rows,
    leaks_of,
    other_rows,
    totals_of,
    workflow_rows,
)
from tests.core.factories import DAY, charge, legs, night, policy, run, usage

KEY = BookKey("anthropic", "main", DAY, "2026-11", "USD")
NEXT = DAY + timedelta(days=1)
DOLLAR_TOKENS, DOLLAR = 200_000, 1_000_000_000


def family(workflow: str = "alpha", **fields: Any) -> Destination:
    values = {"family": "upgrades", "pool": "production", "method": Method.METERED, **fields}
    return Destination(DestinationKind.FAMILY, portfolio="platform", workflow=workflow, **values)


@pytest.mark.parametrize(
    ("destination", "share"),
    [
        (family(strength=Strength.STAMP), "evidenced"),
        (family(strength=Strength.STAMP, method=Method.ESTIMATED), "evidenced"),
        (family(strength=Strength.BOT, method=Method.DIRECT), "evidenced"),
        (family(strength=Strength.STAMP, method=Method.WEAK), "inferred"),
        (family(strength=Strength.API_KEY), "inferred"),
        (family(strength=Strength.BOT, method=Method.ESTIMATED), "inferred"),
        (family(strength=Strength.ACCOUNT, method=Method.OWNED), "inferred"),
        (Destination(DestinationKind.AD_HOC, method=Method.METERED), "unexplained"),
        (Destination(DestinationKind.UNATTRIBUTED), "unexplained"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else f"{value.kind}-{value.method}",
)
def test_coverage_goes_by_the_evidence(destination: Destination, share: str) -> None:
    (found,) = coverage_of({KEY: {destination: 100}})

    assert getattr(found, f"{share}_nano") == 100
    assert found.gross_nano() == 100


def test_coverage_leaves_out_what_is_not_usage() -> None:
    lines = {Destination(kind): 7 for kind in DestinationKind}

    assert coverage_of({KEY: lines}) == (Coverage("USD", 0, 7, 14),)


def test_pools_of_a_family_stand_side_by_side() -> None:
    desired = {
        KEY: {
            family(): 60,
            family(paid_from="exploration"): 5,
            family("gamma", pool="exploration"): 30,
            family("beta", family="triage"): 8,
            Destination(DestinationKind.CREDIT, "platform"): -9,
            Destination(DestinationKind.UNATTRIBUTED): 4,
        },
        BookKey("anthropic", "main", NEXT, "2026-11", "USD"): {
            family(): 1,
            Destination(DestinationKind.UNATTRIBUTED): 2,
        },
    }

    assert family_rows(desired) == (
        PoolRow("platform", "triage", "", "USD", 0, 8),
        PoolRow("platform", "upgrades", "", "USD", 30, 66),
    )
    assert workflow_rows(desired) == (
        PoolRow("platform", "triage", "beta", "USD", 0, 8),
        PoolRow("platform", "upgrades", "alpha", "USD", 0, 66),
        PoolRow("platform", "upgrades", "gamma", "USD", 30, 0),
    )
    assert other_rows(desired) == (
        OtherRow("", "unattributed", "USD", 6),
        OtherRow("platform", "credit", "USD", -9),
    )
    assert leaks_of(desired) == (
        Leak("platform", "upgrades", "alpha", "production", "exploration", "USD", 5),
    )


def test_totals_keep_currencies_apart() -> None:
    euros = BookKey("anthropic", "main", DAY, "2026-11", "EUR")
    nobody = Destination(DestinationKind.UNATTRIBUTED)

    assert totals_of({KEY: {family(): 5, nobody: 1}, euros: {nobody: 2}}, ()) == (
        ("booked:EUR", 2),
        ("booked:USD", 6),
        ("family:USD", 5),
        ("unattributed:EUR", 2),
        ("unattributed:USD", 1),
    )


@pytest.mark.parametrize(
    ("expected", "present", "ppm"),
    [
        ([], [], 1_000_000),
        ([("a", DAY), ("a", NEXT), ("b", DAY)], [("a", DAY), ("b", DAY), ("c", DAY)], 666_666),
        ([("a", DAY)], [], 0),
    ],
)
def test_completeness_is_what_is_there_of_what_should_be(
    expected: list[tuple[str, date]], present: list[tuple[str, date]], ppm: int
) -> None:
    assert completeness_ppm(expected, present) == ppm


def test_a_tie_out_names_every_difference() -> None:
    late = legs(charges={("anthropic", DAY)}, usage={("anthropic", DAY), ("anthropic", NEXT)})
    nimbus = {"model": "claude-nimbus-1", "sku": "claude-nimbus-1"}

    books = reconcile(
        night(
            [run(input=6 * DOLLAR_TOKENS), run(input=3 * DOLLAR_TOKENS, day=NEXT)],
            [
                usage(10 * DOLLAR_TOKENS),
                usage(4 * DOLLAR_TOKENS, day=NEXT),
                usage(9, **nimbus),
            ],
            [
                charge(12 * DOLLAR),
                charge(DOLLAR // 2, sku="code_execution", model=None, kind=None),
                charge(3 * DOLLAR, **nimbus),
                charge(-DOLLAR, category="credit"),
                charge(99, day=NEXT),  # not complete: ignored
            ],
            legs=late,
        )
    )

    (tie,) = books.ties
    assert tie.billed_nano == 15 * DOLLAR + DOLLAR // 2
    assert tie.metered_nano == 14 * DOLLAR
    assert tie.billed_named == (
        ("charge_without_usage", DOLLAR // 2),
        ("pending", -4 * DOLLAR),
        ("price_or_volume", 2 * DOLLAR),
        ("unpriced_model", 3 * DOLLAR),
    )
    assert (tie.billed_within_nano, tie.unchecked_nano) == (0, 0)
    assert tie.logged_named == (("unlogged_usage", 4 * DOLLAR),)
    assert (tie.logged_nano, tie.compared_logged_nano) == (9 * DOLLAR, 6 * DOLLAR)
    assert (tie.compared_metered_nano, tie.logged_within_nano) == (10 * DOLLAR, 0)
    assert dict(books.totals) == {
        "billed:USD": tie.billed_nano,
        "metered:USD": tie.metered_nano,
        "logged:USD": tie.logged_nano,
        "booked:USD": tie.billed_nano - DOLLAR,
        "credit:USD": -DOLLAR,
        "family:USD": 7_200_000_000,  # 6 of 10 metered dollars explain 6/10 of 12 billed
        "unattributed:USD": 8_300_000_000,
    }


def test_what_was_billed_on_a_day_without_usage_is_unchecked() -> None:
    (tie,) = reconcile(night([], [], [charge(70)], legs=legs(usage=()))).ties

    assert (tie.billed_nano, tie.unchecked_nano, tie.billed_within_nano) == (70, 70, 0)


def test_runs_of_vendors_that_are_not_configured_are_not_tied_out() -> None:
    books = reconcile(night([run(issuer="homemade", input=5)]))

    assert [tie.issuer for tie in books.ties] == ["anthropic"]
    assert dict(books.totals)["logged:USD"] == 0


dollars = st.integers(0, 20)


@given(st.lists(st.tuples(dollars, dollars, dollars), min_size=1, max_size=5), st.data())
def test_what_no_break_names_is_within_tolerance(
    days: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    dates = [DAY + timedelta(days=number) for number in range(len(days))]
    jitter = [data.draw(st.integers(-60_000_000, 60_000_000)) for _ in days]
    cells = list(zip(dates, days, jitter, strict=True))

    books = reconcile(
        night(
            [run(input=logged * DOLLAR_TOKENS, day=day) for day, (logged, _, _), _ in cells],
            [usage(metered * DOLLAR_TOKENS, day=day) for day, (_, metered, _), _ in cells],
            [charge(billed * DOLLAR + off, day=day) for day, (_, _, billed), off in cells],
            legs=legs(*dates),
            policy=policy(absolute="0.05"),
        )
    )

    (tie,) = books.ties
    billed_tolerance = sum(
        max(50_000_000, (billed * DOLLAR + abs(off)) // 200) for _, (_, _, billed), off in cells
    )
    logged_tolerance = sum(
        max(50_000_000, metered * DOLLAR // 200) for _, (_, metered, _), _ in cells
    )
    assert abs(tie.billed_within_nano) <= billed_tolerance
    assert abs(tie.logged_within_nano) <= logged_tolerance
    named = sum(amount for _, amount in tie.billed_named)
    assert tie.metered_nano + named + tie.billed_within_nano == tie.billed_nano
