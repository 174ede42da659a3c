"""Every expectation has a frame that passes and one that fails."""

from datetime import timedelta

import pytest

from tasks.checks.run import check
from tasks.checks.suites import suite_of
from tasks.core.tables import (
    CHARGES,
    CONTROLS,
    INVOICES,
    METRICS,
    PAYABLES,
    RUNS,
    SQUAD_USE,
    TABLES,
    USAGE,
    WORK_ITEM_EVENTS,
    Table,
)
from tests.checks.rows import DAY, START, good

_DISTINCT = {
    RUNS.name: "run_id",
    USAGE.name: "sku",
    CHARGES.name: "sku",
    WORK_ITEM_EVENTS.name: "event_id",
    CONTROLS.name: "name",
    METRICS.name: "name",
    SQUAD_USE.name: "account",
}
#: Tables without a column of free enough text, whose rows differ by ordinal.
_NUMBERED = frozenset({INVOICES.name, PAYABLES.name})
_ALL = list(TABLES.values())
_TOO_MUCH = 9_200_000_000_000_000_001

#: (table, column, value that must fail, check, field it is reported on)
_BAD: list[tuple[Table, str, object, str, str]] = [
    *(
        (table, column.name, None, "present", column.name)
        for table in _ALL
        for column in table.columns
        if not column.is_nullable
    ),
    *(
        (table, column, "jo.doe@example.com", "no_e_mail", "")
        for table, column in (
            (RUNS, "inputs"),
            (USAGE, "account"),
            (CHARGES, "sku"),
            (WORK_ITEM_EVENTS, "ref"),
            (INVOICES, "source"),
            (PAYABLES, "source"),
            (CONTROLS, "name"),
            (METRICS, "source"),
            (SQUAD_USE, "account"),
        )
    ),
    (RUNS, "day", DAY + timedelta(days=2), "day_of_batch", "day"),
    *(
        (table, "day", DAY - timedelta(days=1), "day_of_batch", "day")
        for table in (
            *(USAGE, CHARGES, WORK_ITEM_EVENTS, INVOICES, PAYABLES),
            *(CONTROLS, METRICS, SQUAD_USE),
        )
    ),
    *(
        (RUNS, column, -1, "range", column)
        for column in (
            *("input_tokens", "cache_read_tokens", "cache_write_5m_tokens"),
            *("cache_write_1h_tokens", "output_tokens", "reported_cost_nano"),
        )
    ),
    (USAGE, "quantity", -1, "range", "quantity"),
    (CHARGES, "billed_nano", _TOO_MUCH, "range", "billed_nano"),
    (CHARGES, "billed_nano", -_TOO_MUCH, "range", "billed_nano"),
    (CHARGES, "list_nano", _TOO_MUCH, "range", "list_nano"),
    (CHARGES, "line", -1, "range", "line"),
    *(
        (table, column, value, "range", column)
        for table in (INVOICES, PAYABLES)
        for column, value in (("amount_nano", _TOO_MUCH), ("line", -1))
    ),
    *(
        (table, "issuer", "An Issuer", "pattern", "issuer")
        for table in (RUNS, USAGE, CHARGES, INVOICES, PAYABLES, SQUAD_USE)
    ),
    *((table, "currency", "usd", "pattern", "currency") for table in (INVOICES, PAYABLES)),
    (INVOICES, "billing_period", "2026", "pattern", "billing_period"),
    (INVOICES, "origin_period", "09/2026", "pattern", "origin_period"),
    (INVOICES, "settled_rate", "-1.1", "pattern", "settled_rate"),
    (INVOICES, "invoice_id", "No. 1", "pattern", "invoice_id"),
    (INVOICES, "category", "refund", "known_value", "category"),
    (PAYABLES, "document", "INV-1", "pattern", "document"),
    *(
        (RUNS, column, "free text", "pattern", column)
        for column in ("stamp", "decision", "epoch", "failure_type")
    ),
    (RUNS, "actor", "jo-doe", "pattern", "actor"),
    (USAGE, "kind", "Input Tokens", "pattern", "kind"),
    (CHARGES, "currency", "usd", "pattern", "currency"),
    (CHARGES, "billing_period", "2026-13", "pattern", "billing_period"),
    (WORK_ITEM_EVENTS, "item", "17", "pattern", "item"),
    (RUNS, "purpose", "fun", "known_value", "purpose"),
    (CHARGES, "kind", "web_search_requests", "known_value", "kind"),
    (CHARGES, "category", "refund", "known_value", "category"),
    (CHARGES, "charge_class", "usage", "known_value", "charge_class"),
    (WORK_ITEM_EVENTS, "event", "celebrated", "known_value", "event"),
    (CONTROLS, "repository", "acme/engine", "pattern", "repository"),
    (CONTROLS, "control", "luck", "known_value", "control"),
    (CONTROLS, "state", "maybe", "known_value", "state"),
    (CONTROLS, "detail", "* @jo-doe", "pattern", "detail"),
    *((METRICS, column, "Jo Doe", "pattern", column) for column in ("workflow", "name")),
    *((METRICS, column, -1, "range", column) for column in ("value_micro", "items")),
    (SQUAD_USE, "squad", "Squad Claims", "pattern", "squad"),
    (SQUAD_USE, "measure", "lines_of_code", "known_value", "measure"),
    (SQUAD_USE, "actors", 2, "range", "actors"),
    (RUNS, "started_at", START + timedelta(hours=3), "order", "started_at"),
    (CHARGES, "charge_end", START, "order", "charge_start"),
]


def _distinct(table: Table, at: int) -> dict[str, object]:
    if table.name in _NUMBERED:
        return {"line": at}
    return {_DISTINCT[table.name]: f"row-{at}"}


@pytest.mark.parametrize("table", _ALL, ids=lambda table: table.name)
def test_a_good_row_passes_every_expectation(table: Table) -> None:
    row = good(table)

    result = check(table, "s", {DAY: [row]})[DAY]

    assert (list(result.rows), result.rejects, result.is_critical) == ([row], (), False)


@pytest.mark.parametrize("table", _ALL, ids=lambda table: table.name)
def test_each_bad_value_fails_its_own_expectation(table: Table) -> None:
    cases = [case for case in _BAD if case[0] is table]
    rows = [
        good(table, **_distinct(table, at) | {column: value})
        for at, (_, column, value, _, _) in enumerate(cases)
    ]

    result = check(table, "s", {DAY: rows})[DAY]

    assert [(one.position, one.code, one.field_path) for one in result.rejects] == [
        (at, f"failed_check:{name}", field) for at, (_, _, _, name, field) in enumerate(cases)
    ]


@pytest.mark.parametrize("table", _ALL, ids=lambda table: table.name)
def test_every_expectation_of_a_suite_is_shown_to_fail(table: Table) -> None:
    in_suite = {(one.meta["name"], one.meta["field"]) for one in suite_of(table) if one.meta}

    shown = {(name, field) for shown_on, _, _, name, field in _BAD if shown_on is table}

    # A key twice is a fault of the batch: see test_run.
    assert in_suite == shown | {("unique_key", ",".join(table.key))}
