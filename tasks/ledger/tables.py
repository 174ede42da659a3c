"""The tables of the ledger, for queries; constraints stand in the migrations that make them.

A test holds the columns here against those of a migrated database.
"""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from tasks.ledger.columns import Day, Instant

#: The only revision that this code reads and writes.
REVISION = "0003"

metadata = MetaData()


def _text(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _int(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger) for name in names]


meta = Table("meta", metadata, *_text("key", "value"))

snapshots = Table(
    "snapshots",
    metadata,
    *_int("seq"),
    *_text("source", "stream", "layer", "table_name"),
    Column("day", Day),
    *_text("sha", "path"),
    *_int("row_count", "size_bytes"),
    *_text("parser", "raw_sha"),
    Column("is_complete", Boolean),
    Column("recorded_at", Instant),
)

pulls = Table(
    "pulls",
    metadata,
    *_int("id"),
    *_text("source", "stream"),
    Column("read_to", Instant),
    *_text("repoll"),
    Column("recorded_at", Instant),
)

quarantine_sets = Table(
    "quarantine_sets",
    metadata,
    *_int("seq"),
    *_text("source", "stream", "layer"),
    Column("day", Day),
    Column("adds", Boolean),
    *_int("row_count"),
    *_text("digest"),
    Column("recorded_at", Instant),
)

quarantine = Table(
    "quarantine",
    metadata,
    *_int("seq", "ordinal"),
    *_text("place"),
    *_int("position", "length"),
    *_text("digest", "field_path", "code", "issuer", "account"),
    *_int("amount_nano"),
    *_text("parsed"),
)

config_versions = Table(
    "config_versions",
    metadata,
    *_int("id"),
    *_text("kind", "digest", "body"),
    Column("recorded_at", Instant),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    *_int("id"),
    Column("window_start", Day),
    Column("window_end", Day),
    *_int("snapshot_seq"),
    *_text("catalog_digest", "policy_digest", "sources_digest", "finance_digest"),
    *_text("card_digest", "fx_digest"),
    *_text("code_version"),
    Column("as_of", Instant),
    *_text("status", "totals", "missing"),
    *_int("completeness_ppm", "evidenced_nano", "inferred_nano", "unexplained_nano"),
    *_text("digest"),
    Column("recorded_at", Instant),
)

held_days = Table(
    "held_days", metadata, *_int("reconciliation_id"), *_text("issuer"), Column("day", Day)
)

day_bases = Table(
    "day_bases",
    metadata,
    *_int("reconciliation_id"),
    *_text("issuer"),
    Column("day", Day),
    *_text("charges_raw", "charges", "usage", "runs", "catalog", "policy", "card", "fx", "terms"),
    *_text("code_version"),
)

entries = Table(
    "entries",
    metadata,
    *_int("id", "reconciliation_id"),
    *_text("issuer", "account"),
    Column("day", Day),
    *_text("billing_period", "currency", "origin_period", "cause"),
)

postings = Table(
    "postings",
    metadata,
    *_int("entry_id", "ordinal"),
    *_text("kind", "portfolio", "family", "workflow", "pool", "paid_from", "method", "strength"),
    *_int("amount_nano"),
    Column("is_provisional", Boolean),
)

chain_heads = Table(
    "chain_heads",
    metadata,
    *_int("reconciliation_id"),
    *_text("previous"),
    *_int("entry_count"),
    *_text("head"),
)

break_observations = Table(
    "break_observations",
    metadata,
    *_int("reconciliation_id"),
    *_text("break_id", "class", "issuer", "account"),
    Column("day", Day),
    *_text("sku"),
    *_int("amount_nano", "row_count"),
)

current_breaks = Table(
    "current_breaks",
    metadata,
    *_text("break_id", "class", "issuer", "account"),
    Column("day", Day),
    *_text("sku"),
    *_int("amount_nano", "row_count"),
    Column("first_seen", Instant),
    Column("last_seen", Instant),
    info={"is_view": True},
)

work_item_events = Table(
    "work_item_events",
    metadata,
    *_text("source", "event_id", "item", "event"),
    Column("occurred_at", Instant),
    Column("observed_at", Instant),
    *_text("value", "ref"),
)

evidence = Table(
    "evidence",
    metadata,
    *_text("digest", "kind", "subject", "body"),
    Column("recorded_at", Instant),
)

verdicts = Table(
    "verdicts",
    metadata,
    *_int("id"),
    *_text("workflow", "epoch", "verdict", "evidence_digest", "body"),
    Column("as_of", Instant),
    Column("recorded_at", Instant),
)

period_acts = Table(
    "period_acts",
    metadata,
    *_int("id"),
    *_text("billing_period", "issuer", "act", "body"),
    Column("as_of", Instant),
    Column("recorded_at", Instant),
)

outbox = Table(
    "outbox",
    metadata,
    *_text("kind", "key", "body", "receipt"),
    Column("queued_at", Instant),
    Column("sent_at", Instant),
    *_text("progress", "lease"),
    Column("leased_until", Instant),
)

throttle = Table(
    "throttle",
    metadata,
    *_text("host", "fingerprint", "resource"),
    Column("wait_until", Instant),
)

labels = Table("labels", metadata, *_text("kind", "key", "name"))

#: Tables whose rows may change or go; every other one only ever grows.
MUTABLE = (outbox, throttle, labels)
