"""The conformed tables: their columns, types and keys, as plain data.

The lake turns these into Parquet schemas, the checks into expectations.
`int` is a signed 64-bit integer, `ts` an aware UTC instant, `day` the vendor's
own day. A null token count was not reported, which is not zero.
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["str", "int", "bool", "ts", "day"]

#: Token kinds, in the order of every report. The four input kinds are disjoint.
TOKEN_KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a conformed table."""

    name: str
    type: ColumnType
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A conformed table.

    Attributes:
        name: Folder name in the lake.
        columns: In storage order.
        key: Columns that identify a row within one (source, day).
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def column_names(self) -> tuple[str, ...]:
        """Name every column, in storage order."""
        return tuple(column.name for column in self.columns)


def _optional(*names: str, of: ColumnType = "str") -> tuple[Column, ...]:
    return tuple(Column(name, of, is_nullable=True) for name in names)


def _required(*names: str, of: ColumnType = "str") -> tuple[Column, ...]:
    return tuple(Column(name, of) for name in names)


#: One row per run (or request) as its log reports it.
RUNS = Table(
    "runs",
    (
        *_required("source", "run_id"),
        *_required("day", of="day"),  # the issuer's day of `ended_at`
        *_required("ended_at", of="ts"),
        *_optional("started_at", of="ts"),  # null: taken as `ended_at`
        *_required("issuer", "model"),  # canonical model, see tasks.core.models
        *_optional("account", "api_key", "tier", "context"),
        *_optional(*(f"{kind}_tokens" for kind in TOKEN_KINDS), of="int"),
        *_optional("reported_cost_nano", of="int"),  # nano-USD, an estimate by the log
        *_optional("session"),  # keyed digest of the agent's session, of several runs
        *_optional("stamp", "branch_prefix", "branch_item", "branch_digest", "repo", "work_item"),
        *_optional("actor"),  # human, bot or agent:<vendor>
        *_required("purpose"),  # work, eval, shadow or ci
        *_optional("decision", "epoch"),
        *_optional("human_escalation", of="bool"),
        *_optional("tools", "policy_checks", "hooks", "layers", "inputs"),  # canonical JSON text
        *_optional("failure_type"),
        *_optional("discarded", of="bool"),
    ),
    ("source", "run_id"),
)

#: One row per quantity a vendor metered: its finest grain by day.
USAGE = Table(
    "usage",
    (
        *_required("source", "issuer", "account"),
        *_required("day", of="day"),
        *_optional("api_key"),  # null: no key, e.g. the vendor's own console
        *_required("model", "sku"),  # sku: as fine as this issuer's charges can tell
        *_optional("tier", "context"),
        *_required("kind"),  # a token kind, or a unit such as `web_search_requests`
        *_required("quantity", of="int"),
    ),
    ("source", "account", "day", "api_key", "model", "sku", "tier", "context", "kind"),
)

#: One row per line a vendor billed, with FOCUS meaning.
CHARGES = Table(
    "charges",
    (
        *_required("source", "issuer", "account"),
        *_required("day", of="day"),
        *_required("charge_start", "charge_end", of="ts"),
        *_required("billing_period"),  # YYYY-MM in the issuer's zone
        *_required("line", of="int"),  # ordinal of equal lines, so that the key is unique
        *_required("category"),  # usage, credit, tax, purchase or adjustment
        *_optional("charge_class"),  # correction, or null
        *_required("sku"),
        *_optional("model", "tier", "context", "kind"),
        *_optional("quantity", of="int"),
        *_optional("unit"),
        *_required("billed_nano", of="int"),
        *_optional("list_nano", of="int"),
        *_required("currency"),
        *_optional("invoice_id", "run_id", "api_key"),
    ),
    ("source", "account", "day", "sku", "kind", "category", "line"),
)

#: One row per thing that happened to a work item, as a system recorded it.
WORK_ITEM_EVENTS = Table(
    "work_item_events",
    (
        *_required("source"),
        *_required("day", of="day"),  # the UTC day of the pull that observed it
        *_required("item"),  # gh:<repository id>#<number> or jira:<issue id>
        *_required("event"),  # closed vocabulary, see tasks.core.work.work_items
        *_required("occurred_at", "observed_at", of="ts"),
        *_optional("value"),  # slug from a closed or declared set
        *_optional("ref"),  # another item, a commit, a repository
        *_required("event_id"),  # digest of source, item, event, occurred_at, value, ref
    ),
    ("source", "event_id"),
)

#: One row per line of an issuer's document, as a file of documents has it.
INVOICES = Table(
    "invoices",
    (
        *_required("source", "issuer", "invoice_id"),
        *_required("day", of="day"),  # the day it was issued on
        *_required("line", of="int"),  # ordinal within the document
        *_required("billing_period"),  # YYYY-MM
        *_required("currency", "category"),  # category: as in `charges`
        *_required("amount_nano", of="int"),
        *_optional("origin_period"),  # of a correction: the period that it corrects
        *_optional("settled_rate"),  # decimal text, into the issuer's currency
    ),
    ("source", "issuer", "invoice_id", "line"),
)

#: One row per payment to a vendor of agents; no payee is kept, only the issuer it stands for.
PAYABLES = Table(
    "payables",
    (
        *_required("source", "issuer"),
        *_required("day", of="day"),  # the day it was paid on
        *_required("line", of="int"),  # ordinal of equal payments, so that the key is unique
        *_required("amount_nano", of="int"),
        *_required("currency"),
        *_optional("document"),  # keyed digest
    ),
    ("source", "issuer", "day", "currency", "document", "line"),
)

#: One row per control of a repository, as the system that keeps its code tells.
CONTROLS = Table(
    "controls",
    (
        *_required("source"),
        *_required("day", of="day"),  # the UTC day of the pull
        *_required("repository"),  # gh:<repository id>
        *_required("name"),  # owner/name; a renamed one also under an old name of a scope
        *_required("control"),  # closed vocabulary, see tasks.core.promotion.controls
        *_required("state"),  # present, absent or unknown
        *_required("detail"),  # closed vocabulary, see docs/controls.md
        *_required("observed_at", of="ts"),
    ),
    ("source", "name", "control"),
)

#: One row per day of a metric that people declare for a workflow.
METRICS = Table(
    "metrics",
    (
        *_required("source"),
        *_required("day", of="day"),
        *_required("workflow", "name"),  # the workflow may be none of the catalog
        *_required("value_micro", of="int"),  # total of the day, in millionths of its unit
        *_required("items", of="int"),  # that the total is about
    ),
    ("source", "workflow", "name"),
)

#: One row per squad of what its people used, where a directory tells who is of which.
SQUAD_USE = Table(
    "squad_use",
    (
        *_required("source", "issuer", "account"),
        *_required("day", of="day"),
        *_required("squad"),  # of the directory; `others`: too few people, or in none
        *_required("measure"),  # see tasks.core.squad_use
        *_required("value", of="int"),
        *_optional("actors", of="int"),  # distinct people; null: fewer than may be told
    ),
    ("source", "account", "squad", "measure"),
)

TABLES = {
    table.name: table
    for table in (
        RUNS,
        USAGE,
        CHARGES,
        WORK_ITEM_EVENTS,
        INVOICES,
        PAYABLES,
        CONTROLS,
        METRICS,
        SQUAD_USE,
    )
}
