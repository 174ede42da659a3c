"""The agents' change logs: one JSON object a line, with everything that goes wrong in files."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sandbox import script
from sandbox.people import someone
from sandbox.records import LogLine, LogRecord
from sandbox.runs import Run
from sandbox.wire import iso

FOLDER = "agent-logs"
#: How many lines are written a second time, in the same file and in another.
DUPLICATES_IN_FILE = 3
DUPLICATES_ELSEWHERE = 2
#: Drafts are read by people anyway: these runs ask nobody.
_NEVER_ASK = frozenset({"coverage"})
_TOOLS = (("git", "pytest"), ("git", "uv", "gh"), ("crm.update",), ("billing.match", "sql.read"))
_POLICY_CHECKS = (("no_secrets",), ("pii_redaction", "limit_50"), ())


def make_lines(runs: Iterable[Run]) -> tuple[LogLine, ...]:
    """Write every log line, in the order it is written."""
    lines = [_line(run, run.record) for run in runs if run.record is not None]
    half = _half_line(lines)
    lines = [half if line.record is half.record else line for line in lines]
    lines.extend(_duplicates(lines))
    lines.extend(_malformed())
    return tuple(sorted(lines, key=lambda line: (line.written_at, line.file, line.text)))


def write_logs(folder: Path, lines: Iterable[LogLine], now: datetime) -> None:
    """Write the files as they stand at a moment; what is there is replaced.

    Args:
        folder: Becomes the parent of `agent-logs/`.
        lines: All lines, in order.
        now: Aware UTC.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    texts: dict[str, list[str]] = {}
    halves: dict[str, str] = {}
    for line in lines:
        if line.written_at <= now:
            texts.setdefault(line.file, []).append(line.text + "\n")
        elif line.half_from is not None and line.half_from <= now:
            halves[line.file] = line.text[: len(line.text) // 2]
    for name, half in halves.items():
        texts.setdefault(name, []).append(half)
    for stale in target.glob("*.ndjson"):
        if stale.name not in texts:
            stale.unlink()
    for name, written in texts.items():
        (target / name).write_text("".join(written), encoding="utf-8")


def _line(run: Run, record: LogRecord) -> LogLine:
    return LogLine(
        file=f"{run.recipe.file}.ndjson",
        written_at=record.ended_at + timedelta(seconds=2),
        text=_text(run, record),
        record=record,
    )


def text_of(record: LogRecord, further: Mapping[str, object]) -> str:
    """Write a record as its line says it; what is not known is left out."""
    said: dict[str, object] = {
        "process_id": record.process_id,
        "timestamp": iso(record.ended_at),
        "model": f"{record.issuer}:{record.model}",
        "run_id": record.run_id,
        "started_at": iso(record.started_at) if record.started_at else None,
        "tokens": record.tokens,
        "account": record.account,
        "repo": record.repo,
        "branch": record.branch,
        "work_item": record.work_item,
        "purpose": record.purpose,
        **further,
    }
    return json.dumps({key: value for key, value in said.items() if value is not None})


def _text(run: Run, record: LogRecord) -> str:
    person = someone(run.index)
    said: dict[str, object] = {
        "tools_invoked": _TOOLS[run.index % len(_TOOLS)],
        "policy_checks": _POLICY_CHECKS[run.index % len(_POLICY_CHECKS)],
        "owner": person.email,
    }
    if run.index % 4:
        said["decision"] = "merged_change" if run.index % 9 else "gave_up"
        said["human_escalation"] = run.index % 13 == 0 and run.recipe.name not in _NEVER_ASK
        said["inputs"] = {"lane": f"lane-{run.index % 5}", "requested_by": person.name}
        if run.index % 5 == 0:
            said["inputs"] = {"lane": "lane-9", f"note_for_{person.login}": "see ticket"}
    if run.index % 3 == 0:
        micro_usd = run.cost_estimate_nano // 1000
        said["cost_usd"] = f"{micro_usd // 1_000_000}.{micro_usd % 1_000_000:06d}"
    if run.index % 17 == 0:
        said["failure_type"] = "tool_error"
        said["note"] = f"retried by {person.login}"
    return text_of(record, said)


def _half_line(lines: list[LogLine]) -> LogLine:
    """Have the first night find only half of a line at the end of a file."""
    on_day = [
        line
        for line in lines
        if line.record is not None
        and line.record.run_id is not None
        and line.record.process_id == "flaky-test-fixer"
        and line.record.issuer == "openai"
        and line.record.ended_at.date() == script.HALF_LINE_DAY
    ]
    last = max(on_day, key=lambda line: line.written_at)
    return replace(
        last,
        half_from=script.NIGHTS[0] - timedelta(minutes=1),
        written_at=script.NIGHTS[0] + timedelta(minutes=1),
        # Its own file: whatever else is written meanwhile goes elsewhere.
        file="platform-ci-2.ndjson",
    )


def _duplicates(lines: list[LogLine]) -> Iterator[LogLine]:
    """Write some lines of one day again: after a restart, and by a second collector."""
    on_day = sorted(
        (
            line
            for line in lines
            if line.record is not None and line.record.ended_at.date() == script.MESSY_LOG_DAY
        ),
        key=lambda line: line.written_at,
    )
    for line in on_day[:DUPLICATES_IN_FILE]:
        yield replace(line, written_at=line.written_at + timedelta(minutes=3))
    for line in on_day[-DUPLICATES_ELSEWHERE:]:
        yield replace(
            line, written_at=line.written_at + timedelta(minutes=5), file="collector.ndjson"
        )


def _malformed() -> Iterator[LogLine]:
    """Write a line that is not JSON, and one that names no possible moment."""
    at = datetime.combine(script.MESSY_LOG_DAY, time(23, 45), UTC)  # after the day's other lines
    owner = someone(1).email
    yield LogLine(
        "operations.ndjson", at, '{"process_id": "claims-router", "owner": "' + owner, None
    )
    impossible = {
        "process_id": "claims-router",
        "timestamp": "2026-11-31T25:00:00Z",
        "model": "anthropic:claude-haiku-4-5",
        "owner": owner,
    }
    yield LogLine("operations.ndjson", at + timedelta(minutes=1), json.dumps(impossible), None)
