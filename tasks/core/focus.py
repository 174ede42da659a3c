"""Rows of a FOCUS 1.2 export: the ledger's split of money, joined with what the bill says.

Two sums hold at once, exactly: of a billed line over its rows, and of a destination over its
rows. Where a book has several lines and several destinations the rows between are in
proportion to both, and say so (`x_SkuBasis`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from tasks.core.billed_lines import Line, Posted, side_of
from tasks.core.books import BookKey, Break, Destination, DestinationKind
from tasks.core.cross_split import cross_split
from tasks.core.days import day_bounds
from tasks.core.focus_columns import Row, Value
from tasks.core.focus_prices import EXACT, RateBook, Rated, nano_decimal
from tasks.core.focus_words import (
    book_text,
    description,
    family_of,
    issuer_name,
    origin_digest,
    origin_id,
    service_name,
    sku_values,
    tags_of,
    whose,
)
from tasks.core.money import split_exact

#: Unit prices of tokens are for this many.
TOKENS_PER_PRICE = "1000000 Tokens"
_MILLION_PLACES = -6
#: Digits of a ratio that is shown; amounts are what counts.
_RATIO_PLACES = 12
_SHORT = 12
_CATEGORIES = {"usage": "Usage", "credit": "Credit", "tax": "Tax", "purchase": "Purchase"}
_SIDES = {
    DestinationKind.FAMILY: "Usage",
    DestinationKind.CREDIT: "Credit",
    DestinationKind.TAX: "Tax",
}
_ADJUSTMENT = "Adjustment"
_PRICED = frozenset({"Usage", "Purchase"})


@dataclass(frozen=True, slots=True)
class Context:
    """What all rows of an export share.

    Attributes:
        head: Chain head of the ledger at the moment of reading.
        cost_centres: By portfolio.
        day_offsets: Start of the day by issuer, in minutes after 00:00 UTC.
        breaks: Differences that are open.
    """

    period: str
    head: str
    cost_centres: Mapping[str, str]
    day_offsets: Mapping[str, int]
    breaks: Sequence[Break] = ()


class _Share(NamedTuple):
    """One destination's part of a billed line."""

    to: Destination
    amount_nano: int
    quantity: int | None
    ratio: Decimal | None


def focus_rows(
    posted: Posted, lines: Mapping[BookKey, Sequence[Line]], rates: RateBook, context: Context
) -> list[Row]:
    """Make the rows of a billing period, in a stable order.

    Args:
        posted: What is booked in it, without the payable side.
        lines: Billed lines that the books were made of (`booked_lines`).
        rates: Quantities and prices of these lines.
        context: What all rows share.
    """
    books: dict[BookKey, dict[Destination, int]] = {}
    for (key, to), amount_nano in posted.items():
        if amount_nano:
            books.setdefault(key, {})[to] = amount_nano
    open_breaks = _open_breaks(context.breaks)
    rows: list[Row] = []
    for key in sorted({*books, *lines}):
        if key.origin_period:
            rows += [_correction(key, to, nano, context) for to, nano in sorted(books[key].items())]
            continue
        sides: dict[DestinationKind, list[Line]] = {}
        for line in lines.get(key, ()):
            sides.setdefault(line.key.side, []).append(line)
        for side, of_side in sorted(sides.items()):
            booked = books.get(key, {}).items()
            columns = sorted(item for item in booked if side_of(item[0].kind) is side)
            # Lines that net to nothing left no posting; the rows still tell them.
            columns = columns or [(_nowhere(side), 0)]
            table = cross_split([line.billed_nano for line in of_side], [n for _, n in columns])
            is_exact = len(columns) == 1 or sum(bool(line.billed_nano) for line in of_side) == 1
            for line, cells in zip(of_side, table, strict=True):
                rated = rates.rate(line)
                parts = [(to, cell) for (to, _), cell in zip(columns, cells, strict=True) if cell]
                shares = _shares(parts, rated)
                status = _status(open_breaks, key, line.key.sku)
                rows += [
                    _row(line, share, rated, context)
                    | {
                        "x_SkuBasis": "exact" if is_exact else "proportional",
                        "x_AmountBasis": _basis(line, len(shares)),
                        "x_ReconciliationStatus": status,
                    }
                    for share in shares
                ]
    return rows


