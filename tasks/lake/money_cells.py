"""Sums of what vendors metered and billed; what two sources tell of one sku counts once."""

from collections.abc import Sequence
from typing import Any

from tasks.core.books import Snapshot
from tasks.core.cells import ChargeCell, UsageCell
from tasks.core.reconciling.opinions import ToldCharges
from tasks.core.tables import CHARGES, USAGE, Table
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles

# Which source counts, of those that tell of one account's sku on a day.
_FIRSTS = "(SELECT issuer, account, day, sku, min(source) AS source FROM {} GROUP BY ALL)"

_USAGE = f"""
SELECT issuer, account, day, api_key, model, sku, tier, context, kind, sum(quantity)
FROM usage
SEMI JOIN {_FIRSTS.format("usage")} AS firsts USING (issuer, account, day, sku, source)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 ours

_CHARGES = f"""
SELECT
    issuer, account, day, billing_period, currency, category, charge_class, sku, model, kind,
    run_id,
    sum(billed_nano),
    CASE WHEN count(quantity) = count(*) THEN sum(quantity) END,
    count(*)
FROM charges
SEMI JOIN {_FIRSTS.format("charges")} AS firsts USING (issuer, account, day, sku, source)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 ours

_TOLD = f"""
SELECT
    charges.source, issuer, day, currency,
    CAST(coalesce(sum(billed_nano) FILTER (category = 'usage'), 0) AS HUGEINT),
    CAST(coalesce(sum(billed_nano) FILTER (
        category = 'usage' AND charges.source <> firsts.source
    ), 0) AS HUGEINT),
    CAST(coalesce(sum(billed_nano) FILTER (charges.source <> firsts.source), 0) AS HUGEINT)
FROM charges
JOIN {_FIRSTS.format("charges")} AS firsts USING (issuer, account, day, sku)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 ours


def query_usage(
    files: LocalFiles | ObjectFiles, snapshots: Sequence[Snapshot], limits: Limits
) -> list[UsageCell]:
    """Sum what vendors metered, by everything but the source.

    Of several sources that tell of one account's sku on a day, the first by name counts.

    Raises:
        LakeError: A file is missing or short.
    """
    return [UsageCell(*row) for row in _rows(files, snapshots, USAGE, limits, _USAGE)]


def query_charges(
    files: LocalFiles | ObjectFiles, snapshots: Sequence[Snapshot], limits: Limits
) -> list[ChargeCell]:
    """Sum what vendors billed, by everything the books tell apart.

    Of several sources that tell of one account's sku on a day, the first by name counts.

    Raises:
        LakeError: A file is missing or short.
    """
    return [ChargeCell(*row) for row in _rows(files, snapshots, CHARGES, limits, _CHARGES)]


def query_told(
    files: LocalFiles | ObjectFiles, snapshots: Sequence[Snapshot], limits: Limits
) -> list[ToldCharges]:
    """Sum what each source says was billed, and how much of it another has said already.

    Raises:
        LakeError: A file is missing or short.
    """
    return [ToldCharges(*row) for row in _rows(files, snapshots, CHARGES, limits, _TOLD)]


def _rows(
    files: LocalFiles | ObjectFiles,
    snapshots: Sequence[Snapshot],
    table: Table,
    limits: Limits,
    query: str,
) -> list[tuple[Any, ...]]:
    with open_engine(files, snapshots, table, limits, {}) as engine:
        return engine.execute(query).fetchall()
