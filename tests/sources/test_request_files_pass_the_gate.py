"""Requests of telemetry, of gateways' exports and of Codex sessions become runs that pass."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tasks.checks.counts import held_batches
from tasks.core.batches import RawRow, Stream, StreamKind
from tasks.core.models import canonical_model
from tasks.core.tables import RUNS
from tasks.lake.bulk import Spelling, open_typed
from tasks.lake.store import Lake
from tests.sources.codex_log import writing as codex_sessions
from tests.sources.litellm_file import test_rows as gateway
from tests.sources.otel.writing import claude, codex, logs, read_lines, span, spans
from tests.sources.request_readings import DAY, NOW

_RUNS = Stream("runs", StreamKind.REPORT, "runs")
_ACCOUNTS = {"anthropic": "main", "openai": "proj"}


def _telemetry(folder: Path) -> Sequence[RawRow]:
    lines = [logs(claude(), codex(), workflow="fixer"), spans(span())]
    return read_lines(folder, *lines).rows


def _gateway(folder: Path) -> Sequence[RawRow]:
    return gateway.read_rows(folder, gateway.row(), gateway.row(request_id="own", model="")).rows


def _codex(folder: Path) -> Sequence[RawRow]:
    git = {"branch": "codex/PAY-7-fix", "repository_url": "git@github.com:acme/claims.git"}
    lines = codex_sessions.session("s-1", [(900, 600, 40), (950, 700, 0)], git=git)
    codex_sessions.write(folder, "a", lines)
    return codex_sessions.rows_of(codex_sessions.pull(folder))


@pytest.mark.parametrize(
    ("read", "models"),
    [
        (_telemetry, {"claude-opus-5", "gpt-5.4", "claude-haiku-4-5"}),
        (_gateway, {"claude-opus-5", "unknown"}),
        (_codex, {"gpt-5.4"}),
    ],
    ids=["otel", "litellm_file", "codex_log"],
)
def test_requests_become_runs_that_pass_their_checks(
    tmp_path: Path, read: Callable[[Path], Sequence[RawRow]], models: set[str]
) -> None:
    rows = read(tmp_path)
    lake = Lake.open(str(tmp_path / "typed"))
    raw = lake.write_raw("log", _RUNS, DAY, rows, is_complete=True, recorded_at=NOW)
    spelling = Spelling("log", canonical_model, dict.fromkeys(_ACCOUNTS, 0), _ACCOUNTS)

    with open_typed(lake, [raw], spelling) as typed:
        assert not [one for one in typed.counts if one.violations]
        assert held_batches(RUNS, "log", typed.counts) == {}
        assert [refused for refused in typed.refused.values() if refused] == []
        done = typed.write(lake, "runs", DAY, "v", raw, NOW)

    assert done.rows == len(rows)
    path = str(tmp_path / "typed" / done.path)
    found = duckdb.sql("SELECT model, account, day FROM read_parquet($p)", params={"p": path})
    runs = found.fetchall()
    assert {model for model, _, _ in runs} == models
    assert {day for _, _, day in runs} == {date(2026, 11, 17)}
    assert all(account in {*_ACCOUNTS.values(), None} for _, account, _ in runs)
