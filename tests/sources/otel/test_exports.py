"""OTLP exports as files: claims of users, the other copy of a spend, and lines that are broken."""

import json
from pathlib import Path

import pytest

from config.shapes.source_logs import OtelSource
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources.otel import reading
from tests.sources.otel.writing import (
    Record,
    attributes,
    claude,
    log,
    logs,
    metrics,
    read_lines,
    source,
    span,
    spans,
)
from tests.sources.people import NAMES
from tests.sources.request_readings import DIGEST


def _points(*values: tuple[str, object], temporality: object = 1, second: int = 60) -> object:
    """Write Claude Code's counter of tokens by type."""
    start = 1_794_909_600_000_000_000
    points = [
        {
            "attributes": attributes(
                {
                    "session.id": "sess-1",
                    "user.email": "alice@example.com",
                    "model": "claude-opus-5",
                    "type": kind,
                }
            ),
            "startTimeUnixNano": str(start),
            "timeUnixNano": str(start + second * 1_000_000_000),
            "asDouble": value,
        }
        for kind, value in values
    ]
    counter = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": points}
    return {"name": "claude_code.token.usage", "unit": "tokens", "sum": counter}


def _cost(value: object) -> object:
    said = _points(("", value))
    assert isinstance(said, dict)
    (point,) = said["sum"]["dataPoints"]
    point["attributes"] = [one for one in point["attributes"] if one["key"] != "type"]
    return said | {"name": "claude_code.cost.usage", "unit": "USD"}


def _numbered(number: int) -> Record:
    return claude(request_id=f"req_{number:012}")


TOKENS = (("input", 2), ("output", 4), ("cacheRead", 15_273), ("cacheCreation", 8_271))


def test_a_stamp_is_a_short_word_that_a_resource_claims(tmp_path: Path) -> None:
    claims: list[tuple[dict[str, object], str | None]] = [
        ({"workflow": "deps-upgrade"}, "deps-upgrade"),
        ({"workflow": "deps%2Dupgrade"}, "deps-upgrade"),
        ({"agent__workflow": "second", "graduand__workflow": "third"}, "second"),
        ({"workflow": "Not A Word", "agent__workflow": "second"}, "second"),
        ({"workflow": 5.5}, "5.5"),
        ({}, None),
    ]
    lines = [logs(_numbered(at), **resource) for at, (resource, _) in enumerate(claims)]

    found = read_lines(tmp_path, *lines).by_run

    assert [found[run].get("stamp") for run in sorted(found)] == [stamp for _, stamp in claims]


def test_a_record_claims_before_its_resource(tmp_path: Path) -> None:
    event = claude(workflow="of-the-record")

    (row,) = read_lines(tmp_path, logs(event, workflow="of-the-resource")).rows

    assert row["stamp"] == "of-the-record"


def test_a_claim_that_is_no_short_word_is_not_kept_and_told(tmp_path: Path) -> None:
    claims = ("Not A Word", "x" * 65, "a@b.example", "'; DROP TABLE staged; --", "\ud800")
    lines = [logs(_numbered(at), workflow=claim) for at, claim in enumerate(claims)]

    found = read_lines(tmp_path, *lines)

    assert [row.get("stamp") for row in found.rows] == [None] * len(claims)
    (finding,) = found.findings
    assert (finding.code, finding.detail[:15]) == ("hint_dropped", "in 5 request(s)")


def test_an_account_is_kept_where_the_source_names_its_attribute(tmp_path: Path) -> None:
    event = logs(claude(), organization__id="org-1")

    assert "account" not in read_lines(tmp_path, event).rows[0]
    (row,) = read_lines(tmp_path, event, account_keys=["organization.id"]).rows
    assert row["account"] == "org-1"


@pytest.mark.parametrize("keys", ["account_keys", "stamp_keys"])
def test_no_attribute_of_a_user_may_be_asked_for(tmp_path: Path, keys: str) -> None:
    with pytest.raises(ValueError, match="user"):
        source(tmp_path, **{keys: ["user.email"]})


def test_no_person_comes_through_whatever_attribute_they_stand_in(tmp_path: Path) -> None:
    keys = ("user.id", "user.email", "user.account_uuid", "user.account_id", "enduser.id", "prompt")
    people = dict(zip(keys, NAMES, strict=False))
    where = {key.replace(".", "__"): name for key, name in people.items()}
    lines = [
        logs(claude(**where, session__id=NAMES[6]), workflow=NAMES[7], **where),
        logs(log(0, "claude_code.user_prompt", prompt=NAMES[8])),
        spans(span(**where, gen_ai__conversation__id=NAMES[9]), **where),
    ]

    found = read_lines(tmp_path, *lines, account_keys=["workflow"])

    said = json.dumps(found.rows, ensure_ascii=False) + repr(found.rejects) + repr(found.findings)
    assert len(found.rows) == 2
    assert [name for name in NAMES if name in said or json.dumps(name)[1:-1] in said] == []


