"""Published prices per million tokens, from the data that ships with `genai-prices`.

Only what a day's total can be valued at: a price that depends on the hour, or on
the size of each request without telling the size, is no price here.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from genai_prices.data import providers
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    PriceVariant,
    TieredPrices,
    TimeOfDateConstraint,
)

# Where a model has no own price for a kind, the vendor charges the kind it refines.
_PRICE_KEYS = {
    "input": ("input_mtok",),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
}
_BATCH_TIER = "batch"
_STANDARD_TIERS = frozenset({None, "standard", "default"})
# Anthropic bills these by commitment or at a later discount; their list price is the standard one.
_TIERS_AT_STANDARD = {
    "anthropic": frozenset({"priority", "priority_on_demand", "flex", "flex_discount"})
}
# `0-200k`, `200k-1M`; a single number is the size of one request.
_CONTEXT = re.compile(r"(\d+)([kKmM]?)(?:-(\d+)([kKmM]?))?", re.ASCII)
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}


@lru_cache(maxsize=65_536)
def list_price(
    provider_id: str, model: str, tier: str | None, context: str | None, kind: str, day: date
) -> Decimal | None:
    """Give the list price of a million tokens on a day, in US dollars.

    Args:
        provider_id: Provider id in genai-prices.
        model: Canonical model.
        tier: Service tier as the vendor names it; None: not told, taken as standard.
        context: Context window as the vendor names it; None: not told.
        kind: A token kind.
        day: Prices that change on this day hold for all of it.

    Returns:
        None where the price is not known: unknown provider or model, a tier or kind without a
        price, a price by context without a context, a price by the hour.
    """
    info = _find_model(provider_id, model)
    if info is None or _is_priced_by_hour(info):
        return None
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    prices = _prices_of_tier(info, provider_id, tier, moment)
    if prices is None:
        return None
    for key in _PRICE_KEYS[kind]:
        price = getattr(prices, key)
        if price is not None:
            return _at_context(price, context)
    return None


@lru_cache(maxsize=4_096)
def _find_model(provider_id: str, model: str) -> ModelInfo | None:
    for provider in providers:
        if provider.id == provider_id:
            return provider.find_model(model, all_providers=providers)
    return None


def _is_priced_by_hour(info: ModelInfo) -> bool:
    constraints = [variant.constraint for variant in info.price_variants or ()]
    if isinstance(info.prices, list):
        constraints += [price.constraint for price in info.prices]
    return any(isinstance(constraint, TimeOfDateConstraint) for constraint in constraints)


def _prices_of_tier(
    info: ModelInfo, provider_id: str, tier: str | None, moment: datetime
) -> ModelPrice | None:
    if tier in _STANDARD_TIERS or tier in _TIERS_AT_STANDARD.get(provider_id, ()):
        return info.get_prices(moment)
    # `{"service_tier": "batch"}` would silently change nothing: batch is a way of processing.
    wanted = {"processing": tier} if tier == _BATCH_TIER else {"service_tier": str(tier)}
    if any(_applies(variant, wanted, moment) for variant in info.price_variants or ()):
        return info.get_prices(moment, wanted)
    return None


def _applies(variant: PriceVariant, wanted: dict[str, str], moment: datetime) -> bool:
    return variant.when == wanted and (
        variant.constraint is None or variant.constraint.active(moment)
    )


def _at_context(price: Decimal | TieredPrices, context: str | None) -> Decimal | None:
    """Pick the price of a context window; None if the window spans two prices."""
    if not isinstance(price, TieredPrices):
        return price
    bounds = _context_bounds(context)
    if bounds is None:
        return None
    lowest, highest = bounds
    picked = price.base
    for tier in price.tiers:
        if lowest >= tier.start:
            picked = tier.price
        elif highest > tier.start:
            return None
    return picked


def _context_bounds(context: str | None) -> tuple[int, int] | None:
    found = _CONTEXT.fullmatch(context or "")
    if found is None:
        return None
    lowest = int(found[1]) * _FACTORS[found[2].lower()]
    highest = int(found[3]) * _FACTORS[found[4].lower()] if found[3] else lowest
    return lowest, highest
