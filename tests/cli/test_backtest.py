"""One frozen verdict is told by the beginning of its digest, and whether it comes out again."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from tasks.core.promotion.gate_words import GATES
from tasks.core.promotion.packets import Cut, Packet, freeze, packet_text
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade
from tasks.ledger.verdicts import Frozen
from tests.core.promotion.gate_cases import NOW, case

Keep = Callable[[Packet], str]
SOUND = freeze(case(), Cut(NOW, 12, 7, (("catalog", "ab" * 32),)))


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Keep a packet as the only one of a ledger, and give its digest."""
    lake, url = tmp_path / "lake", f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("GRADUAND_LAKE_DIR", str(lake))
    monkeypatch.setenv("GRADUAND_DATABASE_URL", url)
    upgrade(url)

    def keep(packet: Packet) -> str:
        verdict = packet.verdict
        frozen = Frozen(
            verdict.workflow,
            verdict.epoch,
            verdict.kind.value,
            verdict.sentence,
            packet_text(packet),
            NOW,
        )
        with Ledger.open(url, lake_id=Lake.open(str(lake)).lake_id) as ledger:
            ledger.record_look([frozen], decisions=(), messages=(), recorded_at=NOW)
        return frozen.digest

    return keep


def test_a_packet_is_told_with_every_gate(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    digest = keep(SOUND)

    assert main(["backtest", "--packet", digest[:12]]) == 0

    told = capsys.readouterr().out
    assert told.startswith(f"{digest} reproduces byte for byte.\n")
    assert SOUND.verdict.sentence in told
    for gate in SOUND.verdict.gates:
        assert re.search(GATES[gate.name], told, re.IGNORECASE)


def test_a_packet_whose_verdict_does_not_follow_is_told(
    keep: Keep, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = keep(replace(SOUND, verdict=replace(SOUND.verdict, sentence="all is well")))

    assert main(["backtest", "--packet", digest]) == 1

    assert capsys.readouterr().out.startswith(f"{digest} does not come out again.\n")


def test_a_packet_is_replayed_alone(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    digest = keep(SOUND)

    assert main(["backtest", "--packet", digest, "--workflow", "swarm"]) == 2

    assert "leave the rest out" in capsys.readouterr().err