def _nowhere(side: DestinationKind) -> Destination:
    is_spread = side is DestinationKind.FAMILY
    return Destination(DestinationKind.UNATTRIBUTED if is_spread else side)


def _shares(parts: Sequence[tuple[Destination, int]], rated: Rated) -> list[_Share]:
    """Split quantity and ratio of a line as its money was split."""
    if not parts:
        return []
    amounts = [amount for _, amount in parts]
    weights = [abs(amount) for amount in amounts]
    has_one_sign = min(amounts) > 0 or max(amounts) < 0
    quantities: Sequence[int | None] = [None] * len(parts)
    if rated.quantity is not None:
        quantities = split_exact(rated.quantity, weights)
    ratios = split_exact(10**_RATIO_PLACES, weights)
    return [
        _Share(
            to, amount, quantity, Decimal(ratio).scaleb(-_RATIO_PLACES) if has_one_sign else None
        )
        for (to, amount), quantity, ratio in zip(parts, quantities, ratios, strict=True)
    ]


def _row(line: Line, share: _Share, rated: Rated, context: Context) -> dict[str, Value]:
    key = line.key
    category = _CATEGORIES.get(key.category, _ADJUSTMENT)
    row = _common(key.book, share.to, share.amount_nano, context)
    row |= {
        "ChargeCategory": category,
        "ChargeClass": "Correction" if key.charge_class == "correction" else None,
        "ChargeDescription": description(key.model or key.sku, key.kind, share.to),
        "ChargeFrequency": "Usage-Based" if category == "Usage" else "One-Time",
        "ChargePeriodStart": key.start,
        "ChargePeriodEnd": key.end,
        "InvoiceId": key.invoice_id or None,
        "x_AllocationRatio": share.ratio,
        "x_OriginChargeId": origin_id(line),
        "x_EvidenceRef": f"charges@{line.evidence[:_SHORT]} head@{context.head[:_SHORT]}",
    }
    if category in _PRICED:
        row |= sku_values(line)
        row |= _prices(share, rated, key.book.currency)
    if category == "Usage":
        row |= _consumed(share, rated, key.book.currency)
    return row


def _correction(
    key: BookKey, to: Destination, amount_nano: int, context: Context
) -> dict[str, Value]:
    """Make the row of a closed period's difference, which has no billed line of its own."""
    start, end = day_bounds(key.day, context.day_offsets.get(key.issuer, 0))
    origin = origin_digest([*book_text(key), key.origin_period])
    return _common(key, to, amount_nano, context) | {
        "ChargeCategory": _SIDES.get(side_of(to.kind), _ADJUSTMENT),
        "ChargeClass": "Correction",
        "ChargeDescription": f"Correction of {key.origin_period} for {whose(to)}",
        "ChargeFrequency": "One-Time",
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "InvoiceId": None,
        "x_AllocationRatio": None,
        "x_OriginChargeId": origin,
        "x_OriginBillingPeriod": key.origin_period,
        "x_SkuBasis": None,
        "x_AmountBasis": "allocated",
        "x_ReconciliationStatus": "prior-period",
        "x_EvidenceRef": f"head@{context.head[:_SHORT]}",
    }


