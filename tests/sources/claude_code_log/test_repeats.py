import gzip
import json
import random
from pathlib import Path

import pytest
import zstandard

from tests.sources.claude_code_log.transcripts import answer, described
from tests.sources.request_readings import Read, read, write_lines


def outputs(found: Read) -> dict[str, object]:
    """Output tokens by request."""
    return {str(row["run_id"])[-2:]: row["output_tokens"] for row in found.rows}


def test_of_a_streamed_answer_the_line_with_the_most_output_counts(tmp_path: Path) -> None:
    lines = [answer(1, output) for output in (1, 1, 90, 42)]
    write_lines(tmp_path / "a.jsonl", lines)
    assert outputs(read(described(tmp_path), tmp_path)) == {"01": 90}


def test_copies_in_resumed_sessions_and_subagents_count_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1), answer(2)])
    write_lines(tmp_path / "b.jsonl", [answer(1, sessionId="resumed", uuid="u-b"), answer(3)])
    (tmp_path / "subagents").mkdir()
    write_lines(tmp_path / "subagents" / "agent.jsonl", [answer(2, isSidechain=True)])
    assert outputs(read(described(tmp_path), tmp_path)) == {"01": 100, "02": 100, "03": 100}


def test_a_copy_with_a_later_time_moves_nothing(tmp_path: Path) -> None:
    later = answer(1, timestamp="2026-11-18T10:00:00Z")
    write_lines(tmp_path / "a.jsonl", [later, answer(1)])
    (row,) = read(described(tmp_path), tmp_path).rows
    assert row["ended_at"] == "2026-11-17T10:00:00.250000Z"


def test_lines_of_an_answer_without_a_request_id_belong_to_it(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1, 1), answer(1, 100, requestId=...)])
    (row,) = read(described(tmp_path), tmp_path).rows
    assert (row["run_id"], row["output_tokens"]) == ("req_01request00000001", 100)


def test_a_bad_repeat_hides_no_good_line(tmp_path: Path) -> None:
    bad = answer(1, 500, usage={"input_tokens": "10"})
    write_lines(tmp_path / "a.jsonl", [answer(1), bad])
    found = read(described(tmp_path), tmp_path)
    assert outputs(found) == {"01": 100}
    assert found.refusals == [("message.usage.input_tokens", "bad_number")]


def test_a_copy_outside_the_window_keeps_its_request_outside(tmp_path: Path) -> None:
    early = answer(1, timestamp="2026-10-01T10:00:00Z")
    write_lines(tmp_path / "a.jsonl", [early, answer(1), answer(2)])
    assert outputs(read(described(tmp_path), tmp_path)) == {"02": 100}


def test_compressed_files_read_as_plain_ones(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(answer(number)) for number in range(1, 40)).encode() + b"\n"
    (tmp_path / "plain").mkdir()
    (tmp_path / "packed").mkdir()
    (tmp_path / "plain" / "a.jsonl").write_bytes(text)
    half = text.index(b"\n", len(text) // 2) + 1
    (tmp_path / "packed" / "a.jsonl.gz").write_bytes(gzip.compress(text[:half]))
    (tmp_path / "packed" / "b.jsonl.zst").write_bytes(zstandard.compress(text[half:]))
    plain = read(described(tmp_path / "plain"), tmp_path / "one")
    packed = read(described(tmp_path / "packed"), tmp_path / "two")
    assert len(plain.rows) == 39
    assert packed.rows == plain.rows


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_files_change_what_is_read(tmp_path: Path, seed: int) -> None:
    lines = [
        answer(number, output, sessionId=session, gitBranch=f"claude/{session}")
        for number in range(6)
        for output in (1, 70, 70)
        for session in ("one", "two")
    ]
    write_lines(tmp_path / "sorted.jsonl", lines)
    expected = read(described(tmp_path), tmp_path / "expected").rows
    noise = random.Random(seed)
    noise.shuffle(lines)
    cut = noise.randrange(1, len(lines))
    folder = tmp_path / "shuffled"
    folder.mkdir()
    write_lines(folder / "a.jsonl", lines[:cut])
    write_lines(folder / "b.jsonl", lines[cut:])
    # Which of two equal copies lends its session and branch is settled, too.
    assert read(described(folder), folder).rows == expected
    assert [row["output_tokens"] for row in expected] == [70] * 6
