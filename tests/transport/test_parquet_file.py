"""Foreign Parquet files: every type as text, sizes capped, damage told without content."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.transport.parquet_file import ParquetTable, UnusableTableError

_TYPED = {
    "decimal": pa.array([Decimal("0.000000001"), None], pa.decimal128(38, 9)),
    "double": pa.array([0.1, float("nan")]),
    "whole": pa.array([2**53 + 1, -1], pa.int64()),
    "naive": pa.array([datetime(2026, 11, 5), None], pa.timestamp("us")),  # noqa: DTZ001  # as some writers have it
    "aware": pa.array(
        [datetime(2026, 11, 5, tzinfo=timezone(timedelta(hours=8))), None],
        pa.timestamp("ns", "UTC"),
    ),
    "day": pa.array([date(2026, 11, 5), None]),
    "coded": pa.array(["a", "a"]).dictionary_encode(),
    "map": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
    "struct": pa.array([{"k": Decimal(1)}, None], pa.struct({"k": pa.decimal128(5, 0)})),
    "bytes": pa.array([b"\xff", None]),
}


def test_every_type_is_written_out_exactly(tmp_path: Path) -> None:
    pq.write_table(pa.table(_TYPED), tmp_path / "a.parquet")

    with ParquetTable(tmp_path / "a.parquet", largest_bytes=10**6) as table:
        first, second = table.rows()
        columns = table.columns

    assert columns == tuple(_TYPED)
    assert first == [
        *("0.000000001", "0.1", "9007199254740993"),
        *("2026-11-05T00:00:00+00:00", "2026-11-04T16:00:00+00:00", "2026-11-05"),
        *("a", '{"k": "v"}', '{"k": "1"}', "b'\\xff'"),
    ]
    assert second == ["", "nan", "-1", "", "", "", "a", "", "", ""]


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [str(n) for n in range(1000)]}), tmp_path / "a.parquet")

    with pytest.raises(UnusableTableError, match="more than 100 bytes"):
        ParquetTable(tmp_path / "a.parquet", largest_bytes=100)


def test_damage_is_told_without_content(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["Oswaldina"] * 100}), tmp_path / "a.parquet", compression="zstd")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[20:40] = bytes(20)
    (tmp_path / "a.parquet").write_bytes(data)

    with (
        pytest.raises(UnusableTableError, match="damaged") as error,
        ParquetTable(tmp_path / "a.parquet", largest_bytes=10**6) as table,
    ):
        list(table.rows())
    assert "Oswaldina" not in str(error.value)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("a,b\n")

    with pytest.raises(UnusableTableError, match="no Parquet file"):
        ParquetTable(tmp_path / "a.parquet", largest_bytes=10**6)
