"""Prices are dated, exact, and unknown rather than wrong."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage, calc_price

from config.shapes.sources import Issuer
from tasks.core.list_prices import list_price
from tasks.core.prices import (
    RUN_CONTEXT,
    RUN_TIER,
    UNPRICED,
    PriceCard,
    Priced,
    Rate,
    card_from_json,
    compile_card,
    seen_in,
)
from tasks.core.tables import TOKEN_KINDS
from tests.core.factories import DAY, ISSUER, MODEL, run, usage

MILLION = 1_000_000
NANO = 10**9


def listed(model: str, kind: str, **fields: Any) -> Decimal | None:
    values = {"provider_id": "anthropic", "tier": None, "context": "0-200k", "day": DAY, **fields}
    return list_price(model=model, kind=kind, **values)


def one_price(card: PriceCard, priced: Priced, kind: str) -> Rate | None:
    return card.rates(priced)[TOKEN_KINDS.index(kind)]


def contract(*lines: dict[str, Any]) -> Issuer:
    return Issuer.model_validate(
        {"id": "anthropic", "price_provider": "anthropic", "contract": list(lines)}
    )


@pytest.mark.parametrize(
    ("model", "prices"),
    [  # dollars a million: input, cache read, 5-minute write, 1-hour write, output
        ("claude-sonnet-5", "2 0.2 2.5 4 10"),
        ("claude-opus-5", "5 0.5 6.25 10 25"),
        ("claude-opus-5-5", "4 0.2 5 8 20"),
        ("claude-haiku-4-5", "1 0.1 1.25 2 5"),
    ],
)
def test_list_prices_are_the_published_ones(model: str, prices: str) -> None:
    found = [listed(model, kind) for kind in TOKEN_KINDS]

    assert found == [Decimal(price) for price in prices.split()]


@pytest.mark.parametrize("kind", TOKEN_KINDS)
@pytest.mark.parametrize(
    ("provider", "model", "tier"),
    [
        ("anthropic", "claude-opus-5", None),
        ("anthropic", "claude-haiku-4-5", "batch"),
        ("openai", "gpt-5", None),
        ("openai", "gpt-5-mini", "flex"),
        ("openai", "o3", "priority"),
    ],
)
def test_a_list_price_is_what_the_price_library_charges(
    provider: str, model: str, tier: str | None, kind: str
) -> None:
    keys = {
        "input": ["input_tokens"],
        "cache_read": ["input_tokens", "cache_read_tokens"],
        "cache_write_5m": ["input_tokens", "cache_write_tokens", "cache_write_5m_tokens"],
        "cache_write_1h": ["input_tokens", "cache_write_tokens", "cache_write_1h_tokens"],
        "output": ["output_tokens"],
    }
    context = {"processing": "batch"} if tier == "batch" else {"service_tier": tier or "default"}

    charged = calc_price(
        Usage(**dict.fromkeys(keys[kind], MILLION)),
        model,
        provider_id=provider,
        genai_request_timestamp=datetime(2026, 11, 10, tzinfo=UTC),
        price_context=context,
    ).total_price

    assert listed(model, kind, provider_id=provider, tier=tier) == charged


def test_a_price_holds_from_its_day_on() -> None:
    before, after = date(2025, 6, 1), date(2025, 7, 1)

    sums = [
        sum(listed("o3", kind, provider_id="openai", day=day) or 0 for kind in ("input", "output"))
        for day in (before, after)
    ]

    assert sums == [50, 10]


def test_batch_is_half_price_from_the_day_it_is_known() -> None:
    assert listed("claude-opus-5", "input", tier="batch") == Decimal("2.5")
    assert listed("claude-opus-5", "input", tier="batch", day=date(2026, 10, 13)) is None


def test_anthropics_priority_tokens_are_listed_at_the_standard_price() -> None:
    assert listed("claude-sonnet-5", "output", tier="priority") == Decimal(10)
    assert listed("claude-sonnet-5", "output", tier="flex") == Decimal(10)


def test_openais_tiers_have_their_own_prices_or_none() -> None:
    def price(tier: str) -> Decimal | None:
        return listed("gpt-5", "input", provider_id="openai", tier=tier)

    assert price("default") == Decimal("1.25")
    assert price("flex") == Decimal("0.625")
    assert price("scale") is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-nimbus-1"),
        ("no-such-provider", "claude-opus-5"),
        ("openai", "ft:gpt-4o"),
        ("deepseek", "deepseek-reasoner"),  # was cheaper at night: no price for a day
    ],
)
def test_what_is_not_known_has_no_price(provider: str, model: str) -> None:
    assert listed(model, "input", provider_id=provider) is None


def test_a_kind_that_a_model_does_not_have_is_unpriced() -> None:
    assert listed("text-embedding-3-small", "input", provider_id="openai") is not None
    assert listed("text-embedding-3-small", "output", provider_id="openai") is None


@pytest.mark.parametrize(
    ("context", "price"),
    [
        ("0-200k", "3"),
        ("200k-1M", "6"),
        ("0", "3"),
        ("0-1M", None),  # spans both prices
        (None, None),  # not told: 50 requests of 20k are not one of a million
        ("large", None),
    ],
)
def test_a_model_priced_by_context_needs_one(context: str | None, price: str | None) -> None:
    expected = Decimal(price) if price is not None else None

    assert listed("claude-sonnet-4-5", "input", context=context) == expected


def test_a_card_values_tokens_in_nano_units() -> None:
    priced = Priced("anthropic", MODEL, "standard", "0-200k", DAY)

    card = compile_card([ISSUER], [priced])

    rate = one_price(card, priced, "cache_write_5m")
    assert rate is not None
    assert rate.value(1) == 6_250
    assert rate.value(MILLION) == 6_250_000_000  # 6.25 dollars


def test_a_rate_with_a_fraction_is_rounded_half_even() -> None:
    assert [Rate(1, 2).value(tokens) for tokens in (1, 3, 4, -1, -3)] == [0, 2, 2, 0, -2]


def test_runs_are_priced_at_standard_tier_and_smallest_context() -> None:
    card = compile_card([ISSUER], seen_in([run(model="claude-sonnet-4-5", input=1)], []))

    rates = card.run_rates("anthropic", "claude-sonnet-4-5", DAY)

    assert [rate and rate.value(MILLION) / NANO for rate in rates] == [3, 0.3, 3.75, 6, 15]


def test_everything_seen_is_on_the_card() -> None:
    seen = seen_in([run(model="claude-haiku-4-5")], [usage(tier="batch")])

    assert seen == {
        Priced("anthropic", "claude-haiku-4-5", RUN_TIER, RUN_CONTEXT, DAY),
        Priced("anthropic", MODEL, "batch", "0-200k", DAY),
        Priced("anthropic", MODEL, RUN_TIER, RUN_CONTEXT, DAY),
    }


def test_a_contract_line_replaces_the_list_price_on_its_days() -> None:
    issuer = contract(
        {"model": "claude-opus-*", "kind": "input", "from": "2026-11-10", "per_million": "4.4"},
        {"model": "*", "from": "2026-11-09", "to": "2026-11-10", "factor": "0.90"},
    )
    days = [date(2026, 11, day) for day in (8, 9, 10, 11)]
    seen = [Priced("anthropic", MODEL, "standard", None, day) for day in days]

    card = compile_card([issuer], seen)

    def prices(kind: str) -> list[int]:
        rates = [one_price(card, priced, kind) for priced in seen]
        return [rate.value(1) for rate in rates if rate is not None]

    assert prices("input") == [5_000, 4_500, 4_400, 4_400]
    assert prices("output") == [25_000, 22_500, 22_500, 25_000]


def test_a_contract_can_price_what_no_list_knows() -> None:
    issuer = contract(
        {"model": "claude-nimbus-1", "kind": "output", "from": "2026-01-01", "per_million": "7"},
        {"model": "claude-nimbus-1", "kind": "input", "from": "2026-01-01", "factor": "0.5"},
    )
    priced = Priced("anthropic", "claude-nimbus-1", None, None, DAY)

    card = compile_card([issuer], [priced])

    assert one_price(card, priced, "output") == Rate(7_000, 1)
    assert one_price(card, priced, "input") is None, "a factor of an unknown price is unknown"


@pytest.mark.parametrize(
    "issuer",
    [
        Issuer(id="anthropic"),
        Issuer(id="anthropic", price_provider="anthropic", currency="EUR"),
        Issuer(id="other", price_provider="anthropic"),
    ],
    ids=["no price list", "list prices are dollars", "another issuer"],
)
def test_without_a_price_list_in_its_currency_an_issuer_is_unpriced(issuer: Issuer) -> None:
    priced = Priced("anthropic", MODEL, None, None, DAY)

    assert compile_card([issuer], [priced]).rates(priced) == UNPRICED


def test_a_card_is_known_by_its_content() -> None:
    days = [DAY + timedelta(days=number) for number in (0, 1, 2, 4)]
    seen = [Priced("anthropic", MODEL, None, None, day) for day in days]

    card = compile_card([ISSUER], seen)

    assert compile_card([ISSUER], [*reversed(seen), *seen]).digest == card.digest
    assert compile_card([ISSUER], seen[:1]).digest != card.digest
    spans = {(line.from_day, line.to_day) for line in card.lines}
    assert spans == {(days[0], days[2]), (days[3], days[3])}, "a day not seen is not priced"


def test_a_card_survives_being_stored() -> None:
    seen = [Priced("anthropic", MODEL, tier, "0-200k", DAY) for tier in (None, "batch")]
    card = compile_card([ISSUER], seen)

    stored = card_from_json(card.to_json())

    assert stored == card
    assert [stored.rates(priced) for priced in seen] == [card.rates(priced) for priced in seen]


def test_a_days_digest_does_not_move_with_other_days() -> None:
    today, tomorrow = (
        Priced("anthropic", MODEL, None, None, day) for day in (DAY, DAY + timedelta(days=1))
    )
    short, long = compile_card([ISSUER], [today]), compile_card([ISSUER], [today, tomorrow])
    cheaper = compile_card(
        [contract({"model": "*", "from": "2026-01-01", "factor": "0.9"})], [today]
    )

    assert short.day_digest("anthropic", DAY) == long.day_digest("anthropic", DAY)
    assert short.day_digest("anthropic", DAY) != cheaper.day_digest("anthropic", DAY)