def test_metrics_beside_events_are_told_and_not_added(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(claude()), metrics(_points(*TOKENS), _cost(0.0904565)))

    assert [row["output_tokens"] for row in found.rows] == [4]
    (finding,) = found.findings
    assert finding.code == "second_copy"
    assert finding.detail.startswith("5 data point(s) of metrics tell the same spend again")


def test_metrics_without_events_are_not_read_in_secret(tmp_path: Path) -> None:
    found = read_lines(tmp_path, metrics(_points(*TOKENS)))

    assert found.rows == []
    (finding,) = found.findings
    assert finding.detail.startswith("there are no events, but 4 data point(s)")


def test_metrics_are_read_where_they_are_chosen(tmp_path: Path) -> None:
    lines = [logs(claude()), metrics(_points(*TOKENS), _cost(0.0904565), workflow="fixer")]

    found = read_lines(tmp_path, *lines, signal="metrics")

    (row,) = found.rows
    assert len(str(row.pop("run_id"))) == 16
    assert row == {
        "started_at": "2026-11-17T10:00:00Z",
        "ended_at": "2026-11-17T10:01:00Z",
        "issuer": "anthropic",
        "model": "claude-opus-5",
        "input_tokens": 2,
        "cache_read_tokens": 15_273,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 8_271,
        "output_tokens": 4,
        "cost_usd": "0.0904565",
        "session": DIGEST("sess-1"),
        "stamp": "fixer",
        "purpose": "work",
    }
    assert [one.code for one in found.findings] == ["second_copy"]


def test_an_export_of_metrics_sent_twice_counts_once_and_the_next_one_too(tmp_path: Path) -> None:
    once = metrics(_points(("output", 4)))
    later = metrics(_points(("output", 5), second=120))

    found = read_lines(tmp_path, once, once, later, signal="metrics")

    assert [row["output_tokens"] for row in found.rows] == [4, 5]


def test_tokens_of_the_conventions_come_from_a_histogram(tmp_path: Path) -> None:
    names = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.4"}
    points = [
        {
            "attributes": attributes({**names, "gen_ai.token.type": kind}),
            "startTimeUnixNano": "1794909600000000000",
            "timeUnixNano": 1_794_909_660_000_000_000,
            "count": "3",
            "sum": total,
        }
        for kind, total in (("input", 900), ("output", 30))
    ]
    series = {"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA", "dataPoints": points}
    told = {"name": "gen_ai.client.token.usage", "histogram": series}

    (row,) = read_lines(tmp_path, metrics(told), signal="metrics").rows

    assert (row["issuer"], row["input_tokens"], row["output_tokens"]) == ("openai", 900, 30)


def _series(name: str, tokens: int, form: str = "sum", **said: object) -> dict[str, object]:
    named = {key.replace("__", "."): value for key, value in said.items()}
    value = {"asInt": str(tokens)} if form == "sum" else {"count": "1", "sum": tokens}
    point = {
        "attributes": attributes(named),
        "startTimeUnixNano": "1794909600000000000",
        "timeUnixNano": "1794909660000000000",
        **value,
    }
    return {"name": name, form: {"aggregationTemporality": 1, "dataPoints": [point]}}


