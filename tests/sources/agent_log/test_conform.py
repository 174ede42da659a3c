from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from config.shapes.sources import Issuer
from tasks.core.batches import Conformed
from tasks.sources import agent_log
from tasks.sources.agent_log.hints import HintReader
from tasks.sources.agent_log.record import reduce_record
from tests.sources.agent_log.writing import (
    DAY,
    conform,
    digest,
    lines,
    pull_text,
    record,
    runs_of,
    source,
)


def day_of(folder: Path, *records: dict[str, object], **changes: object) -> Conformed:
    config = source(folder, **changes)
    pulled = pull_text(folder, lines(*records), **changes)
    return next(day for day in conform(config, pulled) if day.rows)


def test_the_same_line_twice_is_one_run_and_one_named_duplicate(tmp_path: Path) -> None:
    without_id = record(run_id=None, branch="x")

    day = day_of(tmp_path, record(), without_id, record(), without_id, without_id)

    assert len(day.rows) == 2
    assert [reject.code for reject in day.rejects] == ["duplicate"] * 3


def test_lines_without_a_run_id_that_differ_anywhere_but_in_the_owner_are_two_runs(
    tmp_path: Path,
) -> None:
    said = record(run_id=None)
    day = day_of(tmp_path, said, {**said, "owner": "jo@example.com"}, {**said, "inputs": {"n": 1}})

    assert len(day.rows) == 2
    assert [reject.code for reject in day.rejects] == ["duplicate"]


def test_of_lines_that_tell_a_run_differently_the_latest_end_stays_in_any_order(
    tmp_path: Path,
) -> None:
    early = record(tokens={"output": 1})
    late = record(timestamp="2026-11-17T10:50:00Z", tokens={"output": 2})

    forward, backward = day_of(tmp_path, early, late), day_of(tmp_path, late, early)

    assert [row["output_tokens"] for row in (*forward.rows, *backward.rows)] == [2, 2]
    assert [reject.code for reject in (*forward.rejects, *backward.rejects)] == [
        "conflicting_run",
        "conflicting_run",
    ]
    assert forward.rejects[0].digest == backward.rejects[0].digest


def test_a_run_belongs_to_the_day_of_its_issuer(tmp_path: Path) -> None:
    config = source(tmp_path)
    said = record(model="devin:devin-1", timestamp="2026-11-17T07:59:59Z")
    issuers = {"devin": Issuer(id="devin", day_offset_minutes=480)}

    pulled = pull_text(tmp_path, lines(said))

    (run,) = [row for day in conform(config, pulled, issuers) for row in day.rows]
    assert run["day"] == date(2026, 11, 16)


def test_a_line_without_an_account_gets_the_default_of_its_issuer(tmp_path: Path) -> None:
    accounts = {"anthropic": "anthropic:default"}

    runs = runs_of(
        tmp_path,
        record(run_id="a"),
        record(run_id="b", account="wrkspc_01"),
        record(run_id="c", model="openai:gpt-5"),
        default_accounts=accounts,
    )

    assert [run["account"] for run in runs] == ["anthropic:default", "wrkspc_01", None]


def test_a_model_without_a_vendor_is_the_only_issuers_or_unknown_and_said_so(
    tmp_path: Path,
) -> None:
    said = record(model="claude-opus-5")

    settled = day_of(tmp_path, said, default_accounts={"anthropic": "a"})
    open_ = day_of(tmp_path, said)

    assert (settled.rows[0]["issuer"], settled.findings) == ("anthropic", ())
    assert open_.rows[0]["issuer"] == "unknown"
    assert [(finding.code, finding.subject) for finding in open_.findings] == [
        ("unknown_issuer", "unknown")
    ]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
optional_fields = st.sampled_from(
    [
        *("account", "decision", "epoch", "failure_type", "repo", "branch", "work_item"),
        *("tools_invoked", "policy_checks", "hooks", "layers", "inputs", "human_escalation"),
        *("discarded", "owner", "anything else"),
    ]
)


@given(st.dictionaries(optional_fields, json_values))
def test_no_hint_whatever_it_holds_costs_a_run(hints: dict[str, object]) -> None:
    config = source(Path())
    said = record() | hints

    _, row = reduce_record(said, HintReader(config, digest()), digest())
    day = agent_log.conform(agent_log.RUNS, config, [row], DAY, {})

    assert len(day.rows) == 1
