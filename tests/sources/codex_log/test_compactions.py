"""What it took to sum up a long session is in no count, and counts all the same."""

import json
from pathlib import Path

import pytest

from tests.sources.codex_log.writing import (
    Tokens,
    at,
    codes,
    count,
    meta,
    pull,
    rows_of,
    session,
    tokens_of,
    turn,
    usage,
    write,
)

FIRST, SUMMED, AFTER = (100, 0, 10), (90_000, 80_000, 900), (300, 90, 30)


def record(second: float, response: str, used: Tokens, **changes: object) -> dict[str, object]:
    """What one response used, as newer versions tell it beside the count."""
    payload = {"thread_id": "s-1", "response_id": response, "usage": usage(used)} | changes
    return {"timestamp": at(second), "type": "token_usage_record", "payload": payload}


def compacted(second: float, response: str) -> dict[str, object]:
    """The session summed up; it holds what is left of it, and the last record again."""
    latest = record(second, response, SUMMED)["payload"]
    payload = {
        "message": "",
        "replacement_history": [{"type": "message", "content": "private words"}],
        "compaction_response_id": response,
        "latest_token_usage_record": latest,
    }
    return {"timestamp": at(second), "type": "compacted", "payload": payload}


def long_session(**changes: object) -> list[dict[str, object]]:
    total = (FIRST[0] + AFTER[0], FIRST[1] + AFTER[1], FIRST[2] + AFTER[2])
    return [
        meta("s-1"),
        turn(),
        record(10, "resp_1", FIRST),
        count(10, FIRST, FIRST),
        record(20, "resp_2", SUMMED, **changes),
        compacted(21, "resp_2"),
        count(22, FIRST, (0, 0, 0)),
        record(30, "resp_3", AFTER),
        count(30, total, AFTER),
    ]


def test_a_compaction_is_a_request_and_no_other_record_is_one(tmp_path: Path) -> None:
    write(tmp_path, "a", long_session())

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [FIRST, SUMMED, AFTER]
    assert len({row["session"] for row in rows_of(pulled)}) == 1
    assert codes(pulled) == []


def test_a_compaction_that_stands_in_two_files_is_counted_once(tmp_path: Path) -> None:
    write(tmp_path, "a", long_session())
    write(tmp_path, "b", long_session())

    assert tokens_of(pull(tmp_path)) == [FIRST, SUMMED, AFTER]


def test_a_compaction_of_another_thread_is_counted_there(tmp_path: Path) -> None:
    write(tmp_path, "a", long_session(thread_id="s-0"))

    assert tokens_of(pull(tmp_path)) == [FIRST, AFTER]


def test_a_compaction_that_a_count_tells_is_counted_once(tmp_path: Path) -> None:
    lines = session("s-1", [FIRST, SUMMED, AFTER])
    told = [record(19, "resp_2", SUMMED), compacted(21, "resp_2")]
    write(tmp_path, "a", [*lines[:3], *told, *lines[3:]])

    assert tokens_of(pull(tmp_path)) == [FIRST, SUMMED, AFTER]


def test_a_compaction_that_is_told_with_what_came_after_it_is_counted_once(tmp_path: Path) -> None:
    total = (90_400, 80_090, 940)
    lines = [*long_session()[:-1], count(30, total, AFTER)]
    write(tmp_path, "a", lines)

    assert tokens_of(pull(tmp_path)) == [FIRST, (90_300, 80_090, 930)]


def test_any_whitespace_names_it_and_words_in_a_prompt_do_not(tmp_path: Path) -> None:
    lines = long_session()
    prompt = {"type": "response_item", "payload": {"text": json.dumps(compacted(1, "resp_1"))}}
    spaced = [json.dumps(line, separators=(" ,", " : ")).encode() for line in [*lines, prompt]]
    write(tmp_path, "a", spaced)

    assert tokens_of(pull(tmp_path)) == [FIRST, SUMMED, AFTER]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"usage": None}, ("model_type", "payload.usage")),
        ({"usage": {"output_tokens": 1}}, ("missing", "payload.usage.input_tokens")),
    ],
)
def test_a_compaction_that_cannot_be_read_is_refused(
    tmp_path: Path, changes: dict[str, object], refusal: tuple[str, str]
) -> None:
    write(tmp_path, "a", long_session(**changes))

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [FIRST, AFTER]
    assert codes(pulled) == [refusal]


def test_other_records_that_cannot_be_read_harm_nothing(tmp_path: Path) -> None:
    lines = long_session()
    lines[2] = record(10, "resp_1", FIRST, usage=None)
    lines[7] = {"type": "token_usage_record", "payload": ["resp_3"]}
    write(tmp_path, "a", lines)

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [FIRST, SUMMED, AFTER]
    assert codes(pulled) == []
