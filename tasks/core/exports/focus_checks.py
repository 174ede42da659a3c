"""Hold the rows of a FOCUS export against the ledger and the specification, one by one.

Stricter than the official validator, which passes wrong list costs, illegal categories in some
rows and invoices that do not sum: here every row is looked at, null is a value, and sums are
exact. Written against the rows alone and not against how they were made.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from tasks.core.books import BookKey
from tasks.core.exports.billed_lines import Line, Posted
from tasks.core.exports.focus_columns import COLUMNS, SCALE, Row, Value
from tasks.core.exports.focus_contract import ASSETS, UNTOLD
from tasks.core.exports.focus_prices import EXACT, nano_decimal

_T = TypeVar("_T")
_ZERO = Decimal(0)

_REQUIRED = (
    *("BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodStart"),
    *("BillingPeriodEnd", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd"),
    *("ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ProviderName"),
    *("PublisherName", "ServiceCategory", "ServiceName", "x_DestinationKind", "x_OriginChargeId"),
)
_CATEGORIES = frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"})
_CLASSES: frozenset[Value] = frozenset({None, "Correction"})
_FREQUENCIES = frozenset({"One-Time", "Recurring", "Usage-Based"})
_PRICING = (
    *("PricingQuantity", "PricingUnit", "SkuId", "SkuPriceId", "ListUnitPrice"),
    *("ContractedUnitPrice", "PricingCategory"),
)
_CONSUMED = ("ConsumedQuantity", "ConsumedUnit")
_PLACE = ("BillingAccountId", "SubAccountId", "BillingCurrency", "x_OriginBillingPeriod")


def row_faults(row: Row) -> list[str]:
    """Name every rule of the specification that one row breaks."""
    faults = [
        *(f"{name} is unknown" for name in row if name not in _TYPES),
        *(f"{name} is absent" for name in _TYPES if name not in row),
        *(f"{name} is null" for name in _REQUIRED if row.get(name) is None),
        *(f"{name} is not {_TYPES[name]}" for name in row if not _fits(name, row[name])),
    ]
    if faults:
        return faults
    return [rule for rule, holds in _RULES if not holds(row)]


def ledger_faults(rows: Iterable[Row], posted: Posted) -> list[str]:
    """Name every destination whose effective, and every book whose billed cost is not posted."""
    booked: dict[tuple[Value, ...], Decimal] = {}
    owed: dict[tuple[Value, ...], Decimal] = {}
    for (key, to), amount_nano in posted.items():
        if to.kind in UNTOLD:
            continue
        of_book = (key.issuer, key.account, key.currency, key.origin_period or None)
        _add(owed, (*of_book, key.billing_period), nano_decimal(amount_nano))
        if to.kind in ASSETS:
            continue
        place: tuple[Value, ...] = (
            *(key.issuer, key.account, key.currency, key.origin_period or None),
            *(key.billing_period, to.kind.value, to.portfolio or None, to.workflow or None),
            *(to.pool or None, to.paid_from or None, to.method.value, to.strength.value),
        )
        _add(booked, place, nano_decimal(amount_nano))
    told: dict[tuple[Value, ...], Decimal] = {}
    effective: dict[tuple[Value, ...], Decimal] = {}
    for row in rows:
        of: tuple[Value, ...] = (
            *(row[name] for name in _PLACE),
            _period(row),
            *(row[name] for name in ("x_DestinationKind", "x_Portfolio", "x_Workflow")),
            *(row[name] for name in ("x_Pool", "x_PaidFrom")),
            *(row[name] for name in ("x_AllocationMethod", "x_AllocationBasis")),
        )
        _add(told, (*(row[name] for name in _PLACE), _period(row)), _decimal(row, "BilledCost"))
        if row["x_DestinationKind"] not in _ASSETS:
            _add(effective, of, _decimal(row, "EffectiveCost"))
        elif row["EffectiveCost"] != _ZERO:
            effective[of] = _decimal(row, "EffectiveCost")
    return [*_different("billed", owed, told), *_different("effective", booked, effective)]


def origin_faults(rows: Iterable[Row], lines: Mapping[BookKey, Sequence[Line]]) -> list[str]:
    """Name origin charges whose rows do not sum to them, in money or in shares; and lost ones."""
    sums: dict[Value, Decimal] = {}
    ratios: dict[Value, Decimal] = {}
    for row in rows:
        if row["x_OriginBillingPeriod"] is None and row["x_AmountBasis"] != "contract":
            origin = row["x_OriginChargeId"]
            _add(sums, origin, _gross(row))
            if row["x_AllocationRatio"] is not None:
                _add(ratios, origin, _decimal(row, "x_AllocationRatio"))
    # Ids are digests of what a line is: the amounts alone are held against the bill.
    billed = sorted(
        nano_decimal(line.billed_nano)
        for of_book in lines.values()
        for line in of_book
        if line.billed_nano
    )
    faults = [f"shares of {origin} sum to {sum_}" for origin, sum_ in ratios.items() if sum_ != 1]
    if sorted(sum_ for sum_ in sums.values() if sum_) != billed:
        faults.append(f"{len(sums)} origin charges are not the {len(billed)} billed lines")
    return faults


def invoice_faults(rows: Iterable[Row], payable: Mapping[str, Decimal]) -> list[str]:
    """Name invoices whose rows do not sum to what the issuer wants paid.

    Args:
        rows: Of the export.
        payable: By invoice id, in whole units of the invoice's currency.
    """
    sums: dict[str, Decimal] = {}
    for row in rows:
        if isinstance(row["InvoiceId"], str):
            _add(sums, row["InvoiceId"], _gross(row))
    return _different("invoiced", payable, sums)


def table_faults(rows: Sequence[Row]) -> list[str]:
    """Name what is wrong between rows: repeated ones, a name with two meanings, mixed invoices."""
    seen = set()
    faults = []
    for number, row in enumerate(rows, 1):
        identity = (row["x_OriginChargeId"], *(row[name] for name in _DESTINATION))
        if identity in seen:
            faults.append(f"row {number} repeats an earlier one")
        seen.add(identity)
    for name, of in (("ServiceName", "ServiceCategory"), ("SkuPriceId", "SkuId")):
        meanings: dict[Value, set[Value]] = {}
        for row in rows:
            meanings.setdefault(row[name], set()).add(row[of])
        faults += [
            f"{name} {value} has several {of}"
            for value, found in meanings.items()
            if value is not None and len(found) > 1
        ]
    return faults


def _gross(row: Row) -> Decimal:
    """Give what the bill says, before credits bought earlier pay a part of it."""
    is_advance = row["x_DestinationKind"] in _ASSETS
    return _decimal(row, "BilledCost" if is_advance else "EffectiveCost")


def _is_priced(row: Row) -> bool:
    return row["ChargeCategory"] in {"Usage", "Purchase"} and row["ChargeClass"] is None


def _is_product(cost: str, price: str) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        if row[price] is None or row["ChargeClass"] is not None:
            return True
        product = EXACT.multiply(_decimal(row, price), _decimal(row, "PricingQuantity"))
        return product == row[cost]

    return holds


def _all_null(names: Iterable[str]) -> Callable[[Row], bool]:
    return lambda row: all(row[name] is None for name in names)


def _are_four_equal(row: Row) -> bool:
    if row["x_DestinationKind"] in _PAID_BEFORE:
        return row["EffectiveCost"] == row["ListCost"] == row["ContractedCost"]
    if row["x_DestinationKind"] in _ASSETS and row["ChargeClass"] is not None:
        return row["BilledCost"] == row["ListCost"] == row["ContractedCost"]
    costs = {row[name] for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")}
    return len(costs) == 1


def _is_flat_json(name: str) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        value = row[name]
        if value is None:
            return True
        found = json.loads(str(value))
        return isinstance(found, dict) and all(isinstance(one, str) for one in found.values())

    return holds


_DESTINATION = (
    *("x_DestinationKind", "x_Portfolio", "x_WorkflowFamily", "x_Workflow", "x_Pool"),
    *("x_PaidFrom", "x_AllocationMethod", "x_AllocationBasis"),
)
_ASSETS = frozenset(kind.value for kind in ASSETS)
#: Costs that were billed when their credits were bought.
_PAID_BEFORE = frozenset({"breakage"})
_TYPES = {column.name: column.type for column in COLUMNS}
_RULES: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("ChargeCategory is not one of the five", lambda row: row["ChargeCategory"] in _CATEGORIES),
    ("ChargeClass is neither null nor Correction", lambda row: row["ChargeClass"] in _CLASSES),
    ("ChargeFrequency is unknown", lambda row: row["ChargeFrequency"] in _FREQUENCIES),
    (
        "a purchase is usage-based",
        lambda row: (row["ChargeCategory"], row["ChargeFrequency"]) != ("Purchase", "Usage-Based"),
    ),
    (
        "a usage or purchase lacks sku, price or quantity",
        lambda row: not _is_priced(row) or all(row[name] is not None for name in _PRICING),
    ),
    (
        "a usage lacks what was consumed",
        lambda row: (
            row["ChargeCategory"] != "Usage"
            or row["ChargeClass"] is not None
            or all(row[name] is not None for name in _CONSUMED)
        ),
    ),
    (
        "what is no usage has a consumed quantity",
        lambda row: row["ChargeCategory"] == "Usage" or _all_null(_CONSUMED)(row),
    ),
    (
        "a tax has sku, price or quantity",
        lambda row: row["ChargeCategory"] != "Tax" or _all_null(_PRICING)(row),
    ),
    (
        "the four costs differ without a unit price that could say why",
        lambda row: row["ListUnitPrice"] is not None or _are_four_equal(row),
    ),
    (
        "a credit has a unit price",
        lambda row: row["ChargeCategory"] != "Credit" or row["ListUnitPrice"] is None,
    ),
    ("ListCost is not price by quantity", _is_product("ListCost", "ListUnitPrice")),
    (
        "ContractedCost is not price by quantity",
        _is_product("ContractedCost", "ContractedUnitPrice"),
    ),
    (
        "a correction names no period, or another row does",
        lambda row: row["x_OriginBillingPeriod"] is None or row["ChargeClass"] == "Correction",
    ),
    (
        "the issuer is not the provider, which would ask for a billed cost of zero",
        lambda row: row["InvoiceIssuerName"] == row["ProviderName"] == row["PublisherName"],
    ),
    (
        "a period ends before it starts",
        lambda row: (
            str(row["BillingPeriodStart"]) < str(row["BillingPeriodEnd"])
            and str(row["ChargePeriodStart"]) < str(row["ChargePeriodEnd"])
        ),
    ),
    ("Tags are no flat JSON object", _is_flat_json("Tags")),
    ("SkuPriceDetails are no flat JSON object", _is_flat_json("SkuPriceDetails")),
)


def _fits(name: str, value: Value) -> bool:
    if value is None or name not in _TYPES:
        return True
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        is_kept = isinstance(exponent, int) and -exponent <= SCALE
        return _TYPES[name] == "decimal" and value.is_finite() and is_kept
    if isinstance(value, str):
        return _TYPES[name] == "text" and bool(value)
    return _TYPES[name] == "instant" and value.tzinfo is not None


def _decimal(row: Row, name: str) -> Decimal:
    value = row[name]
    return value if isinstance(value, Decimal) else _ZERO


def _period(row: Row) -> str:
    """Name the billing period: its middle is in the month whatever the issuer's zone."""
    start, end = row["BillingPeriodStart"], row["BillingPeriodEnd"]
    if isinstance(start, str | Decimal) or isinstance(end, str | Decimal) or not (start and end):
        return ""
    return f"{start + (end - start) / 2:%Y-%m}"


def _add(sums: dict[_T, Decimal], place: _T, amount: Decimal) -> None:
    sums[place] = EXACT.add(sums.get(place, _ZERO), amount)


def _different(what: str, right: Mapping[_T, Decimal], found: Mapping[_T, Decimal]) -> list[str]:
    places = sorted({*right, *found}, key=str)
    return [
        f"{what} {place}: the ledger says {right.get(place, _ZERO)}, rows {found.get(place, _ZERO)}"
        for place in places
        if right.get(place, _ZERO) != found.get(place, _ZERO)
    ]
