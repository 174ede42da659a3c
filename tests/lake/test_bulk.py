"""Typing raw requests set-wise, held against what Python makes of the same rows one by one."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.checks.counts import held_batches
from tasks.core.batches import RawRow, Stream, StreamKind
from tasks.core.books import Snapshot
from tasks.core.days import vendor_day
from tasks.core.errors import LakeError
from tasks.core.instants import parse_instant
from tasks.core.models import canonical_model
from tasks.core.money import to_nano
from tasks.core.requests import Request
from tasks.core.run_rules import ANY
from tasks.core.tables import RUNS
from tasks.lake.bulk import Spelling, TypedDays, open_typed
from tasks.lake.engine import Limits
from tasks.lake.reading_engine import open_workbench
from tasks.lake.store import Lake

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
STREAM = Stream("runs", StreamKind.REPORT, "runs")
SPELLING = Spelling(
    source="log",
    canonical=canonical_model,
    offsets={"anthropic": 0, "devin": 480, "openai": -600},
    accounts={"anthropic": "org-a"},
)


def request(**changes: Any) -> Request:
    fields: dict[str, Any] = {
        "run_id": "req_1",
        "ended_at": datetime(2026, 11, 17, 12, tzinfo=UTC),
        "issuer": "anthropic",
        "model": "claude-haiku-4-5",
    }
    return Request(**(fields | changes))


def typed_alone(row: RawRow) -> dict[str, object]:
    """What one row should become, by the plain functions of the core."""
    ended_at = parse_instant(row["ended_at"])
    started_at = row.get("started_at")
    cost = row.get("cost_usd")
    issuer = str(row["issuer"])
    same = set(RUNS.column_names()) & (row.keys() - {"source"})
    run: dict[str, object] = dict.fromkeys(RUNS.column_names())
    run |= {name: row[name] for name in same}
    return run | {
        "source": "log",
        "day": vendor_day(ended_at, SPELLING.offsets.get(issuer, 0)),
        "ended_at": ended_at,
        "started_at": None if started_at is None else parse_instant(started_at),
        "model": canonical_model(str(row["model"])),
        "account": row.get("account") or SPELLING.accounts.get(issuer),
        "reported_cost_nano": None if cost is None else to_nano(str(cost)),
    }


def kept(lake: Lake, rows: list[RawRow], day: date = DAY) -> Snapshot:
    return lake.write_raw("log", STREAM, day, rows, is_complete=True, recorded_at=NOW)


@contextmanager
def typed(lake: Lake, *raw: Snapshot, limits: Limits | None = None) -> Iterator[TypedDays]:
    with open_typed(lake, raw, SPELLING, limits or Limits(memory="200MB")) as days:
        yield days


def published(lake: Lake, raw: Snapshot, limits: Limits | None = None) -> Snapshot:
    with typed(lake, raw, limits=limits) as days:
        return days.write(lake, "runs", raw.key, "parser-1", raw, NOW)


def row_by_row(lake: Lake, raw: Snapshot, rows: list[RawRow]) -> Snapshot:
    """The snapshot of rows that Python types, as reports are."""
    return lake.write_conformed(
        RUNS,
        [typed_alone(row) for row in rows],
        source="log",
        stream="runs",
        day=DAY,
        parser="parser-1",
        raw_sha=raw.sha,
        is_complete=True,
        recorded_at=NOW,
    ).snapshot


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"))


def many(count: int, seed: int = 3) -> list[RawRow]:
    """Requests with every field filled in some rows and absent in others."""
    rng = random.Random(seed)

    def some(value: object) -> Any:
        return value if rng.random() < 0.6 else None

    return [
        request(
            run_id=f"req_{number:06d}#{rng.randrange(9)}",
            ended_at=datetime(2026, 11, 17, tzinfo=UTC)
            + timedelta(microseconds=rng.randrange(86_400_000_000)),
            started_at=some(datetime(2026, 11, 16, 23, 59, 59, 120_000, tzinfo=UTC)),
            issuer=rng.choice(("anthropic", "devin", "openai", "elsewhere")),
            model=rng.choice(("claude-haiku-4-5-20251001", "vendor:GPT-5.4", "Claude-Opus 5")),
            account=some("acc/1"),
            api_key=some("key_1"),
            tier=some("standard"),
            context=some("0-200k"),
            input_tokens=some(rng.randrange(10**9)),
            cache_read_tokens=some(0),
            cache_write_5m_tokens=some(5),
            cache_write_1h_tokens=some(6),
            output_tokens=some(10**15 - 1),
            cost_usd=some(Decimal(rng.randrange(10**12)).scaleb(-rng.randrange(4, 20))),
            session=some("0123456789abcdef"),
            stamp=some("nightly.fix"),
            branch_prefix=some("claude/"),
            branch_item=some("PAY-12"),
            branch_digest=some("fedcba9876543210"),
            repo=some("acme/web"),
            work_item=some("acme/web#12"),
            actor=some("agent:claude"),
            purpose=rng.choice(("work", "ci")),
            failure_type=some("timeout"),
        ).to_raw()
        for number in range(count)
    ]


def test_rows_are_typed_as_python_types_them(lake: Lake) -> None:
    rows = many(400)
    found = lake.read_conformed(published(lake, kept(lake, rows)), RUNS)
    expected = sorted(map(typed_alone, rows), key=lambda run: str(run["run_id"]))
    assert found == expected
    assert {run["day"] for run in found} == {date(2026, 11, 16), DAY, date(2026, 11, 18)}


def test_a_day_of_one_issuer_has_the_digest_that_python_gives_it(lake: Lake) -> None:
    rows = [row | {"issuer": "anthropic"} for row in many(200)]
    raw = kept(lake, rows)
    snapshot = published(lake, raw)
    by_python = row_by_row(lake, raw, rows)
    assert (snapshot.sha, snapshot.path, snapshot.rows) == (
        by_python.sha,
        by_python.path,
        by_python.rows,
    )
    assert lake.damaged([snapshot]) == []


def test_runs_of_an_issuer_whose_day_starts_later_have_that_digest_too(lake: Lake) -> None:
    early = datetime(2026, 11, 17, 3, tzinfo=UTC)
    rows = [request(issuer="devin", ended_at=early).to_raw()]
    raw = kept(lake, rows)
    by_python = row_by_row(lake, raw, rows)
    assert published(lake, raw).sha == by_python.sha
    assert lake.read_conformed(by_python, RUNS)[0]["day"] == date(2026, 11, 16)


def test_neither_threads_nor_order_change_a_byte(lake: Lake) -> None:
    rows = many(300)
    first = published(lake, kept(lake, rows), limits=Limits(memory="200MB", threads=1))
    data = lake.files.read(first.path)
    random.Random(1).shuffle(rows)
    again = published(lake, kept(lake, rows), limits=Limits(memory="200MB", threads=2))
    assert again.path == first.path
    assert lake.files.read(again.path) == data


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.decimals(-(10**8), 10**8, allow_nan=False, allow_infinity=False, places=None)
        | st.decimals(-1, 1, allow_nan=False, allow_infinity=False, places=12)
        | st.integers(-(10**12), 10**12).map(lambda half: Decimal(half * 2 + 1) / 2 / 10**9),
        min_size=1,
        max_size=40,
    )
)
def test_costs_are_rounded_half_to_even_once(costs: list[Decimal]) -> None:
    texts = [format(cost, "f") for cost in costs]
    texts = [text for text in texts if len(text.partition(".")[2]) <= 40]
    with open_workbench([]) as bench:
        found = bench.engine.execute(
            "SELECT nano(text) FROM (SELECT unnest(?) AS text)", [texts]
        ).fetchall()
    assert [row[0] for row in found] == [to_nano(text) for text in texts]


def test_of_lines_that_differ_the_latest_end_stays(lake: Lake) -> None:
    late = datetime(2026, 11, 17, 13, tzinfo=UTC)
    rows = [
        request(output_tokens=9).to_raw(),
        request(output_tokens=2, ended_at=late).to_raw(),
        request(output_tokens=5, ended_at=late).to_raw(),
        request(output_tokens=5, ended_at=late).to_raw(),
        request(output_tokens=9).to_raw(),
        request(run_id="req_2").to_raw(),
    ]
    with typed(lake, kept(lake, rows)) as days:
        refused = [one.code for one in days.refused[DAY]]
        snapshot = days.write(lake, "runs", DAY, "p", kept(lake, rows), NOW)
    runs = {run["run_id"]: run for run in lake.read_conformed(snapshot, RUNS)}
    assert runs["req_1"]["output_tokens"] == 5
    assert set(runs) == {"req_1", "req_2"}
    assert sorted(refused) == ["conflicting_run", "conflicting_run", "duplicate", "duplicate"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"run_id": 'quo"te'}, ("run_id", "bad_word")),
        ({"run_id": ""}, ("run_id", "bad_word")),
        ({"model": "modèle"}, ("model", "bad_word")),
        ({"issuer": "No Slug"}, ("issuer", "bad_word")),
        ({"account": "a b"}, ("account", "bad_word")),
        ({"output_tokens": -1}, ("output_tokens", "out_of_range")),
        ({"output_tokens": 10**15}, ("output_tokens", "out_of_range")),
        ({"cost_usd": Decimal("1e10")}, ("cost_usd", "bad_amount")),
        ({"ended_at": datetime(1970, 1, 1, tzinfo=UTC)}, ("ended_at", "out_of_range")),
        (
            {"started_at": datetime(2026, 11, 17, 12, 0, 1, tzinfo=UTC)},
            ("started_at", "out_of_order"),
        ),
        ({"session": "plain"}, ("session", "bad_word")),
    ],
)
def test_a_row_that_is_no_request_is_refused_by_name(
    lake: Lake, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    rows = [request(run_id="req_0").to_raw(), request(**changes).to_raw()]
    raw = kept(lake, rows)
    with typed(lake, raw) as days:
        assert [(one.field_path, one.code) for one in days.refused[DAY]] == [refusal]
        assert days.write(lake, "runs", DAY, "p", raw, NOW).rows == 1


@pytest.mark.parametrize(("good", "bad", "is_held"), [(0, 30, True), (50, 3, True), (60, 3, False)])
def test_a_day_of_lines_that_are_no_requests_is_held_and_not_told_as_empty(
    lake: Lake, good: int, bad: int, is_held: bool
) -> None:
    rows = [request(run_id=f"req_{number}").to_raw() for number in range(good)]
    rows += [request(run_id=f"bad_{number}", account="a b").to_raw() for number in range(bad)]
    other = kept(lake, [request(run_id="req_other").to_raw()], date(2026, 11, 18))
    with typed(lake, kept(lake, rows), other) as days:
        held = held_batches(RUNS, "log", days.counts)
        assert days.failing(DAY) == ()
        assert len(days.refused[DAY]) == bad
    assert list(held) == ([DAY] if is_held else [])
    if is_held:
        assert held[DAY].detail == f"runs: {bad} of {good + bad} rows fail their checks"


def bad_days(lake: Lake) -> list[Snapshot]:
    """Two days, each of a good run, two bad lines, two that repeat one, and two bad costs."""
    return [
        kept(
            lake,
            [
                request(run_id="req_0", ended_at=end).to_raw(),
                request(run_id="req_0", ended_at=end, output_tokens=1).to_raw(),
                request(run_id="req_0", ended_at=end, output_tokens=1).to_raw(),
                request(run_id="req_1", ended_at=end, cost_usd=Decimal(-1)).to_raw(),
                request(run_id="req_2", ended_at=end, cost_usd=Decimal(-1)).to_raw(),
                request(ended_at=end, account="a b").to_raw(),
                request(ended_at=end, session="plain").to_raw(),
            ],
            end.date(),
        )
        for end in (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (17, 18))
    ]


def test_what_is_refused_of_a_day_is_the_same_whatever_is_typed_with_it(lake: Lake) -> None:
    raw = bad_days(lake)
    with typed(lake, *raw) as days:
        together = [(days.refused[one.key], days.failing(one.key)) for one in raw]
    alone = []
    for one in raw:
        with typed(lake, one) as days:
            alone.append((days.refused[one.key], days.failing(one.key)))
    assert together == alone
    assert [(len(refused), len(failing)) for refused, failing in alone] == [(4, 2), (4, 2)]


def test_how_many_more_are_refused_than_are_told_is_said(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.lake.bulk_refusals._MOST_TOLD", 1)
    raw = bad_days(lake)
    with typed(lake, *raw) as days:
        told = [len(days.refused[one.key]) + len(days.failing(one.key)) for one in raw]
        findings = [(one.code, one.subject, one.detail.split()[0]) for one in days.findings]
    assert told == [3, 3]
    assert findings == [("more_refused", f"log {one.key}", "3") for one in raw]


def test_issuers_that_nobody_declared_are_told(lake: Lake) -> None:
    rows = [request(run_id=f"req_{number}", issuer="elsewhere").to_raw() for number in range(3)]
    with typed(lake, kept(lake, rows)) as days:
        (finding,) = days.findings
    assert (finding.code, finding.subject) == ("unknown_issuer", "elsewhere")
    assert "3 run(s)" in finding.detail


def test_a_day_without_a_request_is_written_as_one(lake: Lake) -> None:
    raw = kept(lake, [])
    snapshot = published(lake, raw)
    assert snapshot.rows == 0
    assert lake.read_conformed(snapshot, RUNS) == []


def test_an_altered_raw_file_is_not_typed(lake: Lake) -> None:
    raw = kept(lake, many(20))
    other = kept(lake, many(20, seed=4))
    swapped = replace(raw, path=other.path, size_bytes=other.size_bytes)
    with pytest.raises(LakeError, match="not what its name says"), typed(lake, swapped):
        pass


def test_a_missing_raw_file_is_not_typed(lake: Lake) -> None:
    raw = kept(lake, many(3))
    (lake.files.root / raw.path).unlink()  # type: ignore[union-attr]
    with pytest.raises(LakeError, match="missing or short"), typed(lake, raw):
        pass


def test_days_are_told_apart(lake: Lake) -> None:
    first = kept(lake, [request(run_id="req_1").to_raw()])
    rows = [request(run_id="req_1", ended_at=datetime(2026, 11, 18, 9, tzinfo=UTC)).to_raw()]
    second = kept(lake, rows, date(2026, 11, 18))
    with typed(lake, first, second) as days:
        totals = {one.key: one.rows for one in days.counts if one.name == ANY}
    assert totals == {"2026-11-17": 1, "2026-11-18": 1}
