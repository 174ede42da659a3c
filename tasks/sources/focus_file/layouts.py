"""What the columns of a bill are called: in FOCUS 1.0 to 1.3, and in a Cost and Usage Report.

Sources: FOCUS specification 1.0 to 1.3, dataset CostAndUsage; AWS Data Exports, table
COST_AND_USAGE_REPORT (CUR 2.0) and the legacy report of the same columns; read 2026-11.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Where the field of a row comes from: the first column that has something to say.
Columns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write a bill.

    Attributes:
        name: For messages.
        needed: Fields without which no row can be booked, and their columns.
        further: Fields that may be absent.
        services: Columns that name the service or product; any of them may match.
        skus: Columns that name the sku, meter or usage type; any of them may match.
        categories: The bill's words for the categories of `charges`.
        other_category: For a word that is none of these; None: such a row is refused.
    """

    name: str
    needed: Mapping[str, Columns]
    further: Mapping[str, Columns]
    services: Columns
    skus: Columns
    categories: Mapping[str, str]
    other_category: str | None


FOCUS = Layout(
    name="FOCUS",
    needed={
        "start": ("ChargePeriodStart",),
        "end": ("ChargePeriodEnd",),
        "period": ("BillingPeriodStart",),
        "billed": ("BilledCost",),
        "currency": ("BillingCurrency",),
        "category": ("ChargeCategory",),
        "billing_account": ("BillingAccountId",),
        "service": ("ServiceName",),
    },
    further={
        "sub_account": ("SubAccountId",),
        "period_end": ("BillingPeriodEnd",),
        "charge_class": ("ChargeClass",),
        "list": ("ListCost",),
        "quantity": ("ConsumedQuantity",),
        "unit": ("ConsumedUnit",),
        "invoice_id": ("InvoiceId",),
        "details": ("SkuPriceDetails",),
    },
    services=("ServiceName",),
    skus=("SkuMeter", "SkuId", "SkuPriceId", "x_SkuMeterName", "x_UsageType", "x_Operation"),
    categories={
        word: word.lower() for word in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
    },
    other_category=None,
)

CUR = Layout(
    name="Cost and Usage Report",
    needed={
        "start": ("line_item_usage_start_date",),
        "end": ("line_item_usage_end_date",),
        "period": ("bill_billing_period_start_date",),
        "billed": ("line_item_unblended_cost",),
        "currency": ("line_item_currency_code",),
        "category": ("line_item_line_item_type",),
        "billing_account": ("bill_payer_account_id",),
        "service": ("line_item_product_code",),
    },
    further={
        "sub_account": ("line_item_usage_account_id",),
        "period_end": ("bill_billing_period_end_date",),
        "list": ("pricing_public_on_demand_cost",),
        "quantity": ("line_item_usage_amount",),
        "unit": ("pricing_unit",),
        "invoice_id": ("bill_invoice_id",),
        "line_id": ("identity_line_item_id",),
    },
    services=("product_product_name", "product_servicename", "line_item_product_code"),
    skus=("line_item_usage_type", "line_item_operation"),
    categories={
        # A discount is a lower price of the usage it names, not money that was given.
        **dict.fromkeys(
            (
                *("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation"),
                *("EdpDiscount", "PrivateRateDiscount", "BundledDiscount", "SppDiscount"),
                "Discount",
            ),
            "usage",
        ),
        **dict.fromkeys(
            ("Fee", "RIFee", "SavingsPlanUpfrontFee", "SavingsPlanRecurringFee"), "purchase"
        ),
        **dict.fromkeys(("Credit", "Refund"), "credit"),
        "Tax": "tax",
    },
    other_category="adjustment",
)

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# What a column with one of these endings holds is measured, and identifies nothing.
_MEASURED = re.compile(
    r"(?:cost|price|rate|amount|quantity|factor|value|usage_amount)s?$", re.IGNORECASE
)


def layout_of(header: Sequence[str]) -> tuple[Layout, list[str]] | None:
    """Recognise a bill by its header; give its layout, and its columns as the layout names them.

    A legacy report calls `line_item_usage_type` `lineItem/UsageType`.
    """
    if "BilledCost" in header:
        return FOCUS, list(header)
    names = [_WORD_START.sub("_", name).replace("/", "_").lower() for name in header]
    return (CUR, names) if "line_item_unblended_cost" in names else None


def missing_columns(layout: Layout, columns: Sequence[str]) -> list[str]:
    """Name the columns without which nothing of a bill can be booked."""
    there = set(columns)
    return [name for names in layout.needed.values() for name in names if name not in there]


class BillColumns:
    """Where the fields of a file's rows stand.

    Attributes:
        count: Cells of a whole row.
        line_id: Position of the column that identifies a line, if there is one.
    """

    def __init__(self, layout: Layout, names: Sequence[str], line_id: int | None) -> None:
        at = {name: position for position, name in reversed(list(enumerate(names)))}
        self.layout = layout
        self.count = len(names)
        self._fields = {
            name: next((at[one] for one in columns if one in at), None)
            for name, columns in ({**layout.further, **layout.needed}).items()
        }
        self._absent = dict.fromkeys({**FOCUS.further, "line_id": ()}, "")
        self._services = [at[name] for name in layout.services if name in at]
        self._skus = [at[name] for name in layout.skus if name in at]
        self.line_id = self._fields.get("line_id") if line_id is None else line_id
        self._names = [n for n, name in enumerate(names) if not _is_measured(name)]
        self._measured = [n for n, name in enumerate(names) if _is_measured(name)]
        if self.line_id is not None:
            times = (self._fields["start"], self._fields["end"])
            self._names = [self.line_id, *(n for n in times if n is not None)]

    def fields(self, cells: Sequence[str]) -> dict[str, str]:
        """Give every field by name, without blanks around it; empty text where it is absent."""
        found = {n: cells[at].strip(" ") for n, at in self._fields.items() if at is not None}
        return self._absent | found

    def services(self, cells: Sequence[str]) -> list[str]:
        """Give what the row calls its service."""
        return [cells[at].strip(" ") for at in self._services]

    def skus(self, cells: Sequence[str]) -> list[str]:
        """Give what the row calls its sku, without what is empty."""
        return [text for at in self._skus if (text := cells[at].strip(" "))]

    def identity(self, cells: Sequence[str]) -> tuple[bytes, bytes]:
        """Digest what identifies a row, and what it measures."""
        return _digest(cells[at] for at in self._names), _digest(cells[at] for at in self._measured)


def _is_measured(column: str) -> bool:
    """Say whether a column holds an amount or quantity, which does not identify a row."""
    return _MEASURED.search(column) is not None


def _digest(texts: Iterable[str]) -> bytes:
    joined = "\x1f".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=16).digest()
