"""Files of a log that are damaged, packed, or hold lines longer than the engine can read."""

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tasks.core.batches import Reject
from tasks.core.errors import SourceError
from tasks.lake import reading as reading_module
from tasks.lake.reading_files import LONGEST_LINE
from tasks.lake.reading_refusals import Refused
from tests.sources.claude_code_log.transcripts import answer, described
from tests.sources.request_readings import DAY, DIGEST, Read, read, write_lines

Pack = Callable[[bytes], bytes]
PACKED: dict[str, Pack] = {
    "a.jsonl": bytes,
    "a.jsonl.gz": lambda data: gzip.compress(data, 1),
    "a.jsonl.zst": zstandard.compress,
}
MARK = b"\xef\xbb\xbf"


def line(number: int, text: str = "private words", **changes: Any) -> bytes:
    return json.dumps(answer(number, **changes)).replace("private words", text).encode()


def runs(found: Read) -> list[str]:
    return sorted(run_id[-2:] for run_id in found.by_run)


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_line_too_long_costs_only_itself(tmp_path: Path, name: str, at: int) -> None:
    lines = [line(1), line(2), line(3)]
    lines[at] = line(9, "x" * (2 * LONGEST_LINE))
    (tmp_path / name).write_bytes(PACKED[name](MARK + b"\n".join(lines)))
    found = read(described(tmp_path), tmp_path)
    assert runs(found) == [one for one in ("01", "02", "03") if int(one) != at + 1]
    assert [(one.position, one.code, one.length) for one in found.rejects] == [
        (at + 1, "line_too_long", len(lines[at]))
    ]


@pytest.mark.parametrize("beyond", [-4, -3, -2, -1, 0, 1])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_read_or_refused_and_never_both(tmp_path: Path, beyond: int, end: bytes) -> None:
    length = LONGEST_LINE + beyond - len(end)
    lines = [line(1), b"{broken", line(2, "x" * (length - len(line(2, ""))))]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines) + end)
    found = read(described(tmp_path), tmp_path)
    is_refused = (3, "line_too_long") in [(one.position, one.code) for one in found.rejects]
    assert is_refused is ("02" not in runs(found))


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("beyond", [-5, 5])
@pytest.mark.parametrize("buffers", [1, 2])
def test_a_last_line_without_an_end_is_read_wherever_it_stands(
    tmp_path: Path, name: str, beyond: int, buffers: int
) -> None:
    size = buffers * (LONGEST_LINE - 4) + beyond
    note = b'{"type": "user", "text": "%s"}\n' % (b"x" * (1 << 20))
    count = size // len(note) - 1
    rest = size - count * len(note) - len(line(1)) - 1
    text = count * note + b" " * rest + b"\n" + line(1)
    assert len(text) == size
    (tmp_path / name).write_bytes(PACKED[name](text))
    assert runs(read(described(tmp_path), tmp_path)) == ["01"]


def _cut(count: int) -> Pack:
    return lambda data: data[:-count]


def _flip(at: int) -> Pack:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at:][1:]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param("a.jsonl.gz", _cut(300), id="gz cut off"),
        pytest.param("a.jsonl.gz", _cut(4), id="gz without its length"),
        pytest.param("a.jsonl.gz", _flip(-6), id="gz of another checksum"),
        pytest.param("a.jsonl.gz", lambda data: data + b"garbage", id="gz and more"),
        pytest.param("a.jsonl.gz", lambda data: data + bytes(64), id="gz and zeros"),
        pytest.param("a.jsonl.gz", gzip.decompress, id="gz by name only"),
        pytest.param("a.jsonl.zst", _cut(1), id="zst without its last byte"),
        pytest.param("a.jsonl.zst", _cut(300), id="zst cut off"),
        pytest.param("a.jsonl.zst", lambda data: data[:3], id="zst cut off in its head"),
        pytest.param("a.jsonl.zst", lambda data: data + data[:40], id="zst with half a frame"),
        pytest.param("a.jsonl.zst", lambda data: data + b"garbage", id="zst and more"),
        pytest.param("a.jsonl.zst", zstandard.decompress, id="zst by name only"),
    ],
)
def test_a_damaged_file_is_told_by_name_and_never_read_in_part(
    tmp_path: Path, name: str, damage: Pack
) -> None:
    text = b"".join(line(number) + b"\n" for number in range(500))
    (tmp_path / name).write_bytes(damage(PACKED[name](text)))
    write_lines(tmp_path / "b.jsonl", [answer(1)])
    place = f"file {DIGEST((tmp_path / name).as_posix())[:12]}"
    with pytest.raises(SourceError, match=f"{place} cannot be read"):
        read(described(tmp_path), tmp_path)


@pytest.mark.parametrize("name", PACKED)
def test_a_file_of_no_bytes_holds_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    write_lines(tmp_path / "b.jsonl", [answer(1)])
    assert runs(read(described(tmp_path), tmp_path)) == ["01"]


def test_frames_of_all_kinds_are_read_one_after_the_other(tmp_path: Path) -> None:
    plain = zstandard.ZstdCompressor(write_checksum=True, write_content_size=False)
    skipped = (0x184D2A5F).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"hello"
    parts = [line(1) + b"\n" + line(2)[:50], line(2)[50:] + b"\n" + line(3, " " * 400_000) + b"\n"]
    packed = zstandard.compress(parts[0]) + skipped + plain.compress(parts[1])
    (tmp_path / "a.jsonl.zst").write_bytes(packed)
    assert runs(read(described(tmp_path), tmp_path)) == ["01", "02", "03"]


def test_a_file_that_is_gone_is_told_as_one(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1)])
    write_lines(tmp_path / "b.jsonl", [answer(2)])
    reading = described(tmp_path)
    (tmp_path / "b.jsonl").unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        read(reading, tmp_path)


def test_a_mended_line_that_cannot_be_true_is_told_where_it_stands(tmp_path: Path) -> None:
    bad = line(2, "cut \\ud83d", usage={"input_tokens": "10"})
    write_lines(tmp_path / "a.jsonl", [answer(1)])
    write_lines(tmp_path / "b.jsonl", [answer(3), answer(4), bad])
    (reject,) = read(described(tmp_path), tmp_path).rejects
    assert (reject.position, reject.length, reject.code) == (3, len(bad), "bad_number")
    assert reject.place == f"file {DIGEST((tmp_path / 'b.jsonl').as_posix())[:12]}"


@pytest.mark.parametrize("size", [1, 2_000])
def test_lines_are_counted_through_however_many_are_looked_at_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("tasks.lake.reading_refusals._BYTES", size)
    lines = [b"{broken" if number % 3 == 0 else line(number) for number in range(12)]
    write_lines(tmp_path / "a.jsonl", lines)
    found = read(described(tmp_path), tmp_path)
    assert [one.position for one in found.rejects] == [1, 4, 7, 10]


def test_a_file_of_nothing_but_bad_lines_is_not_read_to_its_end(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1)])
    reject = Reject(place="file 1", position=1, length=1, digest="", field_path="", code="bad_json")
    endless = itertools.repeat(Refused(DAY, reject))
    with pytest.raises(SourceError, match="hold more than 100000 bad lines"):
        reading_module._take(described(tmp_path), endless, [])
