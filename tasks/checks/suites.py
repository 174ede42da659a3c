"""What must hold of every conformed table, as Great Expectations suites.

Built from the table's own columns, plus the rules of its kind. Value expectations pass
over nulls, so that each required column has an expectation of its own for them.
"""

from great_expectations.expectations import (
    ExpectColumnPairValuesAToBeGreaterThanB,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToMatchRegex,
    ExpectColumnValuesToNotBeNull,
    ExpectColumnValuesToNotMatchRegex,
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.expectation import Expectation

from tasks.checks.frames import DAY_SHIFT, KEY, TEXT
from tasks.core.money import MAX_NANO
from tasks.core.promotion.controls import ControlName, ControlTold
from tasks.core.run_rules import E_MAIL, LONGEST_SHIFT_DAYS, RUN_RULES, UNIQUE_KEY, WORD, Rule
from tasks.core.squad_use import FLOOR, Measure
from tasks.core.tables import (
    CHARGES,
    CONTROLS,
    INVOICES,
    METRICS,
    PAYABLES,
    RUNS,
    SQUAD_USE,
    TOKEN_KINDS,
    USAGE,
    WORK_ITEM_EVENTS,
    Table,
)
from tasks.core.work.work_items import EventKind

_CURRENCY = r"^[A-Z]{3}$"
_PERIOD = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
_CATEGORIES = ["usage", "credit", "tax", "purchase", "adjustment"]
_LONGEST_SHIFT_DAYS = {RUNS.name: LONGEST_SHIFT_DAYS}
# Rules of `RUN_RULES` that hold of every table.
_GENERAL = {"present", UNIQUE_KEY, "no_e_mail", "day_of_batch"}


def suite_of(table: Table) -> list[Expectation]:
    """List a table's expectations; `meta` holds the name of the check and the field it is about."""
    shift = _LONGEST_SHIFT_DAYS.get(table.name, 0)
    general = [
        *(_not_null(column.name) for column in table.columns if not column.is_nullable),
        ExpectCompoundColumnsToBeUnique(
            column_list=[KEY, *table.key],
            ignore_row_if="never",
            meta={"name": UNIQUE_KEY, "field": ",".join(table.key)},
        ),
        ExpectColumnValuesToNotMatchRegex(
            column=TEXT, regex=E_MAIL, meta={"name": "no_e_mail", "field": ""}
        ),
        _between(DAY_SHIFT, -shift, shift, name="day_of_batch", field="day"),
    ]
    return general + _SPECIFIC[table.name]()


def suite_of_counts() -> list[Expectation]:
    """List the expectations of a frame of counts: a batch is held where one of them fails."""
    return [
        *(_not_null(column) for column in ("key", "rows", "violations", "allowed")),
        _between("violations", 0, None),
        _ordered("violations", "rows", or_equal=True),
        _ordered("violations", "allowed", or_equal=True),
    ]


def _runs() -> list[Expectation]:
    return [_run_rule(rule) for rule in RUN_RULES if rule.name not in _GENERAL]


def _run_rule(rule: Rule) -> Expectation:
    """Make of a rule what the lake evaluates set-wise for logs of millions of lines."""
    match rule.name:
        case "range":
            return _between(rule.field, 0, None)
        case "pattern":
            return _matches(rule.field, rule.regex)
        case "known_value":
            return _in_set(rule.field, list(rule.values))
        case _:
            return _ordered(rule.field, "ended_at", or_equal=True)


def _usage() -> list[Expectation]:
    return [
        _between("quantity", 0, None),
        _matches("kind", r"^[a-z0-9_]{1,64}$"),
        _matches("issuer", WORD),
    ]


def _charges() -> list[Expectation]:
    return [
        *(_between(column, -MAX_NANO, MAX_NANO) for column in ("billed_nano", "list_nano")),
        _between("line", 0, None),
        _in_set("kind", list(TOKEN_KINDS)),
        _in_set("category", _CATEGORIES),
        _in_set("charge_class", ["correction"]),
        _matches("currency", _CURRENCY),
        _matches("billing_period", _PERIOD),
        _matches("issuer", WORD),
        _ordered("charge_start", "charge_end", or_equal=False),
    ]


def _work_item_events() -> list[Expectation]:
    return [
        _matches("item", r"^(?:gh|jira):[^\s]{1,128}$"),
        _in_set("event", [kind.value for kind in EventKind]),
    ]


def _invoices() -> list[Expectation]:
    return [
        _between("amount_nano", -MAX_NANO, MAX_NANO),
        _between("line", 0, None),
        _in_set("category", _CATEGORIES),
        _matches("currency", _CURRENCY),
        _matches("billing_period", _PERIOD),
        _matches("origin_period", _PERIOD),
        _matches("settled_rate", r"^[0-9]{1,9}(?:\.[0-9]{1,9})?$"),
        _matches("issuer", WORD),
        _matches("invoice_id", r"^[A-Za-z0-9_.:/-]{1,128}$"),
    ]


def _payables() -> list[Expectation]:
    return [
        _between("amount_nano", -MAX_NANO, MAX_NANO),
        _between("line", 0, None),
        _matches("currency", _CURRENCY),
        _matches("issuer", WORD),
        _matches("document", r"^[0-9a-f]{16}$"),
    ]


def _controls() -> list[Expectation]:
    return [
        _matches("repository", r"^gh:[1-9][0-9]*$"),
        _in_set("control", [name.value for name in ControlName]),
        _in_set("state", [state.value for state in ControlTold]),
        _matches("detail", WORD),
    ]


def _metrics() -> list[Expectation]:
    return [
        *(_matches(column, WORD) for column in ("workflow", "name")),
        *(_between(column, 0, None) for column in ("value_micro", "items")),
    ]


def _squad_use() -> list[Expectation]:
    return [
        _matches("issuer", WORD),
        _matches("squad", WORD),
        _in_set("measure", [measure.value for measure in Measure]),
        _between("actors", FLOOR, None),
    ]


_SPECIFIC = {
    RUNS.name: _runs,
    USAGE.name: _usage,
    CHARGES.name: _charges,
    WORK_ITEM_EVENTS.name: _work_item_events,
    INVOICES.name: _invoices,
    PAYABLES.name: _payables,
    CONTROLS.name: _controls,
    METRICS.name: _metrics,
    SQUAD_USE.name: _squad_use,
}


def _not_null(column: str) -> Expectation:
    return ExpectColumnValuesToNotBeNull(column=column, meta={"name": "present", "field": column})


def _between(
    column: str, low: int | None, high: int | None, name: str = "range", field: str = ""
) -> Expectation:
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=low,
        max_value=high,
        meta={"name": name, "field": field or column},
    )


def _matches(column: str, regex: str) -> Expectation:
    return ExpectColumnValuesToMatchRegex(
        column=column, regex=regex, meta={"name": "pattern", "field": column}
    )


def _in_set(column: str, values: list[str]) -> Expectation:
    return ExpectColumnValuesToBeInSet(
        column=column, value_set=values, meta={"name": "known_value", "field": column}
    )


def _ordered(first: str, second: str, *, or_equal: bool) -> Expectation:
    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=second,
        column_B=first,
        or_equal=or_equal,
        ignore_row_if="either_value_is_missing",
        meta={"name": "order", "field": first},
    )
