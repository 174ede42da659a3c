"""FOCUS rows as a Parquet file: exact decimals, UTC instants."""

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.core.exports.focus_columns import COLUMNS, FOCUS_VERSION, SCALE, Row

_TYPES = {
    "text": pa.string(),
    "decimal": pa.decimal128(38, SCALE),
    "instant": pa.timestamp("us", tz="UTC"),
}


def focus_parquet(rows: Sequence[Row]) -> bytes:
    """Write rows in the order given, columns as `COLUMNS` has them."""
    schema = pa.schema(
        [pa.field(column.name, _TYPES[column.type]) for column in COLUMNS],
        metadata={"FOCUS": FOCUS_VERSION, "generator": "graduand, derived from issuers' bills"},
    )
    columns = [pa.array([row[field.name] for row in rows], type=field.type) for field in schema]
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    return sink.getvalue()