def test_a_metric_for_each_kind_of_token_says_what_is_cached(tmp_path: Path) -> None:
    names = {"gen_ai__provider__name": "openai", "gen_ai__request__model": "gpt-5.4"}
    modal = names | {"gen_ai__token__modality": "text"}
    of = "gen_ai.client.inference.usage."
    told = [
        _series(f"{of}input_tokens", 700, **modal),
        _series(f"{of}input_tokens", 200, **names, gen_ai__token__modality="image"),
        _series(f"{of}cache_read.input_tokens", 600, **names),
        _series(f"{of}cache_write.input_tokens", 0, **names),
        _series(f"{of}output_tokens", 30, **modal),
        _series(f"{of}reasoning.output_tokens", 20, **names),
    ]

    (row,) = read_lines(tmp_path, metrics(*told), signal="metrics").rows

    assert (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (300, 600, 30)


def test_metrics_of_codex_tell_their_sums_beside_their_parts(tmp_path: Path) -> None:
    counts = {"total": 1_030, "input": 1_000, "cached_input": 600, "output": 30}
    counts["reasoning_output"] = 20
    told = [
        _series("codex.turn.token_usage", tokens, "histogram", token_type=kind, model="gpt-5.4")
        for kind, tokens in counts.items()
    ]

    found = read_lines(tmp_path, metrics(*told), signal="metrics")

    (row,) = found.rows
    assert (row["issuer"], row["input_tokens"]) == ("openai", 400)
    assert (row["cache_read_tokens"], row["output_tokens"]) == (600, 30)
    assert found.rejects == []


def test_any_form_of_histogram_is_read(tmp_path: Path) -> None:
    said = {"gen_ai__token__type": "output", "gen_ai__request__model": "gpt-5.4"}
    told = _series("gen_ai.client.token.usage", 30, "exponentialHistogram", **said)

    found = read_lines(tmp_path, metrics(told), signal="metrics")

    assert ([row["output_tokens"] for row in found.rows], found.findings) == ([30], ())


def test_a_point_that_stands_in_a_line_twice_was_sent_twice(tmp_path: Path) -> None:
    told = metrics(_points(("output", 4)), _points(("output", 4)))

    (row,) = read_lines(tmp_path, told, signal="metrics").rows

    assert row["output_tokens"] == 4


def test_points_of_one_export_in_two_lines_are_all_counted(tmp_path: Path) -> None:
    parts = [metrics(_points(("output", 4), ("input", 2))), metrics(_cost(0.5))]

    found = read_lines(tmp_path, *parts, *parts, signal="metrics")

    told = [(row.get("output_tokens"), row.get("cost_usd")) for row in found.rows]
    assert sorted(told, key=str) == [(4, None), (None, "0.5")]


WRONG: list[tuple[object, tuple[str, str]]] = [
    (_points(*TOKENS, temporality=2), ("aggregationTemporality", "running_total")),
    (_points(*TOKENS, temporality=None), ("aggregationTemporality", "running_total")),
    (_points(("input", 1.5)), ("dataPoints", "bad_number")),
    (_points(("input", None)), ("dataPoints", "bad_number")),
    (_points(("cached", 5)), ("dataPoints", "bad_number")),
    (_cost("much"), ("dataPoints", "bad_number")),
    (_cost(-1.5), ("cost_usd", "bad_amount")),
]


def test_a_point_that_cannot_be_added_is_refused(tmp_path: Path) -> None:
    good = [metrics(_points(("output", 4), second=second)) for second in range(1, len(WRONG) + 1)]

    found = read_lines(tmp_path, *(metrics(bad) for bad, _ in WRONG), *good, signal="metrics")

    assert [row["output_tokens"] for row in found.rows] == [4] * len(WRONG)
    assert found.refusals == [refusal for _, refusal in WRONG]


def test_an_export_of_running_totals_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    told = [metrics(_points(*TOKENS, temporality=2, second=second)) for second in range(1, 7)]

    with pytest.raises(SourceError, match="most of them for aggregationTemporality running_total"):
        read_lines(tmp_path, *told, signal="metrics")


def test_a_line_that_is_no_export_is_refused_and_the_others_stay(tmp_path: Path) -> None:
    broken: list[tuple[object, str]] = [
        (b'{"resourceLogs": [{"scopeLogs"', "bad_json"),
        (b'["resourceLogs"]', "not_an_object"),
        ({"resource_logs": []}, "missing"),
        ({"resourceLogs": 5}, "missing"),
    ]

    found = read_lines(tmp_path, *(line for line, _ in broken), logs(claude()))

    assert len(found.rows) == 1
    assert found.refusals == [("", code) for _, code in broken]


def test_an_export_whose_records_cannot_be_found_is_told(tmp_path: Path) -> None:
    empty: list[object] = [
        {"resourceLogs": [{"scopeLogs": [{"logRecords": {"attributes": []}}]}]},
        {"resourceLogs": [{"scope_logs": [{}]}]},
        {"resourceSpans": []},
        {"resourceMetrics": [7]},
    ]

    found = read_lines(tmp_path, *empty, logs(claude()))

    assert len(found.rows) == 1
    assert [(one.code, one.detail[:9]) for one in found.findings] == [("empty_export", "4 line(s)")]


def test_an_attribute_of_another_shape_harms_no_other(tmp_path: Path) -> None:
    event = claude()
    odd: list[object] = [7, {"key": 5}, {"key": "model", "value": "x"}, {"value": {}}, None]
    event["attributes"] += odd

    assert [row["output_tokens"] for row in read_lines(tmp_path, logs(event)).rows] == [4]


def test_profiles_are_no_concern_and_no_fault(tmp_path: Path) -> None:
    found = read_lines(tmp_path, {"resourceProfiles": [{}]}, logs(claude()))

    assert (len(found.rows), found.rejects, found.findings) == (1, [], ())


def test_any_whitespace_reads_the_same(tmp_path: Path) -> None:
    spaced = json.dumps(logs(claude()), separators=(" ,\t", "  : ")).encode()

    assert read_lines(tmp_path, b"  " + spaced + b" \r").rows == (
        read_lines(tmp_path, logs(claude())).rows
    )


def test_a_last_line_that_is_not_whole_yet_is_left_for_the_next_night(tmp_path: Path) -> None:
    whole = json.dumps(logs(claude())).encode()
    (tmp_path / "b.jsonl").write_bytes(whole + b"\n" + whole[:-40])

    found = read_lines(tmp_path, logs(claude(request_id="req_000000000001")))

    assert len(found.rows) == 2
    assert found.rejects == []


def test_files_that_are_gone_are_not_empty_ones(tmp_path: Path) -> None:
    config: OtelSource = source(tmp_path)

    with pytest.raises(SourceError, match="no file matches"):
        reading(config, Door(DIGEST))
