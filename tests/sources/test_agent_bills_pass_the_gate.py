"""What Cursor and Devin tell passes the checks of its tables, and their sessions become runs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from tasks.checks.run import check
from tasks.core.batches import Pulled, Stream
from tasks.core.digests import keyed_digest
from tasks.core.models import canonical_model
from tasks.core.people import Door
from tasks.core.tables import RUNS, TABLES
from tasks.lake.bulk import Spelling, open_typed
from tasks.lake.store import Lake
from tasks.sources import cursor, devin
from tests.sources import cursor_team, devin_server

DAY = cursor_team.DAY
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
DIGEST = keyed_digest("k" * 32)
PEOPLE = {f"person{number}@example.com": "payments" for number in range(3)}
COMMIT = "c0ffee" * 6
EVENTS = [
    *(cursor_team.event(userEmail=person) for person in PEOPLE),
    cursor_team.included(conversationId=None),
    cursor_team.event(conversationId="b", tokenUsage=None, kind="Bonus", serviceAccountId="sa_1"),
    cursor_team.event(conversationId="c", chargedCents="0.0000000000001", model="A/B+C:d.e_f-1"),
    cursor_team.event(conversationId="d", chargedCents=-5, timestamp=cursor_team.moment(DAY, 0)),
    cursor_team.event(conversationId="e", timestamp=cursor_team.moment(DAY, 23, seconds=3599)),
]
SESSIONS = [
    devin_server.session("a", acus=4, tags=["workflow:upgrader"], status="error"),
    devin_server.session(
        "b", acus="0.1234567", pull_requests=[{"pr_url": "https://github.com/acme/api/pull/9"}]
    ),
    devin_server.session("c", acus=0, created_at=devin_server.seconds(DAY, 8)),
    devin_server.session("d", acus=None, updated_at=devin_server.seconds(DAY, 31.99)),
    devin_server.session(
        "e",
        acus=3,
        created_at=devin_server.seconds(DAY - timedelta(days=2)),
        updated_at=devin_server.seconds(DAY, 60),
    ),
]
DAYS = [devin_server.consumed(DAY, 20, devin=15, cascade=2, next=1)]


def _cursor(stream: Stream) -> tuple[Pulled, Any]:
    team = cursor_team.Team(
        EVENTS,
        commits=[{"commitHash": COMMIT, "repoName": "acme/api", "branchName": "cursor/PAY-1-x y"}],
        conversations={COMMIT: [cursor_team.CONVERSATION]},
    )
    door = Door(DIGEST, PEOPLE)
    pulled = cursor_team.pull(stream, team, window=(DAY, DAY), at=door, code_tracking=True)
    return pulled, cursor_team.source()


def _devin(stream: Stream) -> tuple[Pulled, Any]:
    parts = {"devin-e": [devin_server.consumed(DAY, 3)]}
    organisation = devin_server.Organisation(DAYS, SESSIONS, parts)
    pulled = devin_server.pull(
        stream,
        organisation,
        window=(DAY, DAY),
        at=Door(DIGEST, {"user-abc": "payments"}),
        repositories=["acme/*"],
    )
    return pulled, devin_server.source()


PULLS: Mapping[ModuleType, Any] = {cursor: _cursor, devin: _devin}


@pytest.mark.parametrize(
    ("adapter", "stream"),
    [
        (adapter, stream)
        for adapter in PULLS
        for stream in adapter.STREAMS
        if stream.table != RUNS.name
    ],
    ids=lambda one: getattr(one, "name", None) or one.__name__.rpartition(".")[2],
)
def test_every_row_of_a_report_passes_its_tables_checks(adapter: Any, stream: Stream) -> None:
    pulled, config = PULLS[adapter](stream)
    (batch,) = pulled.batches
    rows = adapter.conform(stream, config, batch.rows, batch.key, {}).rows

    result = check(TABLES[stream.table], config.name, {DAY: rows})[DAY]

    assert rows
    assert (result.is_critical, result.rejects) == (False, ())
    assert len(result.rows) == len(rows)


@pytest.mark.parametrize(("adapter", "expected"), [(cursor, 5), (devin, 5)])
def test_every_session_becomes_a_run_of_its_issuer_s_day(
    adapter: Any, expected: int, tmp_path: Path
) -> None:
    pulled, config = PULLS[adapter](adapter.SESSIONS)
    (batch,) = pulled.batches
    lake = Lake.open(str(tmp_path / "lake"))
    raw = lake.write_raw(
        config.name, adapter.SESSIONS, DAY, batch.rows, is_complete=True, recorded_at=NOW
    )
    offset = 480 if adapter is devin else 0
    spelling = Spelling(config.name, canonical_model, {config.issuer: offset}, {})

    with open_typed(lake, [raw], spelling) as typed:
        assert typed.refused == {}
        assert [one for one in typed.counts if one.violations] == []
        written = typed.write(lake, "sessions", DAY, adapter.PARSER, raw, NOW)
    found = duckdb.connect().execute(
        "SELECT day, issuer, session FROM read_parquet(?)",
        [str(tmp_path / "lake" / written.path)],
    )

    rows = found.fetchall()
    assert len(rows) == expected
    assert {(day, issuer) for day, issuer, _ in rows} == {(DAY, config.issuer)}
    assert all(session for *_, session in rows)
