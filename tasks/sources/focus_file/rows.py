"""A bill's raw rows in the form of the `charges` table."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from config.shapes.sources import FocusFileSource, SkuLine
from tasks.core.batches import Conformed, RawRow
from tasks.core.globs import compiled
from tasks.core.instants import parse_instant
from tasks.core.models import canonical_model, slug
from tasks.core.money import to_nano
from tasks.sources.report_rows import TableRow, charge, number_lines, text_or_none

_TOKENS = "tokens"
_LARGEST_COUNT = 10**12
_TOKEN_UNIT = re.compile(r"(?:(\d{1,12})\s*)?(k|m|thousand|million)?\s*tokens?", re.ASCII)
_TIMES = {None: 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6}
_KINDS = {
    ("input", ""): "input",
    ("input", "uncached"): "input",
    ("input", "none"): "input",
    ("input", "cacheread"): "cache_read",
    ("input", "cachewrite"): "cache_write_5m",
    ("output", ""): "output",
    ("output", "none"): "output",
    ("output", "uncached"): "output",
}


def conform_charges(rows: Sequence[RawRow], *, config: FocusFileSource, day: date) -> Conformed:
    """Give one row per line of the bill, in nano units of its own currency."""
    return Conformed(number_lines([_charge(row, config, day) for row in rows]))


def _charge(row: RawRow, config: FocusFileSource, day: date) -> TableRow:
    service, skus = str(row["service"]), _texts(row)
    line = _line_of(service, skus, config.skus)
    model, kind = _told(row)
    if line is not None:
        model, kind = canonical_model(line.model), line.kind
    quantity = _tokens(row, line)
    return charge(
        day,
        sku=model or slug(" ".join(skus[:1]) or service),
        billed_nano=to_nano(str(row["billed"])),
        model=model,
        kind=kind if model else None,
        quantity=quantity,
        unit=_TOKENS if quantity is not None else None,
        source=config.name,
        issuer=config.issuer,
        account=row["account"],
        charge_start=parse_instant(row["start"]),
        charge_end=parse_instant(row["end"]),
        billing_period=row["period"],
        category=row["category"],
        charge_class=text_or_none(row.get("charge_class")),
        list_nano=to_nano(str(row["list"])) if "list" in row else None,
        currency=row["currency"],
        invoice_id=text_or_none(row.get("invoice_id")),
    )


def _texts(row: RawRow) -> list[str]:
    said = row.get("skus")
    return [str(text) for text in said] if isinstance(said, list) else []


def _line_of(service: str, skus: Sequence[str], lines: Sequence[SkuLine]) -> SkuLine | None:
    """Find the first line of the configuration that fits."""
    for line in lines:
        if compiled(line.service)(service) and any(map(compiled(line.sku), skus or [""])):
            return line
    return None


def _told(row: RawRow) -> tuple[str | None, str | None]:
    """Read model and kind that the bill tells by itself, in `SkuPriceDetails`."""
    model = text_or_none(row.get("model_id"))
    if model is None:
        return None, None
    direction, cache = (str(row.get(name, "")).lower() for name in ("direction", "cache"))
    return canonical_model(model), _KINDS.get((direction, cache))


def _tokens(row: RawRow, line: SkuLine | None) -> int | None:
    """Give the quantity in tokens, if it is one and whole."""
    if "quantity" not in row:
        return None
    times = line.tokens_per_unit if line is not None else None
    unit = _TOKEN_UNIT.fullmatch(str(row.get("unit", "")).lower())
    if times is None and unit is not None:
        times = int(unit.group(1) or 1) * _TIMES[unit.group(2)]
    if times is None:
        return None
    tokens = Decimal(str(row["quantity"])) * times
    is_whole = abs(tokens) <= _LARGEST_COUNT and tokens == tokens.to_integral_value()
    return int(tokens) if is_whole else None
