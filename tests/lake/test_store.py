import errno
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import Json, RawRow, Stream, StreamKind
from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.tables import RUNS, Column, Table
from tasks.lake.canonical import content_digest, joined_sha
from tasks.lake.files import LocalFiles
from tasks.lake.store import Lake, Written

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
COSTS = Stream("costs", StreamKind.REPORT, "charges", volatile=frozenset({"fetched_at"}))
PULLS = Stream("pulls", StreamKind.CHANGE, "work_item_events", natural_key=("repo", "id"))

Row = dict[str, object]
Make = Callable[..., Row]


def keep(lake: Lake, rows: list[RawRow], stream: Stream = COSTS) -> Snapshot:
    return lake.write_raw("bill", stream, DAY, rows, is_complete=True, recorded_at=NOON)


def conform(lake: Lake, rows: list[Row], table: Table = RUNS, parser: str = "1") -> Written:
    return lake.write_conformed(
        table,
        rows,
        source="log",
        stream="runs",
        day=DAY,
        parser=parser,
        raw_sha="raw",
        is_complete=True,
        recorded_at=NOON,
    )


def test_equal_content_is_one_file_whatever_its_order_or_volatile_fields(lake: Lake) -> None:
    first = keep(lake, [{"id": 1, "fetched_at": "now"}, {"id": 2}])
    second = keep(lake, [{"id": 2}, {"id": 1, "fetched_at": "later"}])
    other = keep(lake, [{"id": 1}, {"id": 3}])

    assert first == second
    assert other.sha != first.sha
    assert first.path == f"raw/bill/costs/2026-11-20/{first.sha}.ndjson.zst"


def test_equal_rows_in_one_batch_are_all_kept(lake: Lake) -> None:
    once, twice = keep(lake, [{"id": 1}]), keep(lake, [{"id": 1}, {"id": 1}])

    assert once.sha != twice.sha
    assert lake.read_raw(twice, COSTS) == [{"id": 1}, {"id": 1}]


def test_an_empty_day_is_content_too(lake: Lake) -> None:
    snapshot = keep(lake, [])

    assert lake.read_raw(snapshot, COSTS) == []
    assert lake.unreadable([snapshot]) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=5), _json, max_size=4), max_size=6))
def test_the_digest_is_that_of_what_is_read_back(rows: list[dict[str, Json]]) -> None:
    again = [json.loads(json.dumps(row)) for row in reversed(rows)]

    assert content_digest(rows, COSTS) == content_digest(again, COSTS)


def test_any_text_survives_even_half_a_character(lake: Lake) -> None:
    rows: list[RawRow] = [{"text": "\ud800 \u2028 \x00 ü", "nested": {"a": ["1", None, True]}}]

    assert lake.read_raw(keep(lake, rows), COSTS) == rows


@pytest.mark.parametrize("value", [1.5, b"x", {1: "a"}, {"a": [1.0]}, NOON])
def test_a_raw_row_holds_no_float_and_nothing_else_that_is_no_json(
    lake: Lake, value: object
) -> None:
    with pytest.raises(LakeError, match="raw row: field 'amount"):
        keep(lake, [{"amount": value}])  # type: ignore[dict-item]


@pytest.mark.parametrize("damage", ["missing", "short", "altered", "swapped"])
def test_a_damaged_raw_file_never_reads_as_empty(lake: Lake, damage: str) -> None:
    snapshot, other = keep(lake, [{"id": 1}]), keep(lake, [{"id": 2}])
    data = lake.files.read(snapshot.path) or b""
    replacement = {
        "short": data[:-1],
        "altered": bytes(len(data)),
        "swapped": lake.files.read(other.path),
    }.get(damage)
    if replacement is None:
        snapshot = replace(snapshot, path="raw/bill/costs/2026-11-20/none.ndjson.zst")
    else:
        lake.files.replace(snapshot.path, replacement)

    with pytest.raises(LakeError, match=r"missing|bytes, not the|not what its name says"):
        lake.read_raw(snapshot, COSTS)
    assert lake.unreadable([other, snapshot]) == (
        [snapshot] if damage in {"missing", "short"} else []
    )


def test_writing_again_heals_a_damaged_file(lake: Lake) -> None:
    snapshot = keep(lake, [{"id": 1}])
    lake.files.replace(snapshot.path, b"damaged")

    assert keep(lake, [{"id": 1}]) == snapshot
    assert lake.read_raw(snapshot, COSTS) == [{"id": 1}]


