"""Anthropic's usage and cost reports: payload models, and pure parsing into raw rows.

Source: Anthropic Admin API, `GET /v1/organizations/usage_report/messages` and
`GET /v1/organizations/cost_report`, read 2026-11. Kept are counts, amounts and the
vendor's ids of workspace, key and model; ids of people and of service accounts and the
free-text description are never read.
"""

from pydantic import ValidationError

from tasks.core.batches import RawRow, Reject
from tasks.core.refusals import refused
from tasks.sources.anthropic_tokens import BucketPage, TokenCounts
from tasks.sources.report_days import Bucket
from tasks.sources.report_fields import (
    AmountField,
    CurrencyCode,
    Payload,
    VendorText,
    cents_to_nano,
    decimal_text,
    money_reject,
    read_page,
    salvage,
)


class _UsageRow(TokenCounts):
    """What was metered for one key, workspace, model, tier and context window on one day."""

    api_key_id: VendorText | None = None  # null: the vendor's own console
    workspace_id: VendorText | None = None  # null: the default workspace
    model: VendorText
    service_tier: VendorText | None = None
    context_window: VendorText | None = None


class _CostAmount(Payload):
    amount: AmountField  # fractional cents, as decimal text


class _CostWorkspace(Payload):
    workspace_id: VendorText | None


class _CostRow(_CostAmount, _CostWorkspace):
    """One line that was billed, grouped by workspace and description."""

    workspace_id: VendorText | None = None
    currency: CurrencyCode
    cost_type: VendorText | None = None
    model: VendorText | None = None
    token_type: VendorText | None = None
    service_tier: VendorText | None = None
    context_window: VendorText | None = None


def parse_buckets(source: str, endpoint: str, payload: object) -> list[Bucket]:
    """Read the buckets of one page of either report.

    Raises:
        SourceError: The page has another shape.
    """
    return read_page(BucketPage, source, endpoint, payload).buckets()


def parse_usage(row: object, place: str, position: int, *, issuer: str) -> RawRow | Reject:
    """Reduce one row of the usage report to its counts and ids."""
    try:
        usage = _UsageRow.model_validate(row)
    except ValidationError as error:
        return money_reject(refused(row, error, place, position), issuer=issuer)
    return {
        "api_key_id": usage.api_key_id,
        "workspace_id": usage.workspace_id,
        "model": usage.model,
        "service_tier": usage.service_tier,
        "context_window": usage.context_window,
        **usage.counts(),
    }


def parse_cost(
    row: object, place: str, position: int, *, issuer: str, default_account: str
) -> RawRow | Reject:
    """Reduce one row of the cost report to its amount, in cents as given, and ids."""
    try:
        cost = _CostRow.model_validate(row)
    except ValidationError as error:
        billed = salvage(_CostAmount, row)
        billed_to = salvage(_CostWorkspace, row)
        return money_reject(
            refused(row, error, place, position),
            issuer=issuer,
            account=(billed_to.workspace_id or default_account) if billed_to else "",
            amount_nano=cents_to_nano(billed.amount) if billed else None,
        )
    return {
        "amount": decimal_text(cost.amount),
        "currency": cost.currency.upper(),
        "workspace_id": cost.workspace_id,
        "cost_type": cost.cost_type,
        "model": cost.model,
        "token_type": cost.token_type,
        "service_tier": cost.service_tier,
        "context_window": cost.context_window,
    }
