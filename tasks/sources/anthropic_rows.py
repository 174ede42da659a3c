"""Anthropic's raw rows in the form of the `usage` and `charges` tables."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import canonical_model, sku, slug
from tasks.sources.anthropic_payloads import cents_to_nano
from tasks.sources.report_rows import (
    TableRow,
    add_quantities,
    charge,
    count_or_none,
    number_lines,
    text_or_none,
)

#: The only metered quantity that is not a token.
_WEB_SEARCH_REQUESTS = "web_search_requests"
#: `cost_type` under which searches are billed, without a model.
_WEB_SEARCH = "web_search"
_TOKENS = "tokens"
_KIND_BY_FIELD = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "ephemeral_5m_input_tokens": "cache_write_5m",
    "ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
    _WEB_SEARCH_REQUESTS: _WEB_SEARCH_REQUESTS,
}
_KIND_BY_TOKEN_TYPE = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}


def conform_usage(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per workspace, key, model, tier, context and kind with a quantity.

    A count of zero and a count that was not reported make no row.
    """
    metered: list[TableRow] = []
    for row in rows:
        model = canonical_model(str(row["model"]))
        tier = text_or_none(row["service_tier"])
        context = text_or_none(row["context_window"])
        shared: TableRow = {
            "source": source,
            "issuer": issuer,
            "account": row["workspace_id"] or default_account,
            "day": day,
            "api_key": row["api_key_id"],
            "model": model,
            "tier": tier,
            "context": context,
        }
        token_sku = sku(model, tier, context)
        for field, kind in _KIND_BY_FIELD.items():
            quantity = count_or_none(row[field])
            if quantity:
                bucket = _WEB_SEARCH if kind == _WEB_SEARCH_REQUESTS else token_sku
                metered.append({**shared, "sku": bucket, "kind": kind, "quantity": quantity})
    return Conformed(add_quantities(metered))


def conform_charges(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per billed line, in nano units of its own currency."""
    billed: list[TableRow] = []
    for row in rows:
        named = text_or_none(row["model"])
        model = canonical_model(named) if named else None
        tier = text_or_none(row["service_tier"])
        context = text_or_none(row["context_window"])
        cost_type = text_or_none(row["cost_type"])
        is_by_token = model is not None and cost_type in {_TOKENS, None}
        token_sku = sku(model, tier, context) if model is not None else None
        billed.append(
            charge(
                day,
                source=source,
                issuer=issuer,
                account=row["workspace_id"] or default_account,
                sku=token_sku if token_sku and is_by_token else slug(cost_type or "other"),
                model=model,
                tier=tier,
                context=context,
                kind=_KIND_BY_TOKEN_TYPE.get(str(row["token_type"])) if is_by_token else None,
                billed_nano=cents_to_nano(Decimal(str(row["amount"]))),
                currency=row["currency"],
            )
        )
    return Conformed(number_lines(billed))
