"""The engine that reads logs: what it says when it cannot go on."""

from pathlib import Path

import pytest

from tasks.core.errors import LakeError
from tasks.lake.engine import Limits
from tasks.lake.reading_engine import open_workbench


def test_too_little_memory_is_called_so() -> None:
    with (
        pytest.raises(LakeError, match=r"more than 20MB of memory, or more disk .* smaller files"),
        open_workbench([], Limits(memory="20MB", threads=1)) as bench,
    ):
        bench.engine.execute("SELECT length(string_agg(repeat('x', 1000))) FROM range(100000)")


def test_any_other_fault_is_told_without_what_a_line_may_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "Ada Lovelace"}\n')
    with (
        pytest.raises(LakeError, match="damaged files, or a full disk") as told,
        open_workbench([path]) as bench,
    ):
        bench.engine.execute(f"SELECT CAST(content AS INT) FROM read_text('{path}')")
    assert "Lovelace" not in str(told.value)
