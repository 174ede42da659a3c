"""Every difference beyond tolerance has one name, an amount and a direction."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from config.shapes.sources import Issuer
from tasks.core.books import BreakClass
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import DAY, MODEL, SKU, charge, legs, night, policy, run, usage

CENT = 10_000_000
#: Tokens of input that cost a dollar: 5 dollars a million.
DOLLAR_TOKENS = 200_000
DOLLAR = 1_000_000_000
OPENAI = Issuer(id="openai", price_provider="openai")
NEXT = DAY + timedelta(days=1)

#: No logs: only what was metered is held against what was billed.
BILLED_ONLY = {"legs": legs(logged_days=())}


def named(
    runs: Sequence[Any] = (),
    metered: Sequence[Any] = (),
    charges: Sequence[Any] = (),
    **fields: Any,
) -> list[tuple[str, str, int]]:
    """Reconcile, and list breaks as (class, day, amount in nano)."""
    breaks = reconcile(night(list(runs), list(metered), list(charges), **fields)).breaks
    return [(item.break_class.value, str(item.day)[-2:], item.amount_nano) for item in breaks]


@pytest.mark.parametrize(
    ("billed", "found"),
    [  # 100 dollars metered; tolerance is 0.5 % of what was billed
        (100 * DOLLAR, []),
        (100_502_512_562, []),  # just within
        (100_502_512_563, [("price_or_volume", "10", 502_512_563)]),  # just beyond
        (99_502_487_563, []),
        (99_502_487_562, [("price_or_volume", "10", -497_512_438)]),
    ],
)
def test_what_was_billed_may_differ_by_the_relative_tolerance(
    billed: int, found: list[tuple[str, str, int]]
) -> None:
    metered = [usage(100 * DOLLAR_TOKENS)]

    assert named([], metered, [charge(billed)], **BILLED_ONLY) == found


@pytest.mark.parametrize(
    ("billed", "found"),
    [  # a cent metered: the absolute tolerance of a cent is the larger one
        (2 * CENT, []),
        (2 * CENT + 1, [("price_or_volume", "10", CENT + 1)]),
        (0, []),
        (-1, [("price_or_volume", "10", -CENT - 1)]),
    ],
)
def test_small_sums_may_differ_by_the_absolute_tolerance(
    billed: int, found: list[tuple[str, str, int]]
) -> None:
    assert named([], [usage(2_000)], [charge(billed)], **BILLED_ONLY) == found


def test_kinds_of_a_sku_make_one_difference() -> None:
    metered = [usage(DOLLAR_TOKENS), usage(40_000, kind="output")]
    charges = [charge(DOLLAR + CENT * 50), charge(DOLLAR - CENT * 50, kind="output")]

    assert named([], metered, charges, **BILLED_ONLY) == []


@pytest.mark.parametrize(
    ("tokens", "found"),
    [(2_000, []), (2_001, [("usage_without_charge", "10", CENT + 5_000)])],
)
def test_usage_of_a_complete_day_without_a_charge_is_named_beyond_a_cent(
    tokens: int, found: list[tuple[str, str, int]]
) -> None:
    assert named([], [usage(tokens)], [], **BILLED_ONLY) == found


@pytest.mark.parametrize(
    ("first_late_day", "name"),
    [(DAY, "pending"), (NEXT, "usage_without_charge")],
)
def test_usage_that_the_vendor_has_not_billed_yet_is_pending_within_its_lag(
    first_late_day: date, name: str
) -> None:
    known = legs(charges=(), logged_days=(), first_late_day={"anthropic": first_late_day})

    assert named([], [usage(DOLLAR_TOKENS)], legs=known) == [(name, "10", DOLLAR)]


def test_a_day_of_nothing_but_uncounted_usage_is_not_pending() -> None:
    known = legs(charges=(), logged_days=())

    assert named([], [usage(0)], legs=known) == []


@pytest.mark.parametrize(
    ("billed", "found"),
    [
        (CENT, []),
        (CENT + 1, [("charge_without_usage", "10", CENT + 1)]),
        (-CENT - 1, [("charge_without_usage", "10", -CENT - 1)]),
    ],
)
def test_a_charge_without_usage_is_named_beyond_a_cent(
    billed: int, found: list[tuple[str, str, int]]
) -> None:
    assert named([], [], [charge(billed)], **BILLED_ONLY) == found


def test_searches_that_were_metered_are_no_difference() -> None:
    search = {"sku": "web_search", "model": None, "kind": None}
    requests = usage(12, sku="web_search", kind="web_search_requests")

    assert named([], [requests], [charge(12 * CENT, **search)], **BILLED_ONLY) == []
    assert named([], [], [charge(12 * CENT, **search)], **BILLED_ONLY) == [
        ("charge_without_usage", "10", 12 * CENT)
    ]


def test_an_unpriced_model_is_the_only_name_its_bucket_gets() -> None:
    nimbus = {"model": "claude-nimbus-1", "sku": "claude-nimbus-1·standard·0-200k"}
    metered = [usage(700, **nimbus), usage(50, kind="output", **nimbus)]

    books = reconcile(
        night([run(model="claude-nimbus-1", input=9)], metered, [charge(4 * DOLLAR, **nimbus)])
    )

    (item,) = books.breaks
    assert item.break_class is BreakClass.UNPRICED_MODEL
    assert (item.amount_nano, item.count) == (4 * DOLLAR, 750)


def test_a_day_without_complete_usage_is_not_compared() -> None:
    known = legs(usage=())

    assert named([run(input=1)], [], [charge(5 * DOLLAR)], legs=known) == []


class TestBilledQuantities:
    """Where the vendor says what quantities it billed, price and volume are told apart."""

    PRICE = 1_250  # nano units a token of gpt-5 input

    def named(
        self,
        billed: int,
        quantity: int | None,
        metered: int = DOLLAR_TOKENS,
        **fields: Any,
    ) -> list[tuple[str, int]]:
        gpt = {"issuer": "openai", "model": "gpt-5", "sku": "gpt-5"}
        cells = [usage(metered, tier=None, context=None, **gpt)] if metered else []
        line = charge(billed, quantity=quantity, **gpt)
        extra = fields.pop("charges", [])
        books = night(
            [],
            [*cells, *fields.pop("usage", [])],
            [line, *extra],
            issuers=(OPENAI,),
            legs=legs(issuers=("openai",), logged_days=()),
        )
        return [(item.break_class.value, item.amount_nano) for item in reconcile(books).breaks]

    def test_more_tokens_billed_than_metered_is_volume(self) -> None:
        billed = DOLLAR_TOKENS + 100_000

        assert self.named(billed * self.PRICE, billed) == [("volume", 100_000 * self.PRICE)]

    def test_the_same_tokens_at_another_price_is_price(self) -> None:
        assert self.named(DOLLAR_TOKENS * 1_500, DOLLAR_TOKENS) == [("price", DOLLAR_TOKENS * 250)]

    def test_both_can_differ_at_once(self) -> None:
        assert self.named(300_000 * 1_000, 300_000) == [
            ("price", 300_000 * (1_000 - self.PRICE)),
            ("volume", 100_000 * self.PRICE),
        ]

    def test_opposite_parts_within_tolerance_together_are_nothing(self) -> None:
        billed = DOLLAR_TOKENS * self.PRICE

        assert self.named(billed, DOLLAR_TOKENS + 100_000) == []

    def test_an_unknown_quantity_leaves_them_together(self) -> None:
        assert self.named(DOLLAR, None) == [
            ("price_or_volume", DOLLAR - DOLLAR_TOKENS * self.PRICE)
        ]

    def test_a_line_that_is_no_token_kind_leaves_them_together(self) -> None:
        odd = charge(
            DOLLAR, issuer="openai", model="gpt-5", sku="gpt-5", kind="seconds", quantity=4
        )

        found = self.named(DOLLAR_TOKENS * self.PRICE, DOLLAR_TOKENS, charges=[odd])

        assert found == [("price_or_volume", DOLLAR)]

    def test_a_kind_billed_but_not_metered_is_volume_at_its_price(self) -> None:
        gpt = {"issuer": "openai", "model": "gpt-5", "sku": "gpt-5", "kind": "output"}
        output = charge(10_000 * 10_000, quantity=10_000, **gpt)

        found = self.named(DOLLAR_TOKENS * self.PRICE, DOLLAR_TOKENS, charges=[output])

        assert found == [("volume", 100_000_000)]

    def test_a_kind_metered_but_not_billed_is_volume_too(self) -> None:
        gpt = {"issuer": "openai", "model": "gpt-5", "sku": "gpt-5", "kind": "output"}
        output = usage(10_000, tier=None, context=None, **gpt)

        found = self.named(DOLLAR_TOKENS * self.PRICE, DOLLAR_TOKENS, usage=[output])

        assert found == [("volume", -100_000_000)]

    def test_several_tiers_are_taken_at_their_average_price(self) -> None:
        gpt = {"issuer": "openai", "model": "gpt-5", "sku": "gpt-5"}
        batch = usage(DOLLAR_TOKENS, tier="batch", context=None, **gpt)  # half price
        quantity = 2 * DOLLAR_TOKENS + 100_000

        found = self.named(DOLLAR, quantity, usage=[batch])

        average = self.PRICE * 3 // 4 * 100_000 + 50_000  # 937.5 a token
        metered = DOLLAR_TOKENS * self.PRICE * 3 // 2
        assert found == [("price", DOLLAR - metered - average), ("volume", average)]

    def test_a_kind_of_a_line_without_a_model_has_no_volume(self) -> None:
        gpt = {"issuer": "openai", "model": None, "sku": "gpt-5", "kind": "output"}
        output = charge(DOLLAR, quantity=10_000, **gpt)

        found = self.named(DOLLAR_TOKENS * self.PRICE, DOLLAR_TOKENS, charges=[output])

        assert found == [("price", DOLLAR)]


def logged(*days: tuple[date, int, int], **fields: Any) -> list[tuple[str, str, int]]:
    """Name the differences of days given as (day, dollars metered, dollars logged)."""
    metered = [usage(dollars * DOLLAR_TOKENS, day=day) for day, dollars, _ in days if dollars]
    runs = [run(input=dollars * DOLLAR_TOKENS, day=day) for day, _, dollars in days if dollars]
    charges = [charge(dollars * DOLLAR, day=day) for day, dollars, _ in days if dollars]
    known = {"legs": legs(*(day for day, *_ in days)), **fields}
    found = named(runs, metered, charges, **known)
    return [(name, day, amount // DOLLAR) for name, day, amount in found]


def test_usage_beyond_the_logs_is_unlogged_and_runs_beyond_usage_unmetered() -> None:
    assert logged((DAY, 10, 7)) == [("unlogged_usage", "10", 3)]
    assert logged((DAY, 10, 13)) == [("unmetered_run", "10", 3)]
    assert logged((DAY, 10, 10)) == []


@pytest.mark.parametrize(
    ("tokens", "found"),
    [  # 10 dollars metered, tolerance 5 cents of it
        (10 * DOLLAR_TOKENS - 10_000, []),
        (10 * DOLLAR_TOKENS - 10_001, [("unlogged_usage", "10", 50_005_000)]),
        (10 * DOLLAR_TOKENS + 10_000, []),
        (10 * DOLLAR_TOKENS + 10_001, [("unmetered_run", "10", 50_005_000)]),
    ],
)
def test_logs_may_differ_by_the_tolerance(tokens: int, found: list[tuple[str, str, int]]) -> None:
    metered = [usage(10 * DOLLAR_TOKENS)]

    assert named([run(input=tokens)], metered, [charge(10 * DOLLAR)]) == found


def test_kinds_of_a_sku_are_netted() -> None:
    metered = [usage(DOLLAR_TOKENS), usage(40_000, kind="output")]
    runs = [run(input=2 * DOLLAR_TOKENS)]

    assert named(runs, metered, [charge(2 * DOLLAR)]) == []


def test_a_run_over_midnight_is_a_matter_of_timing() -> None:
    assert logged((DAY, 10, 6), (NEXT, 10, 14)) == [("timing", "10", 4)]


def test_timing_takes_only_what_cancels() -> None:
    assert logged((DAY, 10, 4), (NEXT, 10, 14)) == [
        ("timing", "10", 4),
        ("unlogged_usage", "10", 2),
    ]
    assert logged((DAY, 10, 12), (NEXT, 10, 5)) == [
        ("timing", "10", 2),
        ("unlogged_usage", "11", 3),
    ]


def test_what_timing_leaves_is_netted_with_the_day_after() -> None:
    later = NEXT + timedelta(days=1)

    assert logged((DAY, 10, 6), (NEXT, 10, 20), (later, 10, 4)) == [
        ("timing", "10", 4),
        ("timing", "11", 6),
    ]


def test_days_that_are_not_adjacent_do_not_cancel() -> None:
    later = DAY + timedelta(days=2)

    assert logged((DAY, 10, 6), (later, 10, 14)) == [
        ("unlogged_usage", "10", 4),
        ("unmetered_run", "12", 4),
    ]


def test_residuals_of_the_same_direction_do_not_cancel() -> None:
    assert logged((DAY, 10, 6), (NEXT, 10, 6)) == [
        ("unlogged_usage", "10", 4),
        ("unlogged_usage", "11", 4),
    ]


def test_timing_within_tolerance_is_not_named() -> None:
    strict = policy(absolute="4.00")

    assert logged((DAY, 10, 6), (NEXT, 10, 14), policy=strict) == []
    assert logged((DAY, 10, 5), (NEXT, 10, 15), policy=strict) == [("timing", "10", 5)]


def test_runs_of_what_was_never_metered_are_unmetered_at_the_card_price() -> None:
    books = reconcile(night([run("alpha", input=DOLLAR_TOKENS), run("", input=DOLLAR_TOKENS)]))

    (item,) = books.breaks
    assert (item.break_class, item.sku) == (BreakClass.UNMETERED_RUN, MODEL)
    assert item.amount_nano == 2 * DOLLAR


def test_runs_of_an_unpriced_model_without_usage_make_no_break() -> None:
    assert named([run(model="claude-nimbus-1", input=10**9)]) == []


@pytest.mark.parametrize(
    "known",
    [legs(usage=()), legs(logged_days=()), legs(NEXT)],
    ids=["usage not complete", "no log read", "another day"],
)
def test_a_leg_that_is_not_connected_makes_no_break(known: Any) -> None:
    assert named([run(input=10**9)], [], [], legs=known) == []


def test_runs_without_an_account_are_held_against_no_account() -> None:
    (item,) = reconcile(night([run(input=DOLLAR_TOKENS, account=None)])).breaks

    assert item.account == "-"


def test_credits_and_taxes_are_one_break_a_day_and_account() -> None:
    charges = [
        charge(-7, category="credit"),
        charge(-8, category="credit", billing_period="2026-12"),
        charge(19, category="tax"),
        charge(5, category="adjustment"),
        charge(-3, category="tax", account="beta-account"),
    ]

    assert named([], [], charges) == [
        ("credit", "10", -15),
        ("tax", "10", -3),
        ("tax", "10", 19),
    ]


def test_credits_that_cancel_are_no_break() -> None:
    assert named([], [], [charge(-7, category="credit"), charge(7, category="credit")]) == []


def test_each_foreign_currency_is_a_break_of_its_own() -> None:
    charges = [
        charge(4, currency="EUR"),
        charge(5, currency="EUR", billing_period="2026-12"),
        charge(7, currency="GBP"),
        charge(0, currency="CHF"),
    ]

    breaks = reconcile(night([], [], charges, **BILLED_ONLY)).breaks

    assert [(item.break_class.value, item.sku, item.amount_nano) for item in breaks] == [
        ("currency", "EUR", 9),
        ("currency", "GBP", 7),
    ]


@pytest.mark.parametrize("kind", [BreakClass.RESTATED, BreakClass.REPARSED])
def test_a_revised_day_is_compared_with_its_first_complete_charges(kind: BreakClass) -> None:
    first = [
        charge(100),
        charge(50, account="gone"),
        charge(9, account="beta-account"),
        charge(3, currency="EUR"),
        charge(1, day=NEXT),
    ]
    newest = [charge(90), charge(15, category="tax"), charge(9, account="beta-account")]

    books = reconcile(
        night(
            [],
            [],
            newest,
            first_charges=first,
            revised={("anthropic", DAY): kind},
            **BILLED_ONLY,
        )
    )

    found = {
        (item.account, item.sku, item.amount_nano)
        for item in books.breaks
        if item.break_class is kind
    }
    assert found == {("main", "-", 5), ("gone", "-", -50)}


def test_duplicates_are_counted_by_source_and_day() -> None:
    books = reconcile(night(duplicates={("agent-logs", DAY): 3, ("agent-logs", NEXT): 0}))

    (item,) = books.breaks
    assert (item.issuer, item.account, item.day) == ("agent-logs", "-", DAY)
    assert (item.amount_nano, item.count) == (0, 3)


def test_quarantined_rows_are_counted_with_the_amounts_that_are_known() -> None:
    rows = [
        Quarantine("anthropic", "main", DAY, 70),
        Quarantine("anthropic", "main", DAY, None),
        Quarantine("agent-logs", "", DAY, None),
    ]

    breaks = reconcile(night(quarantine=rows)).breaks

    assert [(item.issuer, item.account, item.amount_nano, item.count) for item in breaks] == [
        ("agent-logs", "-", 0, 1),
        ("anthropic", "main", 70, 2),
    ]


def test_a_break_names_its_bucket() -> None:
    (item,) = reconcile(night([], [usage(DOLLAR_TOKENS)], [], **BILLED_ONLY)).breaks

    assert (item.issuer, item.account, item.day, item.sku) == ("anthropic", "main", DAY, SKU)
