"""Codex's events and spans of the GenAI conventions: input includes what was cached."""

from pathlib import Path

from tests.sources.otel.writing import claude, codex, log, logs, read_lines, span, spans
from tests.sources.request_readings import DIGEST

SPAN = {
    "run_id": "msg_01AbCdEfGhIjKl",
    "started_at": "2026-11-17T10:00:00Z",
    "ended_at": "2026-11-17T10:00:05Z",
    "issuer": "anthropic",
    "model": "claude-haiku-4-5-20251001",
    "input_tokens": 400,
    "cache_read_tokens": 600,
    "output_tokens": 50,
    "purpose": "work",
}


def test_a_completed_response_of_codex_is_one_request(tmp_path: Path) -> None:
    (row,) = read_lines(tmp_path, logs(codex(2))).rows

    assert len(str(row.pop("run_id"))) == 16
    assert row == {
        "ended_at": "2026-11-17T10:00:02Z",
        "issuer": "openai",
        "model": "gpt-5.4",
        "input_tokens": 3_000,
        "cache_read_tokens": 9_000,
        "output_tokens": 800,
        "session": DIGEST("0199aaaa-0000-7000-8000-000000000000"),
        "purpose": "work",
    }


def test_other_events_of_codex_are_no_requests(tmp_path: Path) -> None:
    kinds = [codex(event__kind=kind) for kind in ("response.created", "response.failed")]
    other = log(0, "codex.api_request", model="gpt-5.4")

    found = read_lines(tmp_path, logs(*kinds, other))

    assert (found.rows, found.rejects) == ([], [])


def test_an_event_that_only_says_that_a_response_came_is_no_request(tmp_path: Path) -> None:
    counts = {"input_token_count": None, "output_token_count": None, "cached_token_count": None}
    bare = codex(2, **counts, reasoning_token_count=None, duration_ms="12")

    found = read_lines(tmp_path, logs(bare, codex(2)))

    assert (len(found.rows), found.rejects) == (1, [])


def test_an_event_with_half_its_counts_is_refused(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(codex(2, output_token_count=None)), logs(codex(3)))

    assert found.refusals == [("output_tokens", "missing")]


def test_what_codex_wrote_to_the_cache_is_no_plain_input(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path, logs(codex(2, cache_write_token_count=0), codex(3, cache_write_token_count=500))
    )

    assert [(row["input_tokens"], row["cache_write_5m_tokens"]) for row in found.rows] == [
        (3_000, 0),
        (2_500, 500),
    ]
    assert found.findings == ()


def _codex_span() -> dict[str, object]:
    return span(
        gen_ai__operation__name=None,
        gen_ai__provider__name=None,
        gen_ai__request__model=None,
        gen_ai__response__model=None,
        gen_ai__response__id=None,
        codex__usage__total_tokens=1_050,
    )


def test_spans_of_codex_beside_its_events_are_told_and_not_added(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(codex(2)), spans(_codex_span(), span()))

    assert (len(found.rows), found.rejects) == (2, [])
    assert [(one.code, one.detail) for one in found.findings] == [
        ("second_copy", "1 span(s) of Codex tell the same spend again, and are not added")
    ]


def test_spans_of_codex_without_its_events_are_not_passed_over(tmp_path: Path) -> None:
    found = read_lines(tmp_path, spans(_codex_span()))

    assert (found.rows, found.rejects) == ([], [])
    assert [one.detail for one in found.findings] == [
        "there are no events, but 1 span(s) of Codex; export its events too"
    ]


def test_a_response_of_codex_told_twice_counts_once(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(codex(2), codex(3), codex(2)))

    assert [row["ended_at"] for row in found.rows] == [
        "2026-11-17T10:00:02Z",
        "2026-11-17T10:00:03Z",
    ]


def test_a_span_that_asks_a_model_is_one_request(tmp_path: Path) -> None:
    assert read_lines(tmp_path, spans(span())).rows == [SPAN]


