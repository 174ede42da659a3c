"""Copilot's raw rows in the form of the `charges` table."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import sku, slug
from tasks.core.money import divide_half_even, to_nano
from tasks.sources.copilot.names import is_counted_in, is_seat, model_of, sold_as, unit_of
from tasks.sources.copilot.payloads import Item
from tasks.sources.report_fields import decimal_text
from tasks.sources.report_rows import TableRow, charge, number_lines, text_or_none

#: All amounts of this vendor's reports are in US dollars.
_CURRENCY = "USD"
#: A sku that seat plans of `finance.yaml` can name.
_NAMEABLE = re.compile(r"[A-Za-z0-9_.:/-]{1,128}", re.ASCII)
_NANO_PER_MICRO = 1_000


def to_micro(quantity: Decimal) -> int:
    """Count millionths of a unit."""
    return divide_half_even(to_nano(quantity), _NANO_PER_MICRO)


def raw_row(item: Item, account: str) -> RawRow:
    """Reduce a billed item to its words and exact figures."""
    return {
        "account": account,
        "sku": item.sku,
        "unit": item.unit,
        "model": item.model,
        "quantity": None if item.quantity is None else decimal_text(item.quantity),
        "net": decimal_text(item.net),
        "gross": None if item.gross is None else decimal_text(item.gross),
    }


def conform_charges(rows: Sequence[RawRow], *, source: str, issuer: str, day: date) -> Conformed:
    """Give one row per billed line, in nano units.

    What the included pool pays for is billed at nothing: list amount less billed amount is
    the discount, and no line of its own.
    """
    return Conformed(number_lines([_charge(row, source, issuer, day) for row in rows]))


def _charge(row: RawRow, source: str, issuer: str, day: date) -> TableRow:
    told, unit = str(row["sku"]), text_or_none(row["unit"])
    named, gross = text_or_none(row["model"]), text_or_none(row["gross"])
    model = model_of(named) if named else None
    quantity = _quantity(row, told, unit)
    base = _sku(told, unit)
    line = charge(
        day,
        sku=sku(model, base) if model else base,
        billed_nano=to_nano(str(row["net"])),
        model=model,
        quantity=quantity,
        unit=None if quantity is None else f"micro_{unit_of(unit)}",
        source=source,
        issuer=issuer,
        account=row["account"],
        list_nano=None if gross is None else to_nano(gross),
        currency=_CURRENCY,
    )
    return line | {"category": "purchase"} if is_seat(told, unit) else line


def _sku(told: str, unit: str | None) -> str:
    """Name what was sold: seats as the vendor spells them, so that a seat plan can name them."""
    if is_seat(told, unit) and _NAMEABLE.fullmatch(told):
        return told
    sold = sold_as(told)
    return slug(told) if sold is None else sold.value


def _quantity(row: RawRow, told: str, unit: str | None) -> int | None:
    """Give millionths of the unit; None where nobody knows what the unit counts."""
    quantity = text_or_none(row["quantity"])
    if quantity is None or not is_counted_in(told, unit):
        return None
    return to_micro(Decimal(quantity))
