"""Table rows of daily reports: keys made unique without losing a token or a line."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from tasks.core.batches import Json
from tasks.core.days import billing_period, day_bounds
from tasks.core.tables import CHARGES, USAGE

TableRow = dict[str, object]


def text_or_none(value: Json) -> str | None:
    """Take a text field of a raw row; anything else counts as absent."""
    return value if isinstance(value, str) else None


def default_account(source: str) -> str:
    """Name the account of rows that name none."""
    return f"{source}:default"


def count_or_none(value: Json) -> int | None:
    """Take an integer field of a raw row; anything else counts as absent."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def charge(
    day: date,
    *,
    sku: str,
    billed_nano: int,
    model: str | None = None,
    tier: str | None = None,
    context: str | None = None,
    kind: str | None = None,
    quantity: int | None = None,
    unit: str | None = None,
    **shared: object,
) -> TableRow:
    """Make a row of `charges` for one whole UTC day; `line` is still to be numbered.

    What names no model and is money back is a credit: few vendors have a word for one. List
    amounts, invoices, runs and other bounds are given by name, where a vendor tells them.
    """
    start, end = day_bounds(day)
    return {
        "day": day,
        "charge_start": start,
        "charge_end": end,
        "billing_period": billing_period(day),
        "line": 0,
        "category": "credit" if model is None and billed_nano < 0 else "usage",
        "charge_class": None,
        "sku": sku,
        "model": model,
        "tier": tier,
        "context": context,
        "kind": kind,
        "quantity": quantity,
        "unit": unit,
        "billed_nano": billed_nano,
        "list_nano": None,
        "invoice_id": None,
        "run_id": None,
        "api_key": None,
        **shared,
    }


def add_quantities(rows: Iterable[TableRow]) -> list[TableRow]:
    """Add up usage rows of the same key: two releases of a model are one model to the books."""
    total: dict[tuple[object, ...], int] = {}
    kept: dict[tuple[object, ...], TableRow] = {}
    for row in rows:
        key = tuple(row[column] for column in USAGE.key)
        kept.setdefault(key, row)
        total[key] = total.get(key, 0) + int(str(row["quantity"]))
    return [{**row, "quantity": total[key]} for key, row in kept.items()]


def number_lines(rows: Iterable[TableRow]) -> list[TableRow]:
    """Number charges of the same key in an order that does not depend on the vendor's."""
    key_columns = [column for column in CHARGES.key if column != "line"]
    seen: Counter[tuple[object, ...]] = Counter()
    numbered = []
    for row in sorted(rows, key=_order):
        key = tuple(row[column] for column in key_columns)
        numbered.append({**row, "line": seen[key]})
        seen[key] += 1
    return numbered


def _order(row: TableRow) -> list[str]:
    return [f"{name}={row[name]}" for name in sorted(row)]
