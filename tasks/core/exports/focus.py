"""Rows of a FOCUS 1.2 export: the ledger's split of money, joined with what the bill says.

Two sums hold at once, exactly: of a billed line over its rows, and of a destination over its
rows. Where a book has several lines and several destinations the rows between are in
proportion to both, and say so (`x_SkuBasis`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tasks.core.books import BookKey, Break, Destination, DestinationKind
from tasks.core.days import day_bounds
from tasks.core.exports.billed_lines import Line, Posted, is_billed, side_of
from tasks.core.exports.focus_columns import Row, Value
from tasks.core.exports.focus_contract import (
    UNTOLD,
    ContractCharge,
    billed_after_draw,
    contract_charges,
    drawn_nano,
)
from tasks.core.exports.focus_prices import RateBook, Rated, nano_decimal
from tasks.core.exports.focus_values import (
    Context,
    Share,
    common_values,
    consumed_values,
    price_values,
    priced_by_amount,
)
from tasks.core.exports.focus_words import (
    book_text,
    description,
    origin_digest,
    origin_id,
    sku_values,
    whose,
)
from tasks.core.money import split_exact
from tasks.core.reconciling.cross_split import cross_split

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


#: Classes of open breaks by (issuer, account, day, sku).
_Breaks = Mapping[tuple[str, str, date, str], set[str]]


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
        amounts = books.get(key, {})
        if key.origin_period:
            told = sorted((to, nano) for to, nano in amounts.items() if to.kind not in UNTOLD)
            rows += [_correction(key, to, nano, context) for to, nano in told]
            continue
        of_bill = _billed_rows(key, amounts, lines.get(key, ()), rates, context, open_breaks)
        rows += _after_draw(of_bill, drawn_nano(amounts))
        sides = frozenset(line.key.side for line in lines.get(key, ()))
        rows += [_contract_row(key, charge, context) for charge in contract_charges(amounts, sides)]
    return rows


def _billed_rows(
    key: BookKey,
    amounts: Mapping[Destination, int],
    lines: Sequence[Line],
    rates: RateBook,
    context: Context,
    open_breaks: _Breaks,
) -> list[dict[str, Value]]:
    """Make the rows of one book that billed lines stand behind."""
    sides: dict[DestinationKind, list[Line]] = {}
    for line in lines:
        sides.setdefault(line.key.side, []).append(line)
    rows: list[dict[str, Value]] = []
    for side, of_side in sorted(sides.items()):
        columns = sorted(
            item for item in amounts.items() if side_of(item[0].kind) is side and is_billed(item[0])
        )
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


def _after_draw(rows: list[dict[str, Value]], drawn: int) -> list[Row]:
    """Bill of usage only what credits bought before have not paid."""
    usage = [row for row in rows if row["ChargeCategory"] == "Usage"]
    amounts = [_nano(row["EffectiveCost"]) for row in usage]
    for row, billed in zip(usage, billed_after_draw(amounts, drawn), strict=True):
        row["BilledCost"] = nano_decimal(billed)
    return list(rows)


def _nano(value: Value) -> int:
    return int(value.scaleb(9)) if isinstance(value, Decimal) else 0


def _contract_row(key: BookKey, charge: ContractCharge, context: Context) -> Row:
    """Make the row of what a contract or a document says, which has no billed line."""
    start, end = day_bounds(key.day, context.day_offsets.get(key.issuer, 0))
    to, gross = charge.to, nano_decimal(charge.billed_nano or charge.effective_nano)
    words = (to.kind.value, to.method.value)
    row = common_values(key, to, charge.effective_nano, context) | {
        "BilledCost": nano_decimal(charge.billed_nano),
        "ListCost": gross,
        "ContractedCost": gross,
        "ChargeCategory": charge.category,
        "ChargeClass": None,
        "ChargeDescription": f"{words[0]} {words[1]} for {whose(to)}".replace("_", " "),
        "ChargeFrequency": charge.frequency,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "InvoiceId": None,
        "x_AllocationRatio": None,
        "x_OriginChargeId": origin_digest([*book_text(key), *words]),
        "x_SkuBasis": None,
        "x_AmountBasis": "contract",
        "x_ReconciliationStatus": "matched",
        "x_EvidenceRef": f"head@{context.head[:_SHORT]}",
    }
    if charge.category in _PRICED:
        sku = f"{key.issuer}:{'seats' if charge.frequency == 'Recurring' else 'credits'}"
        row |= {"SkuId": sku, "SkuMeter": sku, "SkuPriceId": f"{sku}:flat"}
        row |= priced_by_amount(gross, key.currency)
    if charge.category == "Usage":
        row |= {"ConsumedQuantity": gross, "ConsumedUnit": key.currency}
    return row


def _nowhere(side: DestinationKind) -> Destination:
    is_spread = side is DestinationKind.FAMILY
    return Destination(DestinationKind.UNATTRIBUTED if is_spread else side)


def _shares(parts: Sequence[tuple[Destination, int]], rated: Rated) -> list[Share]:
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
        Share(to, amount, quantity, Decimal(ratio).scaleb(-_RATIO_PLACES) if has_one_sign else None)
        for (to, amount), quantity, ratio in zip(parts, quantities, ratios, strict=True)
    ]


def _row(line: Line, share: Share, rated: Rated, context: Context) -> dict[str, Value]:
    key = line.key
    category = _CATEGORIES.get(key.category, _ADJUSTMENT)
    row = common_values(key.book, share.to, share.amount_nano, context)
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
        row |= price_values(share, rated, key.book.currency)
    if category == "Usage":
        row |= consumed_values(share, rated, key.book.currency)
    return row


def _correction(
    key: BookKey, to: Destination, amount_nano: int, context: Context
) -> dict[str, Value]:
    """Make the row of a closed period's difference, which has no billed line of its own."""
    start, end = day_bounds(key.day, context.day_offsets.get(key.issuer, 0))
    origin = origin_digest([*book_text(key), key.origin_period])
    return common_values(key, to, amount_nano, context) | {
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


def _status(breaks: _Breaks, key: BookKey, sku: str) -> str:
    places = ((key.account, sku), (key.account, "-"), ("-", sku), ("-", "-"))
    classes = {
        name
        for account, of in places
        for name in breaks.get((key.issuer, account, key.day, of), ())
    }
    return ",".join(sorted(classes)) or "matched"
