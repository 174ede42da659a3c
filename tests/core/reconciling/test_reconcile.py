"""A night's books depend on its inputs and on nothing else."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import BookKey
from tasks.core.errors import AllocationError, ConfigError
from tasks.core.findings import Finding
from tasks.core.night import NightInputs
from tasks.core.reconciling.account_days import check_conserved
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import DAY, charge, legs, night, run, usage

NEXT = DAY + timedelta(days=1)


def busy_night(seed: int) -> NightInputs:
    """Make a few days of everything, from a seed."""
    noise = random.Random(seed)
    days = [DAY + timedelta(days=number) for number in range(3)]

    def some(*values: str | None) -> str | None:
        return noise.choice(values)

    def place() -> dict[str, object]:
        return {"day": noise.choice(days), "account": some("main", "beta-account", "unlisted")}

    runs = [
        run(
            noise.choice(["alpha", "beta", "gamma", ""]),
            api_key=some(None, "key-alpha", "key-lab"),
            input=noise.randrange(10**6),
            output=noise.randrange(10**5),
            is_out_of_scope=noise.random() < 0.1,
            **place(),
        )
        for _ in range(12)
    ]
    metered = [
        usage(
            noise.randrange(10**6),
            kind=some("input", "output"),
            api_key=some(None, "key-alpha", "key-lab"),
            **place(),
        )
        for _ in range(12)
    ]
    charges = [
        charge(noise.randrange(-(10**9), 10**10), kind=some("input", "output", None), **place())
        for _ in range(12)
    ]
    return night(
        runs,
        metered,
        charges,
        legs=legs(*days),
        expected=[(source, day) for source in ("anthropic", "agent-logs") for day in days],
        present=[("anthropic", days[0]), ("agent-logs", days[2])],
        findings=[Finding("unknown_stamp", "x", "y")],
    )


@given(st.integers(0, 10_000))
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    inputs = busy_night(seed)
    noise = random.Random(seed)
    shuffled = replace(
        inputs,
        runs=noise.sample(inputs.runs, len(inputs.runs)),
        usage=noise.sample(inputs.usage, len(inputs.usage)),
        charges=noise.sample(inputs.charges, len(inputs.charges)),
        expected=list(reversed(list(inputs.expected))),
    )

    assert reconcile(shuffled) == reconcile(inputs)


@given(st.integers(0, 10_000))
def test_totals_coverage_and_rows_sum_to_what_is_booked(seed: int) -> None:
    books = reconcile(busy_night(seed))

    booked = dict(books.totals).get("booked:USD", 0)
    families = sum(row.exploration_nano + row.production_nano for row in books.families)
    assert families == dict(books.totals).get("family:USD", 0)
    assert families == sum(row.exploration_nano + row.production_nano for row in books.workflows)
    assert families + sum(row.amount_nano for row in books.others) == booked
    credits_ = dict(books.totals).get("credit:USD", 0)
    assert sum(share.gross_nano() for share in books.coverage) == booked - credits_


@pytest.mark.parametrize(
    "change",
    [
        {"charges": [charge(1)]},
        {"duplicates": {("logs", DAY): 1}},
        {"findings": [Finding("a", "b", "c")]},
        {"expected": [("anthropic", NEXT)]},
        {"runs": [run("alpha", input=1)]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_digest_moves_with_what_was_found(change: dict[str, object]) -> None:
    base = {"runs": [], "usage": [usage(10)], "charges": [charge(70)], "expected": ()}

    assert reconcile(night(**{**base, **change})).digest != reconcile(night(**base)).digest  # type: ignore[arg-type]


def test_the_digest_is_spelled_the_same_on_every_machine() -> None:
    books = reconcile(night([run("alpha", input=5)], [usage(10)], [charge(70)]))

    assert books.digest == ("c393654b640b20ba3e2953d4b7e38ffd0d23f460cffba2c5fc940ac5c3a39bc4")


def test_missing_days_are_listed_and_found() -> None:
    expected = [("anthropic", DAY), ("anthropic", NEXT), ("openai", DAY), ("agent-logs", DAY)]

    books = reconcile(night(expected=expected, present=[("agent-logs", DAY)]))

    assert books.missing == ("anthropic 2026-11-10", "anthropic 2026-11-11", "openai 2026-11-10")
    assert books.completeness_ppm == 250_000
    assert [(finding.subject, finding.detail) for finding in books.findings] == [
        ("anthropic", "2 expected days are not there, 2026-11-10 to 2026-11-11"),
        ("openai", "1 expected days are not there, 2026-11-10 to 2026-11-10"),
    ]


def test_charges_of_a_vendor_that_is_not_configured_are_a_fault() -> None:
    known = legs(issuers=("unlisted",))

    with pytest.raises(ConfigError, match="issuer 'unlisted' has charges but is not in"):
        reconcile(night([], [], [charge(issuer="unlisted")], legs=known))


def test_money_that_went_nowhere_stops_the_night() -> None:
    key = BookKey("anthropic", "main", DAY, "2026-11", "USD")

    with pytest.raises(AllocationError, match="main on 2026-11-10 in 2026-11: 70 nano USD"):
        check_conserved({key: 70}, {})


def test_an_empty_window_has_empty_books() -> None:
    books = reconcile(night())

    assert (books.desired, books.breaks, books.coverage, books.missing) == ({}, (), (), ())
    assert books.completeness_ppm == 1_000_000


def test_days_keep_to_themselves() -> None:
    days: list[date] = [DAY, NEXT]
    both = night(
        [run("alpha", input=9, day=day) for day in days],
        [usage(10, day=day) for day in days],
        [charge(70, day=DAY), charge(30, day=NEXT)],
        legs=legs(*days),
    )
    first = replace(both, runs=both.runs[:1], usage=both.usage[:1], charges=both.charges[:1])

    (only,) = reconcile(first).desired.items()

    assert reconcile(both).desired[only[0]] == only[1]
