"""A log in files through the stages: pulled, typed, checked, published; lost and held days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.shapes.sources import ClaudeCodeLogSource, Issuer
from tasks.core.books import Snapshot
from tasks.core.errors import StaleNightError
from tasks.core.tables import RUNS
from tasks.lake.deep import FileCheck
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.ledger.upgrade import upgrade
from tasks.set_wise import ConformedLog, PulledLog, conform_log, pull_log
from tasks.sources import claude_code_log
from tests.sources.claude_code_log.transcripts import answer, described
from tests.sources.request_readings import DAY, DIGEST, WINDOW, write_lines

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
STREAM = claude_code_log.RUNS
NAME = "transcripts"


class Night:
    """One installation: a folder of transcripts, a lake and a ledger."""

    def __init__(self, folder: Path, ledger: Ledger, lake: Lake) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.ledger, self.lake = ledger, lake

    def pull(
        self, *, from_scratch: bool = False, trusting: bool = False, basis: int | None = None
    ) -> PulledLog:
        """Pull the files; `trusting` refuses no line, so that only the checks stand guard."""
        if basis is None:
            basis = self.ledger.last_pull(NAME, STREAM.name)
        reading = described(self.logs)
        if trusting:
            reading = replace(reading, refusals=())
        return pull_log(
            self.lake,
            self.ledger,
            reading,
            STREAM,
            WINDOW,
            NOW,
            basis,
            DIGEST,
            from_scratch=from_scratch,
        )

    def conform(self, basis: int | None = None, raw: list[Snapshot] | None = None) -> ConformedLog:
        source = ClaudeCodeLogSource(
            name=NAME,
            type="claude_code_log",
            paths=("unread",),
            default_accounts={"anthropic": "org-default"},
        )
        basis = self.ledger.newest_seq() if basis is None else basis
        raw = [one for one in raw or self.newest("raw") if one.rows]
        issuers = {"anthropic": Issuer(id="anthropic")}
        return conform_log(self.lake, self.ledger, raw, STREAM, source, issuers, "p-1", NOW, basis)

    def newest(self, layer: str) -> list[Snapshot]:
        return self.ledger.snapshots_as_of(
            self.ledger.newest_seq(), layer=layer, which=Which.NEWEST_COMPLETE, source=NAME
        )

    def runs(self) -> dict[date, list[str]]:
        return {
            one.key: [str(run["run_id"])[-2:] for run in self.lake.read_conformed(one, RUNS)]
            for one in self.newest("conformed")
        }


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    lake = Lake.open(str(tmp_path / "lake"))
    upgrade(url := f"sqlite:///{tmp_path / 'ledger.db'}")
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        yield Night(tmp_path, ledger, lake)


def test_a_night_publishes_what_the_files_hold(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(1), answer(2, 1), answer(2), answer(3)])
    pulled = night.pull()
    conformed = night.conform()
    assert (pulled.rows, pulled.rejects, DAY in pulled.new_keys) == (3, 0, True)
    assert (conformed.rows, conformed.held) == (3, {})
    assert night.runs() == {DAY: ["01", "02", "03"]}


def test_the_same_files_again_are_no_news(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(1)])
    night.pull()
    assert night.pull().new_keys == ()


def test_a_log_that_has_shrunk_leaves_its_days_as_they_were(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(1), answer(2)])
    night.pull()
    write_lines(night.logs / "a.jsonl", [answer(1)])
    pulled = night.pull()
    assert [one.code for one in pulled.findings] == ["log_lost"]
    assert {one.key: one.rows for one in night.newest("raw")}[DAY] == 2
    assert night.pull(from_scratch=True).new_keys == (DAY,)
    assert {one.key: one.rows for one in night.newest("raw")}[DAY] == 1


def test_of_two_pulls_at_once_the_later_one_records_nothing(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(1)])
    before = night.ledger.last_pull(NAME, STREAM.name)
    night.pull()
    write_lines(night.logs / "a.jsonl", [answer(1), answer(2)])
    with pytest.raises(StaleNightError):
        night.pull(basis=before)
    assert {one.key: one.rows for one in night.newest("raw")}[DAY] == 1


def test_days_typed_while_newer_lines_came_are_not_published(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(1)])
    night.pull()
    before, old = night.ledger.newest_seq(), night.newest("raw")
    write_lines(night.logs / "a.jsonl", [answer(1), answer(2)])
    night.pull()
    with pytest.raises(StaleNightError):
        night.conform(before, old)
    assert night.runs() == {}


@pytest.mark.parametrize("together", [1, 300_000])
def test_a_day_with_too_many_bad_rows_is_held_and_the_others_go_on(
    night: Night, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("tasks.set_wise._ROWS_TOGETHER", together)
    bad = [answer(n, costUSD=-1) for n in range(2)]
    good = [answer(n) for n in range(2, 30)]
    other = [answer(n, timestamp="2026-11-18T09:00:00Z") for n in range(30, 33)]
    write_lines(night.logs / "a.jsonl", [*bad, *good, *other])
    night.pull(trusting=True)
    conformed = night.conform()
    assert [finding.detail for finding in conformed.held.values()] == [
        "runs: 2 of 30 rows fail their checks"
    ]
    assert list(night.runs()) == [date(2026, 11, 18)]
    assert conformed.rejects == 2


def test_days_typed_one_by_one_give_the_files_of_days_typed_together(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [answer(n, timestamp=f"2026-11-{17 + n % 2}T09:00:{n}Z") for n in range(10, 60)]
    write_lines(night.logs / "a.jsonl", lines)
    night.pull()
    night.conform()
    together = {one.key: one.path for one in night.newest("conformed")}
    for one in night.newest("conformed"):
        (Path(night.lake.files.root) / one.path).unlink()
    monkeypatch.setattr("tasks.set_wise._ROWS_TOGETHER", 1)
    night.conform()
    assert {one.key: one.path for one in night.newest("conformed")} == together
    assert len(together) == 2
    assert night.lake.damaged(night.newest("conformed")) == []


def test_one_bad_row_among_many_is_quarantined_alone(night: Night) -> None:
    lines = [answer(n) for n in range(29)]
    lines[5]["costUSD"] = -0.5
    write_lines(night.logs / "a.jsonl", lines)
    night.pull(trusting=True)
    conformed = night.conform()
    assert (conformed.rows, conformed.rejects, conformed.held) == (28, 1, {})


def test_a_deep_check_proves_what_was_streamed_and_sees_what_was_altered(night: Night) -> None:
    write_lines(night.logs / "a.jsonl", [answer(number) for number in range(50)])
    night.pull()
    night.conform()
    files = [*night.newest("raw"), *night.newest("conformed")]
    streams = {(NAME, STREAM.name): STREAM}
    assert list(FileCheck(night.lake).faults(files, streams)) == []
    for one in files:
        path = Path(night.lake.files.root) / one.path
        data = path.read_bytes()
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    assert len(list(FileCheck(night.lake).faults(files, streams))) == len(files)


@pytest.mark.parametrize("left", [0, 1, 200])
def test_writing_again_heals_a_file_that_a_full_disk_cut_off(night: Night, left: int) -> None:
    write_lines(night.logs / "a.jsonl", [answer(number) for number in range(50)])
    night.pull()
    night.conform()
    files = [one for layer in ("raw", "conformed") for one in night.newest(layer) if one.rows]
    for one in files:
        path = Path(night.lake.files.root) / one.path
        path.write_bytes(path.read_bytes()[:left])
    night.pull(from_scratch=True)
    night.conform()
    streams = {(NAME, STREAM.name): STREAM}
    assert list(FileCheck(night.lake).faults(files, streams)) == []
