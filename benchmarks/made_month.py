"""A made-up month in a real lake and ledger, as a pull and its conforming would leave it.

The files have the lake's own schema, encoding and order. Two things differ from the product's
own: a file is named by the digest of its bytes, because canonical lines of ten million rows
would take minutes; and of the raw layer there is only a mark a day, because no night reads more
of it.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.made_organisation import NIGHT, Scale, workflow_of
from benchmarks.made_rows import distinct_hints, prepare, rows_of
from config.load import load_config
from tasks.core.books import Label, Snapshot
from tasks.core.tables import Table
from tasks.core.work.work_items import EventKind, event_id
from tasks.lake.parquet import arrow_schema, parquet_bytes
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.sources.registry import adapter_of, source_named, version_of


def write_month(config: Path, lake: Lake, ledger: Ledger, scale: Scale) -> dict[str, int]:
    """Write every day's files and record them.

    Returns:
        How many distinct values each hint of the runs has.
    """
    sources = load_config(config).sources
    recorded_at = NIGHT - timedelta(hours=1)
    with duckdb.connect(":memory:") as engine:
        engine.execute("SET preserve_insertion_order = true")
        engine.execute("SET enable_progress_bar = false")
        prepare(engine, config, scale)
        for source, stream_name, table, day, rows in rows_of(engine, scale):
            configured = source_named(sources.sources, source)
            adapter = adapter_of(configured)
            stream = adapter.stream(stream_name)
            raw = lake.write_raw(
                source,
                stream,
                day,
                [{"day": day.isoformat(), "of": stream_name}],
                is_complete=True,
                recorded_at=recorded_at,
            )
            ledger.record_pull(
                source,
                stream,
                snapshots=[raw],
                rejects={day: ()},
                watermark=None,
                recorded_at=recorded_at,
            )
            conformed = _publish(lake, table, rows, raw, parser=version_of(adapter, configured))
            ledger.record_conformed(
                [conformed], rejects={(source, stream_name, day): ()}, recorded_at=recorded_at
            )
        distinct = distinct_hints(engine)
    _record_items(ledger, scale, recorded_at)
    return distinct


def _publish(lake: Lake, table: Table, rows: pa.Table, raw: Snapshot, parser: str) -> Snapshot:
    data = parquet_bytes(rows.cast(arrow_schema(table)))
    sha = hashlib.sha256(data).hexdigest()
    day = raw.key
    path = f"conformed/{table.name}/source={raw.source}/day={day}/{sha}.parquet"
    lake.files.publish(path, data)
    return Snapshot(
        source=raw.source,
        stream=raw.stream,
        layer="conformed",
        table=table.name,
        key=day,
        sha=sha,
        path=path,
        rows=rows.num_rows,
        size_bytes=len(data),
        parser=parser,
        raw_sha=raw.sha,
        is_complete=True,
        recorded_at=raw.recorded_at,
    )


def _record_items(ledger: Ledger, scale: Scale, recorded_at: datetime) -> None:
    """Record work items that carry a label of a workflow, as a forge would tell them."""
    observed = recorded_at - timedelta(days=1)
    events: list[dict[str, object]] = []
    labels = []
    items = scale.items_a_workflow() * scale.workflows
    for at in range(min(scale.stamped_items, items)):
        number = at * items // scale.stamped_items
        key, stamp = f"gh:1#{number}", workflow_of(number % scale.workflows)
        labels.append(Label("work_item", key, f"acme#{number}"))
        digest = event_id("forge", key, EventKind.STAMPED, observed, stamp, "label")
        events.append(
            {
                "source": "forge",
                "day": observed.date(),
                "item": key,
                "event": EventKind.STAMPED.value,
                "occurred_at": observed,
                "observed_at": observed,
                "value": stamp,
                "ref": "label",
                "event_id": digest,
            }
        )
    ledger.record_conformed([], rejects={}, events=events, labels=labels, recorded_at=recorded_at)
