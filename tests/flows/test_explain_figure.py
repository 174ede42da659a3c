"""`graduand explain figure`: a figure of the page is the sum of the postings that it lists."""

import json
from collections import Counter

import pytest

from cli.main import main
from sandbox.server import Sandbox
from tasks.core.books import DestinationKind
from tests.flows.nights import FIRST, SECOND, Night, run
from tests.flows.stores import Stores
from tests.flows.test_changed_rules import MAPPED

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", "figure", *words]) == 0
    return capsys.readouterr().out


def summed(capsys: pytest.CaptureFixture[str], *words: str) -> int:
    story = json.loads(told(capsys, *words, "--json"))
    return sum(part[2]["amount_nano"] for part in story["parts"])


def test_every_figure_of_the_page_is_the_sum_of_its_postings(
    stores: Stores, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.move_to(SECOND)
    stores.edit("catalog.yaml", MAPPED)
    books = run(Night(SECOND)).books
    totals: Counter[DestinationKind] = Counter()
    for lines in books.desired.values():
        for to, nano in lines.items():
            totals[to.kind] += nano

    for row in books.families:
        together = row.exploration_nano + row.production_nano
        assert summed(capsys, "family", row.family) == together
        assert summed(capsys, "family", row.family, "exploration") == row.exploration_nano
    for kind, nano in totals.items():
        assert summed(capsys, "total", kind.value) == nano
    (share,) = books.coverage
    assert summed(capsys, "coverage", "evidenced") == share.evidenced_nano
    assert summed(capsys, "coverage", "inferred") == share.inferred_nano
    assert summed(capsys, "coverage", "unexplained") == share.unexplained_nano
    assert summed(capsys, "coverage") == share.gross_nano()


def test_a_pool_is_told_with_where_to_go_on(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    family, pool = max((to.family, to.pool) for _, to in stores.costs())
    answer = told(capsys, "pool", family, pool, "2026-11")

    assert f"spent by {family} from {pool} in 2026-11" in answer
    assert "corrections of other months are outside budgets" in answer
    assert "graduand explain posting " in answer


@pytest.mark.usefixtures("sandbox")
def test_a_tie_out_is_the_recorded_one_whatever_changed_since(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    stores.edit("catalog.yaml", MAPPED)
    ties = {tie.issuer: tie for tie in run(Night(FIRST, dry_run=True)).books.ties}

    answer = told(capsys, "tie-out", "anthropic")
    story = json.loads(told(capsys, "tie-out", "anthropic", "--json"))

    assert "the digest is the one it recorded" in answer
    assert story["tie"]["billed_nano"] == ties["anthropic"].billed_nano
    assert "graduand explain break " in answer


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("nonsense",), "a figure is one of: family"),
        (("tie-out",), "a figure is one of: family"),
        (("tie-out", "aws\x1b[31m"), "it knows: anthropic"),
        (("family", "test-repai"), "did you mean test-repair"),
        (("total", "gold"), "a figure is one of"),
        (("pool", "test-repair", "production", "2026-13"), "a figure is one of"),
    ],
)
def test_what_is_no_figure_is_refused_with_those_that_are(
    words: tuple[str, ...], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "figure", *words]) == 1

    assert answer in capsys.readouterr().err
