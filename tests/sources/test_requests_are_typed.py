"""What the logs over HTTP make of a request is what is typed as a run: nothing is refused later."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from tasks.core.models import canonical_model
from tasks.lake.bulk import Spelling, open_typed
from tasks.lake.store import Lake
from tasks.sources import claude_code_analytics, langfuse, litellm
from tests.sources.claude_code_analytics import test_rows as analytics
from tests.sources.langfuse import test_rows as traced
from tests.sources.litellm import test_rows as spent
from tests.sources.request_logs import DAY, pull
from tests.transport.loopback import Reply

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
_TTL = {
    "cache_creation_input_tokens": 20,
    "cache_creation": {"ephemeral_5m_input_tokens": 20},
    "cache_read_input_tokens": 60,
}
_EXTREMES: list[dict[str, Any]] = [
    {"request_id": "chatcmpl-0000000001", "spend": "0.0000000005"},
    {"request_id": "chatcmpl-0000000002", "spend": "999999999.999999999"},
    {"request_id": "chatcmpl-0000000003", "spend": None, "prompt_tokens": None, "metadata": {}},
    {"request_id": "chatcmpl-0000000004", "model": "x/y+z@20260101", "custom_llm_provider": "x"},
    {"request_id": "chatcmpl-0000000005", "prompt_tokens": 10**12, "completion_tokens": 10**12},
    {"request_id": "k" * 1024, "api_key": "k" * 1024, "session_id": "s" * 1024, "metadata": {}},
    {"request_id": "chatcmpl-0000000006", "status": "failure", "cache_hit": "True"},
    {"request_id": "chatcmpl-0000000007", "metadata": {"usage_object": _TTL}},
    {"request_id": "chatcmpl-0000000008", "spend": "1.5E-7"},
]
_SPENT = [{"spend": "0.0125"} | spent.row(spend="0.0125") | one for one in _EXTREMES]
_TRACED = [traced.observation(totalCost="0.3", costDetails={"total": "0.3"})]
_USED = [
    analytics.row(
        "ada@acme.example",
        analytics.model(estimated_cost={"currency": "USD", "amount": "0.00000012345"}),
    )
]
_PAGES: dict[str, tuple[ModuleType, Callable[[], dict[str, object]]]] = {
    "litellm": (litellm, lambda: {"data": _SPENT, "total": len(_SPENT), "page": 1}),
    "langfuse": (langfuse, lambda: {"data": _TRACED, "meta": {"cursor": None}}),
    "analytics": (claude_code_analytics, lambda: {"data": _USED, "has_more": False}),
}


@pytest.mark.parametrize("name", _PAGES)
def test_every_request_becomes_a_run(name: str, tmp_path: Path) -> None:
    adapter, page = _PAGES[name]
    runs = _runs(adapter, page(), tmp_path, expected=len(page()["data"]))  # type: ignore[arg-type]

    assert {run["issuer"] for run in runs} <= {"anthropic", "unknown"}
    assert {run["day"] for run in runs} == {DAY}
    assert {run["account"] for run in runs} <= {"main", None}


def test_costs_become_nano_dollars_half_even_and_what_is_unknown_stays_so(tmp_path: Path) -> None:
    adapter, page = _PAGES["litellm"]

    runs = {run["run_id"]: run for run in _runs(adapter, page(), tmp_path, expected=len(_SPENT))}

    costs = [runs[f"chatcmpl-{at:010d}"]["reported_cost_nano"] for at in (1, 2, 3, 6, 8)]
    assert costs == [0, 999_999_999_999_999_999, None, 0, 150]
    split = runs["chatcmpl-0000000007"]
    assert (split["input_tokens"], split["cache_read_tokens"]) == (20, 60)
    assert (split["cache_write_5m_tokens"], split["cache_write_1h_tokens"]) == (20, 0)
    assert runs["chatcmpl-0000000003"]["input_tokens"] is None


def _runs(
    adapter: ModuleType, page: dict[str, object], folder: Path, expected: int
) -> list[dict[str, Any]]:
    """Pull a page, store it, type it set-wise and read the rows back."""
    (batch,) = pull(adapter, lambda _: Reply(body=page)).batches
    assert batch.rejects == ()
    lake = Lake.open(str(folder / "lake"))
    stream = adapter.STREAMS[0]
    raw = lake.write_raw("log", stream, DAY, batch.rows, is_complete=True, recorded_at=NOW)
    spelling = Spelling("log", canonical_model, {"anthropic": 0}, {"anthropic": "main"})
    with open_typed(lake, [raw], spelling) as typed:
        assert typed.refused == {}
        assert [one for one in typed.counts if one.violations] == []
        written = typed.write(lake, stream.name, DAY, adapter.PARSER, raw, NOW)
    path = folder / "lake" / written.path
    found = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)])
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert len(rows) == expected
    assert all(isinstance(row["day"], date) for row in rows)
    return rows
