"""OpenAI's usage and costs: payload models, and pure parsing into raw rows.

Source: openai/openai-openapi, `GET /v1/organization/usage/completions` and
`GET /v1/organization/costs`, read 2026-11. Kept are counts, amounts and the vendor's ids
of project, key and model; user ids are never read.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from tasks.core.batches import RawRow, Reject
from tasks.core.money import parse_amount, to_nano
from tasks.core.refusals import refused
from tasks.sources.openai.line_items import kept_line_item
from tasks.sources.report_days import Bucket
from tasks.sources.report_fields import (
    AmountField,
    Count,
    CurrencyCode,
    Payload,
    VendorText,
    decimal_text,
    is_zero,
    money_reject,
    read_page,
    salvage,
)

#: Seconds since 1970, UTC, from the year 2000 to 2199.
_Seconds = Annotated[int, Field(ge=946_684_800, le=7_258_118_399)]
# A count beyond a signed 64-bit integer, or a fraction too small to be one of anything.
_LARGEST_EXPONENT = 18
#: Words of the vendor's price list; free text by its specification.
_LineItem = Annotated[str, Field(max_length=500)]


def _read_quantity(value: object) -> Decimal | None:
    if value is None:
        return None
    if is_zero(value):
        return Decimal(0)
    quantity = parse_amount(value)  # type: ignore[arg-type]  # it refuses other types itself
    if abs(quantity.adjusted()) > _LARGEST_EXPONENT:
        message = "must be a count"
        raise ValueError(message)
    return quantity


class _Bucket(Payload):
    start_time: _Seconds
    end_time: _Seconds
    results: list[object]


class _Page(Payload):
    data: list[_Bucket]


class _UsageRow(Payload):
    """What was metered for one project, key, model, batch flag and tier on one day.

    `input_tokens` includes the cached and the cache-write tokens; the books keep the three
    apart, so the parts must fit the whole.
    """

    project_id: VendorText | None = None
    api_key_id: VendorText | None = None
    model: VendorText
    batch: bool | None = None
    service_tier: VendorText | None = None
    input_tokens: Count | None = None
    input_cached_tokens: Count | None = None
    input_cache_write_tokens: Count | None = None
    input_uncached_tokens: Count | None = None
    output_tokens: Count | None = None

    @model_validator(mode="after")
    def _parts_fit_the_whole(self) -> "_UsageRow":
        parts = (self.input_cached_tokens or 0) + (self.input_cache_write_tokens or 0)
        if self.input_uncached_tokens is not None:
            parts += self.input_uncached_tokens
            is_contradicted = self.input_tokens not in {None, parts}
        else:
            is_contradicted = self.input_tokens is not None and parts > self.input_tokens
        if is_contradicted:
            message = "input parts must fit the whole"
            raise ValueError(message)
        return self

    def uncached_tokens(self) -> int | None:
        """Give the input tokens that no cache was part of; None if nothing says."""
        if self.input_uncached_tokens is not None or self.input_tokens is None:
            return self.input_uncached_tokens
        cached = (self.input_cached_tokens or 0) + (self.input_cache_write_tokens or 0)
        return self.input_tokens - cached


class _Amount(Payload):
    value: AmountField  # whole dollars; documented as number, delivered as text
    currency: CurrencyCode


class _Value(Payload):
    value: AmountField


class _CostValue(Payload):
    amount: _Value


class _CostProject(Payload):
    project_id: VendorText | None


class _CostRow(Payload):
    """One line that was billed, grouped by project and line item."""

    amount: _Amount
    project_id: VendorText | None = None
    api_key_id: VendorText | None = None
    line_item: _LineItem | None = None
    quantity: Annotated[Decimal | None, BeforeValidator(_read_quantity)] = None
    quantity_unit: VendorText | None = None


def parse_buckets(source: str, endpoint: str, payload: object) -> list[Bucket]:
    """Read the buckets of one page of either report.

    Raises:
        SourceError: The page has another shape.
    """
    page = read_page(_Page, source, endpoint, payload)
    return [
        Bucket(
            datetime.fromtimestamp(bucket.start_time, UTC),
            datetime.fromtimestamp(bucket.end_time, UTC),
            bucket.results,
        )
        for bucket in page.data
    ]


def parse_usage(row: object, place: str, position: int, *, issuer: str) -> RawRow | Reject:
    """Reduce one row of completions usage to disjoint counts and ids."""
    try:
        usage = _UsageRow.model_validate(row)
    except ValidationError as error:
        return money_reject(refused(row, error, place, position), issuer=issuer)
    return {
        "project_id": usage.project_id,
        "api_key_id": usage.api_key_id,
        "model": usage.model,
        "batch": usage.batch,
        "service_tier": usage.service_tier,
        "input_uncached_tokens": usage.uncached_tokens(),
        "input_cached_tokens": usage.input_cached_tokens,
        "input_cache_write_tokens": usage.input_cache_write_tokens,
        "output_tokens": usage.output_tokens,
    }


def parse_cost(
    row: object, place: str, position: int, *, issuer: str, default_account: str
) -> RawRow | Reject:
    """Reduce one row of the costs to its amount, in whole currency units, and ids."""
    try:
        cost = _CostRow.model_validate(row)
    except ValidationError as error:
        billed = salvage(_CostValue, row)
        billed_to = salvage(_CostProject, row)
        return money_reject(
            refused(row, error, place, position),
            issuer=issuer,
            account=(billed_to.project_id or default_account) if billed_to else "",
            amount_nano=to_nano(billed.amount.value) if billed else None,
        )
    return {
        "amount": decimal_text(cost.amount.value),
        "currency": cost.amount.currency.upper(),
        "project_id": cost.project_id,
        "api_key_id": cost.api_key_id,
        "line_item": kept_line_item(cost.line_item),
        "quantity": None if cost.quantity is None else decimal_text(cost.quantity),
        "quantity_unit": cost.quantity_unit,
    }
