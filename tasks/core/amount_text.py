"""Print amounts of money for people; nothing is computed with what is printed."""

from tasks.core.money import divide_half_even

_NANO_PER_CENT = 10**7


def amount_text(nano: int, currency: str = "USD") -> str:
    """Print 1e-9 currency units for people: cents, or as many digits as a small amount needs.

    Rounding is half-even and for reading only; the exact amount is in the ledger.
    """
    sign = "-" if nano < 0 else ""
    size = abs(nano)
    mark = "$" if currency == "USD" else f"{currency} "
    if 0 < size < _NANO_PER_CENT:
        digits = f"{size:09d}".rstrip("0")
        return f"{sign}{mark}0.{digits}"
    cents = divide_half_even(size, _NANO_PER_CENT)
    return f"{sign}{mark}{cents // 100:,}.{cents % 100:02d}"


def about(nano: int, currency: str = "USD") -> str:
    """Print an amount that is only roughly known: two digits count, cents below ten units."""
    size = abs(nano)
    if size < 10 * 100 * _NANO_PER_CENT:
        return f"≈ {amount_text(nano, currency)}"
    step = 10 ** (len(str(size)) - 2)
    rounded = divide_half_even(size, step) * step
    return f"≈ {amount_text(-rounded if nano < 0 else rounded, currency).removesuffix('.00')}"
