from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import fs

from tasks.core.books import Snapshot
from tasks.core.tables import CHARGES, RUNS, SQUAD_USE, USAGE, Table
from tasks.lake.files import ObjectFiles
from tasks.lake.store import Lake

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


Row = dict[str, object]
Write = Callable[..., Snapshot]


@pytest.fixture
def run_row() -> Callable[..., Row]:
    """Make runs of source `log` with 100 input tokens on the day."""

    def make(run_id: str, **columns: object) -> Row:
        row: Row = {
            "source": "log",
            "run_id": run_id,
            "day": DAY,
            "ended_at": NOON,
            "issuer": "anthropic",
            "model": "claude-x",
            "account": "ws_1",
            "input_tokens": 100,
            "purpose": "work",
        }
        return row | columns

    return make


@pytest.fixture
def usage_row() -> Callable[..., Row]:
    """Make metered quantities of source `bill` on the day."""

    def make(**columns: object) -> Row:
        row: Row = {
            "source": "bill",
            "issuer": "anthropic",
            "account": "ws_1",
            "day": DAY,
            "model": "claude-x",
            "sku": "claude-x·standard·-",
            "kind": "input",
            "quantity": 1000,
        }
        return row | columns

    return make


@pytest.fixture
def charge_row() -> Callable[..., Row]:
    """Make billed lines of source `bill` on the day."""

    def make(**columns: object) -> Row:
        row: Row = {
            "source": "bill",
            "issuer": "anthropic",
            "account": "ws_1",
            "day": DAY,
            "charge_start": NOON - timedelta(hours=12),
            "charge_end": NOON + timedelta(hours=12),
            "billing_period": "2026-11",
            "line": 0,
            "category": "usage",
            "sku": "claude-x·standard·-",
            "kind": "input",
            "billed_nano": 3_000_000,
            "currency": "USD",
        }
        return row | columns

    return make


@pytest.fixture(params=["local", "objects"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "local":
        return Lake.open(str(tmp_path / "lake"))
    files = ObjectFiles(fs._MockFileSystem(), "bucket/prefix")
    files.replace("lake_id", b"objects")
    return Lake(files, "objects")


@pytest.fixture
def conform(lake: Lake) -> Write:
    """Write rows of one source's day; the table is told from the columns."""

    def write(rows: Sequence[Mapping[str, object]], **identity: object) -> Snapshot:
        table = _table_of(rows[0])
        return lake.write_conformed(
            table,
            rows,
            source=str(rows[0]["source"]),
            stream=table.name,
            day=date.fromisoformat(str(rows[0]["day"])),
            parser=str(identity.get("parser", "1")),
            raw_sha="raw",
            is_complete=True,
            recorded_at=NOON,
        ).snapshot

    return write


def _table_of(row: Mapping[str, object]) -> Table:
    if "billed_nano" in row:
        return CHARGES
    if "squad" in row:
        return SQUAD_USE
    return USAGE if "quantity" in row else RUNS
