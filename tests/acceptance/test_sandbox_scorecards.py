"""The gate's scorecards of the sandbox are what its oracle counts, and its verdicts follow."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.rehearse import environment
from config.load import load_config
from config.settings import settings_from_environment
from sandbox.oracle.promotion import scorecards
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import running
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.verdict import Kind
from tasks.core.review.promotion_report import Asking
from tasks.gate_inputs import gather_gate
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.promote import judge_workflows
from tests.acceptance.conftest import Installation
from tests.base_config import write_base_config
from tests.flows.nights import Night, run

_SOURCES = ("github", "jira", "agent-logs")
#: Few runs, and all the items of scale 1.
_SCALE = 0.1
_FIRST, _, _LAST = NIGHTS
#: What the oracle counts under the same name.
_SAME = (
    "successes",
    "failures",
    "unknown",
    "cancelled",
    "maturing",
    "open",
    "days",
    "weeks",
    "repositories",
    "squads",
    "escalated",
    "escalation_told",
    "handed_over",
    "incidents",
    "review_rounds",
    "merge_minutes",
)


@pytest.fixture(scope="module")
def world(installation: Installation) -> Iterator[World]:
    """Run two nights of the showcase on work and logs; money is not needed."""
    write_base_config(installation.folder / "config")
    with running(installation.folder, scale=_SCALE, items=1.0, has_limits=False) as started:
        for name, value in environment(started, installation.folder).items():
            if name.startswith(("GRADUAND_BASE_URL", "GRADUAND_SECRET")):
                installation.patch.setenv(name, value)
        for now in (_FIRST, _LAST):
            started.move_to(now)
            run(Night(now, None, only=_SOURCES))
        yield started.world


def cards_as_of(now: datetime, *, is_past: bool) -> Mapping[str, Scorecard]:
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        config = load_config(settings.config_dir)
        return gather_gate(now, config, lake, ledger, settings, is_past=is_past).cards


def told(card: Scorecard) -> dict[str, Any]:
    """Give a card as the oracle gives its own."""
    return {
        "workflow": card.workflow,
        "as_of": card.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{name: getattr(card, name) for name in _SAME},
        "strata": {one.name.rpartition("/")[2]: [one.items, one.successes] for one in card.strata},
        "reasons": dict(card.reasons),
        "costed": card.cost.items,
        "uncosted": card.cost.uncosted,
        "total_nano": card.cost.total_nano,
        "median_nano": card.cost.median_nano,
    }


def test_every_scorecard_is_what_the_oracle_counts(world: World) -> None:
    cards = cards_as_of(_LAST, is_past=False)

    assert [told(card) for card in cards.values()] == scorecards(world, _LAST, (_FIRST, _LAST))


def test_a_scorecard_of_a_past_night_knows_no_more_than_that_night(world: World) -> None:
    cards = cards_as_of(_FIRST, is_past=True)

    assert [told(card) for card in cards.values()] == scorecards(world, _FIRST, (_FIRST,))


@pytest.mark.usefixtures("world")
def test_one_workflow_qualifies_and_one_should_retire() -> None:
    report = judge_workflows.fn(Asking(_LAST, is_dry_run=True))

    kinds = {case.packet.verdict.workflow: case.packet.verdict.kind for case in report.cases}
    assert kinds["coverage-writer"] is Kind.QUALIFIED
    assert kinds["upgrade-swarm"] is Kind.RETIRE
    assert [name for name, kind in kinds.items() if kind is Kind.QUALIFIED] == ["coverage-writer"]
