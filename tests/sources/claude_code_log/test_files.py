import json
from pathlib import Path

import pytest

from tasks.core.errors import SourceError
from tests.sources.claude_code_log.transcripts import answer, described
from tests.sources.request_readings import DIGEST, read, write_lines


def test_any_whitespace_in_json_is_read(tmp_path: Path) -> None:
    plain = json.dumps(answer(1), separators=(",", ":")).encode()
    wide = json.dumps(answer(2), separators=(" ,\t", " :  ")).encode()
    write_lines(tmp_path / "a.jsonl", [plain, b"  " + wide + b"\r", b"", b"   "])
    found = read(described(tmp_path), tmp_path)
    assert [row["output_tokens"] for row in found.rows] == [100, 100]
    assert found.rejects == []


@pytest.mark.parametrize("cut", [1, 40, 300, -1])
def test_a_last_line_that_is_still_being_written_waits(tmp_path: Path, cut: int) -> None:
    partial = json.dumps(answer(2)).encode()[:cut]
    write_lines(tmp_path / "a.jsonl", [answer(1), partial], end=b"")
    found = read(described(tmp_path), tmp_path)
    assert [row["run_id"] for row in found.rows] == ["req_01request00000001"]
    assert found.rejects == []


def test_a_whole_last_line_without_an_end_is_read(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1), answer(2)], end=b"")
    assert len(read(described(tmp_path), tmp_path).rows) == 2


def test_lines_that_are_no_records_are_refused_with_place_and_reason(tmp_path: Path) -> None:
    lines = [answer(1), b"{broken", answer(2), b"[1]", b'"text"', b"null", b"\xff\xfe", answer(3)]
    write_lines(tmp_path / "a.jsonl", [*lines, *(answer(at) for at in range(4, 9))])
    found = read(described(tmp_path), tmp_path)
    assert [(one.position, one.code) for one in found.rejects] == [
        (2, "bad_json"),
        (4, "not_an_object"),
        (5, "not_an_object"),
        (6, "not_an_object"),
        (7, "bad_json"),
    ]
    assert {len(one.place) for one in found.rejects} == {len("file ") + 12}
    assert found.rejects[0].length == len(b"{broken")
    assert len(found.rows) == 8


def test_half_a_surrogate_pair_in_an_answer_costs_no_request(tmp_path: Path) -> None:
    text = json.dumps(answer(1)).replace("private words", "cut \\ud83d")
    write_lines(tmp_path / "a.jsonl", [text.encode(), answer(2)])
    found = read(described(tmp_path), tmp_path)
    assert len(found.rows) == 2
    assert found.rejects == []


def test_a_byte_order_mark_costs_no_request(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [b"\xef\xbb\xbf" + json.dumps(answer(1)).encode(), answer(2)])
    found = read(described(tmp_path), tmp_path)
    assert len(found.rows) == 2
    assert found.rejects == []


def test_a_file_that_is_no_log_stops_the_source(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1), *(b"no log" for _ in range(6))])
    with pytest.raises(SourceError, match="6 of 7 lines cannot be read"):
        read(described(tmp_path), tmp_path)


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*'x"
    folder.mkdir()
    write_lines(folder / "it's [1].jsonl", [answer(1)])
    assert len(read(described(tmp_path), tmp_path).rows) == 1


@pytest.mark.parametrize("way", [".claude/projects", "a b", "ümlaut", "..a/x..", "day=2026", "~x"])
def test_files_are_read_wherever_they_lie(tmp_path: Path, way: str) -> None:
    (tmp_path / way).mkdir(parents=True)
    write_lines(tmp_path / way / "a.jsonl", [answer(1), b"{broken"])
    found = read(described(tmp_path, paths=(f"{tmp_path}/{way}/*",)), tmp_path)
    assert (len(found.rows), len(found.rejects)) == (1, 1)


def test_a_file_behind_links_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    write_lines(tmp_path / "real" / "a.jsonl", [answer(1), b"{broken"])
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "b.jsonl").symlink_to(tmp_path / "real" / "a.jsonl")
    paths = (f"{tmp_path}/folder/*", f"{tmp_path}/folder/../real/*")
    found = read(described(tmp_path, paths=paths), tmp_path)
    assert (len(found.rows), len(found.rejects)) == (1, 1)


def test_a_bad_line_is_told_of_the_file_that_it_stands_in(tmp_path: Path) -> None:
    bad = answer(9, usage={"input_tokens": "10"})
    names = ("a.jsonl", "b [1].jsonl", "c.jsonl", "d.jsonl")
    for number, name in enumerate(names):
        write_lines(tmp_path / name, [answer(number), *([b"{broken", bad] if number else [])])
    found = read(described(tmp_path), tmp_path)
    expected = {
        f"file {DIGEST((tmp_path / name).as_posix())[:12]}": ["bad_json", "bad_number"]
        for name in names[1:]
    }
    assert expected == {
        place: [one.code for one in found.rejects if one.place == place]
        for place in {one.place for one in found.rejects}
    }


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    write_lines(tmp_path / "b.jsonl", [answer(1)])
    assert len(read(described(tmp_path), tmp_path).rows) == 1


def test_no_word_of_a_transcript_is_kept(tmp_path: Path) -> None:
    secrets = ("private words", "someone", "/home/", "PAY-12-refunds", "0b8f0c1e")
    write_lines(
        tmp_path / "a.jsonl", [answer(1), answer(2, usage={"input_tokens": "private words"})]
    )
    found = read(described(tmp_path), tmp_path)
    told = json.dumps(found.rows) + repr(found.rejects)
    assert found.rows
    assert found.rejects
    assert [secret for secret in secrets if secret in told] == []
