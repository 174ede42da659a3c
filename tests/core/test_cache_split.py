"""One number of cache writes and a cost at list price: solved exactly, or left unknown."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.cache_split import PICO, WritePrices, split_writes, write_prices

DAY = date(2026, 7, 27)
PRICES = WritePrices(1_000_000, 100_000, 1_250_000, 2_000_000, 5_000_000)


def _split(
    model: str, tokens: tuple[int, int, int, int], cost: str | None
) -> tuple[int, int] | None:
    uncached, read, written, output = tokens
    return split_writes(
        write_prices("anthropic", model, DAY),
        input_tokens=uncached,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=output,
        cost_usd=None if cost is None else Decimal(cost),
    )


@pytest.mark.parametrize(
    ("model", "tokens", "cost", "split"),
    [
        ("claude-opus-5", (2, 15_273, 8_271, 4), "0.0904565", (0, 8_271)),
        ("claude-opus-4-6", (9, 0, 41_530, 7_238), "0.4405575", (41_530, 0)),
    ],
)
def test_real_captures_come_out_as_what_they_were(
    model: str, tokens: tuple[int, int, int, int], cost: str, split: tuple[int, int]
) -> None:
    assert _split(model, tokens, cost) == split


def test_a_mixture_of_both_times_to_live_comes_out() -> None:
    # 100 uncached at 5, 1,000 for five minutes at 6.25, 2,000 for an hour at 10, 10 output at 25.
    cost = (100 * 5 + 1_000 * Decimal("6.25") + 2_000 * 10 + 10 * 25) / 10**6

    assert _split("claude-opus-5", (100, 0, 3_000, 10), str(cost)) == (1_000, 2_000)


@pytest.mark.parametrize("noise", ["0.09045650000000001", "0.09045649999999999"])
def test_the_noise_of_a_float_changes_nothing(noise: str) -> None:
    assert _split("claude-opus-5", (2, 15_273, 8_271, 4), noise) == (0, 8_271)


@pytest.mark.parametrize(
    ("why", "model", "cost"),
    [
        ("a nano dollar more than any split gives", "claude-opus-5", "0.090456501"),
        ("dearer than all of it for an hour", "claude-opus-5", "0.09046025"),
        ("cheaper than all of it for five minutes", "claude-opus-5", "0.0594365"),
        ("no cost at all", "claude-opus-5", None),
        ("no price for the model", "house-model-1", "0.0904565"),
        ("rounded to micro dollars", "claude-opus-5", "0.090457"),
    ],
)
def test_what_does_not_come_out_stays_unknown(why: str, model: str, cost: str | None) -> None:
    assert _split(model, (2, 15_273, 8_271, 4), cost) is None, why


def test_without_cache_writes_there_is_nothing_to_know() -> None:
    assert _split("house-model-1", (2, 0, 0, 4), None) == (0, 0)


def test_a_model_with_one_price_for_both_is_not_split() -> None:
    assert write_prices("openai", "gpt-5.4", DAY) is None


@pytest.mark.parametrize(
    ("off_pico", "split"),
    [
        (-501, None),
        (-500, (20, 30)),
        (500, (20, 30)),
        (501, None),
        (375_000, None),  # half a token's difference
        (750_000 - 501, None),
        (750_000 - 500, (19, 31)),
    ],
)
def test_a_cost_between_two_splits_is_neither(off_pico: int, split: tuple[int, int] | None) -> None:
    spent = 20 * PRICES.cache_write_5m + 30 * PRICES.cache_write_1h + off_pico

    found = split_writes(
        PRICES,
        input_tokens=0,
        cache_read_tokens=0,
        cache_write_tokens=50,
        output_tokens=0,
        cost_usd=Decimal(spent) / PICO,
    )

    assert found == split


@given(
    tokens=st.tuples(*(st.integers(0, 10**7) for _ in range(5))),
    off_pico=st.integers(-499, 499),
)
def test_every_split_is_found_again_from_its_cost(
    tokens: tuple[int, int, int, int, int], off_pico: int
) -> None:
    uncached, read, short, long, output = tokens
    spent = sum(count * price for count, price in zip(tokens, PRICES, strict=True)) + off_pico

    assert split_writes(
        PRICES,
        input_tokens=uncached,
        cache_read_tokens=read,
        cache_write_tokens=short + long,
        output_tokens=output,
        cost_usd=Decimal(spent) / PICO,
    ) == (short, long)
