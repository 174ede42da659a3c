"""The columns of a FOCUS 1.2 export, in the order they are written.

Own columns start with `x_` and follow those of the specification; they are named so that they
map one to one onto what version 1.5 drafts for AI spend.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

FOCUS_VERSION = "1.2"

#: Digits after the point of every amount, price and quantity; more are refused, never rounded.
SCALE = 18

Value = str | Decimal | datetime | None
#: One row: a value for each column of `COLUMNS`.
Row = Mapping[str, Value]


class FocusColumn(NamedTuple):
    """A column and what it holds: text, an exact decimal, or an aware UTC instant."""

    name: str
    type: Literal["text", "decimal", "instant"]


_DECIMALS = frozenset(
    {
        *("BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice"),
        *("EffectiveCost", "ListCost", "ListUnitPrice", "PricingCurrencyContractedUnitPrice"),
        *("PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity"),
        "x_AllocationRatio",
    }
)
_INSTANTS = frozenset(
    {"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"}
)
_NAMES = """
    BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd
    BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargeFrequency
    ChargePeriodEnd ChargePeriodStart CommitmentDiscountStatus ConsumedQuantity ConsumedUnit
    ContractedCost ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost
    ListUnitPrice PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice
    PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice PricingQuantity PricingUnit
    ProviderName PublisherName ServiceCategory ServiceName ServiceSubcategory SkuId SkuMeter
    SkuPriceDetails SkuPriceId SubAccountId SubAccountName Tags
    x_WorkflowFamily x_Workflow x_Portfolio x_CostCentre x_Pool x_PaidFrom x_DestinationKind
    x_AllocationMethod x_AllocationBasis x_AllocationRatio x_SkuBasis x_PriceBasis
    x_OriginChargeId x_OriginBillingPeriod x_AmountBasis x_ReconciliationStatus x_EvidenceRef
"""


def _column(name: str) -> FocusColumn:
    if name in _DECIMALS:
        return FocusColumn(name, "decimal")
    return FocusColumn(name, "instant" if name in _INSTANTS else "text")


COLUMNS = tuple(_column(name) for name in _NAMES.split())
