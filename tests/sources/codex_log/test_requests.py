"""Requests of Codex sessions: each once, with its own tokens, model, moment and hints."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.core.digests import keyed_digest
from tasks.core.errors import SourceError
from tests.sources.codex_log.writing import (
    DAY,
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

GIT = {"branch": "codex/PAY-7-fix", "repository_url": "git@github.com:acme/claims.git"}


def test_a_request_keeps_what_it_used_and_nothing_else(tmp_path: Path) -> None:
    lines = [meta(git=GIT), turn("gpt-5.4-codex"), count(7.5, (900, 600, 40), (900, 600, 40))]
    write(tmp_path, "a", lines)
    digest = keyed_digest("a key for tests only")

    (row,) = rows_of(pull(tmp_path, repositories=["acme/*"]))

    assert row.pop("run_id") != digest("s-1")
    assert row == {
        "ended_at": "2026-11-17T10:00:07.500000Z",
        "issuer": "openai",
        "model": "gpt-5.4-codex",
        "input_tokens": 300,
        "cache_read_tokens": 600,
        "output_tokens": 40,
        "session": digest("s-1"),
        "branch_prefix": "codex/",
        "branch_item": "PAY-7",
        "branch_digest": digest("codex/PAY-7-fix"),
        "repo": "acme/claims",
        "purpose": "work",
    }


def test_totals_that_are_told_again_are_no_further_request(tmp_path: Path) -> None:
    told = count(10, (900, 600, 40), (900, 600, 40))
    later = count(12, (900, 600, 40), (900, 600, 40))
    limits = {"timestamp": told["timestamp"], "type": "event_msg"}
    limits["payload"] = {"type": "token_count", "info": None, "rate_limits": {"primary": {}}}
    write(tmp_path, "a", [meta(), turn(), limits, told, later, limits])

    assert tokens_of(pull(tmp_path)) == [(900, 600, 40)]


def test_only_totals_are_enough(tmp_path: Path) -> None:
    lines = [meta(), turn(), count(1, (10, 4, 2), None), count(2, (30, 9, 5), None)]
    write(tmp_path, "a", lines)

    assert tokens_of(pull(tmp_path)) == [(10, 4, 2), (20, 5, 3)]


def test_a_request_whose_line_is_lost_is_found_in_the_next_total(tmp_path: Path) -> None:
    lines = session("s-1", [(100, 0, 10), (200, 50, 20), (300, 90, 30)])
    del lines[3]
    write(tmp_path, "a", lines)

    assert tokens_of(pull(tmp_path)) == [(100, 0, 10), (500, 140, 50)]


def test_totals_that_start_again_lose_nothing(tmp_path: Path) -> None:
    first, second = (100, 0, 10), (200, 50, 20)
    full = count(20, (0, 0, 0), (0, 0, 0))
    lines = [meta(), turn(), count(10, first, first), full, count(30, second, second)]
    write(tmp_path, "a", lines)

    assert [one for one in tokens_of(pull(tmp_path)) if any(one)] == [first, second]


def test_a_resumed_session_may_start_its_totals_again_above_the_old_ones(tmp_path: Path) -> None:
    first, second = (100, 0, 10), (500, 100, 50)
    third = (second[0] + 7, second[1], second[2] + 1)
    lines = [meta(), turn(), count(10, first, first), count(20, second, second)]
    write(tmp_path, "a", [*lines, count(30, third, (7, 0, 1))])

    assert tokens_of(pull(tmp_path)) == [first, second, (7, 0, 1)]


def test_counts_of_nothing_are_no_request(tmp_path: Path) -> None:
    first, nothing, second = (100, 0, 10), (0, 0, 0), (40, 0, 5)
    lines = [meta(), turn(), count(10, first, first), count(20, nothing, nothing)]
    write(tmp_path, "a", [*lines, count(30, second, second)])

    assert tokens_of(pull(tmp_path)) == [first, second]


def test_what_was_written_to_the_cache_is_a_part_of_input(tmp_path: Path) -> None:
    told = usage((100, 40, 10)) | {"cache_write_input_tokens": 25}
    info = {"total_token_usage": told, "last_token_usage": told}
    payload = {"type": "token_count", "info": info}
    line = {"timestamp": at(10), "type": "event_msg", "payload": payload}
    write(tmp_path, "a", [meta(), turn(), line])

    (row,) = rows_of(pull(tmp_path))

    assert (row["input_tokens"], row["cache_read_tokens"]) == (35, 40)
    assert row["cache_write_5m_tokens"] == 25


def test_two_equal_requests_of_one_session_are_two(tmp_path: Path) -> None:
    write(tmp_path, "a", session("s-1", [(100, 0, 10), (100, 0, 10)]))

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [(100, 0, 10), (100, 0, 10)]
    assert len({row["run_id"] for row in rows_of(pulled)}) == 2


def test_two_sessions_that_begin_alike_are_two(tmp_path: Path) -> None:
    write(tmp_path, "a", session("s-1", [(100, 0, 10)]))
    write(tmp_path, "b", session("s-2", [(100, 0, 10)]))

    assert len(rows_of(pull(tmp_path))) == 2


def test_a_model_holds_until_the_next_turn_names_another(tmp_path: Path) -> None:
    lines = session("s-1", [(100, 0, 10), (200, 0, 20)])
    lines.insert(3, turn("gpt-5.4-mini"))
    write(tmp_path, "a", lines)

    assert [row["model"] for row in rows_of(pull(tmp_path))] == ["gpt-5.4", "gpt-5.4-mini"]


def test_a_day_ends_at_midnight_utc_whatever_the_offset_says(tmp_path: Path) -> None:
    early = count(0, (10, 0, 1), (10, 0, 1)) | {"timestamp": "2026-11-18T00:30:00+01:00"}
    late = count(0, (20, 0, 2), (10, 0, 1)) | {"timestamp": "2026-11-17T23:30:00-01:00"}
    write(tmp_path, "a", [meta(), turn(), early, late])

    found = {batch.key: len(batch.rows) for batch in pull(tmp_path).batches}

    assert found[DAY] == 1
    assert found[date(2026, 11, 18)] == 1


def test_only_days_of_the_window_are_given_and_today_is_not_whole(tmp_path: Path) -> None:
    lines = session("s-1", [(100, 0, 10)])
    write(tmp_path, "a", lines)

    pulled = pull(tmp_path, (date(2026, 11, 18), date(2026, 11, 20)))

    assert rows_of(pulled) == []
    assert [batch.is_complete for batch in pulled.batches] == [True, True, False]


def test_a_seat_plan_pays_where_the_source_says_so(tmp_path: Path) -> None:
    write(tmp_path, "a", session("s-1", [(100, 0, 10)]))

    (row,) = rows_of(pull(tmp_path, subscription_account="chatgpt-team"))

    assert row["account"] == "chatgpt-team"


@pytest.mark.parametrize(
    ("provider", "issuer"), [("openai", "openai"), ("azure", "unknown"), (None, "openai")]
)
def test_the_provider_of_the_session_tells_who_bills_it(
    tmp_path: Path, provider: str | None, issuer: str
) -> None:
    write(tmp_path, "a", session("s-1", [(100, 0, 10)], model_provider=provider))

    (row,) = rows_of(pull(tmp_path))

    assert row["issuer"] == issuer


def test_any_whitespace_reads_the_same(tmp_path: Path) -> None:
    lines = [meta(), turn(), count(5, None, (5, 0, 3))]
    spaced = [json.dumps(line, separators=(" ,\t", "  : ")).encode() for line in lines]
    write(tmp_path, "a", [b"  " + line + b" \r" for line in spaced])

    assert tokens_of(pull(tmp_path)) == [(5, 0, 3)]


def test_what_stands_in_prompts_is_not_read(tmp_path: Path) -> None:
    quoted = {
        "timestamp": "2026-11-17T10:00:05Z",
        "type": "response_item",
        "payload": {"type": "message", "text": '{"type":"token_count"} session_meta'},
    }
    mentioned = {
        "timestamp": "2026-11-17T10:00:05Z",
        "type": "event_msg",
        "payload": {"type": "agent_message", "message": "token_count", "info": usage((1, 0, 1))},
    }
    older = {"type": ["message"], "content": "token_count"}
    write(tmp_path, "a", [*session("s-1", [(100, 0, 10)]), quoted, mentioned, older])

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [(100, 0, 10)]
    assert codes(pulled) == []


def test_a_last_line_that_is_not_whole_yet_is_left_for_the_next_night(tmp_path: Path) -> None:
    lines = session("s-1", [(100, 0, 10)])
    write(
        tmp_path,
        "a",
        [*lines, b'{"timestamp":"2026-11-17T10:00:20Z","payload":{"type":"token_count'],
        b"",
    )

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [(100, 0, 10)]
    assert codes(pulled) == []


def _with(field: str, value: object) -> dict[str, object]:
    told = usage((200, 50, 20)) | {field: value}
    payload = {"type": "token_count", "info": {"total_token_usage": told}}
    return {"timestamp": "2026-11-17T10:00:20Z", "type": "event_msg", "payload": payload}


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (_with("input_tokens", "200"), "int_type", "input_tokens"),
        (_with("output_tokens", None), "int_type", "output_tokens"),
        (_with("output_tokens", 1.5), "int_type", "output_tokens"),
        (_with("output_tokens", -1), "greater_than_equal", "output_tokens"),
        (_with("input_tokens", 10**13), "less_than_equal", "input_tokens"),
        (_with("cached_input_tokens", 201), "value_error", ""),
        (_with("cache_write_input_tokens", 151), "value_error", ""),
    ],
)
def test_a_number_that_is_none_is_refused_by_name_and_the_others_stay(
    tmp_path: Path, bad: dict[str, object], code: str, field: str
) -> None:
    lines = session("s-1", [(100, 0, 10), (200, 50, 20), (300, 90, 30)])
    lines[3] = bad
    write(tmp_path, "a", lines)

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [(100, 0, 10), (300, 90, 30)]
    where = ".".join(part for part in ("payload.info.total_token_usage", field) if part)
    assert codes(pulled) == [(code, where)]


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        (
            [meta(), turn(), {**_with("input_tokens", 1), "timestamp": "yesterday"}],
            "value_error",
            "timestamp",
        ),
        ([meta(), count(1, (1, 0, 1), (1, 0, 1))], "missing", "turn_context.model"),
        (
            [
                meta(),
                turn(),
                {
                    "timestamp": "2026-11-17T10:00:20Z",
                    "type": "event_msg",
                    "payload": {"type": "token_count", "info": {"token_usage": usage((1, 0, 1))}},
                },
            ],
            "value_error",
            "payload.info",
        ),
        ([meta(), turn(), b'{"type":"token_count"'], "bad_json", ""),
        ([meta(), turn(), b'["token_count"]'], "not_an_object", ""),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    tmp_path: Path, lines: list[object], code: str, field: str
) -> None:
    write(tmp_path, "a", lines)

    pulled = pull(tmp_path)

    assert rows_of(pulled) == []
    assert codes(pulled) == [(code, field)]


def test_text_that_has_no_bytes_is_digested_all_the_same(tmp_path: Path) -> None:
    git = {"branch": "codex/\ud800", "repository_url": "acme/\udfff"}
    write(tmp_path, "a", session("\ud800", [(100, 0, 10)], git=git))

    (row,) = rows_of(pull(tmp_path))

    assert row["branch_prefix"] == "codex/"
    assert "repo" not in row


def test_a_file_of_bad_lines_is_no_session(tmp_path: Path) -> None:
    write(tmp_path, "a", [meta(), turn(), *[_with("input_tokens", "1")] * 5])

    with pytest.raises(SourceError, match="5 lines cannot be read and 0 can"):
        pull(tmp_path)


def test_no_session_at_all_is_not_an_empty_log(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file matches"):
        pull(tmp_path)


def test_a_session_without_a_name_goes_by_its_file(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path, name, session("", [(100, 0, 10)])[1:])

    pulled = pull(tmp_path)

    assert len({row["session"] for row in rows_of(pulled)}) == 2


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    requests=st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=8
    ),
    repeats=st.lists(st.integers(1, 3), min_size=8, max_size=8),
)
def test_whatever_is_repeated_the_sum_is_what_was_used(
    tmp_path: Path, requests: list[tuple[int, int, int]], repeats: list[int]
) -> None:
    used = [(cached + more, cached, output) for more, cached, output in requests]
    head, *counts = session("s-1", used)[1:]
    told = [line for line, times in zip(counts, repeats, strict=False) for _ in range(times)]
    write(tmp_path, "a", [meta(), head, *told])

    assert tokens_of(pull(tmp_path)) == used
