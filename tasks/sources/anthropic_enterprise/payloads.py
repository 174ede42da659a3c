"""Claude Enterprise analytics: payload models, and pure parsing into raw rows.

Source: Anthropic, `GET /v1/organizations/analytics/cost_report` and `.../usage_report`, read
2026-11. Amounts are fractional cents as decimal text: `amount` after discounts and before
credits, `list_amount` before discounts. Kept are figures, product, model and kind; ids of
groups, channels and people are never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from tasks.core.batches import RawRow, Reject
from tasks.core.refusals import refused
from tasks.sources.anthropic_tokens import BucketPage, TokenCounts
from tasks.sources.report_days import Bucket
from tasks.sources.report_fields import (
    AmountField,
    CurrencyCode,
    Instant,
    Payload,
    VendorText,
    cents_to_nano,
    decimal_text,
    money_reject,
    read_page,
    salvage,
)


class _Page(BucketPage):
    data_refreshed_at: Instant


class _Group(Payload):
    """What a row is about; null where it is not grouped by that, or there is none."""

    product: VendorText | None = None
    model: VendorText | None = None
    context_window: VendorText | None = None

    def group(self) -> RawRow:
        """Give what the row is about."""
        return {
            "product": self.product,
            "model": self.model,
            "context_window": self.context_window,
        }


class _Amount(Payload):
    amount: AmountField


class _Product(Payload):
    product: VendorText | None = None


class _CostRow(_Group, _Amount):
    list_amount: AmountField | None = None
    currency: CurrencyCode
    cost_type: VendorText | None = None
    token_type: VendorText | None = None


class _UsageRow(_Group, TokenCounts):
    model: VendorText


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a report.

    Attributes:
        refreshed_at: Aware UTC; what lies after it is incomplete.
    """

    buckets: Sequence[Bucket]
    refreshed_at: datetime


@dataclass(frozen=True, slots=True)
class Accounts:
    """Which account a product is of: the configured one, or one for each product."""

    source: str
    account: str | None

    def of(self, product: str | None) -> str:
        """Name the account of a product; what names none is of the source's default."""
        return self.account or f"{self.source}:{product or 'default'}"


def parse_page(source: str, endpoint: str, payload: object) -> Page:
    """Read the frame of a page, whose rows are still unread.

    Raises:
        SourceError: The page has another shape.
    """
    page = read_page(_Page, source, endpoint, payload)
    return Page(page.buckets(), page.data_refreshed_at)


def parse_cost(
    row: object, place: str, position: int, *, issuer: str, accounts: Accounts
) -> RawRow | Reject:
    """Reduce one row of the cost report to its amounts, in cents as given, and its group."""
    try:
        cost = _CostRow.model_validate(row)
    except ValidationError as error:
        billed, about = salvage(_Amount, row), salvage(_Product, row)
        return money_reject(
            refused(row, error, place, position),
            issuer=issuer,
            account=accounts.of(about.product) if about else "",
            amount_nano=cents_to_nano(billed.amount) if billed else None,
        )
    return {
        **cost.group(),
        "cost_type": cost.cost_type,
        "token_type": cost.token_type,
        "amount": decimal_text(cost.amount),
        "list_amount": None if cost.list_amount is None else decimal_text(cost.list_amount),
        "currency": cost.currency.upper(),
    }


def parse_usage(row: object, place: str, position: int, *, issuer: str) -> RawRow | Reject:
    """Reduce one row of the usage report to its counts and its group."""
    try:
        usage = _UsageRow.model_validate(row)
    except ValidationError as error:
        return money_reject(refused(row, error, place, position), issuer=issuer)
    return {**usage.group(), **usage.counts()}


def parse_usage_total(row: object, place: str, position: int, *, issuer: str) -> RawRow | Reject:
    """Reduce the row of a day's total to its counts; it is of no model."""
    try:
        total = TokenCounts.model_validate(row)
    except ValidationError as error:
        return money_reject(refused(row, error, place, position), issuer=issuer)
    return total.counts()
