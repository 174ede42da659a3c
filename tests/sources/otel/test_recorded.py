"""The recorded examples of Claude Code's and Codex's exports are read whole."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.sources.otel.writing import read_lines

WINDOW = (date(2026, 7, 26), date(2026, 7, 28))
_COUNTS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def _counts(row: dict[str, object]) -> list[object]:
    return [row.get(f"{kind}_tokens") for kind in _COUNTS]


def _payload(shared: Path, name: str) -> object:
    payload: object = json.loads((shared / "reference/payloads" / name).read_text())
    return payload


@pytest.mark.shared
def test_recorded_events_of_claude_code_and_codex_are_requests(
    shared: Path, tmp_path: Path
) -> None:
    names = ("claude_code_otlp_logs.json", "codex_otlp_logs.json")

    found = read_lines(tmp_path, *(_payload(shared, name) for name in names), window=WINDOW)

    assert sorted((row["model"], _counts({**row}), row.get("cost_usd")) for row in found.rows) == [
        ("claude-opus-4-6", [9, 0, 41_530, 0, 7_238], "0.4405575"),
        ("claude-opus-5", [2, 15_273, 0, 8_271, 4], "0.0904565"),
        ("gpt-5.4", [3_000, 9_000, None, None, 800], None),
    ]
    assert (found.rejects, found.findings) == ([], ())


@pytest.mark.shared
def test_recorded_metrics_say_what_the_event_says(shared: Path, tmp_path: Path) -> None:
    metrics = _payload(shared, "claude_code_otlp_metrics.json")

    (row,) = read_lines(tmp_path, metrics, window=WINDOW, signal="metrics").rows

    assert (_counts({**row}), row["cost_usd"]) == ([2, 15_273, 0, 8_271, 4], "0.0904565")
