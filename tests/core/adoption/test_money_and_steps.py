"""Steps are worth what is unexplained today: ranked by it, each dollar in one step only."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.adoption.account_money import AccountKey, AccountMoney, KeyUse, account_money
from tasks.core.adoption.next_steps import Step, StepKind, ranked_steps
from tasks.core.books import BookKey, Destination, DestinationKind, Method, Strength
from tasks.core.cells import ChargeCell, RunCell, TokenSum, UsageCell
from tasks.core.totals import Coverage, coverage_of

DAY = date(2026, 11, 2)
KEY = KeyUse("k1", 5, 0, "")
FAMILY = Destination(DestinationKind.FAMILY, workflow="w", method=Method.METERED)
AD_HOC = Destination(DestinationKind.AD_HOC, method=Method.METERED)
REST = Destination(DestinationKind.UNATTRIBUTED)
TAX = Destination(DestinationKind.TAX)


def book(account: str = "a", day: date = DAY) -> BookKey:
    return BookKey("acme", account, day, "2026-11", "USD")


def charge(model: str | None, nano: int, **changes: Any) -> ChargeCell:
    values: dict[str, Any] = {
        "issuer": "acme",
        "account": "a",
        "day": DAY,
        "billing_period": "2026-11",
        "currency": "USD",
        "category": "usage",
        "charge_class": None,
        "sku": "web_search",
        "model": model,
        "kind": None,
        "run_id": None,
        "billed_nano": nano,
        "quantity": None,
        "lines": 1,
    }
    return ChargeCell(**(values | changes))


def usage(key: str | None, tokens: int, kind: str = "output") -> UsageCell:
    return UsageCell("acme", "a", DAY, key, "m", "m", None, None, kind, tokens)


def run(workflow: str, count: int, account: str | None = "a", key: str | None = None) -> RunCell:
    return RunCell(
        issuer="acme",
        account=account,
        day=DAY,
        model="m",
        tier=None,
        context=None,
        api_key=key,
        workflow=workflow,
        family="",
        portfolio="",
        pool="",
        strength=Strength.NONE,
        rule="",
        is_out_of_scope=False,
        runs=count,
        tokens=(TokenSum(1, 0),) * 5,
        reported_cost_nano=None,
    )


def test_an_account_is_summed_by_model_key_and_whose_runs_they_are() -> None:
    (one,) = account_money(
        {book(): {FAMILY: 60, AD_HOC: 30, REST: 10, TAX: 7}},
        [
            charge("small", 20),
            charge("large", 70),
            charge(None, 10),
            charge("tax", 7, category="tax"),
            charge("held", 99, day=date(2026, 11, 3)),
        ],
        [usage("k1", 5), usage("k2", 9), usage(None, 3), usage("k1", 500, "web_search_requests")],
        [
            run("w", 3, key="k1"),
            run("", 1, key="k1"),
            run("w", 4, key="k2"),
            run("w", 8, account=None),
        ],
    )

    assert (one.billed_nano, one.unexplained_nano, one.ad_hoc_nano) == (100, 40, 30)
    assert one.models == (("large", 70), ("small", 20), ("web_search", 10))
    assert one.keys == (KeyUse("k2", 9, 4, "w"), KeyUse("k1", 5, 4, ""))
    assert (one.runs, one.workflows) == (8, (("w", 7), ("", 1)))


def test_accounts_stand_by_what_is_unexplained_and_equal_ones_by_name() -> None:
    desired = {
        book(name): {REST: nano, FAMILY: 100 - nano}
        for name, nano in zip("dcab", (5, 9, 5, 7), strict=True)
    }

    found = account_money(desired, [], [], [])

    assert [one.key.account for one in found] == ["c", "b", "a", "d"]


KINDS = st.sampled_from([FAMILY, AD_HOC, REST, TAX])
BOOKS = st.dictionaries(
    st.builds(book, st.sampled_from("abc"), st.dates(date(2026, 11, 1), date(2026, 11, 9))),
    st.dictionaries(KINDS, st.integers(-50, 10**12)),
    max_size=12,
)


@given(BOOKS)
def test_accounts_add_up_to_the_coverage_of_the_books(
    desired: dict[BookKey, dict[Destination, int]],
) -> None:
    accounts = account_money(desired, [], [], [])

    gross = sum(one.gross_nano() for one in coverage_of(desired))
    unexplained = sum(one.unexplained_nano for one in coverage_of(desired))
    assert sum(one.billed_nano for one in accounts) == gross
    assert sum(one.unexplained_nano for one in accounts) == unexplained


def money(account: str = "a", unexplained: int = 40, **changes: Any) -> AccountMoney:
    values: dict[str, Any] = {
        "key": AccountKey("acme", account, "USD"),
        "billed_nano": 100,
        "unexplained_nano": unexplained,
        "ad_hoc_nano": 0,
        "models": (),
        "keys": (),
        "runs": 0,
        "workflows": (),
    }
    return AccountMoney(**(values | changes))


def steps(*accounts: AccountMoney, **changes: Any) -> tuple[Step, ...]:
    gross = sum(one.billed_nano for one in accounts)
    left = sum(one.unexplained_nano for one in accounts)
    after = [Coverage("USD", 0, gross - left, left)]
    values: dict[str, Any] = {
        "workflows": {"sort-mail": (), "file-claims": ("owned", "proj_ClaimsOwned")},
        "unbilled": {},
        "without_invoice": (),
    }
    return ranked_steps(changes.pop("before", after), after, accounts, **(values | changes))


@pytest.mark.parametrize(
    ("account", "asked"),
    [
        (money(), [(StepKind.KEYS, "", 40)]),
        (money(keys=(KEY, KEY), runs=5, workflows=(("", 5),)), [(StepKind.KEYS, "", 40)]),
        (money(keys=(KEY,), runs=5, workflows=(("", 5),)), [(StepKind.LOGS, "", 40)]),
        (money("proj_ClaimsLab"), [(StepKind.OWNER, "file-claims", 40)]),
        (money("proj_ClaimsMailLab"), [(StepKind.OWNER, "file-claims", 40)]),
        (money("proj_ClaimsOwned"), [(StepKind.KEYS, "", 40)]),
        (money("proj_ClaimsLab", runs=5, workflows=(("", 5),)), [(StepKind.LOGS, "", 40)]),
        (money("wrkspc_default"), [(StepKind.KEYS, "", 40)]),
        (
            money(runs=5, workflows=(("sort-mail", 4), ("", 1))),
            [(StepKind.OWNER, "sort-mail", 40)],
        ),
        (
            money(runs=100, workflows=(("sort-mail", 80), ("", 20))),
            [(StepKind.OWNER, "sort-mail", 40)],
        ),
        (money(runs=100, workflows=(("sort-mail", 79), ("", 21))), [(StepKind.LOGS, "", 40)]),
        (money("owned", runs=5, workflows=(("sort-mail", 5),)), [(StepKind.LOGS, "", 40)]),
        (
            money(runs=5, ad_hoc_nano=30, workflows=(("sort-mail", 3), ("", 2))),
            [(StepKind.STAMP, "", 30), (StepKind.LOGS, "", 10)],
        ),
        (money(unexplained=0), []),
        (money(unexplained=-3), []),
    ],
)
def test_each_account_is_asked_for_what_would_explain_it(
    account: AccountMoney, asked: list[tuple[StepKind, str, int]]
) -> None:
    assert [(one.kind, one.workflow, one.amount_nano) for one in steps(account)] == asked


def test_most_dollars_come_first_with_their_points_and_steps_without_dollars_last() -> None:
    found = steps(
        money("small", 10),
        money("large", 70),
        before=[Coverage("USD", 0, 100, 100)],
        unbilled={"devin": 3, "amp": 9},
        without_invoice={"acme"},
    )

    assert [(one.kind, one.subject, one.points_ppm) for one in found] == [
        (StepKind.KEYS, "large", 350_000),
        (StepKind.MERGE, "", 100_000),
        (StepKind.KEYS, "small", 50_000),
        (StepKind.BILL, "amp", None),
        (StepKind.BILL, "devin", None),
        (StepKind.INVOICE, "acme", None),
    ]


def test_steps_of_one_point_stand_by_dollars_and_equal_ones_by_name() -> None:
    accounts = [
        money(name, 10**9 + more) for name, more in (("c", 0), ("b", 0), ("a", 0), ("d", 1))
    ]
    rest = money("rest", 0, billed_nano=10**18)

    found = steps(rest, *accounts, without_invoice=("z", "x", "y"))

    assert [one.subject for one in found] == ["d", "a", "b", "c", "x", "y", "z"]
    assert {one.points_ppm for one in found[:4]} == {0}


@pytest.mark.parametrize(
    ("account", "reasons"),
    [
        (money(), ["no log names it"]),
        (money(keys=(KEY, KEY)), ["2 keys, no log names it"]),
        (money(keys=(KEY,), runs=5, workflows=(("", 5),)), ["usage beyond its logs"]),
        (
            money(runs=5, ad_hoc_nano=30, workflows=(("sort-mail", 3), ("", 2))),
            ["2 logged runs that nothing claims", "usage beyond its logs"],
        ),
        (
            money(runs=5, workflows=(("sort-mail", 4), ("", 1))),
            ["4 of its 5 logged runs"],
        ),
    ],
)
def test_a_step_says_why(account: AccountMoney, reasons: list[str]) -> None:
    assert [one.reason for one in steps(account)] == reasons


def test_where_credits_took_everything_back_a_step_has_dollars_and_no_points() -> None:
    (step,) = steps(money(billed_nano=0))

    assert (step.amount_nano, step.points_ppm) == (40, None)


ACCOUNTS = st.lists(
    st.builds(
        lambda name, parts, runs: money(
            name,
            parts[0],
            ad_hoc_nano=parts[1],
            billed_nano=parts[0] + 50,
            runs=sum(count for _, count in runs),
            workflows=tuple(sorted(runs, key=lambda pair: (-pair[1], pair[0]))),
        ),
        st.sampled_from(["a", "b", "proj_Claims", "owned"]),
        st.tuples(st.integers(-5, 10**15), st.integers(-5, 10**15)),
        st.lists(
            st.tuples(st.sampled_from(["", "sort-mail", "file-claims"]), st.integers(1, 9)),
            unique_by=lambda pair: pair[0],
        ),
    ),
    unique_by=lambda one: one.key,
)


@given(ACCOUNTS)
def test_steps_never_promise_more_than_an_account_has_unexplained(
    accounts: list[AccountMoney],
) -> None:
    found = steps(*accounts)

    for one in accounts:
        promised = sum(step.amount_nano or 0 for step in found if step.subject == one.key.account)
        assert promised == max(one.unexplained_nano, 0)
    worth = [one.points_ppm or 0 for one in found]
    assert worth == sorted(worth, reverse=True)
