from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tests.sources.claude_code_log.transcripts import MODEL, answer, described
from tests.sources.request_readings import DAY, DIGEST, WINDOW, read, write_lines

FULL = {
    "run_id": "req_01request00000001",
    "ended_at": "2026-11-17T10:00:00.250000Z",
    "issuer": "anthropic",
    "model": MODEL,
    "input_tokens": 10,
    "cache_read_tokens": 5_000,
    "cache_write_5m_tokens": 100,
    "cache_write_1h_tokens": 200,
    "output_tokens": 100,
    "session": DIGEST("0b8f0c1e-session"),
    "branch_prefix": "claude/",
    "branch_item": "PAY-12",
    "branch_digest": DIGEST("claude/PAY-12-refunds"),
    "repo": "acme/payments",
    "purpose": "work",
}


def test_one_line_becomes_one_request(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer()])
    found = read(described(tmp_path), tmp_path)
    assert found.rows == [FULL]
    assert found.rejects == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        pytest.param(
            {"usage": {"cache_creation": ..., "cache_creation_input_tokens": 300}},
            {"cache_write_5m_tokens": 300, "cache_write_1h_tokens": 0},
            id="writes without parts lasted five minutes",
        ),
        pytest.param(
            {"usage": {"cache_creation": ..., "cache_creation_input_tokens": ...}},
            {"cache_write_5m_tokens": None, "cache_write_1h_tokens": None},
            id="writes that are not told are unknown",
        ),
        pytest.param(
            {"usage": {"cache_read_input_tokens": None}},
            {"cache_read_tokens": None},
            id="a null is unknown",
        ),
        pytest.param({"costUSD": 1.25e-05}, {"cost_usd": "0.0000125"}, id="an old cost is kept"),
        pytest.param(
            {"cwd": "C:\\Users\\someone\\payments"}, {"repo": "acme/payments"}, id="windows folder"
        ),
        pytest.param({"cwd": "/srv/web"}, {"repo": None}, id="two owners"),
        pytest.param({"cwd": "/srv/secret"}, {"repo": None}, id="not declared"),
        pytest.param({"cwd": "/home/someone"}, {"repo": None}, id="somebody's own folder"),
        pytest.param({"cwd": ...}, {"repo": None}, id="no folder"),
        pytest.param(
            {"gitBranch": "HEAD"},
            {"branch_prefix": None, "branch_item": None, "branch_digest": None},
            id="no branch",
        ),
        pytest.param({"sessionId": ...}, {"session": None}, id="no session"),
        pytest.param({"requestId": ...}, {"run_id": "msg_01answer00000001"}, id="no request id"),
        pytest.param({"requestId": ""}, {"run_id": "msg_01answer00000001"}, id="empty request id"),
        pytest.param(
            {"requestId": "our-own-id"}, {"run_id": DIGEST("our-own-id")}, id="not a provider's id"
        ),
        pytest.param(
            {"requestId": ..., "message": {"id": ...}}, {"run_id": DIGEST("uuid-1-100")}, id="no id"
        ),
        pytest.param(
            {"timestamp": "2026-11-18T00:30:00+02:00"},
            {"ended_at": "2026-11-17T22:30:00Z"},
            id="another zone",
        ),
        pytest.param(
            {"message": {"model": "gpt-9"}}, {"model": "gpt-9", "issuer": "unknown"}, id="x"
        ),
        pytest.param(
            {"usage": {"input_tokens": 0, "output_tokens": 0}},
            {"input_tokens": 0, "output_tokens": 0},
            id="zeros are a run",
        ),
    ],
)
def test_what_a_line_tells_is_kept(
    tmp_path: Path, changes: dict[str, Any], fields: dict[str, Any]
) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(**changes)])
    found = read(described(tmp_path), tmp_path)
    (row,) = found.rows
    assert found.rejects == []
    assert row == {name: value for name, value in (FULL | fields).items() if value is not None}


