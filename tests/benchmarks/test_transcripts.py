from pathlib import Path

from benchmarks.made_transcripts import write_transcripts
from benchmarks.peer_ccusage import PeerFigures
from benchmarks.transcripts import measure_ours, report_of


def test_made_transcripts_are_read_exactly_and_the_report_says_so(tmp_path: Path) -> None:
    truth = write_transcripts(tmp_path, 1_500)
    ours = measure_ours(tmp_path)
    peer = PeerFigures(wall_s=100.0, cpu_s=1.0, tokens={}, usd=truth.usd, days={})
    report = report_of(truth, [ours], [peer])
    assert report["is_exact"]
    assert not report["is_peer_exact"]
    assert truth.lines > truth.responses > 500
    assert 0 < report["ratio"] < report["ratio_kept"]


def test_a_token_too_many_is_not_exact(tmp_path: Path) -> None:
    truth = write_transcripts(tmp_path, 200)
    ours = measure_ours(tmp_path)
    ours.tokens["output"] += 1
    peer = PeerFigures(wall_s=1.0, cpu_s=1.0, tokens={}, usd=truth.usd, days={})
    assert not report_of(truth, [ours], [peer])["is_exact"]
