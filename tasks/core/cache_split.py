"""Cache writes of a request by time to live, solved from its cost at list price.

Claude Code's telemetry tells one number of cache writes, and a cost that it reckons itself at
list price. Writes for five minutes and for an hour have two prices, so the cost tells how
many there were of each. Where it does not come out exactly, the split stays unknown: another
price was in force (fast mode, a long context), or the cost holds something else (a web search).
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from tasks.core.list_prices import list_price
from tasks.core.models import canonical_model
from tasks.core.prices import RUN_CONTEXT, RUN_TIER
from tasks.core.tables import TOKEN_KINDS

#: Pico dollars (1e-12 USD) of one dollar: every list price is a whole number of them a token.
PICO = 10**12
#: How far a cost may lie off, in pico dollars: below half a nano dollar it is a float's noise.
TOLERANCE = 500

_PICO_PER_MILLION = 10**6


class WritePrices(NamedTuple):
    """List prices of one token by kind, in whole pico US dollars."""

    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int


@lru_cache(maxsize=65_536)
def write_prices(provider_id: str, model: str, day: date) -> WritePrices | None:
    """Give the list prices of a model on a day, at the standard tier and a short context.

    Args:
        provider_id: Provider id in genai-prices.
        model: As logged.
        day: UTC day of the request.

    Returns:
        None where a kind has no price, or the two times to live have the same one.
    """
    canonical = canonical_model(model)
    found: list[int] = []
    for kind in TOKEN_KINDS:
        price = list_price(provider_id, canonical, RUN_TIER, RUN_CONTEXT, kind, day)
        pico = None if price is None else price * _PICO_PER_MILLION
        if pico is None or pico != int(pico):
            return None
        found.append(int(pico))
    prices = WritePrices(*found)
    return prices if prices.cache_write_1h - prices.cache_write_5m > 2 * TOLERANCE else None


def split_writes(
    prices: WritePrices | None,
    *,
    input_tokens: int,
    cache_read_tokens: int,
    cache_write_tokens: int,
    output_tokens: int,
    cost_usd: Decimal | None,
) -> tuple[int, int] | None:
    """Split cache writes into those for five minutes and those for an hour.

    Args:
        prices: None where they are not known.
        input_tokens: Uncached.
        cache_read_tokens: As logged.
        cache_write_tokens: Of both times to live.
        output_tokens: As logged.
        cost_usd: At list price, as the log reckons it.

    Returns:
        None where the split is not known: no price, no cost, or no exact solution.
    """
    if cache_write_tokens == 0:
        return 0, 0
    if prices is None or cost_usd is None:
        return None
    spent = int((cost_usd * PICO).to_integral_value())
    if_all_1h = (
        input_tokens * prices.input
        + cache_read_tokens * prices.cache_read
        + cache_write_tokens * prices.cache_write_1h
        + output_tokens * prices.output
    )
    dearer = prices.cache_write_1h - prices.cache_write_5m
    short = if_all_1h - spent + TOLERANCE
    writes_5m = short // dearer
    if not 0 <= writes_5m <= cache_write_tokens or short % dearer > 2 * TOLERANCE:
        return None
    return writes_5m, cache_write_tokens - writes_5m