def test_the_newest_version_of_each_natural_key_wins(lake: Lake) -> None:
    first = keep(lake, [row(1, "open"), row(2, "open")], PULLS)
    second = keep(lake, [row(1, "merged"), row(1, "open", repo="other")], PULLS)

    newest = lake.newest_rows([first, second], PULLS)

    states = {(r["repo"], r["id"]): r["state"] for r in newest}
    assert states == {("web", 1): "merged", ("web", 2): "open", ("other", 1): "open"}


def test_only_changed_rows_of_a_change_stream_are_left_to_write(lake: Lake) -> None:
    first = keep(lake, [row(1, "open"), row(2, "open")], PULLS)
    second = keep(lake, [row(1, "merged")], PULLS)

    changed = lake.changed_rows(
        [row(1, "open"), row(2, "open"), row(3, "open")], [first, second], PULLS
    )

    # Number 1 went back to what it was: a change again.
    assert [r["id"] for r in changed] == [1, 3]


def row(number: int, state: str, repo: str = "web") -> RawRow:
    return {"repo": repo, "id": number, "state": state}


def test_typed_rows_are_read_back_as_written_in_one_order(lake: Lake, run_row: Make) -> None:
    east = timezone(timedelta(hours=9))
    rows = [
        run_row("r2", started_at=datetime(2026, 11, 20, 21, 0, 0, 5, tzinfo=east)),
        run_row("r1", output_tokens=2**63 - 1, discarded=False),
    ]

    written = conform(lake, rows)

    found = lake.read_conformed(written.snapshot, RUNS)
    assert [r["run_id"] for r in found] == ["r1", "r2"]
    assert found[0]["output_tokens"] == 2**63 - 1
    assert (found[0]["discarded"], found[0]["human_escalation"]) == (False, None)
    assert found[1]["started_at"] == datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=UTC)
    assert found[1]["day"] == DAY
    assert written.snapshot.rows == 2
    assert written.snapshot.path == (
        f"conformed/runs/source=log/day=2026-11-20/{written.snapshot.sha}.parquet"
    )


def test_conformed_content_is_its_rows_and_its_parser(lake: Lake, run_row: Make) -> None:
    rows = [run_row("r1"), run_row("r2")]

    shas = [
        conform(lake, rows).snapshot.sha,
        conform(lake, rows[::-1]).snapshot.sha,
        conform(lake, rows, parser="2").snapshot.sha,
        conform(lake, rows[:1]).snapshot.sha,
    ]

    assert shas[0] == shas[1]
    assert len(set(shas)) == 3


def test_repeated_rows_are_dropped_and_reported_and_the_last_of_contradicting_ones_kept(
    lake: Lake, run_row: Make
) -> None:
    later = run_row("r2", ended_at=NOON + timedelta(hours=1))
    rows = [run_row("r1"), later, run_row("r2"), run_row("r1")]

    written = conform(lake, rows)

    found = {r["run_id"]: r["ended_at"] for r in lake.read_conformed(written.snapshot, RUNS)}
    assert found == {"r1": NOON, "r2": later["ended_at"]}
    dropped = {d.row["run_id"]: d for d in written.dropped}
    assert {run: d.is_exact for run, d in dropped.items()} == {"r1": True, "r2": False}
    assert dropped["r1"].key_digest != dropped["r2"].key_digest


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("input_tokens", True),
        ("input_tokens", 1.0),
        ("input_tokens", 2**63),
        ("model", None),
        ("model", 5),
        ("ended_at", datetime(2026, 11, 20)),  # noqa: DTZ001  # without a zone: the point
        ("day", NOON),
        ("discarded", 1),
        ("unheard_of", "x"),
    ],
)
def test_a_row_that_does_not_fit_its_table_is_refused(
    lake: Lake, run_row: Make, column: str, value: object
) -> None:
    with pytest.raises(LakeError, match=f"table 'runs'.*{column}"):
        conform(lake, [run_row("r1", **{column: value})])


@pytest.mark.parametrize("misplaced", [{"source": "other"}, {"day": DAY + timedelta(days=2)}])
def test_a_row_of_another_source_or_day_is_refused(
    lake: Lake, run_row: Make, misplaced: Row
) -> None:
    with pytest.raises(LakeError, match="does not belong to 'log' on 2026-11-20"):
        conform(lake, [run_row("r1", **misplaced)])


@pytest.mark.parametrize("damage", [b"PAR1", None])
def test_a_damaged_conformed_file_is_an_error(
    lake: Lake, run_row: Make, damage: bytes | None
) -> None:
    snapshot = conform(lake, [run_row("r1")]).snapshot
    other = conform(lake, [run_row("r9")]).snapshot
    data = damage if damage is not None else lake.files.read(other.path) or b""
    lake.files.replace(snapshot.path, data)

    with pytest.raises(LakeError):
        lake.read_conformed(replace(snapshot, size_bytes=len(data)), RUNS)