def test_older_names_say_the_same(tmp_path: Path) -> None:
    older: list[dict[str, object]] = [
        {"gen_ai__provider__name": None, "gen_ai__system": "anthropic"},
        {
            "gen_ai__usage__input_tokens": None,
            "gen_ai__usage__output_tokens": None,
            "gen_ai__usage__prompt_tokens": 1_000,
            "gen_ai__usage__completion_tokens": 50,
        },
        {
            "gen_ai__response__model": None,
            "gen_ai__request__model": "claude-haiku-4-5-20251001",
        },
        {"gen_ai__operation__name": "text_completion"},
        {"gen_ai__operation__name": None},
    ]
    told = [
        span(**{**names, "gen_ai__response__id": f"msg_{number:012}"})
        for number, names in enumerate(older)
    ]

    found = read_lines(tmp_path, spans(*told))

    assert [{**row, "run_id": SPAN["run_id"]} for row in found.rows] == [SPAN] * len(older)


def test_a_span_and_the_event_of_its_details_are_one(tmp_path: Path) -> None:
    details = span()
    event = {
        "timeUnixNano": details["endTimeUnixNano"],
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": details["attributes"],
    }

    assert len(read_lines(tmp_path, spans(span()), logs(event)).rows) == 1


def test_spans_without_an_id_of_the_answer_go_by_their_own(tmp_path: Path) -> None:
    one, again = (span(gen_ai__response__id=None) for _ in range(2))
    other = span(gen_ai__response__id=None)
    other["spanId"] = "aaa19b7ec3c1b174"

    assert len(read_lines(tmp_path, spans(one, again, other)).rows) == 2


def test_a_span_around_requests_sums_them_and_is_none(tmp_path: Path) -> None:
    around = [
        span(6, gen_ai__operation__name=name, gen_ai__response__id=None)
        for name in ("invoke_agent", "invoke_workflow", "execute_tool")
    ]

    assert read_lines(tmp_path, spans(span(), *around)).rows == [SPAN]


def test_a_span_of_an_operation_that_is_not_known_is_told(tmp_path: Path) -> None:
    strange = span(gen_ai__operation__name="responses")

    found = read_lines(tmp_path, spans(strange, span(gen_ai__operation__name="invoke_agent")))

    assert (found.rows, found.rejects) == ([], [])
    assert [(one.code, one.detail[:9]) for one in found.findings] == [
        ("unknown_operation", "1 span(s)")
    ]


def test_a_span_that_failed_without_usage_is_no_run(tmp_path: Path) -> None:
    usage = {f"gen_ai__usage__{name}_tokens": None for name in ("input", "output")}

    failed = span(**usage, error__type="timeout", gen_ai__response__id="msg_0000000001")

    assert read_lines(tmp_path, spans(span(), failed)).rows == [SPAN]


def test_a_span_that_does_not_tell_its_usage_is_a_run_of_unknown_size(tmp_path: Path) -> None:
    usage = {f"gen_ai__usage__{name}_tokens": None for name in ("input", "output")}
    usage["gen_ai__usage__cache_read__input_tokens"] = None

    (row,) = read_lines(tmp_path, spans(span(**usage))).rows

    assert not [name for name in row if name.endswith("_tokens")]


def test_cache_writes_are_a_part_of_input_and_their_time_to_live_is_unknown(
    tmp_path: Path,
) -> None:
    told = [
        span(gen_ai__response__id=None, **{f"gen_ai__usage__{kind}__input_tokens": 100})
        for kind in ("cache_creation", "cache_write")
    ]

    found = read_lines(tmp_path, spans(told[0]), spans(told[1] | {"spanId": "bb"}))

    assert [row["input_tokens"] for row in found.rows] == [300, 300]
    assert not [row for row in found.rows if "cache_write_5m_tokens" in row]
    assert [one.code for one in found.findings] == ["unsplit_cache"]


def test_an_input_without_its_cache_is_refused_and_not_taken_for_less(tmp_path: Path) -> None:
    found = read_lines(tmp_path, spans(span(gen_ai__usage__input_tokens=400)))

    assert (found.rows, found.refusals) == ([], [("input_tokens", "bad_sum")])


def test_more_cached_than_input_is_refused(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(codex(cached_token_count=12_001), claude()))

    assert found.refusals == [("input_tokens", "bad_sum")]


def test_who_serves_the_model_bills_it(tmp_path: Path) -> None:
    providers = {"anthropic": "anthropic", "aws.bedrock": "unknown", "gcp.vertex_ai": "unknown"}
    told = [
        span(gen_ai__provider__name=provider, gen_ai__response__id=f"msg_{number:012}")
        for number, provider in enumerate(providers)
    ]

    found = read_lines(tmp_path, spans(*told)).by_run

    assert [found[run]["issuer"] for run in sorted(found)] == list(providers.values())
