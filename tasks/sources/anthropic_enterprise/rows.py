"""Claude Enterprise's raw rows in the form of the `usage` and `charges` tables."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import canonical_model, sku
from tasks.sources.anthropic_enterprise.payloads import Accounts
from tasks.sources.anthropic_enterprise.rest import OTHER_GROUPS
from tasks.sources.anthropic_tokens import billed_row, metered_rows
from tasks.sources.report_fields import cents_to_nano
from tasks.sources.report_rows import TableRow, add_quantities, number_lines, text_or_none


def conform_usage(
    rows: Sequence[RawRow], *, issuer: str, day: date, accounts: Accounts
) -> Conformed:
    """Give one row per product, model, context and kind with a quantity."""
    metered: list[TableRow] = []
    for row in rows:
        model = canonical_model(str(row["model"]))
        context = text_or_none(row["context_window"])
        shared: TableRow = {
            "source": accounts.source,
            "issuer": issuer,
            "account": accounts.of(text_or_none(row["product"])),
            "day": day,
            "api_key": None,
            "model": model,
            "tier": None,
            "context": context,
        }
        token_sku = model if model == OTHER_GROUPS else sku(model, None, context)
        metered += metered_rows(row, token_sku, shared)
    return Conformed(add_quantities(metered))


def conform_charges(
    rows: Sequence[RawRow], *, issuer: str, day: date, accounts: Accounts
) -> Conformed:
    """Give one row per billed line, in nano units of its own currency."""
    return Conformed(number_lines([_charge(row, issuer, day, accounts) for row in rows]))


def _charge(row: RawRow, issuer: str, day: date, accounts: Accounts) -> TableRow:
    listed = text_or_none(row["list_amount"])
    shared: TableRow = {
        "source": accounts.source,
        "issuer": issuer,
        "account": accounts.of(text_or_none(row["product"])),
        "list_nano": None if listed is None else cents_to_nano(Decimal(listed)),
    }
    return billed_row(row, day, shared)
