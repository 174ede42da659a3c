"""Values that rows of a FOCUS export share: who billed what when, and at which prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from tasks.core.books import BookKey, Break, Destination
from tasks.core.days import day_bounds
from tasks.core.exports.focus_columns import Value
from tasks.core.exports.focus_contract import ASSETS
from tasks.core.exports.focus_prices import EXACT, Rated, nano_decimal
from tasks.core.exports.focus_words import family_of, issuer_name, service_name, tags_of

#: Unit prices of tokens are for this many.
TOKENS_PER_PRICE = "1000000 Tokens"
_MILLION_PLACES = -6


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


class Share(NamedTuple):
    """One destination's part of a billed line."""

    to: Destination
    amount_nano: int
    quantity: int | None
    ratio: Decimal | None


def common_values(
    key: BookKey, to: Destination, amount_nano: int, context: Context
) -> dict[str, Value]:
    """Fill what every row has; prices and quantities are null until a line tells them."""
    name = issuer_name(key.issuer)
    amount = nano_decimal(amount_nano)
    effective = nano_decimal(0 if to.kind in ASSETS else amount_nano)
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
        "EffectiveCost": effective,
        # As the specification wants it of charges without a unit price.
        "ListCost": amount,
        "ContractedCost": amount,
        "PricingCurrencyEffectiveCost": effective,
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


def price_values(share: Share, rated: Rated, currency: str) -> dict[str, Value]:
    """Give prices by the token where they are known, else by the amount, at a price of one."""
    listed, contracted = rated.list_price, rated.contracted_price
    if share.quantity is None or listed is None or contracted is None:
        return priced_by_amount(nano_decimal(share.amount_nano), currency)
    quantity = Decimal(share.quantity).scaleb(_MILLION_PLACES, EXACT)
    return _priced("price_list", TOKENS_PER_PRICE, quantity, listed, contracted)


def priced_by_amount(amount: Decimal, currency: str) -> dict[str, Value]:
    """Price an amount by itself, at a price of one."""
    return _priced("billed_amount", currency, amount, Decimal(1), Decimal(1))


def _priced(
    basis: str, unit: str, quantity: Decimal, listed: Decimal, contracted: Decimal
) -> dict[str, Value]:
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


def consumed_values(share: Share, rated: Rated, currency: str) -> dict[str, Value]:
    """Give what was consumed: the line's unit where it is known, else the amount itself."""
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
