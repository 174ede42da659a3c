"""Billed money goes to whoever logs and owners explain, and the rest says so."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import BookKey, Destination, DestinationKind, Method, Strength
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.errors import OutOfRangeError
from tasks.core.reconciling.matching import Line
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import DAY, MODEL, SKU, charge, legs, night, policy, run, usage

ONE = 1_000_000_000


def booked(
    runs: list[RunCell],
    metered: list[UsageCell],
    charges: list[ChargeCell],
    **fields: Any,
) -> dict[str, int]:
    """Reconcile, and list amounts as `who/method/strength`, `who` being a workflow or kind."""
    found: dict[str, int] = {}
    for lines in reconcile(night(runs, metered, charges, **fields)).desired.values():
        for to, amount in lines.items():
            name = f"{to.workflow or to.kind}/{to.method}/{to.strength}"
            found[name] = found.get(name, 0) + amount
    return found


def test_logged_tokens_take_their_share_and_leave_the_rest() -> None:
    # 100 tokens metered, 30 + 50 logged, 10 units billed for each token.
    found = booked([run("alpha", input=30), run("gamma", input=50)], [usage(100)], [charge(1_000)])

    assert found == {
        "alpha/metered/stamp": 300,
        "gamma/metered/stamp": 500,
        "unattributed/rest/none": 200,
    }


def test_the_rest_is_the_last_to_get_a_unit_left_over() -> None:
    runs = [run("gamma", input=1), run("alpha", input=1)]

    found = booked(runs, [usage(3)], [charge(10)])

    assert found == {
        "alpha/metered/stamp": 4,
        "gamma/metered/stamp": 3,
        "unattributed/rest/none": 3,
    }


@pytest.mark.parametrize(
    ("logged", "found"),
    [  # of 1000 metered tokens, tolerance 0.5 %, far beyond = twice
        (0, {"unattributed/rest/none": 900}),
        (999, {"alpha/metered/stamp": 899, "unattributed/rest/none": 1}),
        (1_000, {"alpha/metered/stamp": 900}),
        (1_005, {"alpha/metered/stamp": 900}),  # just within tolerance
        (1_006, {"alpha/weak/stamp": 900}),  # just beyond
        (2_000, {"alpha/weak/stamp": 900}),  # not yet far beyond
        (2_001, {"unattributed/rest/none": 900}),
    ],
)
def test_the_more_logs_claim_beyond_what_was_metered_the_less_they_count(
    logged: int, found: dict[str, int]
) -> None:
    assert booked([run("alpha", input=logged)], [usage(1_000)], [charge(900)]) == found


def test_without_a_tolerance_in_force_anything_beyond_is_weak() -> None:
    day = date(2025, 12, 31)
    at = {"day": day}

    found = booked(
        [run("alpha", input=1_001, **at)],
        [usage(1_000, **at)],
        [charge(900, billing_period="2025-12", **at)],
        legs=legs(day),
    )

    assert found == {"alpha/weak/stamp": 900}


def test_how_far_beyond_is_too_far_is_policy() -> None:
    found = booked(
        [run("alpha", input=299)], [usage(100)], [charge(900)], policy=policy(far_beyond=3)
    )

    assert found == {"alpha/weak/stamp": 900}


def test_money_is_spread_over_keys_by_metered_tokens_first() -> None:
    metered = [usage(75, api_key="k1"), usage(25, api_key="k2")]
    runs = [run("alpha", input=75, api_key="k1"), run("gamma", input=5, api_key="k2")]

    found = booked(runs, metered, [charge(1_000)])

    assert found == {
        "alpha/metered/stamp": 750,
        "gamma/metered/stamp": 50,
        "unattributed/rest/none": 200,
    }


def test_the_rest_of_an_owned_key_is_its_owners() -> None:
    metered = [usage(60, api_key="key-alpha"), usage(40)]
    runs = [run("gamma", input=10, api_key="key-alpha")]

    found = booked(runs, metered, [charge(1_000)])

    assert found == {
        "gamma/metered/stamp": 100,
        "alpha/owned/api_key": 500,
        "unattributed/rest/none": 400,
    }


def test_the_rest_of_an_owned_account_is_its_owners_whatever_was_billed() -> None:
    at = {"account": "beta-account"}
    search = {"sku": "web_search", "model": None, "kind": None, **at}

    found = booked([], [usage(10, **at)], [charge(700, **at), charge(55, **search)])

    assert found == {"beta/owned/account": 755}


def test_what_was_billed_without_usage_is_left() -> None:
    code = {"sku": "code_execution", "model": None, "kind": None}
    runs = [run("alpha", input=10, output=10)]

    found = booked(runs, [usage(10)], [charge(9), charge(70, **code), charge(8, kind="output")])

    assert found == {"alpha/metered/stamp": 9, "unattributed/rest/none": 78}


def test_runs_that_no_layer_resolves_are_ad_hoc_of_the_accounts_portfolio() -> None:
    books = reconcile(night([run("", input=10)], [usage(10)], [charge(90)]))

    (lines,) = books.desired.values()
    assert lines == {
        Destination(
            DestinationKind.AD_HOC,
            portfolio="platform",
            paid_from="production",
            method=Method.METERED,
        ): 90
    }


def test_a_destination_says_who_was_entitled_and_which_pool_paid() -> None:
    metered = [usage(10, api_key="key-lab")]

    books = reconcile(night([run("beta", input=10, api_key="key-lab")], metered, [charge(90)]))

    assert books.desired == {
        BookKey("anthropic", "main", DAY, "2026-11", "USD"): {
            Destination(
                DestinationKind.FAMILY,
                portfolio="operations",
                family="triage",
                workflow="beta",
                pool="production",
                paid_from="exploration",
                method=Method.METERED,
                strength=Strength.STAMP,
            ): 90
        }
    }


def test_money_back_for_a_model_is_split_like_the_money() -> None:
    found = booked([run("alpha", input=1), run("gamma", input=1)], [usage(3)], [charge(-10)])

    assert found == {
        "alpha/metered/stamp": -4,
        "gamma/metered/stamp": -3,
        "unattributed/rest/none": -3,
    }


def test_lines_of_one_sku_and_kind_are_summed_before_they_are_split() -> None:
    charges = [charge(10), charge(-4, charge_class="correction")]

    assert booked([run("alpha", input=1)], [usage(3)], charges) == {
        "alpha/metered/stamp": 2,
        "unattributed/rest/none": 4,
    }


def test_credits_taxes_and_fees_lower_no_family() -> None:
    bare = {"sku": "other", "model": None, "kind": None}
    charges = [
        charge(100),
        charge(-7, category="credit"),
        charge(-5, **bare),  # names no model and is negative: a credit
        charge(19, category="tax"),
        charge(3, category="adjustment"),
        charge(2, category="purchase"),
        charge(11, sku="web_search", model=None, kind=None),  # no model, but money spent
    ]

    found = booked([run("alpha", input=100)], [usage(100)], charges)

    assert found == {
        "alpha/metered/stamp": 100,
        "credit/rest/none": -12,
        "tax/rest/none": 19,
        "fee/rest/none": 5,
        "unattributed/rest/none": 11,
    }


def test_another_currency_is_booked_as_it_is_and_to_nobody() -> None:
    books = reconcile(
        night([run("alpha", input=1)], [usage(1)], [charge(8), charge(5, currency="EUR")])
    )

    of_currency = {
        key.currency: {to.kind.value: amount for to, amount in lines.items()}
        for key, lines in books.desired.items()
    }
    assert of_currency == {"USD": {"family": 8}, "EUR": {"unattributed": 5}}


def test_a_direct_charge_goes_to_its_run_before_anything_else() -> None:
    charges = [charge(100), charge(40, run_id="r1"), charge(6, run_id="r-unknown")]

    found = booked(
        [run("alpha", input=100)],
        [usage(100)],
        charges,
        direct_runs={("anthropic", "r1"): Line("gamma", "exploration", "stamp")},
    )

    assert found == {"gamma/direct/stamp": 40, "alpha/metered/stamp": 106}


def unmetered(**fields: Any) -> dict[str, Any]:
    return {"legs": legs(usage=set()), **fields}


@pytest.mark.parametrize(
    ("billed", "found"),
    [  # alpha logs 1000 tokens = 5,000,000 nano, gamma 3000 = 15,000,000
        (
            25_000_000,
            {
                "alpha/estimated/stamp": 5_000_000,
                "gamma/estimated/stamp": 15_000_000,
                "unattributed/rest/none": 5_000_000,
            },
        ),
        (
            20_000_000,
            {"alpha/estimated/stamp": 5_000_000, "gamma/estimated/stamp": 15_000_000},
        ),
        (19_999_999, {"alpha/estimated/stamp": 5_000_000, "gamma/estimated/stamp": 14_999_999}),
        (-8, {"alpha/estimated/stamp": -2, "gamma/estimated/stamp": -6}),
    ],
)
def test_without_usage_logs_get_their_value_up_to_what_was_billed(
    billed: int, found: dict[str, int]
) -> None:
    runs = [run("alpha", input=1_000), run("gamma", input=3_000)]

    assert booked(runs, [], [charge(billed)], **unmetered()) == found


def test_without_usage_tiers_of_a_model_are_one_amount() -> None:
    charges = [charge(6_000_000), charge(4_000_000, sku=f"{MODEL}·batch·0-200k")]

    found = booked([run("alpha", input=1_000)], [], charges, **unmetered())

    assert found == {"alpha/estimated/stamp": 5_000_000, "unattributed/rest/none": 5_000_000}


def test_without_usage_an_unpriced_model_is_split_by_tokens_whole() -> None:
    nimbus = {"model": "claude-nimbus-1", "sku": "claude-nimbus-1·standard·0-200k"}
    runs = [run("alpha", input=1, model="claude-nimbus-1"), run("", input=3, model=nimbus["model"])]

    found = booked(runs, [], [charge(8, **nimbus)], **unmetered())

    assert found == {"alpha/estimated/stamp": 2, "ad_hoc/estimated/none": 6}


@pytest.mark.parametrize(
    "line",
    [
        {"sku": "web_search", "model": None, "kind": None},
        {"kind": None},
        {"kind": "output"},
        {"model": "claude-haiku-4-5", "sku": "claude-haiku-4-5·standard·0-200k"},
    ],
    ids=["no model", "no kind", "kind not logged", "model not logged"],
)
def test_without_usage_what_no_log_speaks_of_is_left(line: dict[str, Any]) -> None:
    found = booked([run("alpha", input=10)], [], [charge(70, **line)], **unmetered())

    assert found == {"unattributed/rest/none": 70}


def test_without_usage_rows_of_an_incomplete_day_are_not_used() -> None:
    found = booked([run("alpha", input=1_000)], [usage(1)], [charge(5_000_000)], **unmetered())

    assert found == {"alpha/estimated/stamp": 5_000_000}


def test_charges_of_an_incomplete_day_are_not_booked() -> None:
    assert booked([], [usage()], [charge()], legs=legs(charges=set())) == {}


def test_billing_periods_are_books_of_their_own() -> None:
    charges = [charge(6), charge(9, billing_period="2026-12")]

    books = reconcile(night([run("alpha", input=2)], [usage(3)], charges))

    assert {key.billing_period: sum(lines.values()) for key, lines in books.desired.items()} == {
        "2026-11": 6,
        "2026-12": 9,
    }


def test_a_sum_beyond_the_range_is_refused() -> None:
    with pytest.raises(OutOfRangeError):
        reconcile(night([], [], [charge(5 * 10**18), charge(5 * 10**18, kind="output")]))


names = st.sampled_from(["alpha", "beta", "gamma", ""])
keys = st.sampled_from([None, "k1", "key-alpha", "key-lab"])
kinds = st.sampled_from(["input", "output"])
counts = st.integers(0, 10**15)
amounts = st.integers(-(10**17), 10**17)


@st.composite
def account_days(draw: st.DrawFn) -> tuple[list[RunCell], list[UsageCell], list[ChargeCell]]:
    runs = [
        run(draw(names), api_key=draw(keys), **{draw(kinds): draw(counts)})
        for _ in range(draw(st.integers(0, 6)))
    ]
    metered = [
        usage(draw(counts), api_key=draw(keys), kind=draw(kinds))
        for _ in range(draw(st.integers(0, 6)))
    ]
    charges = [
        charge(
            draw(amounts),
            kind=draw(st.sampled_from(["input", "output", None])),
            model=draw(st.sampled_from([MODEL, None])),
            category=draw(st.sampled_from(["usage", "usage", "usage", "credit", "tax"])),
            currency=draw(st.sampled_from(["USD", "USD", "USD", "EUR"])),
            sku=draw(st.sampled_from([SKU, "web_search"])),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return runs, metered, charges


@given(account_days(), st.booleans())
def test_no_money_appears_or_vanishes(
    cells: tuple[list[RunCell], list[UsageCell], list[ChargeCell]], is_metered: bool
) -> None:
    runs, metered, charges = cells
    known = legs() if is_metered else legs(usage=set())

    desired = reconcile(night(runs, metered, charges, legs=known)).desired

    for currency in ("USD", "EUR"):
        billed = sum(item.billed_nano for item in charges if item.currency == currency)
        assert billed == sum(
            amount
            for key, lines in desired.items()
            for amount in lines.values()
            if key.currency == currency
        )
