"""Twelve traps that logs and bills of coding agents hold: exact tokens, dollars and days on each.

Those of transcripts were made with their truth (`benchmarks/transcript_traps.py`, which also
prints the pinned peer's figures beside ours); the others come as a vendor's answer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.made_transcripts import KINDS
from benchmarks.transcript_traps import UNPRICED, Trap, traps
from benchmarks.transcripts import measure_ours
from config.shapes.source_logs import ClaudeCodeLogSource
from tasks.core.people import Door
from tasks.lake.reading import open_log
from tasks.sources import devin
from tasks.sources.claude_code_log import reading
from tasks.sources.copilot import BILLING
from tests.sources.copilot.fake_copilot import DAYS, Copilot, conformed, spent
from tests.sources.copilot.fake_copilot import pull as pull_copilot
from tests.sources.devin_server import DAY, Organisation, consumed, lines_of, session
from tests.sources.devin_server import pull as pull_devin
from tests.sources.request_readings import DIGEST, NOW

TRAPS = {trap.name: trap for trap in traps()}


def test_the_table_is_whole() -> None:
    assert list(TRAPS) == [
        "stream repeats",
        "resume",
        "fork",
        "subagent copy",
        "1-hour cache",
        "unpriced model",
        "time-zone edge",
        "zero-usage rows",
        "whitespace JSON",
        "partial last line",
    ]


@pytest.mark.parametrize("name", TRAPS)
def test_tokens_dollars_and_days_are_exact(name: str, tmp_path: Path) -> None:
    trap = TRAPS[name]
    trap.write(tmp_path)
    truth, ours = trap.truth(), measure_ours(tmp_path)
    assert ours.tokens == truth.tokens
    # The same from the log as it was read, and from what a night keeps of it.
    assert set(ours.usd.values()) == {truth.usd}
    assert ours.days == trap.days()
    assert ours.rejects == 0


def test_what_has_no_price_is_told_and_is_not_zero(tmp_path: Path) -> None:
    trap = TRAPS["unpriced model"]
    trap.write(tmp_path)
    unpriced = [one for one in trap.responses if one.model == UNPRICED]
    assert measure_ours(tmp_path).unpriced == sum(unpriced[0].tokens.values()) > 0


@pytest.mark.parametrize("name", sorted(set(TRAPS) - {"time-zone edge", "zero-usage rows"}))
def test_each_trap_is_one(name: str) -> None:
    """Its files hold what a naive reader would count otherwise."""
    trap = TRAPS[name]
    if name in {"1-hour cache", "unpriced model", "whitespace JSON", "partial last line"}:
        assert _is_seen_otherwise(trap)
        return
    lines = sum(text.count(b"\n") for text in trap.files.values())
    assert lines > len(trap.responses)


def _is_seen_otherwise(trap: Trap) -> bool:
    whole = b"".join(trap.files.values())
    return {
        "1-hour cache": trap.truth().tokens["cache_write_1h"] > 0,
        "unpriced model": UNPRICED.encode() in whole,
        "whitespace JSON": b'" : ' in whole,
        "partial last line": not whole.endswith(b"\n"),
    }[trap.name]


def test_work_on_seats_has_the_account_of_the_seats(tmp_path: Path) -> None:
    """Nobody bills what runs on a seat: its account tells it apart from what is billed."""
    TRAPS["stream repeats"].write(tmp_path)
    config: dict[str, Any] = {
        "name": "transcripts",
        "type": "claude_code_log",
        "paths": [f"{tmp_path}/projects/**/*.jsonl"],
        "default_accounts": {"anthropic": "metered"},
        "subscription_account": "seats",
    }
    described = reading(ClaudeCodeLogSource.model_validate(config), Door(DIGEST))
    day = TRAPS["stream repeats"].responses[0].ended_at.date()
    with open_log(described, window=(day, day), today=NOW.date(), digest=DIGEST) as log:
        accounts = log._engine.execute("SELECT DISTINCT account FROM kept").fetchall()
        assert accounts == [("seats",)]
        assert log.tokens()[0][3][KINDS.index("output")] > 0


def test_credits_are_billed_at_what_the_pool_leaves_beside_their_list_amount() -> None:
    """155.847275 credits are neither dollars nor a whole number; the included pool paid some."""
    item = spent(0.4, grossQuantity=155.847275, grossAmount=1.55847275, discountAmount=1.15847275)
    pulled = pull_copilot(BILLING, Copilot({DAYS[0]: [item]}), window=(DAYS[0], DAYS[0]))
    (charge,) = conformed(BILLING, pulled)
    assert (charge["quantity"], charge["unit"]) == (155_847_275, "micro_credits")
    assert (charge["billed_nano"], charge["list_nano"]) == (400_000_000, 1_558_472_750)


def test_acus_are_priced_once_a_day_whatever_its_sessions_add_up_to() -> None:
    """10 ACUs at $2 on a day that starts at 08:00 UTC: $20, not $20 and its sessions' again."""
    days = [consumed(acus=10, devin=7, cascade=2, terminal=1, review=0)]
    organisation = Organisation(days, [session("a"), session("b", acus="1.5")])
    lines = lines_of(pull_devin(devin.CONSUMPTION, organisation, window=(DAY, DAY)))
    assert sum(int(str(line["billed_nano"])) for line in lines) == 20_000_000_000
    assert {line["charge_start"] for line in lines} == {datetime(2026, 11, 18, 8, tzinfo=UTC)}
