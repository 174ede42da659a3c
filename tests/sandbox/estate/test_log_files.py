"""The estate's log files: what stands in them, told once more by a reader that is not ours."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.estate import claude_code, codex, gateway_rows, otlp
from sandbox.estate.facts import ANALYTICS, LOGS, TELEMETRY, TRANSCRIPTS
from sandbox.estate.files import write_files
from sandbox.estate.records import AgentRequest, Estate
from sandbox.oracle.estate_logs import records_of, runs_of
from sandbox.prices import LIST_NANO
from sandbox.records import World
from sandbox.script import LAST_DAY, NIGHTS
from sandbox.world import make_world

#: After everything was written.
_LATER = NIGHTS[-1] + timedelta(days=60)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(7, 0.05, estate=True)


@pytest.fixture(scope="module")
def estate(world: World) -> Estate:
    assert world.estate is not None
    return world.estate


@pytest.fixture(scope="module")
def folder(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("estate")
    write_files(made, estate, _LATER)
    return made


def lines_of(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                yield path.name, json.loads(line)


def of(estate: Estate, tool: str) -> list[AgentRequest]:
    return [one for one in estate.requests if one.tool == tool and one.is_logged]


def test_with_an_estate_the_first_sources_are_the_same_to_the_byte(world: World) -> None:
    plain = make_world(7, 0.05)

    assert plain.estate is None
    assert world.lines == plain.lines
    assert set(map(repr, plain.usage)) <= set(map(repr, world.usage))
    assert set(plain.pulls) <= set(world.pulls)
    for key, versions in plain.charges.items():
        for ours, theirs in zip(versions, world.charges[key], strict=True):
            assert set(ours.rows or ()) <= set(theirs.rows or ())


def test_an_estate_is_made_of_its_seed_alone(estate: Estate) -> None:
    assert make_world(7, 0.05, estate=True).estate == estate
    assert make_world(8, 0.05, estate=True).estate != estate


def test_each_transcribed_response_is_told_once_more_than_once_and_never_apart(
    estate: Estate, folder: Path
) -> None:
    told: dict[str, list[Any]] = {}
    for _, line in lines_of(folder / claude_code.FOLDER):
        if line["type"] == "assistant" and line["message"]["model"] != "<synthetic>":
            told.setdefault(line["requestId"], []).append(line)

    true = {one.id: one for one in of(estate, "claude-code") if one.is_gathered}
    assert told.keys() == true.keys()
    for name, lines in told.items():
        whole = max(lines, key=lambda line: line["message"]["usage"]["output_tokens"])
        usage, tokens = whole["message"]["usage"], true[name].tokens
        split = usage["cache_creation"]
        assert usage["output_tokens"] == tokens["output"]
        assert usage["cache_read_input_tokens"] == tokens["cache_read"]
        assert split["ephemeral_5m_input_tokens"] == tokens["cache_write_5m"]
        assert split["ephemeral_1h_input_tokens"] == tokens.get("cache_write_1h", 0)
    assert any(len(lines) > 3 for lines in told.values())
    assert any(line["isSidechain"] for lines in told.values() for line in lines)


def test_transcripts_have_spaces_resumed_sessions_subagents_and_errors(folder: Path) -> None:
    texts = [path.read_text() for path in (folder / claude_code.FOLDER).rglob("*.jsonl")]
    models = Counter(
        line["message"].get("model") for _, line in lines_of(folder / claude_code.FOLDER)
    )

    assert any('"type": "assistant"' in text for text in texts)
    assert any('"type":"assistant"' in text for text in texts)
    assert list((folder / claude_code.FOLDER).rglob("subagents/*.jsonl"))
    assert models["<synthetic>"] > 0


def test_running_totals_of_rollouts_end_at_what_sessions_used(estate: Estate, folder: Path) -> None:
    ends: dict[str, int] = {}
    forks = {}
    for path in sorted((folder / codex.FOLDER).rglob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        meta = lines[0]["payload"]
        forks[meta["id"]] = meta.get("forked_from_id")
        counts = [
            line["payload"]["info"]["total_token_usage"]["total_tokens"]
            for line in lines
            if line["payload"].get("type") == "token_count" and line["payload"]["info"]
        ]
        assert counts == sorted(counts)
        ends[meta["id"]] = counts[-1]

    true: Counter[str] = Counter()
    for one in of(estate, "codex"):
        true[one.session] += sum(one.tokens.values())
    for fork, origin in forks.items():
        if origin is not None:
            ends[origin] = ends.pop(fork)
    assert ends == true
    assert any(forks.values())


def test_telemetry_prices_a_request_so_that_its_cache_writes_can_be_told_apart(
    estate: Estate, folder: Path
) -> None:
    true = {one.id: one for one in of(estate, "claude-code")}
    encodings = set()
    seen = set()
    for _, line in lines_of(folder / otlp.FOLDER):
        for resource in line.get("resourceLogs", ()):
            for record in resource["scopeLogs"][0]["logRecords"]:
                said = {one["key"]: one["value"] for one in record["attributes"]}
                if "request_id" not in said:
                    continue
                one = true[said["request_id"]["stringValue"]]
                ((encoding, count),) = said["input_tokens"].items()
                encodings.add((encoding, type(count)))
                cost = Decimal(str(next(iter(said["cost_usd"].values()))))
                prices = LIST_NANO[one.model]
                rest = sum(one.tokens[kind] * prices[kind] for kind in ("input", "output"))
                rest += one.tokens["cache_read"] * prices["cache_read"]
                writes = one.tokens["cache_write_5m"] * prices["cache_write_5m"]
                writes += one.tokens.get("cache_write_1h", 0) * prices["cache_write_1h"]
                assert cost * 10**9 == rest + writes
                seen.add(one.id)

    assert seen == true.keys()
    assert encodings == {("intValue", int), ("intValue", str), ("stringValue", str)}


def test_a_row_of_the_export_counts_cached_tokens_in_its_prompt(
    estate: Estate, folder: Path
) -> None:
    rows = {row["request_id"]: row for _, row in lines_of(folder / gateway_rows.FOLDER)}

    assert rows.keys() == {one.id for one in of(estate, "export")}
    for one in of(estate, "export"):
        row = rows[one.id]
        assert row["prompt_tokens"] == one.tokens["input"] + one.tokens["cache_read"]
        assert len(row["request_tags"]) > 1


def test_files_grow_by_lines_and_end_in_half_of_the_one_being_written(
    estate: Estate, tmp_path: Path
) -> None:
    write_files(tmp_path, estate, NIGHTS[0])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    halves = [path for path, content in before.items() if not content.endswith(b"\n")]
    write_files(tmp_path, estate, NIGHTS[1])

    # One line of each log is being written.
    assert len({path.relative_to(tmp_path).parts[0] for path in halves}) == len(halves) == 4
    assert all(path.read_bytes().startswith(content) for path, content in before.items())
    assert any(path.read_bytes() != content for path, content in before.items())


def test_a_clock_that_goes_back_takes_lines_away_again(estate: Estate, tmp_path: Path) -> None:
    write_files(tmp_path / "back", estate, NIGHTS[2])
    write_files(tmp_path / "back", estate, NIGHTS[0])
    write_files(tmp_path / "never", estate, NIGHTS[0])

    def contents(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    assert contents(tmp_path / "back") == contents(tmp_path / "never")


def test_of_logs_that_see_one_spend_the_lowest_rank_counts_and_others_lend_it_hints(
    estate: Estate,
) -> None:
    days = {one.ended_at.date() for one in estate.requests}
    every = {log.name for log in LOGS}

    counted = runs_of(estate, every, _LATER, days)
    alone = runs_of(estate, {TRANSCRIPTS}, _LATER, days)

    of_desk = [one for one in counted if one.account == "wrkspc_01ClaudeCode"]
    assert {one.run_id for one in of_desk} == {one.run_id for one in alone}
    assert {one.process_id for one in alone} == {None}
    assert "release-notes" in {one.process_id for one in of_desk}
    assert all(one.branch for one in of_desk if one.process_id is None)


def test_every_log_tells_less_than_was_metered(estate: Estate, world: World) -> None:
    metered: Counter[str] = Counter()
    for row in world.usage:
        metered[row.account] += sum(row.tokens.values())
    for log in LOGS:
        told: Counter[str] = Counter()
        for record in records_of(log.name, estate.requests):
            told[record.account or ""] += sum(count or 0 for count in record.tokens.values())
        assert told, log.name
        assert all(count <= metered[account] for account, count in told.items()), log.name


def test_analytics_tell_of_days_what_telemetry_tells_of_requests(estate: Estate) -> None:
    def sums(name: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for one in records_of(name, of(estate, "claude-code")):
            for kind, count in one.tokens.items():
                found[f"{one.model} {kind}"] += count or 0
        return found

    assert sums(ANALYTICS) == sums(TELEMETRY)
    assert NIGHTS[-1].date() < LAST_DAY