def test_seats_give_all_work_their_account(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer()])
    found = read(described(tmp_path, subscription_account="seats"), tmp_path)
    assert found.rows == [FULL | {"account": "seats"}]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"usage": {"input_tokens": "10"}}, ("message.usage.input_tokens", "bad_number")),
        ({"usage": {"output_tokens": 1.5}}, ("message.usage.output_tokens", "bad_number")),
        ({"usage": {"output_tokens": -1}}, ("output_tokens", "out_of_range")),
        ({"usage": {"input_tokens": 10**17}}, ("input_tokens", "out_of_range")),
        ({"usage": {"input_tokens": 10**25}}, ("message.usage.input_tokens", "bad_number")),
        (
            {"usage": {"input_tokens": ..., "input_token_count": 10}},
            ("message.usage.input_tokens", "missing"),
        ),
        ({"message": {"usage": None}}, ("message.usage.input_tokens", "missing")),
        (
            {"usage": {"cache_creation_input_tokens": 301}},
            ("message.usage.cache_creation", "bad_sum"),
        ),
        ({"timestamp": "2026-11-17T10:00:00"}, ("timestamp", "bad_instant")),
        ({"timestamp": 5}, ("timestamp", "bad_instant")),
        ({"timestamp": ...}, ("timestamp", "bad_instant")),
        ({"message": {"model": 'odd "model"'}}, ("model", "bad_word")),
        ({"message": {"model": "ada@acme.example"}}, ("model", "bad_word")),
        ({"message": {"model": ...}}, ("message.model", "missing")),
        ({"costUSD": "much"}, ("costUSD", "bad_amount")),
        ({"costUSD": -0.01}, ("costUSD", "bad_amount")),
    ],
)
def test_what_cannot_be_true_is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1), answer(2, **changes), answer(3)])
    found = read(described(tmp_path), tmp_path, window=WINDOW)
    assert found.refusals == [refusal]
    assert [one.position for one in found.rejects] == [2]
    assert sorted(found.by_run) == ["req_01request00000001", "req_01request00000003"]


def test_an_answer_that_is_no_object_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1), answer(2) | {"message": "text"}])
    found = read(described(tmp_path), tmp_path)
    assert found.refusals == [("message.usage.input_tokens", "missing")]
    assert len(found.rows) == 1


def test_notes_of_the_program_are_no_requests(tmp_path: Path) -> None:
    synthetic = answer(2, 0, isApiErrorMessage=True, message={"model": "<synthetic>"})
    prompt = {"type": "user", "message": {"role": "user", "content": "do it"}}
    write_lines(tmp_path / "a.jsonl", [answer(1), synthetic, prompt, {"type": "summary"}])
    found = read(described(tmp_path), tmp_path)
    assert found.rows == [FULL]
    assert found.rejects == []


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2027-11-17T10:00:00Z", "in_the_future"),
        ("2026-11-22T00:00:00Z", "in_the_future"),
        ("1970-01-01T00:00:00Z", "out_of_range"),
    ],
)
def test_what_ends_when_nothing_can_is_refused_on_the_day_of_the_line_before_it(
    tmp_path: Path, moment: str, code: str
) -> None:
    lines = [answer(1), answer(2, timestamp=moment), b"{broken", answer(3)]
    write_lines(tmp_path / "a.jsonl", lines)
    found = read(described(tmp_path), tmp_path, window=(DAY, DAY))
    assert sorted(found.by_run) == ["req_01request00000001", "req_01request00000003"]
    assert [(one.position, one.code) for one in found.rejects] == [(2, code), (3, "bad_json")]


def test_a_request_of_tomorrow_is_read_tomorrow(tmp_path: Path) -> None:
    lines = [answer(1), answer(2, timestamp="2026-11-21T23:59:59Z")]
    write_lines(tmp_path / "a.jsonl", lines)
    found = read(described(tmp_path), tmp_path)
    assert (list(found.by_run), found.rejects) == (["req_01request00000001"], [])


def test_a_pattern_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file matches"):
        described(tmp_path)
