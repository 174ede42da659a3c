import gzip
import hashlib
import json
import os
from datetime import date
from pathlib import Path

import pytest
import zstandard

from tasks.core.errors import SourceError
from tasks.sources import agent_log
from tasks.transport.line_files import MAX_LINE_BYTES
from tests.sources.agent_log.writing import (
    DAY,
    WINDOW,
    codes,
    lines,
    pull,
    pull_text,
    record,
    rows_by_day,
    source,
)


def test_a_line_lands_on_the_utc_day_of_its_end_and_every_day_of_the_window_has_a_batch(
    tmp_path: Path,
) -> None:
    pulled = pull_text(
        tmp_path,
        lines(
            record(run_id="a", timestamp="2026-11-17T23:59:59.999Z"),
            record(run_id="b", timestamp="2026-11-17T23:30:00-01:00"),
            record(run_id="early", timestamp="2026-11-15T23:59:59Z"),
            record(run_id="late", timestamp="2026-11-20T00:00:00Z"),
        ),
    )

    assert rows_by_day(pulled) == {
        date(2026, 11, 16): 0,
        date(2026, 11, 17): 1,
        date(2026, 11, 18): 1,
        date(2026, 11, 19): 0,
    }
    assert all(batch.is_complete for batch in pulled.batches)


def test_the_day_that_has_not_ended_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines(record(timestamp="2026-11-20T01:00:00Z")))

    pulled = pull(source(tmp_path), (date(2026, 11, 19), date(2026, 11, 20)))

    assert [(batch.key.day, batch.is_complete) for batch in pulled.batches] == [
        (19, True),
        (20, False),
    ]


def test_a_half_written_last_line_waits_for_the_next_night(tmp_path: Path) -> None:
    text = lines(record(run_id="whole"), record(run_id="half"))

    tonight = pull_text(tmp_path, text[:-20])
    tomorrow = pull_text(tmp_path, text)

    assert (rows_by_day(tonight)[DAY], codes(tonight)) == (1, [])
    assert (rows_by_day(tomorrow)[DAY], codes(tomorrow)) == (2, [])


def test_a_whole_last_record_without_an_end_of_line_is_read(tmp_path: Path) -> None:
    pulled = pull_text(tmp_path, lines(record()).rstrip())

    assert rows_by_day(pulled)[DAY] == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "bad_json"),
        (b"not json", "bad_json"),
        (b"\x00\x00\x00", "bad_json"),
        (b'{"a": "\x00"}', "bad_json"),
        (b'{"a": "\xff\xfe"}', "bad_json"),
        (b'{"a": NaN}', "bad_json"),
        (b'{"a": -Infinity}', "bad_json"),
        (b'{"a": 1, "a": 2}', "bad_json"),
        (b'{"a": ' + b"[" * 9000 + b"]" * 9000 + b"}", "bad_json"),
        (b'{"a": ' + b"9" * 9000 + b"}", "bad_json"),
        (b'{"a": 1e999999999}', "bad_json"),
        (b"[]", "not_an_object"),
        (b"17", "not_an_object"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "line_too_long"),
    ],
)
def test_a_line_that_cannot_be_decoded_is_refused_and_its_neighbours_are_read(
    tmp_path: Path, text: bytes, code: str
) -> None:
    before, after = lines(record(run_id="before")), lines(record(run_id="after"))

    pulled = pull_text(tmp_path, before + text + b"\n" + after)

    batch = next(batch for batch in pulled.batches if batch.key == DAY)
    (reject,) = batch.rejects
    assert len(batch.rows) == 2
    assert (reject.code, reject.position, reject.length) == (code, 2, len(text))
    assert reject.digest == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n \n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_byte_order_marks_line_ends_and_blank_lines_do_not_matter(
    tmp_path: Path, start: bytes, ending: str
) -> None:
    said = [json.dumps(record(run_id=run_id)) + ending for run_id in ("a", "b")]

    pulled = pull_text(tmp_path, start + "".join(said).encode())

    assert (rows_by_day(pulled)[DAY], codes(pulled)) == (2, [])


