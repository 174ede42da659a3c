"""`graduand promote`: wrong requests are told before any work, answers in a few lines."""

from pathlib import Path

import pytest

from cli.main import main
from cli.promote import tell
from tasks.core.promotion.verdict import Kind
from tasks.core.review.promotion_report import Asking, PromotionReport
from tests.core.review.ticketed import AS_OF, case, verdict

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADUAND_WORK_DIR", str(tmp_path))
    monkeypatch.setenv("GRADUAND_CONFIG_DIR", str(ROOT / "config"))
    (tmp_path / "var").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workflow", "nobody"], "'nobody' is not a workflow of catalog.yaml; there are: "),
        (["--as-of", "2026-11-16T07:00"], "names no time zone: add one, e.g. a final Z"),
        (["--as-of", "2999-11-16T07:00Z"], "lies in the future"),
    ],
)
@pytest.mark.usefixtures("workplace")
def test_a_request_that_makes_no_sense_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["promote", *words]) == 2

    error = capsys.readouterr().err
    assert told in error
    assert "\n" not in error.strip()


def test_without_a_ledger_it_says_what_to_run(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote"]) == 1

    assert "graduand migrate" in capsys.readouterr().err
    assert not list(workplace.glob("var/exports/*"))


def test_each_workflow_is_one_line_and_nothing_moves_the_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = "46 of 49 good\n\x1b[2J rm -rf"
    cases = (
        case(verdict=verdict(sentence=sentence, is_review_ready=False)),
        case(
            verdict=verdict(
                workflow="fades", kind=Kind.RETIRE, sentence="low", is_review_ready=False
            )
        ),
    )

    tell(PromotionReport(Asking(AS_OF), cases, problems=("no route takes\x1b it",)))

    told = capsys.readouterr().out
    assert "\x1b" not in told
    lines = told.strip().splitlines()
    assert "1 qualified" in lines[0]
    assert [line.split()[0] for line in lines[1:3]] == ["upgrade-swarm", "fades"]
    assert lines[3].startswith("    to do")
    assert len(lines) == 4
