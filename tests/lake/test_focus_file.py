"""A FOCUS file in Parquet: amounts to the last digit, instants in UTC, nulls as nulls."""

import io

import pyarrow.parquet as pq

from tasks.core.exports.focus_columns import COLUMNS
from tasks.lake.focus_file import focus_parquet
from tests.core.exported import a_month


def test_rows_are_read_back_as_they_were() -> None:
    rows = a_month().rows()

    read = pq.read_table(io.BytesIO(focus_parquet(rows)))

    assert read.schema.names == [column.name for column in COLUMNS]
    assert str(read.schema.field("BilledCost").type) == "decimal128(38, 18)"
    assert read.to_pylist() == [dict(row) for row in rows]


def test_equal_rows_are_equal_bytes() -> None:
    assert focus_parquet(a_month().rows()) == focus_parquet(a_month().rows())
