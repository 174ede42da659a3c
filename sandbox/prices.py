"""The vendors' prices, written down by hand: integer nano-USD for one token.

Nano-USD for a token is USD for a million tokens times 1,000. Public list prices as of
2026-11; the contract is Meridian Freight's own. Nothing is computed from another price,
so that a slip in the product's price card cannot repeat itself here.
"""

from datetime import date
from fractions import Fraction

#: The four disjoint input kinds and the output.
KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")

#: model -> kind -> nano-USD a token, outside any batch.
LIST_NANO: dict[str, dict[str, Fraction]] = {
    "claude-opus-5": {
        "input": Fraction(5000),
        "cache_read": Fraction(500),
        "cache_write_5m": Fraction(6250),
        "cache_write_1h": Fraction(10000),
        "output": Fraction(25000),
    },
    "claude-sonnet-5": {
        "input": Fraction(2000),
        "cache_read": Fraction(200),
        "cache_write_5m": Fraction(2500),
        "cache_write_1h": Fraction(4000),
        "output": Fraction(10000),
    },
    "claude-haiku-4-5": {
        "input": Fraction(1000),
        "cache_read": Fraction(100),
        "cache_write_5m": Fraction(1250),
        "cache_write_1h": Fraction(2000),
        "output": Fraction(5000),
    },
    "gpt-5": {
        "input": Fraction(1250),
        "cache_read": Fraction(125),
        "output": Fraction(10000),
    },
    "gpt-5-mini": {
        "input": Fraction(250),
        "cache_read": Fraction(25),
        "output": Fraction(2000),
    },
}

#: What the vendor asks for the model that no public price list knows.
NIMBUS_NANO: dict[str, Fraction] = {
    "input": Fraction(3000),
    "cache_read": Fraction(300),
    "cache_write_5m": Fraction(3750),
    "cache_write_1h": Fraction(6000),
    "output": Fraction(15000),
}
UNPRICED_MODEL = "claude-nimbus-1"

BATCH_FACTOR = Fraction(1, 2)
CONTRACT_MODEL = "claude-sonnet-5"
CONTRACT_FACTOR = Fraction(9, 10)
CONTRACT_FROM = date(2026, 11, 1)
CONTRACT_TO = date(2027, 10, 31)


def card_nano(model: str, kind: str, tier: str | None, day: date) -> Fraction | None:
    """Price one token as a well-kept price card would; None if no card can know it."""
    price = LIST_NANO.get(model, {}).get(kind)
    if price is None:
        return None
    if tier == "batch":
        price *= BATCH_FACTOR
    if model == CONTRACT_MODEL and CONTRACT_FROM <= day <= CONTRACT_TO:
        price *= CONTRACT_FACTOR
    return price


def billed_nano(model: str, kind: str, tier: str | None, day: date) -> Fraction:
    """Price one token as the vendor bills it on an ordinary day."""
    if model == UNPRICED_MODEL:
        return NIMBUS_NANO[kind]
    price = card_nano(model, kind, tier, day)
    if price is None:
        message = f"{model} has no price for {kind}; add it to LIST_NANO"
        raise KeyError(message)
    return price
