"""OpenAI's raw rows in the form of the `usage` and `charges` tables."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import canonical_model, slug
from tasks.core.money import to_nano
from tasks.sources.openai.line_items import CACHE_WRITE, split_line_item
from tasks.sources.report_rows import (
    TableRow,
    add_quantities,
    charge,
    count_or_none,
    number_lines,
    text_or_none,
)

_KIND_BY_FIELD = {
    "input_uncached_tokens": "input",
    "input_cached_tokens": "cache_read",
    "input_cache_write_tokens": CACHE_WRITE,
    "output_tokens": "output",
}
_TOKENS = "tokens"
_TOKENS_BY_UNIT = {_TOKENS: 1, "1000_tokens": 1000}
_BATCH = "batch"
_LARGEST_COUNT = 2**63 - 1


def conform_usage(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per project, key, model, tier and kind with a quantity.

    The costs tell no tier, so the model alone is the sku; the tier stays for pricing.
    A count of zero and a count that was not reported make no row.
    """
    metered: list[TableRow] = []
    for row in rows:
        model = canonical_model(str(row["model"]))
        shared: TableRow = {
            "source": source,
            "issuer": issuer,
            "account": row["project_id"] or default_account,
            "day": day,
            "api_key": row["api_key_id"],
            "model": model,
            "sku": model,
            "tier": _BATCH if row["batch"] is True else row["service_tier"],
            "context": None,
        }
        for field, kind in _KIND_BY_FIELD.items():
            quantity = count_or_none(row[field])
            if quantity:
                metered.append({**shared, "kind": kind, "quantity": quantity})
    return Conformed(add_quantities(metered))


def conform_charges(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per billed line, in nano units of its own currency."""
    billed: list[TableRow] = []
    for row in rows:
        line_item = str(row["line_item"])
        model, kind = split_line_item(line_item)
        quantity, unit = _quantity(row)
        billed.append(
            charge(
                day,
                source=source,
                issuer=issuer,
                account=row["project_id"] or default_account,
                sku=model or slug(line_item),
                model=model,
                kind=kind,
                quantity=quantity,
                unit=unit,
                billed_nano=to_nano(Decimal(str(row["amount"]))),
                currency=row["currency"],
                api_key=row["api_key_id"],
            )
        )
    return Conformed(number_lines(billed))


def _quantity(row: RawRow) -> tuple[int | None, str | None]:
    unit = text_or_none(row["quantity_unit"])
    text = text_or_none(row["quantity"])
    if text is None:
        return None, unit
    quantity = Decimal(text) * _TOKENS_BY_UNIT.get(unit or "", 1)
    is_kept = quantity == quantity.to_integral_value() and abs(quantity) <= _LARGEST_COUNT
    if not is_kept:
        return None, unit
    return int(quantity), _TOKENS if unit in _TOKENS_BY_UNIT else unit
