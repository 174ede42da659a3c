"""How every report of Anthropic tells days, counts tokens and bills them, in the books' words."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from tasks.core.batches import RawRow
from tasks.core.models import canonical_model, sku, slug
from tasks.sources.report_days import Bucket
from tasks.sources.report_fields import Count, Instant, Payload, cents_to_nano
from tasks.sources.report_rows import TableRow, charge, count_or_none, text_or_none

# `cost_type` under which searches are billed, without a model.
_WEB_SEARCH = "web_search"
# The only metered quantity that is not a token.
_WEB_SEARCH_REQUESTS = "web_search_requests"
# `cost_type` of what is billed by token.
_TOKENS = "tokens"
#: What raw rows call a count, by what the books call it.
KIND_BY_FIELD: Mapping[str, str] = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "ephemeral_5m_input_tokens": "cache_write_5m",
    "ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
    _WEB_SEARCH_REQUESTS: _WEB_SEARCH_REQUESTS,
}
_KIND_BY_TOKEN_TYPE: Mapping[str, str] = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}


class _Bucket(Payload):
    starting_at: Instant
    ending_at: Instant
    results: list[object]


class BucketPage(Payload):
    """The frame of a page of daily buckets, whose rows are still unread."""

    data: list[_Bucket]

    def buckets(self) -> list[Bucket]:
        """Give the buckets of the page."""
        return [Bucket(one.starting_at, one.ending_at, one.results) for one in self.data]


class _CacheCreation(Payload):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _ServerToolUse(Payload):
    web_search_requests: Count | None = None


class TokenCounts(Payload):
    """Counts of one row of usage.

    The four classes of input tokens are disjoint. The two cache writes are nested: reading
    a flat field of a similar name would give zeros.
    """

    uncached_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: _CacheCreation | None = None
    output_tokens: Count | None = None
    server_tool_use: _ServerToolUse | None = None

    def counts(self) -> RawRow:
        """Give the counts under the names of `KIND_BY_FIELD`; null where not reported."""
        writes = self.cache_creation or _CacheCreation()
        tools = self.server_tool_use or _ServerToolUse()
        return {
            "uncached_input_tokens": self.uncached_input_tokens,
            "cache_read_input_tokens": self.cache_read_input_tokens,
            "ephemeral_5m_input_tokens": writes.ephemeral_5m_input_tokens,
            "ephemeral_1h_input_tokens": writes.ephemeral_1h_input_tokens,
            "output_tokens": self.output_tokens,
            _WEB_SEARCH_REQUESTS: tools.web_search_requests,
        }


def metered_rows(row: RawRow, token_sku: str, shared: TableRow) -> Iterator[TableRow]:
    """Make a row of `usage` for each kind with a quantity.

    A count of zero and a count that was not reported make no row.

    Args:
        row: A raw row with the counts of `TokenCounts`.
        token_sku: What tokens of its model are sold as.
        shared: All other columns.
    """
    for field, kind in KIND_BY_FIELD.items():
        quantity = count_or_none(row[field])
        if quantity:
            sold_as = _WEB_SEARCH if kind == _WEB_SEARCH_REQUESTS else token_sku
            yield {**shared, "sku": sold_as, "kind": kind, "quantity": quantity}


def billed_row(row: RawRow, day: date, shared: TableRow, *, tier: str | None = None) -> TableRow:
    """Make a row of `charges`: tokens of a model, or else what the vendor calls the cost.

    Args:
        row: A raw row of a cost report, its amount in cents.
        day: In UTC.
        shared: Source, issuer and account, and other columns that the report tells.
        tier: Of the service, where the report tells it.
    """
    named, cost_type = text_or_none(row["model"]), text_or_none(row["cost_type"])
    model = canonical_model(named) if named else None
    context = text_or_none(row["context_window"])
    is_by_token = model is not None and cost_type in {_TOKENS, None}
    line = charge(
        day,
        sku=sku(model, tier, context) if model and is_by_token else slug(cost_type or "other"),
        model=model,
        tier=tier,
        context=context,
        kind=_KIND_BY_TOKEN_TYPE.get(str(row["token_type"])) if is_by_token else None,
        billed_nano=cents_to_nano(Decimal(str(row["amount"]))),
        currency=row["currency"],
    )
    return line | shared
