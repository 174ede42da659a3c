"""Write made-up bills, documents and extracts, and read and conform them as a night does."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from config.shapes.sources import (
    FocusFileSource,
    InvoiceFileSource,
    MetricsFileSource,
    PayablesFileSource,
)
from tasks.core.batches import Pulled, RawRow
from tasks.core.digests import keyed_digest
from tasks.sources import focus_file, invoice_file, metrics_file, payables_file

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
WINDOW = (date(2026, 11, 1), date(2026, 11, 19))
DAY = date(2026, 11, 5)
DIGEST = keyed_digest("a key for tests only")
SERVICE = "Amazon Bedrock"


def focus_row(**changes: str) -> dict[str, str]:
    """One row of a FOCUS bill that is kept and booked on `DAY`."""
    return {
        "BilledCost": "1.25",
        "BillingAccountId": "payer-1",
        "BillingAccountName": "Meridian Freight",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": "Claude Haiku 4.5, for Oswaldina Prettigrew",
        "ChargePeriodStart": "2026-11-05T00:00:00Z",
        "ChargePeriodEnd": "2026-11-06T00:00:00Z",
        "ConsumedQuantity": "1250.0",
        "ConsumedUnit": "1K tokens",
        "EffectiveCost": "1.25",
        "InvoiceId": "INV-7",
        "ListCost": "1.5",
        "ServiceName": SERVICE,
        "SkuId": "USE1-ClaudeHaiku45-input-tokens",
        "SubAccountId": "111122223333",
        "SubAccountName": "Oswaldina's sandbox",
    } | changes


def cur_row(**changes: str) -> dict[str, str]:
    """One row of a Cost and Usage Report, as CUR 2.0 calls its columns."""
    return {
        "identity_line_item_id": "line-1",
        "bill_payer_account_id": "999988887777",
        "bill_billing_period_start_date": "2026-11-01 00:00:00",
        "bill_invoice_id": "",
        "line_item_usage_account_id": "111122223333",
        "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": "2026-11-05 00:00:00",
        "line_item_usage_end_date": "2026-11-06 00:00:00",
        "line_item_product_code": "AmazonBedrock",
        "line_item_usage_type": "USE1-ClaudeHaiku45-output-tokens",
        "line_item_operation": "InvokeModelInference",
        "line_item_currency_code": "USD",
        "line_item_unblended_cost": "2.5",
        "line_item_usage_amount": "500",
        "pricing_unit": "1K tokens",
        "pricing_public_on_demand_cost": "3",
        "product_product_name": SERVICE,
    } | changes


def csv_text(rows: Iterable[Mapping[str, str]], end: str = "\n") -> str:
    """Write rows as CSV; the first one names the columns."""
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def bill_source(folder: Path, **changes: Any) -> FocusFileSource:
    """Make a source that reads the files of a folder."""
    said: dict[str, object] = {
        "name": "bedrock",
        "type": "focus_file",
        "paths": [str(folder / "*")],
        "issuer": "aws",
        "services": ["*Bedrock*"],
        "skus": [
            {"sku": "*ClaudeHaiku45*input*", "model": "claude-haiku-4-5", "kind": "input"},
            {"sku": "*ClaudeHaiku45*output*", "model": "claude-haiku-4-5", "kind": "output"},
        ],
    }
    return FocusFileSource.model_validate(said | changes)


def bills(folder: Path, *rows: Mapping[str, str], name: str = "a.csv", **changes: Any) -> Pulled:
    """Write one bill, and read all there are."""
    (folder / name).write_text(csv_text(rows), encoding="utf-8")
    return read_bills(bill_source(folder, **changes))


def read_bills(
    config: FocusFileSource, window: tuple[date, date] = WINDOW, now: datetime = NOW
) -> Pulled:
    return focus_file.fetch(focus_file.CHARGES, None, config, window, None, now, DIGEST)


def charges(config: FocusFileSource, pulled: Pulled) -> list[dict[str, object]]:
    """Conform every day of a pull, oldest first."""
    return [
        row
        for batch in pulled.batches
        for row in focus_file.conform(focus_file.CHARGES, config, batch.rows, batch.key, {}).rows
    ]


def invoice_row(**changes: str) -> dict[str, str]:
    return {
        "issuer": "anthropic",
        "invoice_id": "INV-1",
        "billing_period": "2026-10",
        "currency": "USD",
        "issued_on": "2026-11-03",
        "category": "usage",
        "amount": "120.50",
        "origin_period": "",
        "settled_rate": "",
    } | changes


def invoices(folder: Path, *rows: Mapping[str, str], name: str = "a.csv") -> Pulled:
    """Write one file of documents, and read all there are."""
    (folder / name).write_text(csv_text(rows), encoding="utf-8")
    config = invoice_source(folder)
    return invoice_file.fetch(invoice_file.INVOICES, None, config, WINDOW, None, NOW, DIGEST)


def invoice_source(folder: Path) -> InvoiceFileSource:
    said = {"name": "documents", "type": "invoice_file", "paths": [str(folder / "*")]}
    return InvoiceFileSource.model_validate(said)


def payment(**changes: str) -> dict[str, str]:
    return {
        "paid_on": "2026-11-05",
        "payee": "Anysphere, Inc.",
        "amount": "960.00",
        "currency": "USD",
        "document": "4711",
    } | changes


def payables(folder: Path, *rows: Mapping[str, str], name: str = "a.csv", **changes: Any) -> Pulled:
    """Write one extract, and read all there are."""
    (folder / name).write_text(csv_text(rows), encoding="utf-8")
    config = payables_source(folder, **changes)
    return payables_file.fetch(payables_file.PAYABLES, None, config, WINDOW, None, NOW, DIGEST)


def payables_source(folder: Path, **changes: Any) -> PayablesFileSource:
    said = {"name": "payables", "type": "payables_file", "paths": [str(folder / "*")]}
    return PayablesFileSource.model_validate(said | changes)


def metric(**changes: str) -> dict[str, str]:
    return {
        "workflow": "claims-router",
        "day": "2026-11-05",
        "name": "rework_minutes",
        "value": "12.5",
        "n": "3",
    } | changes


def metrics(folder: Path, *rows: Mapping[str, str], name: str = "a.csv") -> Pulled:
    """Write one file of metrics, and read all there are."""
    (folder / name).write_text(csv_text(rows), encoding="utf-8")
    config = metrics_source(folder)
    return metrics_file.fetch(metrics_file.METRICS, None, config, WINDOW, None, NOW, DIGEST)


def metrics_source(folder: Path) -> MetricsFileSource:
    said = {"name": "metrics", "type": "metrics_file", "paths": [str(folder / "*")]}
    return MetricsFileSource.model_validate(said)


def rows_of(pulled: Pulled) -> list[RawRow]:
    return [row for batch in pulled.batches for row in batch.rows]


def codes(pulled: Pulled) -> list[tuple[date, str, str]]:
    """List (day, field, code) of everything refused."""
    return [
        (batch.key, reject.field_path, reject.code)
        for batch in pulled.batches
        for reject in batch.rejects
    ]
