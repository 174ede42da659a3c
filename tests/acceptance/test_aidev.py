"""Real pull requests of coding agents, served as GitHub does, through the stages of a night.

The outcomes that the night shows per workflow must be what the paper printed per agent: shares
accepted and rejected of all pull requests in percent, and median hours to each. It printed at
most two decimals, without trailing zeros.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.core.night_report import NightReport
from tasks.core.work.outcomes import ItemCounts
from tasks.pages.outcomes import outcomes
from tests.acceptance.conftest import Installation, family
from tests.sources.github.fake_github import FakeGithub, FakeRepo
from tests.sources.github.test_aidev import in_list_shape
from tests.transport.loopback import SECRET, Server

pytestmark = pytest.mark.shared

NOW = datetime(2026, 11, 19, 4, tzinfo=UTC)
WINDOW = (date(2026, 11, 17), date(2026, 11, 18))
#: Where the paper's figures stand in the table of the night.
_COLUMNS = {
    "accept_rate": "merged",
    "accept_med": "median hours to merge",
    "reject_rate": "closed without a merge",
    "reject_med": "median hours to close",
}


@dataclass(frozen=True)
class Agent:
    """What was published about an agent, and the pull requests that stand for it."""

    name: str
    published: dict[str, Decimal]
    pulls: tuple[dict[str, Any], ...]

    @property
    def workflow(self) -> str:
        return self.name.lower()


@pytest.fixture(scope="module")
def agents(shared: Path) -> list[Agent]:
    folder = shared / "data" / "aidev"
    with (folder / "published.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["Agent"]: row for row in csv.DictReader(lines)}
    found = []
    for path in sorted(folder.glob("*.prs.jsonl.gz")):
        name = path.name.partition(".")[0]
        published = {column: Decimal(rows[name][column]) for column in _COLUMNS}
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found.append(Agent(name, published, tuple(map(json.loads, lines))))
    return found


@pytest.fixture(scope="module")
def github(agents: list[Agent]) -> Iterator[Server]:
    """Serve all of them from one place, each repository with what every agent opened there."""
    repos: dict[str, FakeRepo] = {}
    for agent in agents:
        for row in agent.pulls:
            repo = repos.setdefault(row["repo"], FakeRepo(1000 + len(repos), row["repo"]))
            repo.pulls.append(in_list_shape(row, agent.name, repo.id))
    server = Server(FakeGithub(*repos.values()))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def night(installation: Installation, agents: list[Agent], github: Server) -> NightReport:
    """Pull, type and reconcile everything that GitHub has."""
    installation.patch.setenv("GRADUAND_SECRET_FORGE_TOKEN", SECRET)
    installation.patch.setenv("GRADUAND_SECRET_FORGE_TOKEN_HOSTS", github.netloc)
    stages = [{"from": "2025-01-01", "stage": "exploration"}]
    installation.configure(
        family(*({"id": agent.workflow, "stages": stages} for agent in agents)),
        {
            "sources": [
                {
                    "name": "forge",
                    "type": "github",
                    "base_url": github.url,
                    "secret": "forge-token",
                    "repositories": sorted({row["repo"] for one in agents for row in one.pulls}),
                    "requests_per_second": 1000,
                    "backfill_days": 3650,
                }
            ]
        },
    )
    return installation.night(NOW, WINDOW)


@pytest.fixture(scope="module")
def items(night: NightReport) -> dict[str, ItemCounts]:
    return {one.workflow: one.items for one in night.outcomes.workflows}


def test_every_pull_request_counts_for_the_workflow_of_its_label(
    night: NightReport, agents: list[Agent], items: dict[str, ItemCounts]
) -> None:
    assert (night.failures, night.notices) == ((), ())
    assert {name: counts.pulls() for name, counts in items.items()} == {
        agent.workflow: len(agent.pulls) for agent in agents
    }
    assert all(counts.total() == counts.pulls() for counts in items.values())
    assert night.outcomes.unclaimed == 0


def test_shares_and_median_hours_are_the_published_ones(
    agents: list[Agent], items: dict[str, ItemCounts]
) -> None:
    assert {agent.name: measured(items[agent.workflow]) for agent in agents} == {
        agent.name: agent.published for agent in agents
    }


def test_the_page_shows_them_beside_each_other(night: NightReport, agents: list[Agent]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in outcomes(night).splitlines()
        if line.startswith("|")
    ]
    names = [row for row in rows if row[0] == ""]
    shown = {row[0]: row[1:] for row in rows}

    assert len(names) == 1
    order = [one.workflow for one in night.outcomes.workflows]
    for agent in agents:
        at = order.index(agent.workflow)
        for column, line in _COLUMNS.items():
            figure, _, count = shown[line][at].partition(" % ")
            assert Decimal(figure) == agent.published[column]
            assert count.endswith(f" of {len(agent.pulls):,})") == column.endswith("rate")


def measured(items: ItemCounts) -> dict[str, Decimal]:
    def share(part: int) -> Decimal:
        return round(Decimal(100 * part) / items.pulls(), 2)

    def hours(time: timedelta | None) -> Decimal:
        assert time is not None
        return round(Decimal(time // timedelta(seconds=1)) / 3600, 2)

    return {
        "accept_rate": share(items.merged),
        "accept_med": hours(items.to_merge),
        "reject_rate": share(items.closed),
        "reject_med": hours(items.to_close),
    }
