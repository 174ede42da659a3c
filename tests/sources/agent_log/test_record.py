from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sources.agent_log.writing import (
    DAY,
    codes,
    conform,
    digest,
    lines,
    pull_text,
    record,
    runs_of,
    source,
)


def test_everything_a_line_may_say_reaches_the_runs_table(tmp_path: Path) -> None:
    said = record(
        started_at="2026-11-17T11:00:00+01:00",
        tokens={"input": 7, "cache_read": 0, "cache_write_5m": None, "output": 5},
        cost_usd=0.1234567895,
        account="wrkspc_01Claims",
        work_item="OPS-12",
        repo="acme/claims",
        branch="agent/router/OPS-12-fix-by-jo",
        epoch="v3",
        purpose="eval",
        failure_type="tool_error",
        discarded=False,
        decision="Approved",
        human_escalation=True,
        tools_invoked=["crm.update", "billing.refund", "crm.update"],
        policy_checks=["refund_limit_50"],
        hooks={"secret_scan": "pass"},
        layers={"sandbox": True},
        inputs={"lane": "north", "name": "left out"},
        owner="ops-dri@company.example",
        comment="left out too",
    )

    (run,) = runs_of(
        tmp_path,
        said,
        repositories=["acme/*"],
        branch_prefixes=["agent/", "agent/router/"],
        input_keys=["lane"],
    )

    assert run == {
        "source": "logs",
        "run_id": "run-1",
        "day": DAY,
        "ended_at": datetime(2026, 11, 17, 10, 42, 12, tzinfo=UTC),
        "started_at": datetime(2026, 11, 17, 10, tzinfo=UTC),
        "issuer": "anthropic",
        "model": "claude-haiku-4-5",
        "account": "wrkspc_01Claims",
        "api_key": None,
        "tier": None,
        "context": None,
        "input_tokens": 7,
        "cache_read_tokens": 0,
        "cache_write_5m_tokens": None,
        "cache_write_1h_tokens": None,
        "output_tokens": 5,
        "reported_cost_nano": 123_456_790,
        "session": None,
        "stamp": "claims-router",
        "branch_prefix": "agent/router/",
        "branch_item": "OPS-12",
        "branch_digest": digest()("agent/router/OPS-12-fix-by-jo"),
        "repo": "acme/claims",
        "work_item": "OPS-12",
        "actor": None,
        "purpose": "eval",
        "decision": "approved",
        "epoch": "v3",
        "human_escalation": True,
        "tools": '["billing.refund","crm.update"]',
        "policy_checks": '["refund_limit_50"]',
        "hooks": '{"secret_scan":"pass"}',
        "layers": '{"sandbox":"true"}',
        "inputs": '{"lane":"north"}',
        "failure_type": "tool_error",
        "discarded": False,
    }