def test_a_bad_line_without_a_moment_gets_the_day_of_the_line_before_it(tmp_path: Path) -> None:
    text = (
        b"broken first\n"
        + lines(record(run_id="a", timestamp="2026-11-18T01:00:00Z"))
        + b"broken second\n"
        + lines(record(run_id="old", timestamp="2026-10-01T01:00:00Z"))
        + b"broken with an old neighbour\n"
    )

    pulled = pull_text(tmp_path, text)

    assert codes(pulled) == [(date(2026, 11, 18), "", "bad_json")] * 2


def test_a_file_of_nothing_but_bad_lines_is_filed_under_the_last_day(tmp_path: Path) -> None:
    pulled = pull_text(tmp_path, b"?\n!\n")

    assert codes(pulled) == [(WINDOW[1], "", "bad_json")] * 2


def test_rotated_files_are_read_whatever_their_compression(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines(record(run_id="a")))
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(lines(record(run_id="b"))))
    two_frames = [zstandard.compress(lines(record(run_id=name))) for name in ("c", "d")]
    (tmp_path / "c.ndjson.zst").write_bytes(b"".join(two_frames))

    pulled = pull(source(tmp_path, paths=[str(tmp_path / "*.ndjson*")]))

    assert rows_by_day(pulled)[DAY] == 4


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines(record()))
    (tmp_path / "link.ndjson").symlink_to(tmp_path / "a.ndjson")
    paths = [str(tmp_path / "*.ndjson"), str(tmp_path / "a.*"), str(tmp_path / "**/a.ndjson")]

    pulled = pull(source(tmp_path, paths=paths))

    assert rows_by_day(pulled)[DAY] == 1


def test_a_file_whose_name_is_not_text_is_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.ndjson")).write_bytes(lines(record()))

    assert rows_by_day(pull(source(tmp_path)))[DAY] == 1


def test_a_pattern_without_a_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file matches '.*gone\.ndjson'"):
        pull(source(tmp_path, paths=[str(tmp_path / "gone.ndjson")]))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ndjson.gz", gzip.compress(lines(record()))[:-12]),
        ("a.ndjson.gz", b"no gzip"),
        ("a.ndjson.zst", b"no zstandard"),
    ],
)
def test_a_damaged_file_is_a_fault_that_does_not_name_its_path(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceError, match=r"file [0-9a-f]{12} cannot be read") as caught:
        pull(source(tmp_path, paths=[str(tmp_path / name)]))

    assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(record()))
    path.chmod(0)

    with pytest.raises(SourceError, match="PermissionError"):
        pull(source(tmp_path))


def test_files_that_are_no_logs_are_a_fault_and_not_a_flood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_log, "MOST_REJECTS", 3)

    assert len(codes(pull_text(tmp_path, b"x\n" * 3))) == 3
    with pytest.raises(SourceError, match="more than 3 bad lines"):
        pull_text(tmp_path, b"x\n" * 4)


def test_rows_are_packed_and_read_back_as_they_were(tmp_path: Path) -> None:
    said = [record(run_id=f"run-{number}") for number in range(1100)]

    rows = next(batch.rows for batch in pull_text(tmp_path, lines(*said)).batches if batch.rows)

    assert [row["run_id"] for row in rows] == [one["run_id"] for one in said]
    assert [rows[at]["run_id"] for at in (0, 511, 512, -1)] == [
        "run-0",
        "run-511",
        "run-512",
        "run-1099",
    ]
    assert rows[1:3] == list(rows)[1:3]
    with pytest.raises(IndexError):
        rows[1100]


@pytest.mark.parametrize(("good", "is_refused"), [(0, True), (4, True), (5, False)])
def test_a_log_that_is_mostly_unreadable_is_a_fault_and_not_empty_days(
    tmp_path: Path, good: int, *, is_refused: bool
) -> None:
    text = lines(*(record(run_id=f"run-{n}") for n in range(good))) + b"<garbage>\n" * 5

    if not is_refused:
        assert len(codes(pull_text(tmp_path, text))) == 5
        return
    with pytest.raises(SourceError, match=f"5 of {good + 5} lines cannot be read"):
        pull_text(tmp_path, text)
