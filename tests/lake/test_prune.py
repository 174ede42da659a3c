"""Only old files that nothing refers to are ever deleted, and only when asked for."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cli.main import main
from tasks.core.batches import Stream, StreamKind
from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.lake.prune import delete, loose_files
from tasks.lake.store import LAKE_ID_FILE, Lake
from tasks.ledger.ledger import Ledger

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
STREAM = Stream("usage", StreamKind.REPORT, "usage")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "var" / "lake"))


def written(lake: Lake, root: Path, day: int, *, age_days: int) -> Snapshot:
    snapshot = lake.write_raw(
        "vendor", STREAM, date(2026, 11, day), [{"n": day}], is_complete=True, recorded_at=NOW
    )
    then = (NOW - timedelta(days=age_days)).timestamp()
    os.utime(root / "var" / "lake" / snapshot.path, (then, then))
    return snapshot


def every_file(root: Path) -> Iterator[str]:
    return (path.name for path in (root / "var" / "lake").rglob("*") if path.is_file())


def test_an_old_file_that_nothing_refers_to_is_loose_and_the_others_stay(
    lake: Lake, tmp_path: Path
) -> None:
    kept = written(lake, tmp_path, 1, age_days=90)
    young = written(lake, tmp_path, 2, age_days=3)
    loose = written(lake, tmp_path, 3, age_days=90)

    found = loose_files(lake, {kept.path}, now=NOW, older_than=timedelta(days=30))
    delete(lake, [*found, *found])

    assert [file.path for file in found] == [loose.path]
    left = set(every_file(tmp_path))
    assert {Path(kept.path).name, Path(young.path).name, LAKE_ID_FILE} == left


def test_the_lakes_identity_is_never_loose(lake: Lake, tmp_path: Path) -> None:
    then = (NOW - timedelta(days=900)).timestamp()
    os.utime(tmp_path / "var" / "lake" / LAKE_ID_FILE, (then, then))

    assert loose_files(lake, set(), now=NOW, older_than=timedelta(days=1)) == []


def test_files_of_a_night_that_may_be_running_cannot_be_asked_for(lake: Lake) -> None:
    with pytest.raises(LakeError, match="may belong to a night that runs"):
        loose_files(lake, set(), now=NOW, older_than=timedelta(hours=23))


def test_the_command_deletes_nothing_unless_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADUAND_WORK_DIR", str(tmp_path))
    (tmp_path / "var").mkdir()
    assert main(["migrate"]) == 0
    lake = Lake.open(str(tmp_path / "var" / "lake"))
    kept = written(lake, tmp_path, 1, age_days=2_000)
    loose = written(lake, tmp_path, 2, age_days=2_000)
    with Ledger.open(f"sqlite:///{tmp_path}/var/ledger.db", lake_id=lake.lake_id) as ledger:
        ledger.record_pull(
            "vendor",
            STREAM,
            snapshots=[kept],
            rejects={kept.key: ()},
            watermark=None,
            recorded_at=NOW,
        )

    assert main(["lake", "prune"]) == 0
    assert "this was a dry run" in capsys.readouterr().out
    assert (tmp_path / "var" / "lake" / loose.path).exists()

    assert main(["lake", "prune", "--delete"]) == 0
    assert "They are deleted" in capsys.readouterr().out
    assert not (tmp_path / "var" / "lake" / loose.path).exists()
    assert (tmp_path / "var" / "lake" / kept.path).exists()
