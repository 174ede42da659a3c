"""What identifies a break, and the currency that its amount is in."""

import hashlib
from collections.abc import Mapping

from tasks.core.books import Break, BreakClass

#: ISO 4217 for "no currency": of an issuer that is not configured.
NO_CURRENCY = "XXX"

_NAMED_BY_SKU = frozenset({BreakClass.CURRENCY, BreakClass.INVOICE})


def break_id(item: Break) -> str:
    """Name a break by what it is about, never by its amount: equal over reruns."""
    about = (item.break_class, item.issuer, item.account, item.day.isoformat(), item.sku)
    return hashlib.sha256("|".join(about).encode()).hexdigest()[:16]


def break_currency(item: Break, currencies: Mapping[str, str]) -> str:
    """Name the currency of a break: its issuer's, unless the break is about another one.

    Args:
        item: The break.
        currencies: Currency of the books of each issuer, by its id.
    """
    if item.break_class in _NAMED_BY_SKU:
        return item.sku
    return currencies.get(item.issuer, NO_CURRENCY)