def test_the_least_a_line_must_say(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, record(process_id=None, run_id=None))

    kept = {name: value for name, value in run.items() if value is not None}
    assert kept.pop("run_id")
    assert kept == {
        "source": "logs",
        "day": DAY,
        "ended_at": datetime(2026, 11, 17, 10, 42, 12, tzinfo=UTC),
        "issuer": "anthropic",
        "model": "claude-haiku-4-5",
        "purpose": "work",
    }


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"timestamp": None}, "timestamp", "missing"),
        ({"timestamp": "2026-11-31T25:00:00Z"}, "timestamp", "value_error"),
        ({"timestamp": "2026-11-17T10:00:00"}, "timestamp", "value_error"),
        ({"timestamp": "2026-11-17"}, "timestamp", "value_error"),
        ({"timestamp": 1794911000}, "timestamp", "value_error"),
        ({"timestamp": True}, "timestamp", "value_error"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp", "value_error"),
        ({"timestamp": "2026-11-22T00:00:00Z"}, "timestamp", "in_the_future"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at", "value_error"),
        ({"process_id": "Claims Router"}, "process_id", "string_pattern_mismatch"),
        ({"process_id": ""}, "process_id", "string_pattern_mismatch"),
        ({"process_id": "x" * 65}, "process_id", "string_pattern_mismatch"),
        ({"process_id": 17}, "process_id", "string_type"),
        ({"model": None}, "model", "missing"),
        ({"model": "a model"}, "model", "string_pattern_mismatch"),
        ({"run_id": {}}, "run_id", "string_type"),
        ({"tokens": {"input": -1}}, "tokens.input", "greater_than_equal"),
        ({"tokens": {"input": 10**12 + 1}}, "tokens.input", "less_than_equal"),
        ({"tokens": {"output": 1.5}}, "tokens.output", "int_type"),
        ({"tokens": {"output": "12"}}, "tokens.output", "int_type"),
        ({"tokens": {"output": True}}, "tokens.output", "int_type"),
        ({"tokens": [1]}, "tokens", "model_type"),
        ({"cost_usd": -0.01}, "cost_usd", "value_error"),
        ({"cost_usd": "1,5"}, "cost_usd", "bad_amount"),
        ({"cost_usd": "NaN"}, "cost_usd", "bad_amount"),
        ({"cost_usd": True}, "cost_usd", "bad_amount"),
        ({"cost_usd": 10**10}, "cost_usd", "out_of_range"),
        ({"purpose": "fun"}, "purpose", "literal_error"),
        ({"started_at": "2026-11-17T10:42:13Z"}, "", "value_error"),
    ],
)
def test_a_record_that_gets_an_essential_wrong_is_refused_on_its_day(
    tmp_path: Path, changes: dict[str, object], field: str, code: str
) -> None:
    pulled = pull_text(tmp_path, lines(record(run_id="good"), record(**changes)))

    assert codes(pulled) == [(DAY, field, code)]
    assert sum(len(batch.rows) for batch in pulled.batches) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "jo.doe@example.com"),
        ("decision", "Approved, because Jo said so"),
        ("epoch", "Version 3"),
        ("failure_type", ["x"]),
        ("repo", "https://git.example/acme/x"),
        ("repo", 3),
        ("branch", ""),
        ("branch", 7),
        ("work_item", "the refund of Jo"),
        ("work_item", True),
        ("tools_invoked", "git"),
        ("tools_invoked", ["git", "ask Jo"]),
        ("tools_invoked", ["x"] * 65),
        ("policy_checks", [1]),
        ("hooks", {"ask Jo": "pass"}),
        ("hooks", {"scan": 1.5}),
        ("layers", ["x"]),
        ("inputs", "x"),
        ("human_escalation", "no"),
        ("discarded", 0),
    ],
)
def test_a_hint_that_is_no_word_or_id_is_dropped_by_name_and_the_run_stays(
    tmp_path: Path, field: str, value: object
) -> None:
    config = source(tmp_path)
    pulled = pull_text(tmp_path, lines(record(**{field: value})))

    (day,) = [day for day in conform(config, pulled) if day.rows]

    assert codes(pulled) == []
    assert [(finding.code, finding.subject) for finding in day.findings] == [
        ("hint_dropped", field)
    ]


def test_inputs_keep_declared_keys_with_short_ids_only(tmp_path: Path) -> None:
    inputs = {
        "ticket": "PAY-12",
        "lane": "jo@example.com",
        "count": 3,
        "rush": True,
        "note": "a b",
        "undeclared": "x",
    }

    (run,) = runs_of(
        tmp_path, record(inputs=inputs), input_keys=["ticket", "lane", "count", "rush", "note"]
    )

    assert run["inputs"] == '{"count":"3","rush":"true","ticket":"PAY-12"}'


@pytest.mark.parametrize(
    ("said", "item"), [(None, "PAY-12"), ("acme/shop#7", "acme/shop#7"), (471, "471")]
)
def test_an_input_names_the_work_item_where_the_line_does_not(
    tmp_path: Path, said: object, item: str
) -> None:
    (run,) = runs_of(
        tmp_path,
        record(inputs={"ticket": "PAY-12"}, work_item=said),
        input_keys=["ticket"],
        work_item_key="ticket",
        repositories=["acme/*"],
    )

    assert run["work_item"] == item


def test_a_repository_that_nobody_declared_is_known_by_its_digest_alone(tmp_path: Path) -> None:
    said = record(repo="jo-doe/dotfiles", work_item="jo-doe/dotfiles#3")

    (run,) = runs_of(tmp_path, said, repositories=["acme/*"])

    name = digest()("jo-doe/dotfiles")
    assert (run["repo"], run["work_item"]) == (name, f"{name}#3")


def test_a_branch_keeps_a_declared_prefix_an_issue_key_and_a_digest(tmp_path: Path) -> None:
    branches = ["jo-doe/tidy", "claude/issue-7", "legacy-bump/PAY-3-x", "\ud800"]
    said = [record(run_id=f"r{at}", branch=branch) for at, branch in enumerate(branches)]

    runs = runs_of(tmp_path, *said, branch_prefixes=["legacy-bump/"])

    assert [(run["branch_prefix"], run["branch_item"]) for run in runs] == [
        (None, None),
        ("claude/", None),
        ("legacy-bump/", "PAY-3"),
        (None, None),
    ]
    assert len({run["branch_digest"] for run in runs}) == 4
