"""What a pull leaves in the ledger: which days are rather left as they were, and what is new."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tasks.core.batches import Stream, StreamKind
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade
from tasks.recording import days_lost, lost_days, record_pull
from tests.ledger.made import COSTS, DAY, NOW, raw, reject

RUNS = Stream("runs", StreamKind.REPORT, "runs")
USAGE = Stream("usage", StreamKind.REPORT, "usage")
USE = Stream("use", StreamKind.REPORT, "squad_use")
EVENTS = Stream("events", StreamKind.CHANGE, "work_item_events", natural_key=("id",))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    upgrade(url := f"sqlite:///{tmp_path / 'ledger.db'}")
    with Ledger.open(url, lake_id="lake-1") as opened:
        yield opened


def record(ledger: Ledger, stream: Stream, rows: int, *, sha: str = "a", **changes: object) -> None:
    snapshot = replace(raw(sha, stream=stream.name, rows=rows), **changes)  # type: ignore[arg-type]
    record_pull(
        ledger,
        snapshot.source,
        stream,
        snapshots=[snapshot],
        rejects={},
        watermark=None,
        now=NOW,
        basis=ledger.last_pull(snapshot.source, stream.name),
        pseudonym=str.upper,
    )


def is_lost(ledger: Ledger, stream: Stream, rows: int) -> bool:
    return lost_days(ledger, "bill", stream, {DAY: rows}) == {DAY}


@pytest.mark.parametrize(
    ("stream", "lost"),
    [(RUNS, [0, 1, 2]), (COSTS, [0]), (USAGE, [0]), (USE, [0]), (EVENTS, [])],
    ids=lambda one: getattr(one, "name", None),
)
def test_a_log_never_shrinks_and_a_report_that_had_rows_never_comes_to_have_none(
    ledger: Ledger, stream: Stream, lost: list[int]
) -> None:
    record(ledger, stream, 3)

    assert [rows for rows in range(6) if is_lost(ledger, stream, rows)] == lost


@pytest.mark.parametrize("stream", [RUNS, COSTS])
def test_a_day_that_was_never_read_whole_or_had_nothing_loses_nothing(
    ledger: Ledger, stream: Stream
) -> None:
    yesterday = DAY - timedelta(days=1)

    record(ledger, stream, 0)
    record(ledger, stream, 9, sha="b", key=yesterday, is_complete=False)
    record(ledger, stream, 9, sha="c", source="another")

    assert lost_days(ledger, "bill", stream, {DAY: 0, yesterday: 0, NOW.date(): 0}) == set()


def test_the_newest_reading_is_what_a_day_is_held_to(ledger: Ledger) -> None:
    record(ledger, RUNS, 3)
    record(ledger, RUNS, 2, sha="b")

    assert not is_lost(ledger, RUNS, 2)


@pytest.mark.parametrize(
    ("stream", "days", "code", "detail"),
    [
        (RUNS, 1, "log_lost", "1 day, 2026-11-20, hold less than was read before"),
        (USE, 2, "log_lost", "2 days between 2026-11-20 and 2026-11-21 hold less"),
        (COSTS, 1, "day_emptied", "1 day, 2026-11-20, now come without any costs"),
        (USAGE, 2, "day_emptied", "2 days between 2026-11-20 and 2026-11-21 now come without any"),
    ],
)
def test_days_that_stay_as_they_were_are_told(
    stream: Stream, days: int, code: str, detail: str
) -> None:
    found = days_lost("bill", stream, {DAY + timedelta(days=at) for at in range(days)})

    assert (found.code, found.subject) == (code, "bill")
    assert found.detail.startswith(detail)
    assert found.detail.endswith("; what was read before stays")


def test_only_keys_of_new_content_are_news_and_no_plain_digest_is_kept(ledger: Ledger) -> None:
    def pull(*shas: str) -> tuple[date, ...]:
        days = [DAY + timedelta(days=at) for at in range(len(shas))]
        return record_pull(
            ledger,
            "bill",
            COSTS,
            snapshots=[raw(sha, day=day) for sha, day in zip(shas, days, strict=True)],
            rejects={DAY: [replace(reject(0), digest="plain")]},
            watermark=None,
            now=NOW,
            basis=ledger.last_pull("bill", COSTS.name),
            pseudonym=str.upper,
        )

    first, same, other = pull("a", "b"), pull("a", "b"), pull("a", "c")

    assert (first, same, other) == ((DAY, DAY + timedelta(days=1)), (), (DAY + timedelta(days=1),))
    assert {one.reject.digest for one in ledger.rejects_as_of(ledger.newest_seq())} == {"PLAIN"}