def _common(key: BookKey, to: Destination, amount_nano: int, context: Context) -> dict[str, Value]:
    """Fill what every row has; prices and quantities are null until a line tells them."""
    name = issuer_name(key.issuer)
    amount = nano_decimal(amount_nano)
    centre = context.cost_centres.get(to.portfolio, "")
    start, end = period_bounds(context.period, context.day_offsets.get(key.issuer, 0))
    empty = (
        *("CommitmentDiscountStatus", "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice"),
        *("ListUnitPrice", "PricingCategory", "PricingCurrencyContractedUnitPrice"),
        *("PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "SkuId", "SkuMeter"),
        *("SkuPriceDetails", "SkuPriceId", "x_OriginBillingPeriod", "x_PriceBasis"),
    )
    return dict.fromkeys(empty) | {
        "BilledCost": amount,
        "EffectiveCost": amount,
        # As the specification wants it of charges without a unit price.
        "ListCost": amount,
        "ContractedCost": amount,
        "PricingCurrencyEffectiveCost": amount,
        "BillingAccountId": key.issuer,
        "BillingAccountName": name,
        "BillingCurrency": key.currency,
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "InvoiceIssuerName": name,
        "ProviderName": name,
        "PublisherName": name,
        "PricingCurrency": key.currency,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": service_name(key.issuer),
        "SubAccountId": key.account,
        "SubAccountName": key.account,
        "Tags": tags_of(to, centre),
        "x_WorkflowFamily": family_of(to),
        "x_Workflow": to.workflow or None,
        "x_Portfolio": to.portfolio or None,
        "x_CostCentre": centre or None,
        "x_Pool": to.pool or None,
        "x_PaidFrom": to.paid_from or None,
        "x_DestinationKind": to.kind.value,
        "x_AllocationMethod": to.method.value,
        "x_AllocationBasis": to.strength.value,
    }


def _prices(share: _Share, rated: Rated, currency: str) -> dict[str, Value]:
    """Give prices by the token where they are known, else by the amount, at a price of one."""
    listed, contracted = rated.list_price, rated.contracted_price
    if share.quantity is None or listed is None or contracted is None:
        amount, one = nano_decimal(share.amount_nano), Decimal(1)
        basis, unit, quantity, listed, contracted = "billed_amount", currency, amount, one, one
    else:
        basis, unit = "price_list", TOKENS_PER_PRICE
        quantity = Decimal(share.quantity).scaleb(_MILLION_PLACES, EXACT)
    return {
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "ListUnitPrice": listed,
        "ListCost": EXACT.multiply(listed, quantity),
        "ContractedUnitPrice": contracted,
        "ContractedCost": EXACT.multiply(contracted, quantity),
        "PricingCurrencyListUnitPrice": listed,
        "PricingCurrencyContractedUnitPrice": contracted,
        "x_PriceBasis": basis,
    }


def _consumed(share: _Share, rated: Rated, currency: str) -> dict[str, Value]:
    if share.quantity is None:
        return {"ConsumedQuantity": nano_decimal(share.amount_nano), "ConsumedUnit": currency}
    unit = rated.unit.replace("_", " ").title()
    return {"ConsumedQuantity": Decimal(share.quantity), "ConsumedUnit": unit}


def period_bounds(period: str, offset_minutes: int = 0) -> tuple[datetime, datetime]:
    """Give the first instant of a `YYYY-MM` period of an issuer and of the next one, in UTC."""
    year, month = map(int, period.split("-"))
    following = date(year + month // 12, month % 12 + 1, 1)
    return (
        day_bounds(date(year, month, 1), offset_minutes)[0],
        day_bounds(following, offset_minutes)[0],
    )


def _basis(line: Line, shares: int) -> str:
    if shares > 1:
        return "allocated"
    return "invoiced" if line.key.invoice_id else "billed"


def _open_breaks(breaks: Iterable[Break]) -> dict[tuple[str, str, date, str], set[str]]:
    found: dict[tuple[str, str, date, str], set[str]] = {}
    for one in breaks:
        place = one.issuer, one.account, one.day, one.sku
        found.setdefault(place, set()).add(one.break_class.value)
    return found


def _status(breaks: Mapping[tuple[str, str, date, str], set[str]], key: BookKey, sku: str) -> str:
    places = ((key.account, sku), (key.account, "-"), ("-", sku), ("-", "-"))
    classes = {
        name
        for account, of in places
        for name in breaks.get((key.issuer, account, key.day, of), ())
    }
    return ",".join(sorted(classes)) or "matched"
