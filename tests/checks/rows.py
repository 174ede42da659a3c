"""Rows that pass every check, to be changed one value at a time."""

from datetime import UTC, date, datetime, timedelta

from tasks.core.tables import (
    CHARGES,
    CONTROLS,
    INVOICES,
    METRICS,
    PAYABLES,
    RUNS,
    SQUAD_USE,
    USAGE,
    WORK_ITEM_EVENTS,
    Table,
)

DAY = date(2026, 11, 17)
START = datetime(2026, 11, 17, tzinfo=UTC)

_GOOD: dict[str, dict[str, object]] = {
    RUNS.name: {
        "source": "logs",
        "run_id": "run-1",
        "day": DAY,
        "ended_at": START + timedelta(hours=2),
        "started_at": START,
        "issuer": "anthropic",
        "model": "claude-opus-5",
        "input_tokens": 0,
        "output_tokens": 2**62,
        "reported_cost_nano": 1,
        "stamp": "claims-router",
        "purpose": "work",
        "actor": "agent:claude",
        "decision": "approved",
        "human_escalation": False,
        "inputs": '{"ticket":"PAY-1"}',
    },
    USAGE.name: {
        "source": "anthropic",
        "issuer": "anthropic",
        "account": "anthropic:default",
        "day": DAY,
        "model": "claude-opus-5",
        "sku": "claude-opus-5·standard·0-200k",
        "kind": "input",
        "quantity": 2**53 + 1,
    },
    CHARGES.name: {
        "source": "anthropic",
        "issuer": "anthropic",
        "account": "anthropic:default",
        "day": DAY,
        "charge_start": START,
        "charge_end": START + timedelta(days=1),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "sku": "claude-opus-5·standard·0-200k",
        "model": "claude-opus-5",
        "kind": "output",
        "billed_nano": -(2**53) - 1,
        "currency": "USD",
    },
    WORK_ITEM_EVENTS.name: {
        "source": "github",
        "day": DAY,
        "item": "gh:17#4",
        "event": "merged",
        "occurred_at": START,
        "observed_at": START,
        "ref": "gh:17@0123abc",
        "event_id": "0123456789abcdef",
    },
    INVOICES.name: {
        "source": "invoices",
        "issuer": "anthropic",
        "invoice_id": "INV-2026/10.1",
        "day": DAY,
        "line": 0,
        "billing_period": "2026-10",
        "currency": "USD",
        "category": "tax",
        "amount_nano": -(2**53) - 1,
        "origin_period": "2026-09",
        "settled_rate": "1.0835",
    },
    PAYABLES.name: {
        "source": "payables",
        "issuer": "cursor",
        "day": DAY,
        "line": 0,
        "amount_nano": 2**53 + 1,
        "currency": "EUR",
        "document": "0123456789abcdef",
    },
    CONTROLS.name: {
        "source": "github",
        "day": DAY,
        "repository": "gh:17",
        "name": "acme/engine",
        "control": "code-owners",
        "state": "present",
        "detail": "covers_all",
        "observed_at": START,
    },
    METRICS.name: {
        "source": "metrics",
        "day": DAY,
        "workflow": "claims-router",
        "name": "rework_minutes",
        "value_micro": 2**53 + 1,
        "items": 0,
    },
    SQUAD_USE.name: {
        "source": "copilot",
        "issuer": "copilot",
        "account": "acme",
        "day": DAY,
        "squad": "claims",
        "measure": "credits_micro",
        "value": -(2**53) - 1,
        "actors": 3,
    },
}


def good(table: Table, **changes: object) -> dict[str, object]:
    """One row that passes, with some values changed."""
    return dict.fromkeys(table.column_names()) | _GOOD[table.name] | changes