def test_a_file_older_than_a_column_reads_it_as_null(lake: Lake) -> None:
    columns = (Column("source", "str"), Column("day", "day"), Column("id", "str"))
    old = Table("grown", columns, ("id",))
    new = replace(old, columns=(*columns[:2], Column("extra", "int", is_nullable=True), columns[2]))
    snapshot = conform(lake, [{"source": "log", "day": DAY, "id": "a"}], old).snapshot

    assert lake.read_conformed(snapshot, new) == [
        {"source": "log", "day": DAY, "id": "a", "extra": None}
    ]


def test_a_lake_keeps_its_identity(tmp_path: Path) -> None:
    place = str(tmp_path / "deep" / "lake")
    founded = Lake.open(place)

    assert Lake.open(place).lake_id == founded.lake_id
    assert Lake.open(f"file://{place}").lake_id == founded.lake_id
    assert Lake.open(str(tmp_path / "other"), lake_id="given").lake_id == "given"
    with pytest.raises(LakeError, match="not 'another'"):
        Lake.open(place, lake_id="another")


def test_two_founders_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda _: Lake.open(str(tmp_path / "lake")).lake_id, range(8)))

    assert len(ids) == 1


def test_an_emptied_identity_file_is_an_error(tmp_path: Path) -> None:
    Lake.open(str(tmp_path))
    (tmp_path / "lake_id").write_text("")

    with pytest.raises(LakeError, match="file is damaged"):
        Lake.open(str(tmp_path))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere://key:hidden-word@bucket", "nowhere:// URI: it has a scheme"),
        ("s3://key:hidden-word@bucket/x?no-such=1", "s3:// URI: it has a scheme, an option"),
        ("s3://key:hidden-word@/x", "s3:// URI: it has a scheme, an option or a form"),
        (
            "hdfs://key:hidden-word@127.0.0.1:9/x",
            "hdfs:// URI: its store does not answer, or a lib",
        ),
        ("/tmp/lake[1]", "without any of"),
        ("pyproject.toml", "is a file"),
    ],
)
def test_a_place_that_cannot_be_a_lake_is_refused(place: str, said: str) -> None:
    with pytest.raises(LakeError, match=said) as refused:
        Lake.open(place)

    assert "hidden-word" not in str(refused.value)
    # Nor does the traceback repeat it.
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize("name", ["../etc", "a/b", "", "UPPER", "a..b"])
def test_a_name_cannot_lead_out_of_its_folder(lake: Lake, name: str) -> None:
    with pytest.raises(LakeError, match="cannot be part of a path"):
        lake.write_raw(name, COSTS, DAY, [], is_complete=True, recorded_at=NOON)


def test_a_disk_without_hard_links_still_publishes_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, "no links here")

    lake = Lake.open(str(tmp_path))
    monkeypatch.setattr("tasks.lake.files.os.link", refuse)

    snapshot = keep(lake, [{"id": 1}])

    assert lake.read_raw(snapshot, COSTS) == [{"id": 1}]
    assert isinstance(lake.files, LocalFiles)
    assert list((tmp_path / ".aside").iterdir()) == []


def test_a_full_disk_is_told_with_what_to_do_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LocalFiles(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LakeError, match=r"No space left on device\): make room there"):
        files.publish("raw/day.ndjson.zst", b"rows")
    monkeypatch.undo()

    assert files.read("raw/day.ndjson.zst") is None
    assert files.publish("raw/day.ndjson.zst", b"rows")


def test_a_lake_that_cannot_be_made_there_is_told() -> None:
    with pytest.raises(LakeError, match="cannot be written"):
        Lake.open("/proc/graduand")


def test_a_memo_is_read_back_and_a_damaged_one_is_no_memo(lake: Lake) -> None:
    rows: list[RawRow] = [{"b": 2}, {"a": 1}]
    lake.save_memo("run_cells", "abc", rows)

    assert lake.load_memo("run_cells", "abc") == rows
    assert lake.load_memo("run_cells", "other") is None
    lake.files.replace("aggregates/run_cells/abc.ndjson.zst", b"damaged")
    assert lake.load_memo("run_cells", "abc") is None


def test_digests_are_joined_as_a_set() -> None:
    assert joined_sha([]) == ""
    assert joined_sha(["a"]) == joined_sha(["a", "a"]) == "a"
    assert joined_sha(["a", "b"]) == joined_sha(["b", "a"])
    assert joined_sha(["a", "b"]) != joined_sha(["ab"])
