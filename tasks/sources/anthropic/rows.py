"""Anthropic's raw rows in the form of the `usage` and `charges` tables."""

from collections.abc import Sequence
from datetime import date

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import canonical_model, sku
from tasks.sources.anthropic_tokens import billed_row, metered_rows
from tasks.sources.report_rows import TableRow, add_quantities, number_lines, text_or_none


def conform_usage(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per workspace, key, model, tier, context and kind with a quantity."""
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
        metered += metered_rows(row, sku(model, tier, context), shared)
    return Conformed(add_quantities(metered))


def conform_charges(
    rows: Sequence[RawRow], *, source: str, issuer: str, day: date, default_account: str
) -> Conformed:
    """Give one row per billed line, in nano units of its own currency."""
    return Conformed(
        number_lines(
            billed_row(
                row,
                day,
                {
                    "source": source,
                    "issuer": issuer,
                    "account": row["workspace_id"] or default_account,
                },
                tier=text_or_none(row["service_tier"]),
            )
            for row in rows
        )
    )
