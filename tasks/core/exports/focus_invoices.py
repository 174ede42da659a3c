"""Name the invoice of rows whose bill names none, where an issuer's document settles them.

FOCUS wants the billed cost of an invoice to be what is payable on it, to the last digit. So an
invoice is named only where one document covers all that an issuer has billed in a period, and
sums to exactly that; else the rows stay without.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from config.shapes.finance import Invoice
from tasks.core.exports.focus_columns import Row, Value
from tasks.core.exports.focus_prices import EXACT

_ZERO = Decimal(0)
_Place = tuple[Value, Value]


def with_invoices(rows: Sequence[Row], period: str, invoices: Iterable[Invoice]) -> list[Row]:
    """Name invoices in rows of one billing period; rows of other issuers stay as they are.

    Args:
        rows: Of the export.
        period: `YYYY-MM`.
        invoices: All documents that are known.
    """
    documents: dict[_Place, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.billing_period == period:
            documents.setdefault((invoice.issuer, invoice.currency), []).append(invoice)
    billed: dict[_Place, Decimal] = {}
    named = set()
    for row in rows:
        place = _place(row)
        billed[place] = EXACT.add(billed.get(place, _ZERO), _cost(row))
        if row["InvoiceId"] is not None:
            named.add(place)
    ids = {
        place: found[0].id
        for place, found in documents.items()
        if len(found) == 1 and place not in named and _total(found[0]) == billed.get(place)
    }
    return [{**row, "InvoiceId": ids.get(_place(row), row["InvoiceId"])} for row in rows]


def _place(row: Row) -> _Place:
    return row["BillingAccountId"], row["BillingCurrency"]


def _cost(row: Row) -> Decimal:
    cost = row["BilledCost"]
    return cost if isinstance(cost, Decimal) else _ZERO


def _total(invoice: Invoice) -> Decimal:
    return sum((line.amount for line in invoice.lines), _ZERO)
